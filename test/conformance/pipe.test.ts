// A pipe keeps every promise of Conn.

import { pipe } from 'gonet';
import { connSuite } from './conn-suite.ts';
import type { ConnPair } from './pair.ts';

connSuite('pipe', (): Promise<ConnPair> => {
  const [a, b] = pipe();
  const stop = (): void => {
    a.close();
    b.close();
  };
  return Promise.resolve({ a, b, unnamed: true, stop });
});
