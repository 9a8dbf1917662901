// Dials of a dead port that the kernel may also pick as the local one: sooner or later it does, and the socket is connected to
// itself (golang/go#18290 tests the same). None of them may come out as a connection.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { dialTCP, listenTCP, OpError, type TCPAddr } from 'gonet';

import type { Step } from '../../src/trace.ts';
import { noLeak } from '../fault/descriptors.ts';
import { loopback } from '../fault/pair.ts';

const DIALS = 30_000;
const AT_ONCE = 64;

/** A free port of the range from which the kernel takes local ports; an even one, as those come first for connect. */
async function deadPort(): Promise<TCPAddr> {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
  const [low = 0, high = 0] = range;
  for (let port = ((low + high) >> 2) << 1; port < high; port += 2) {
    try {
      using listener = await listenTCP('tcp4', loopback(port));
      return listener.addr;
    } catch (error) {
      assert.ok(error instanceof OpError && error.code === 'EADDRINUSE', String(error));
    }
  }
  return assert.fail('no free port');
}

test(`${DIALS} dials of a dead port: every one is refused`, { timeout: 120_000 }, (t) =>
  noLeak(async () => {
    const target = await deadPort();
    let caught = 0;
    const step = (message: unknown): void => {
      if ((message as Step).what.startsWith('connected to itself')) caught++;
    };
    subscribe('gonet:step', step);
    const codes = new Map<string, number>();
    let left = DIALS;
    const dialer = async (): Promise<void> => {
      while (left-- > 0) {
        const code = await dialTCP('tcp', null, target).then(
          (conn) => {
            conn.close();
            return `connected ${conn.localAddr.toString()}`;
          },
          (error: unknown) => (error instanceof OpError ? error.code : String(error)),
        );
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, dialer));
    unsubscribe('gonet:step', step);
    t.diagnostic(`${DIALS} dials of ${target.toString()}, ${caught} sockets were connected to themselves and closed`);
    assert.deepEqual([...codes], [['ECONNREFUSED', DIALS]]);
  }),
);
