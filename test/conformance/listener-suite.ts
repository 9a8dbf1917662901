// What every Listener promises, as tests. It uses the Listener and Conn interfaces only.

import { describe } from 'node:test';

import { listenerAccept } from './listener-accept.ts';
import { listenerClose } from './listener-close.ts';
import type { MakeListener } from './listening.ts';

/** Runs the suite on listeners of `make`. */
export function listenerSuite(name: string, make: MakeListener): void {
  describe(name, () => {
    describe('accept', () => listenerAccept(make));
    describe('close', () => listenerClose(make));
  });
}
