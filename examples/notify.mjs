// Tells the service manager how this process is doing, sd_notify(3): a datagram to the socket that NOTIFY_SOCKET names. Without one
// there is nobody to tell.
//
//   NOTIFY_SOCKET=/run/systemd/notify node examples/notify.mjs READY=1 'STATUS=three clients'

import { dial } from 'gonet';

/** Sends lines of `NAME=value`; false if nobody wants to know. Waits while the manager's queue is full. */
export async function sdNotify(lines, { path = process.env.NOTIFY_SOCKET, signal } = {}) {
  if (path === undefined || path === '') return false;
  const conn = await dial('unixgram', path, { signal });
  try {
    await conn.write(lines.join('\n'), { signal });
    return true;
  } finally {
    conn.close();
  }
}

if (import.meta.filename === process.argv[1]) {
  const told = await sdNotify(process.argv.slice(2), { signal: AbortSignal.timeout(1000) });
  if (!told) console.error('NOTIFY_SOCKET is not set');
}
