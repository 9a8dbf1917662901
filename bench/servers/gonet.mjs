// Echo on gonet. `read` (the default): one buffer per connection, as a Go program would write it. `iterate`: the short form.
import { listen } from '../../dist/src/index.js';

async function echoRead(conn) {
  const buf = new Uint8Array(4096);
  for (;;) {
    const n = await conn.read(buf);
    if (n === null) break;
    await conn.write(n === buf.length ? buf : buf.subarray(0, n));
  }
}

async function echoIterate(conn) {
  for await (const chunk of conn) await conn.write(chunk);
}

const echo = process.argv[2] === 'iterate' ? echoIterate : echoRead;
const listener = await listen('tcp', '127.0.0.1:0');
console.log(`PORT ${listener.addr.port}`);
for await (const conn of listener) {
  echo(conn)
    .catch(() => {})
    .finally(() => conn.close());
}
