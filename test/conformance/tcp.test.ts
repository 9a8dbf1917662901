// TCP over loopback keeps every promise of Conn and Listener.

import { listen, dial } from 'gonet';
import { connSuite } from './conn-suite.ts';
import { listenerSuite } from './listener-suite.ts';
import { checkLeaks } from './sockets.ts';
import { tcpPair } from './tcp-pair.ts';

checkLeaks();

connSuite('TCP', tcpPair);

listenerSuite('TCP listener', async () => {
  const listener = await listen('tcp', '127.0.0.1:0');
  const address = listener.addr.toString();
  return { listener, dial: () => dial('tcp', address), again: () => listen('tcp', address) };
});
