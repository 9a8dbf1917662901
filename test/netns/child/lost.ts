// A connection whose peer is about to vanish: a read waits, and after a line, and perhaps a write, the read must fail and the conn
// settle. Tells how, and how long after the line.

import { dial, OpError, type KeepAliveConfig } from 'gonet';

import { hear, jobOf, say } from './wire.ts';

export interface LostJob {
  readonly address: string;
  readonly keepAlive?: KeepAliveConfig;
  readonly userTimeout?: number;
  /** Whether something is written once the peer has vanished. */
  readonly write: boolean;
}

export type LostSaid =
  | { readonly event: 'connected' }
  | { readonly event: 'written' }
  /** What the read failed with, or what it got: an echo is no error. */
  | { readonly event: 'read'; readonly ms: number; readonly code: string; readonly message: string }
  | { readonly event: 'closed'; readonly ms: number };

const tell = (said: LostSaid): void => say(said);

const { address, keepAlive = { enable: false }, userTimeout, write } = jobOf<LostJob>();
using conn = await dial('tcp', address, { keepAlive });
if (userTimeout !== undefined) conn.setUserTimeout(userTimeout);
const buffer = Buffer.alloc(64);
await conn.write('hello');
await conn.read(buffer);
const closed = conn.closed.then(() => performance.now());
const outcome = conn.read(buffer).then(
  (n) => ({ code: 'none', message: buffer.toString('utf8', 0, n ?? 0), at: performance.now() }),
  (error: unknown) => {
    if (!(error instanceof OpError)) throw error;
    return { code: error.code, message: error.message, at: performance.now() };
  },
);
tell({ event: 'connected' });

await hear();
const from = performance.now();
if (write) {
  await conn.write('are you there?');
  tell({ event: 'written' });
}
const { at, code, message } = await outcome;
tell({ event: 'read', ms: at - from, code, message });
if (code !== 'none') tell({ event: 'closed', ms: (await closed) - from });
