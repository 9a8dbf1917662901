// A server that answers every connection with what it says, and tells on demand how many it has accepted and how many are open.

import { listen, type TCPConn } from 'gonet';

import { hear, jobOf, say } from './wire.ts';

export interface EchoJob {
  readonly address: string;
}

export type EchoSaid =
  | { readonly event: 'listening'; readonly port: number }
  | { readonly event: 'state'; readonly accepted: number; readonly open: number };

const say_ = (said: EchoSaid): void => say(said);
let [accepted, open] = [0, 0];

async function answer(conn: TCPConn): Promise<void> {
  accepted++;
  open++;
  try {
    for await (const data of conn) await conn.write(data);
  } catch {
    // However the client goes, it is gone.
  }
  conn.close();
  open--;
}

async function tell(): Promise<never> {
  for (;;) {
    await hear();
    say_({ event: 'state', accepted, open });
  }
}

const listener = await listen('tcp', jobOf<EchoJob>().address);
void tell();
say_({ event: 'listening', port: listener.addr.port });
for await (const conn of listener) void answer(conn);
