// The name servers, through c-ares: one exchange for each shared look-up, so that stopping one look-up stops its own queries and
// no others. Each server has a channel of its own, made at its first query (some 40 µs), because Node's c-ares takes a server's
// refusal for the answer, where resolv.conf(5) means the next server; trying again and going on are therefore done here.

import { Resolver as Channel } from 'node:dns/promises';
import { CanceledError, type DNSError } from '../errors.ts';
import { serverError } from './failure.ts';
import type { Line, Server } from './options.ts';

/** One kind of query, on a channel. */
export type Query<T> = (channel: Channel) => Promise<T>;

/** The queries of one look-up. When its signal is aborted they end, their sockets are closed, and no other is made. */
export class Exchange {
  readonly #line: Line;
  readonly #signal: AbortSignal;
  readonly #channels = new Map<Server, Channel>();

  constructor(line: Line, signal: AbortSignal) {
    this.#line = line;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#cancel(), { once: true });
  }

  /**
   * Asks one server after the other, as often as the line says, until one knows: the answer, or a DNSError that names the server
   * and `name`, which is what the query asks for.
   */
  async ask<T>(name: string, query: Query<T>): Promise<T> {
    const { attempts, servers } = this.#line;
    let failure: DNSError | null = null;
    for (let attempt = 0; attempt < attempts; attempt++) {
      for (const server of servers) {
        if (this.#signal.aborted) throw new CanceledError();
        try {
          return await query(this.#channel(server));
        } catch (error) {
          failure = serverError(name, server.name, error as NodeJS.ErrnoException);
          if (failure.notFound) throw failure;
        }
      }
    }
    throw failure ?? new CanceledError();
  }

  #channel(server: Server): Channel {
    let channel = this.#channels.get(server);
    if (channel === undefined) {
      channel = new Channel({ timeout: this.#line.timeout, tries: 1 });
      if (!server.zoned) channel.setServers([server.name]);
      this.#channels.set(server, channel);
    }
    return channel;
  }

  #cancel(): void {
    for (const channel of this.#channels.values()) channel.cancel();
  }
}
