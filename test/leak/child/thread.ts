// A worker thread that imports the package and makes its first socket calls.

import { parentPort } from 'node:worker_threads';

import { dial, listen, splitHostPort, UnsupportedError } from 'gonet';

const calls = [
  () => listen('tcp', '127.0.0.1:0'),
  () => dial('tcp', '127.0.0.1:9'),
  () => listen('tcp', '127.0.0.1:0'),
];
const said: unknown[] = [splitHostPort('host:1')];
for (const call of calls) {
  try {
    (await call()).close();
    said.push('worked');
  } catch (error) {
    const { name, code, message, cause } = error as Error & { code: string };
    said.push({ name, code, message, unsupported: cause instanceof UnsupportedError });
  }
}
parentPort!.postMessage(said, []);
