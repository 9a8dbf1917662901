import { dial, listen } from 'gonet';

using listener = await listen('tcp', 'localhost:0');
void (async () => {
  for await (const conn of listener) {
    void (async () => {
      for await (const chunk of conn) await conn.write(chunk);
      conn.close();
    })().catch(console.error);
  }
})();

using conn = await dial('tcp', `localhost:${listener.addr.port}`, { timeout: 2000 });
await conn.write('hello');
const buffer = new Uint8Array(64);
const n = await conn.read(buffer, { deadline: Date.now() + 1000 });
console.log(Buffer.from(buffer.subarray(0, n ?? 0)).toString());
conn.closeWrite();
console.log(await conn.read(buffer)); // null: the end of the stream
