// Messages on a Unix stream: which bytes descriptors go with, and writes that are larger than the room.

import assert from 'node:assert/strict';

import { failsClosed, PAST, staysPending, timesOut } from './outcome.ts';
import { fill, readFull, skip } from './pair.ts';
import { checkLeaks } from './sockets.ts';
import { closeAll, messageTest, withFile } from './unix-messages.ts';

checkLeaks();

messageTest('descriptors keep to the first byte of their data', ['unix'], (a, b) =>
  withFile(async (fd) => {
    await a.write('before');
    await a.writeMsg('abcdef', { fds: [fd] });
    await a.writeMsg('ghi', { fds: [fd, fd] });
    await a.write('after');
    const seen: [text: string, fds: number][] = [];
    const into = Buffer.alloc(4);
    for (let total = 0; total < 20;) {
      const message = await b.readMsg(into);
      seen.push([into.toString('utf8', 0, message.n!), message.fds.length]);
      total += message.n!;
      closeAll(message);
    }
    assert.equal(seen.map(([text]) => text).join(''), 'beforeabcdefghiafter');
    // A read may begin with plain data of before, and never goes on behind data that came with descriptors.
    const [one, two, ...more] = seen.filter(([, fds]) => fds > 0);
    assert.deepEqual([one![1], two![1], more], [1, 2, []]);
    assert.match(one![0], /^(?:b?e?f?o?r?e?)?a/);
    assert.match(two![0], /^(?:d?e?f?)?ghi?$/);
  }),
);

messageTest('more than fits, with descriptors: all bytes arrive, the descriptors with the first', ['unix'], (a, b) =>
  withFile(async (fd) => {
    const data = Buffer.alloc(4 << 20, 'pattern!');
    const sent = a.writeMsg(data, { fds: [fd] });
    await staysPending(sent);
    const into = Buffer.alloc(data.length);
    let at = 0;
    for (let messages = 0; at < data.length; messages++) {
      const message = await b.readMsg(into.subarray(at));
      assert.equal(message.fds.length, messages === 0 ? 1 : 0);
      closeAll(message);
      at += message.n!;
    }
    assert.equal(await sent, data.length);
    assert.equal(into.compare(data), 0);
  }),
);

messageTest('a deadline in the middle tells how much has gone', ['unix'], (a, b) =>
  withFile(async (fd) => {
    const error = await timesOut(
      a.writeMsg(Buffer.alloc(4 << 20), { fds: [fd] }, { deadline: Date.now() + 30 }),
      'write',
    );
    const written = error.bytesWritten!;
    assert.ok(written > 0 && written < 4 << 20);
    const message = await b.readMsg(Buffer.alloc(1));
    assert.deepEqual([message.n, message.fds.length], [1, 1]);
    closeAll(message);
    await skip(b, written - 1);
    assert.equal((await timesOut(a.writeMsg('x', {}, { deadline: PAST }), 'write')).bytesWritten, 0);
    await a.write('in step');
    assert.equal((await readFull(b, 7)).toString(), 'in step');
  }),
);

messageTest('close() ends what waits, messages among them', ['unix'], async (a, b) => {
  const reading = failsClosed(a.readMsg(Buffer.alloc(1)), 'read');
  await fill(a);
  const writing = failsClosed(a.writeMsg(Buffer.alloc(100_000), { fds: [0] }), 'write');
  await staysPending(Promise.race([reading, writing]));
  a.close();
  await Promise.all([reading, writing]);
  await failsClosed(a.readMsg(Buffer.alloc(1)), 'read');
  await failsClosed(a.writeMsg('x'), 'write');
  b.close();
});
