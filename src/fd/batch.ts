// Datagrams by the batch, as operations: recvmmsg(2) and sendmmsg(2). Try first, wait only when the kernel says so.

import { spend } from '../poll/loop.ts';
import { EAGAIN, EINTR } from '../syscall/zconst_linux.ts';
import * as mailbag from './mailbag.ts';
import type { NetFD } from './netfd.ts';
import { BLOCKED, DONE, type Limits, SPENT, type Step } from './op.ts';
import type { PacketBatch } from './packetbatch.ts';

/** Reads what is there, at least one datagram: how many. */
export function readBatch(fd: NetFD, batch: PacketBatch, limits: Limits | null): Promise<number> {
  return fd.begin(fd.op(fd.reading, 'read', readBatchStep, batch, limits));
}

const readBatchStep: Step = (fd, op) => {
  const n = (op.subject as PacketBatch).receive(fd as NetFD);
  if (n >= 0) return fd.resolve(op, n);
  return n === -EAGAIN ? BLOCKED : fd.fail(op, 'recvmmsg', n);
};

/** Sends a batch from the datagram `from` on: how many. */
export function writeBatch(fd: NetFD, batch: PacketBatch, from: number, limits: Limits | null): Promise<number> {
  mailbag.flush();
  batch.sent = from;
  const op = fd.op(fd.writing, 'write', writeBatchStep, batch, limits);
  op.position = from;
  return fd.begin(op);
}

const writeBatchStep: Step = (fd, op) => {
  const batch = op.subject as PacketBatch;
  const socket = fd as NetFD;
  const { desc } = fd;
  while (batch.sent < batch.length) {
    if (!desc.writable) return BLOCKED;
    let count: number;
    try {
      count = batch.pack(socket, batch.sent);
    } catch (cause) {
      fd.reject(op, cause as Error);
      return DONE;
    }
    const n = batch.send(socket, count);
    if (n > 0) {
      op.written = batch.bytesSent(op.position);
      if (batch.sent < batch.length && !spend()) return SPENT;
    } else if (n === -EAGAIN) desc.writable = false;
    else if (n !== -EINTR && !batch.unpacks(n)) return fd.fail(op, 'sendmmsg', n);
  }
  return fd.resolve(op, batch.sent - op.position);
};
