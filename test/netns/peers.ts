// The two sides of most tests here: a server on one host, and dials from another, with what every dial must hold to: it leaves no
// socket, and its process ends by itself at once.

import assert from 'node:assert/strict';

import { joinHostPort } from 'gonet';

import type { Dialed, DialJob, DialSaid, Told } from './child/dial.ts';
import type { EchoSaid } from './child/echo.ts';
import type { Host } from './host.ts';
import type { Program } from './program.ts';

/** How soon a process that has nothing left to do is gone, in milliseconds, on a busy machine. */
const PROMPT = 2000;

/** `10.1.0.2:80`, `[2001:db8:1::2]:80`. */
export const at = (ip: string, port: number): string => joinHostPort(ip, port);

/** A server that echoes. */
export class Server implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program<EchoSaid>;

  constructor(program: Program<EchoSaid>, port: number) {
    this.#program = program;
    this.port = port;
  }

  /** Resolves with the number of connections that were ever accepted, as soon as `open` of them are open. */
  async settled(open: number): Promise<number> {
    for (;;) {
      this.#program.tell('state');
      const state = await this.#program.next('state');
      if (state.open === open) return state.accepted;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.kill();
  }
}

/** Serves on every address of a host. */
export async function serve(host: Host): Promise<Server> {
  const program = host.start<EchoSaid>('echo', { address: ':0' });
  const { port } = await program.next('listening');
  return new Server(program, port);
}

/** Dials from a host, and tells of each try; `meanwhile` runs while the connection of a try is open. */
export async function dialFrom(host: Host, job: DialJob, meanwhile?: () => Promise<void>): Promise<Dialed[]> {
  const all: Dialed[] = [];
  await using program = host.start<DialSaid>('dial', { ...job, hold: meanwhile !== undefined });
  for (let left = job.tries ?? 1; left > 0; left--) {
    const dialed = await program.next('dialed');
    all.push(dialed);
    assert.equal(dialed.sockets, dialed.reached === undefined ? 0 : 1, `sockets open after ${JSON.stringify(dialed)}`);
    if (meanwhile === undefined || dialed.reached === undefined) continue;
    await meanwhile();
    program.tell('close it');
  }
  const { sockets } = await program.next('done');
  const done = performance.now();
  const { code, signal, stderr } = await program.ended;
  assert.deepEqual({ sockets, code, signal, stderr }, { sockets: 0, code: 0, signal: null, stderr: '' });
  within(performance.now() - done, 0, PROMPT, 'the end of the process');
  return all;
}

/** Dials once, and must fail. */
export async function failureFrom(host: Host, job: DialJob): Promise<Dialed & { readonly error: Told }> {
  const [dialed] = await dialFrom(host, job);
  assert.ok(dialed?.error !== undefined, `reached ${dialed?.reached}`);
  return { ...dialed, error: dialed.error };
}

/** Dials once, and must reach `address`. */
export async function reachFrom(host: Host, job: DialJob, address: string): Promise<Dialed> {
  const [dialed] = await dialFrom(host, job);
  assert.equal(dialed?.reached, address, dialed?.error?.message);
  return dialed;
}

/** A time must lie within bounds. */
export function within(ms: number, from: number, to: number, what = 'the dial'): void {
  assert.ok(ms >= from && ms <= to, `${what} took ${ms.toFixed(1)} ms, not ${from} to ${to}`);
}

/** The shortest of some times: what a busy machine adds is not what is asked about. */
export const best = (all: readonly Dialed[]): number => Math.min(...all.map(({ ms }) => ms));
