// Unix sockets keep every promise of Conn and Listener: streams all of them, packets all that is not about a stream of bytes.

import { after } from 'node:test';

import { dial, listen, type UnixStreamNetwork } from 'gonet';
import { connSuite } from './conn-suite.ts';
import { listenerSuite } from './listener-suite.ts';
import type { Listening } from './listening.ts';
import { checkLeaks } from './sockets.ts';
import { TempDir } from './tempdir.ts';
import { unixPair } from './unix-pair.ts';

checkLeaks();

const dir = new TempDir();
after(() => dir[Symbol.dispose]());
let count = 0;

async function listening(network: UnixStreamNetwork, address: string): Promise<Listening> {
  const listener = await listen(network, address);
  const name = listener.addr.toString();
  return { listener, dial: () => dial(network, name), again: () => listen(network, name) };
}

connSuite('unix', unixPair);

for (const network of ['unix', 'unixpacket'] as const) {
  listenerSuite(`${network} listener on a path`, () => listening(network, dir.file(String(count++))));
  listenerSuite(`${network} listener on an abstract name`, () =>
    listening(network, `@gonet-${process.pid}-${count++}`),
  );
  listenerSuite(`${network} listener, autobound`, () => listening(network, ''));
}
