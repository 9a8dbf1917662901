// A process that has used up its descriptors, without any fault injected: run under `ulimit -n`. Prints what happened.

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';

import { dial, listen } from 'gonet';

import { failure, talk } from './pair.ts';

const fillers: number[] = [];
/** Leaves exactly `free` descriptors. */
function exhaust(free: number): void {
  try {
    for (;;) fillers.push(openSync('/dev/null', 'r'));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EMFILE');
  }
  for (let i = 0; i < free; i++) closeSync(fillers.pop()!);
}

const listener = await listen('tcp', '127.0.0.1:0');
exhaust(0);
const socket = await failure(dial('tcp', listener.addr.toString()));
assert.equal(socket.message, `dial tcp ${listener.addr.toString()}: socket: too many open files`);
console.log(`dial: ${socket.code}`);

exhaust(1);
const client = await dial('tcp', listener.addr.toString());
const accept = await failure(listener.accept());
assert.equal(accept.temporary, true);
console.log(`accept: ${accept.code}`);

process.on('warning', (warning: Error & { code?: string }) => {
  console.log(`warning: ${warning.code}`);
  for (const fd of fillers.splice(0)) closeSync(fd);
});
for await (const server of listener) {
  await talk({ client, server });
  server.close();
  break;
}
client.close();
listener.close();
console.log('served');
