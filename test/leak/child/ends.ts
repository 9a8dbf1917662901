// Programs that end by themselves, or do not until something has happened: `node ends.js <name>`. A program that is still
// alive says so from an unref'd timer, which a process that has nothing else to wait for never reaches.

import assert from 'node:assert/strict';

import { dial, dialTCP, listen, pipe } from 'gonet';

import { EMFILE } from '../../../src/syscall/zconst_linux.ts';
import { failure, pair, stalled } from '../../fault/pair.ts';
import { every, Plan } from '../../fault/plan.ts';

const HOUR = 3_600_000;
const say = (text: string): void => console.log(text);
/** What a program leaves open: one that was collected would be closed, and its peer would read the end. */
const open: unknown[] = [];
async function kept<T>(making: Promise<T>): Promise<T> {
  const made = await making;
  open.push(made);
  return made;
}
/** Calls `then` if the process lives that long. */
const ifAlive = (then: () => void, ms = 200): void => {
  setTimeout(() => {
    say('still alive');
    then();
  }, ms).unref();
};
/** Notes how a call ends; nobody waits for it. */
function watch(promise: Promise<unknown>): void {
  promise.then(
    (value) => say(`resolved ${String(value)}`),
    (error: unknown) => say(`rejected ${(error as { code?: string }).code}`),
  );
}

const programs: Record<string, () => Promise<void>> = {
  async idle() {
    await listen('tcp', '127.0.0.1:0');
    await kept(pair());
    ifAlive(() => {});
  },
  async reading() {
    const { client } = await kept(pair());
    watch(client.read(Buffer.alloc(1)));
    ifAlive(() => client.close());
  },
  async writing() {
    const { client } = await kept(pair());
    watch(client.write(Buffer.alloc(1 << 26)));
    ifAlive(() => client.close());
  },
  async iterating() {
    const { client } = await kept(pair());
    watch(client[Symbol.asyncIterator]().next());
    ifAlive(() => client.close());
  },
  async accepting() {
    const listener = await listen('tcp', '127.0.0.1:0');
    watch(listener.accept());
    ifAlive(() => listener.close());
  },
  async dialing() {
    const target = await kept(stalled());
    const controller = new AbortController();
    watch(dialTCP('tcp', null, target.addr, { signal: controller.signal }));
    ifAlive(() => controller.abort());
  },
  async 'unrefd, then reading'() {
    const { client } = await kept(pair());
    client.unref();
    watch(client.read(Buffer.alloc(1)));
    ifAlive(() => {});
  },
  async 'reading, then unrefd'() {
    const { client } = await kept(pair());
    watch(client.read(Buffer.alloc(1)));
    client.unref();
    ifAlive(() => {});
  },
  async 'unrefd and refd again'() {
    const { client } = await kept(pair());
    watch(client.unref().read(Buffer.alloc(1)));
    client.ref();
    ifAlive(() => client.close());
  },
  async 'unrefd, accepting'() {
    const listener = await listen('tcp', '127.0.0.1:0');
    watch(listener.unref().accept());
    ifAlive(() => {});
  },
  async 'unrefd, iterating without a free descriptor'() {
    new Plan().fail('accept4', every, -EMFILE);
    const listener = await listen('tcp', '127.0.0.1:0');
    await dial('tcp', listener.addr.toString());
    watch(listener.unref()[Symbol.asyncIterator]().next());
    ifAlive(() => {
      ifAlive(() => process.exit(9), 3000);
    });
  },
  async closed() {
    const { client, server } = await kept(pair());
    watch(client.read(Buffer.alloc(1)));
    client.close();
    server.close();
    ifAlive(() => {});
  },
  async 'read on, with a deadline'() {
    const { client } = await kept(pair());
    watch(client.read(Buffer.alloc(1), { deadline: Date.now() + 150 }));
  },
  async 'deadlines that did not come'() {
    const { client, server } = await kept(pair());
    const { signal } = new AbortController();
    server.setDeadline(Date.now() + HOUR);
    const reading = client.read(Buffer.alloc(1), { deadline: Date.now() + HOUR, signal });
    await server.write('x', { deadline: Date.now() + HOUR });
    assert.equal(await reading, 1);
    ifAlive(() => {});
  },
  async 'dials that were ended'() {
    const target = await kept(stalled());
    const controller = new AbortController();
    const aborted = failure(dialTCP('tcp', null, target.addr, { signal: controller.signal, timeout: HOUR }));
    controller.abort();
    say((await aborted).code);
    say((await failure(dialTCP('tcp', null, target.addr, { timeout: 30 }))).code);
    ifAlive(() => {});
  },
  async 'dialed with hooks'() {
    using listener = await listen('tcp', '127.0.0.1:0');
    const address = listener.addr.toString();
    const refuse = (): Promise<void> => Promise.reject(Object.assign(new Error('no'), { code: 'EHOOK' }));
    watch(dial('tcp', address, { control: refuse }));
    // Plain JavaScript may answer with anything; what is no promise means nothing.
    for (const answer of [undefined, null, 5, 'text', {}, new Map()]) {
      const control = (() => answer) as () => void;
      watch(dial('tcp', address, { control }).then((conn) => conn.close()));
    }
    for (let i = 0; i < 6; i++) (await listener.accept({ deadline: Date.now() + 2000 })).close();
    ifAlive(() => {});
  },
  async 'reading a pipe'() {
    const [end] = pipe();
    watch(end.read(Buffer.alloc(1)));
    ifAlive(() => end.close());
  },
  async 'reading a pipe, with a deadline'() {
    watch(pipe()[0].read(Buffer.alloc(1), { deadline: Date.now() + 150 }));
  },
  async 'a pipe, unrefd and idle'() {
    const [end, other] = pipe();
    watch(end.read(Buffer.alloc(1)));
    end.unref();
    watch(other.closed);
    ifAlive(() => {});
  },
  async 'waiting for the peer to go'() {
    const { client } = await kept(pair());
    watch(client.closed);
    ifAlive(() => {});
  },
};

void programs[process.argv[2]!]!();
