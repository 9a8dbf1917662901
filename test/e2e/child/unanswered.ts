// Dials a name with a resolver that never answers and has nothing open, under a timeout, and prints how the dial ended.

import { dial } from 'gonet';

const resolver = { lookupNetIP: (): Promise<never> => new Promise(() => {}) };
dial('tcp', 'host.test:1', { resolver, timeout: 50 }).catch((error: unknown) => console.log((error as Error).message));
