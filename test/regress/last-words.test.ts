// Datagrams that are written in the last tick of a process leave, however it ends: no microtask comes after that.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';

import { listenPacket } from 'gonet';

const program = (how: string): string => `
  import { dial } from 'gonet';
  const conn = await dial('udp4', process.argv[1]);
  for (let i = 0; i < 40; i++) await Promise.all([conn.write('x'), conn.write('y')]);
  const last = () => { for (let i = 0; i < 5; i++) conn.write('last ' + i).catch(() => {}); };
  ${how}
`;

for (const [name, how] of Object.entries({
  'process.exit()': 'last(); process.exit();',
  "a listener of 'exit'": "process.on('exit', last);",
  'an uncaught error': "setImmediate(() => { last(); throw new Error('the end'); });",
})) {
  test(`last words before ${name}`, { timeout: 15_000 }, async () => {
    using server = await listenPacket('udp4', '127.0.0.1:0');
    const args = ['--input-type=module', '--eval', program(how), '--', server.localAddr.toString()];
    const ended = new Promise((resolve) => execFile(process.execPath, args, resolve));
    const heard: string[] = [];
    for await (const { data } of server.packets()) {
      if (data.length > 1 && heard.push(data.toString()) === 5) break;
    }
    assert.deepEqual(heard, ['last 0', 'last 1', 'last 2', 'last 3', 'last 4']);
    await ended;
  });
}
