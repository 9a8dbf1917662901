// Programs that end while events are on their way: `node exits.js <name>`.

import { pair, type Pair } from '../../fault/pair.ts';

/** Pairs whose servers have begun to read, and an event for each under way. */
async function pending(): Promise<Pair[]> {
  const pairs = await Promise.all(Array.from({ length: 50 }, () => pair()));
  for (const { server } of pairs) server.read(Buffer.alloc(9)).catch(() => {});
  for (const { client } of pairs) client.write('an event').catch(() => {});
  return pairs;
}

const fail = (): never => {
  throw new Error('thrown with events pending');
};

const programs: Record<string, () => Promise<void>> = {
  async exit() {
    await pending();
    process.exit(3);
  },
  async 'exit after a read'() {
    const pairs = await pending();
    const [one] = pairs;
    void one!.client.read(Buffer.alloc(1)).then(() => {
      for (const { client } of pairs) client.write('an event').catch(() => {});
      process.exit(3);
    });
    await one!.server.write('go');
  },
  async 'exit in a beforeExit'() {
    for (const each of await pending()) each[Symbol.dispose]();
    process.once('beforeExit', () => void pending().then(() => process.exit(3)));
  },
  async 'nothing left to wait for'() {
    process.exitCode = 3;
    for (const { client, server } of await pending()) {
      client.unref();
      server.unref();
      client.write('another').catch(() => {});
    }
  },
  async 'traffic in an exit handler'() {
    process.exitCode = 3;
    const pairs = await pending();
    for (const { server } of pairs) server.unref();
    process.once('exit', () => {
      for (const { client } of pairs) client.write('the last words').catch(() => {});
    });
  },
  async 'exit in an exit handler'() {
    process.once('exit', () => process.exit(3));
    await pending();
    process.exit(4);
  },
  async 'exit in an immediate'() {
    await pending();
    setImmediate(() => process.exit(3));
  },
  async 'exit in a timer'() {
    setTimeout(() => {
      // Long enough for the loop to be behind when it comes round.
      pending().then(
        () => setTimeout(() => process.exit(3)),
        () => {},
      );
    });
  },
  async throw() {
    await pending();
    setImmediate(fail);
  },
  async reject() {
    await pending();
    fail();
  },
  async 'throw in the handler of an uncaught exception'() {
    process.on('uncaughtException', fail);
    await pending();
    setImmediate(fail);
  },
};

void programs[process.argv[2]!]!();
