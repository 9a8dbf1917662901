// A name server on loopback, UDP and TCP on one port, that answers as the test says and notes what it was asked. Disposing of it
// closes its sockets.

import { createSocket, type Socket } from 'node:dgram';
import { EventEmitter, on, once } from 'node:events';
import { createServer, type Server } from 'node:net';

import { RCODE, readQuestion, writeAnswer, type Question, type Record, type Type } from './wire.ts';

export interface Asked {
  readonly name: string;
  readonly type: Type;
  readonly via: 'udp' | 'tcp';
}

export interface Reply {
  readonly rcode?: number;
  readonly records?: readonly Record[];
  readonly truncated?: boolean;
}

/** What becomes of a question; null is silence, and a promise an answer that comes late. */
export type Script = (asked: Asked) => Reply | null | Promise<Reply | null>;

/** The records of each name, by type. */
export type Zone = { readonly [name: string]: { readonly [T in Type]?: readonly Record['data'][] } };

export const FAILING: Reply = { rcode: RCODE.SERVFAIL };
export const UNKNOWN: Reply = { rcode: RCODE.NXDOMAIN };

/** The records of one type. */
export const records = (type: Type, ...data: readonly Record['data'][]): Reply => ({
  records: data.map((each) => ({ type, data: each })),
});

/** Answers from a zone: aliases are followed, a name that is not there is NXDOMAIN. */
export function zone(names: Zone): Script {
  return ({ name, type }) => {
    const found: Record[] = [];
    let at = name;
    const aliasOf = (): unknown => (type === 'CNAME' ? null : names[at]?.CNAME?.[0]);
    for (let alias = aliasOf(); typeof alias === 'string'; alias = aliasOf()) {
      found.push({ name: at, type: 'CNAME', data: alias });
      at = alias;
    }
    const entry = names[at];
    if (entry === undefined) return { ...UNKNOWN, records: found };
    return { records: [...found, ...(entry[type] ?? []).map((data) => ({ name: at, type, data }))] };
  };
}

export class NameServer {
  readonly asked: Asked[] = [];
  readonly #udp: Socket;
  readonly #tcp: Server;
  readonly #heard = new EventEmitter();
  readonly #script: Script;

  private constructor(udp: Socket, tcp: Server, script: Script) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.#script = script;
    udp.on('message', (message, from) => {
      void this.#answer(message, 'udp', (answer) => {
        if (this.#tcp.listening) udp.send(answer, from.port, from.address);
      });
    });
    tcp.on('connection', (socket) => {
      socket.on('error', () => socket.destroy());
      // A query is small: it comes in one piece.
      socket.on('data', (data) => {
        void this.#answer(data.subarray(2), 'tcp', (answer) => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(answer.length);
          socket.write(Buffer.concat([length, answer]));
        });
      });
    });
  }

  static async start(script: Script): Promise<NameServer> {
    for (;;) {
      const udp = createSocket('udp4');
      udp.bind(0, '127.0.0.1');
      await once(udp, 'listening');
      const tcp = createServer();
      tcp.listen(udp.address().port, '127.0.0.1');
      try {
        await once(tcp, 'listening');
        return new NameServer(udp, tcp, script);
      } catch {
        // Somebody else has the port for TCP.
        udp.close();
      }
    }
  }

  /** `127.0.0.1:port` */
  get address(): string {
    return `127.0.0.1:${this.#udp.address().port}`;
  }

  /** How often it was asked for a name, or for anything. */
  count(name?: string, type?: Type): number {
    return this.asked.filter((each) => (name ?? each.name) === each.name && (type ?? each.type) === each.type).length;
  }

  /** Resolves when it has been asked so often. */
  async reached(count: number, signal: AbortSignal): Promise<void> {
    if (this.asked.length >= count) return;
    for await (const _ of on(this.#heard, 'asked', { signal })) if (this.asked.length >= count) return;
  }

  close(): void {
    this.#udp.close();
    this.#tcp.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #answer(message: Buffer, via: 'udp' | 'tcp', send: (answer: Buffer) => void): Promise<void> {
    const question: Question = readQuestion(message);
    const asked = { name: question.name, type: question.type, via };
    this.asked.push(asked);
    this.#heard.emit('asked');
    const reply = await this.#script(asked);
    if (reply !== null) send(writeAnswer(question, reply.rcode ?? 0, reply.records ?? [], reply.truncated ?? false));
  }
}
