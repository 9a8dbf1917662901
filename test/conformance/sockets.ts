// The sockets that this process holds, by /proc: a test file that leaves one behind fails.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

/** The descriptors that are sockets. */
export function sockets(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => linkOf(fd).startsWith('socket:'));
}

/** What a descriptor is, `socket:[inode]` for a socket; empty if it is not open. */
export function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

/** The file status flags of a descriptor, O_CLOEXEC among them. */
export function flagsOf(fd: number): number {
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  return Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '', 8);
}

/** Has the whole file checked: as many sockets are open after its tests as before. */
export function checkLeaks(): void {
  let atFirst = 0;
  before(() => {
    atFirst = sockets().length;
  });
  after(async () => {
    // Node's own sockets close in a later turn of its loop.
    for (let i = 0; i < 100 && sockets().length > atFirst; i++) await delay(10);
    assert.equal(sockets().length, atFirst, 'sockets were left open');
  });
}
