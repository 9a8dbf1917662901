// A thread that is given descriptors, adopts each and answers on it what it reads, once.

import { parentPort } from 'node:worker_threads';

import { fromFd } from 'gonet';

parentPort!.on('message', (fd: number | null) => {
  if (fd === null) return parentPort!.close();
  const conn = fromFd(fd);
  if (!('read' in conn)) throw new Error('Not a connection');
  const into = Buffer.alloc(64);
  void conn
    .read(into)
    .then((n) =>
      conn.write(
        into
          .subarray(0, n ?? 0)
          .toString()
          .toUpperCase(),
      ),
    )
    .then(() => conn.close());
});
parentPort!.postMessage('ready', []);
