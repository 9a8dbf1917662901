// A process that only imports the resolver: says whether it has as many descriptors as before.

import { readdirSync } from 'node:fs';

const descriptors = (): number => readdirSync('/proc/self/fd').length;

const before = descriptors();
const { defaultResolver } = await import('../../../src/dns/resolver.ts');
console.log(defaultResolver !== undefined && descriptors() === before);
