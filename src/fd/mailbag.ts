// Small datagrams that are written one by one without waiting for each other leave together, with one system call and where the
// kernel can cut them up as one message (docs/decisions/0005). The first of a burst leaves at once; those that follow before the next
// microtask stand in line for it. Nothing else changes: a write settles when the kernel has it, the order stays, and before a datagram
// of another socket, a message or a batch, a setting or close, those that wait go out; also before the process ends.

import { NEVER } from '../poll/deadline.ts';
import { spend } from '../poll/loop.ts';
import { EINTR } from '../syscall/zconst_linux.ts';
import type { NetFD } from './netfd.ts';
import { Letter } from './letter.ts';
import { type Op, QUEUED } from './op.ts';
import { alsoFlush } from './outbox.ts';
import { PacketBatch } from './packetbatch.ts';

/** Bytes up to which a datagram is worth a copy. */
const SMALL = 2048;
/** How often a sender that has not written several at a time is looked at, in writes; a power of two. */
const PROBE = 16;
/** Datagrams of a batch that count as one operation of a turn. */
const SHARE = 8;

const settled = Promise.resolve();
let writes = 0;
/** The socket whose datagram has just left; what follows in the same microtask stands in line. */
let owner: NetFD | null = null;
/** Whether somebody followed. */
let followed = false;
/** The last time that somebody looked, datagrams came several at a time. */
let bursts = false;
let hooked = false;
let leaving = false;

/** A datagram leaves at once: until the next microtask, those that follow are gathered. */
export function opens(fd: NetFD): void {
  if (leaving || !fd.segments || (!bursts && (++writes & (PROBE - 1)) !== 0)) return;
  if (!hooked) process.on('exit', leave);
  hooked = true;
  owner = fd;
  followed = false;
  void settled.then(close);
}

/** No microtask comes any more: what waits goes out now, and nothing waits after that. */
function leave(): void {
  leaving = true;
  flush();
}

function close(): void {
  if (owner === null) return;
  bursts = followed;
  flush();
}

/** Whether a datagram may stand in line until the next microtask; if not, those that do go out now. */
export function takes(fd: NetFD): boolean {
  if (owner === null) return false;
  if (owner === fd) return (followed = true);
  flush();
  return false;
}

/** What waits goes out. */
export function flush(): void {
  const fd = owner;
  if (fd === null) return;
  owner = null;
  fd.advance(fd.writing);
}

alsoFlush(flush);

let batch: PacketBatch | null = null;
const ops: Op[] = [];

/**
 * Sends the datagram of `head`, which has the turn, with those that stand behind it and have no limits of their own: 0 or -errno of
 * the first. Those that went with it are settled; ALONE if nobody is there to go with it.
 */
export function sendWith(fd: NetFD, head: Op): number {
  batch ??= new PacketBatch({ size: SMALL });
  batch.clear();
  ops.length = 0;
  for (let op: Op | null = head; op !== null && isPlain(op, head) && batch.length < batch.capacity; op = op.next) {
    const { data, addr } = op.subject as Letter;
    if (data.byteLength === 0 || data.byteLength > SMALL) break;
    batch.add(data, addr);
    ops.push(op);
  }
  if (ops.length < 2) return ALONE;
  const n = sendAll(fd, batch);
  for (let i = 0; i < batch.sent; i++) fd.resolve(ops[i]!, (ops[i]!.subject as Letter).data.byteLength);
  for (let i = SHARE; i < batch.sent; i += SHARE) spend();
  return batch.sent > 0 ? 0 : n;
}

/** The answer of `sendWith` where there is nobody to go with. */
export const ALONE = 1;

const isPlain = (op: Op, head: Op): boolean =>
  op === head ||
  (op.state === QUEUED &&
    op.subject instanceof Letter &&
    op.step === head.step &&
    op.signal === null &&
    op.deadline === NEVER);

function sendAll(fd: NetFD, all: PacketBatch): number {
  all.sent = 0;
  for (;;) {
    const count = all.pack(fd, all.sent);
    const n = all.send(fd, count);
    if (n > 0 && all.sent === all.length) return n;
    if (n > 0 || n === -EINTR) continue;
    if (!all.unpacks(n)) return n;
  }
}
