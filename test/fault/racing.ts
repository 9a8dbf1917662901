// A program that dials and has nothing else to do: it ends by itself, or is killed by whoever waits for that.

import { dial, listen } from 'gonet';

import { knows, street } from './street.ts';

/** What is open when the program has nothing else to do, and would be warned of if it were collected. */
const open: unknown[] = [];

const scenarios: Readonly<Record<string, () => Promise<string>>> = {
  // Only the first attempt is there to keep the process alive until the delay is over.
  async 'a silent address first'() {
    using road = await street();
    road.silence('127.0.0.2');
    using conn = await dial('tcp', road.target, knows('127.0.0.2', '127.0.0.3'));
    return conn.remoteAddr.address;
  },
  async 'a hook that never settles'() {
    using road = await street();
    const control = (_network: string, address: string): Promise<void> =>
      address.startsWith('127.0.0.2') ? new Promise(() => {}) : Promise.resolve();
    using conn = await dial('tcp', road.target, { ...knows('127.0.0.2', '127.0.0.3'), control, fallbackDelay: 20 });
    return conn.remoteAddr.address;
  },
  async 'a look-up that never settles'() {
    using _road = await street();
    return await lookUpForever();
  },
  'a look-up that never settles, in a process that had no socket yet': lookUpForever,
  // The winner keeps nobody, and the delay that would have come next does not either.
  async 'a winner while others wait'() {
    const listener = await listen('tcp', '127.0.0.1:0');
    const { port } = listener.addr;
    const conn = await dial('tcp', `street.test:${port}`, { ...knows('127.0.0.1', '127.0.0.2'), fallbackDelay: 1e6 });
    open.push(listener, conn);
    return conn.remoteAddr.address;
  },
};

function lookUpForever(): Promise<string> {
  const resolver = { lookupNetIP: () => new Promise<never>(() => {}) };
  return dial('tcp', 'street.test:80', { resolver, timeout: 50 }).then(
    () => 'connected',
    (error: Error) => error.message,
  );
}

const [name = ''] = process.argv.slice(2);
void scenarios[name]!().then(console.log);
