// What the tests of look-ups share: a resolver with a server of theirs and files of theirs, and what a failed look-up said.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { Resolver, type LookupOptions } from '../../src/dns/resolver.ts';
import type { ResolverOptions } from '../../src/dns/options.ts';
import { DNSError } from '../../src/errors.ts';
import type { Limits } from '../../src/fd/op.ts';
import { NEVER } from '../../src/poll/deadline.ts';
import type { NameServer } from './nameserver.ts';

export const LIMIT: { timeout: number } = { timeout: 20_000 };
export const UNLIMITED: Limits = { deadline: NEVER, signal: null };

/** The three files of a machine, in a folder that goes with them. What is left out is not there. */
export class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'gonet-dns-'));
  readonly hosts: string = join(this.path, 'hosts');
  readonly resolv: string = join(this.path, 'resolv.conf');
  readonly nsswitch: string = join(this.path, 'nsswitch.conf');

  constructor(texts: { readonly hosts?: string; readonly resolv?: string; readonly nsswitch?: string } = {}) {
    for (const name of ['hosts', 'resolv', 'nsswitch'] as const) {
      const text = texts[name];
      if (text !== undefined) writeFileSync(this[name], text);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

const NOWHERE = join(tmpdir(), 'gonet-no-such-folder');
const NO_FILES = { hosts: join(NOWHERE, 'h'), resolv: join(NOWHERE, 'r'), nsswitch: join(NOWHERE, 'n') };

/** A resolver that asks this server only, once, and goes by no file of the machine. */
export function resolverOf(server: NameServer, options: ResolverOptions = {}, files: Folder | null = null): Resolver {
  return new Resolver({ servers: [server.address], attempts: 1, ...options }, files ?? NO_FILES);
}

/** The error of a look-up that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<DNSError> {
  const outcome: unknown = await promise.then(
    (value) => assert.fail(`resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof DNSError, String(outcome));
  return outcome;
}

/** What `arrivals` tells, as text, in its order: `IPv4: 192.0.2.1`. */
export async function heard(
  resolver: Resolver,
  suffix: '' | '4' | '6',
  host: string,
  onAnswer: (said: string) => void = () => undefined,
): Promise<string[]> {
  const all: string[] = [];
  await resolver.arrivals(suffix, host, UNLIMITED, ({ families, addrs }) => {
    const said = `${families.join()}: ${addrs.join()}`;
    all.push(said);
    onAnswer(said);
  });
  return all;
}

/** How many descriptors the process has. */
export const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** Waits until there are no more descriptors than before; the test's own limit ends it. */
export async function backTo(before: number, signal: AbortSignal): Promise<void> {
  while (descriptors() > before) await turn(undefined, { signal });
}

/** A promise and what resolves it. */
export function deferred<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Every look-up of a Resolver by name, as a call on one name. */
export const lookups: readonly (readonly [
  method: string,
  call: (resolver: Resolver, name: string, options?: LookupOptions) => Promise<unknown>,
])[] = [
  ['lookupHost', (r, name, options) => r.lookupHost(name, options)],
  ['lookupNetIP', (r, name, options) => r.lookupNetIP('ip', name, options)],
  ['lookupCNAME', (r, name, options) => r.lookupCNAME(name, options)],
  ['lookupSRV', (r, name, options) => r.lookupSRV('', '', name, options)],
  ['lookupMX', (r, name, options) => r.lookupMX(name, options)],
  ['lookupNS', (r, name, options) => r.lookupNS(name, options)],
  ['lookupTXT', (r, name, options) => r.lookupTXT(name, options)],
];
