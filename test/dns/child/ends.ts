// A process with one look-up, which must end by itself when that is over, however long the query itself could have taken.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';

import { Resolver } from '../../../src/dns/resolver.ts';
import { readQuestion, writeAnswer } from '../wire.ts';

const [, , name] = process.argv;
const server = createSocket('udp4').unref();
server.bind(0, '127.0.0.1');
await once(server, 'listening');

const controller = new AbortController();
server.on('message', (message, from) => {
  if (name === 'canceled') controller.abort();
  if (name !== 'answered') return;
  const question = readQuestion(message);
  const records = question.type === 'A' ? [{ type: 'A', data: '192.0.2.1' } as const] : [];
  server.send(writeAnswer(question, 0, records, false), from.port, from.address);
});

const resolver = new Resolver({
  servers: [`127.0.0.1:${server.address().port}`],
  timeout: name === 'waiting' ? 250 : 3_600_000,
  attempts: 1,
});
const { signal } = controller;
resolver.lookupHost('host.test', name === 'out of time' ? { deadline: Date.now() + 50 } : { signal }).then(
  (found) => console.log(found.join()),
  (error: unknown) => console.log((error as { code: string }).code),
);
