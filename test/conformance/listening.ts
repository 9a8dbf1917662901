// What the listener suite is given, and how each of its tests gets a fresh listener and gives everything back.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Conn, Listener } from 'gonet';
import { LIMIT, readFull } from './pair.ts';

/** A listener, and the way to it. */
export interface Listening {
  readonly listener: Listener;
  /** The network in the listener's errors, where it is not the one of its address. */
  readonly network?: string;
  /** A new client. */
  dial(): Promise<Conn>;
  /** Listens on the address of `listener`, which is closed by then. */
  again(): Promise<Listener>;
}

/** Listens on an address that nobody uses. */
export type MakeListener = () => Promise<Listening>;

/** What one test has: connections and listeners given to `keep` are closed at its end. */
export interface Scene extends Listening {
  keep<T extends Disposable>(resource: T): T;
  /** A client that has told its number; whoever accepts it can ask with `numberOf`. */
  client(number: number): Promise<Conn>;
}

/** One test on a listener of its own. */
export function listenerTest(name: string, make: MakeListener, body: (scene: Scene) => Promise<void>): void {
  test(name, { timeout: LIMIT }, async () => {
    using stack = new Resources();
    const made = await make();
    const keep = <T extends Disposable>(resource: T): T => stack.add(resource);
    keep(made.listener);
    const { listener, network, dial, again } = made;
    const client = async (number: number): Promise<Conn> => {
      const conn = keep(await dial());
      assert.equal(await conn.write(Buffer.from([number])), 1);
      return conn;
    };
    await body({ listener, ...(network === undefined ? {} : { network }), dial, again, keep, client });
  });
}

/** The number that the client at the other end has told. */
export async function numberOf(conn: Conn): Promise<number> {
  return (await readFull(conn, 1))[0]!;
}

class Resources implements Disposable {
  readonly #all: Disposable[] = [];

  add<T extends Disposable>(resource: T): T {
    this.#all.push(resource);
    return resource;
  }

  [Symbol.dispose](): void {
    for (const resource of this.#all) resource[Symbol.dispose]();
  }
}
