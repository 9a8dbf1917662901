// Sets options as a user who may nothing: gives up its privileges, if it has any, when everything is loaded, and prints what
// becomes of each dial and listen as a line of JSON. The options come as JSON on the command line.

import { readFileSync } from 'node:fs';

import { dial, listen, OpError } from 'gonet';

const NOBODY = 65_534;

const listener = await listen('tcp', '127.0.0.1:0');
const to = listener.addr.toString();
(await dial('tcp', to)).close();
if (process.getuid!() === 0) {
  process.setgroups!([]);
  process.setgid!(NOBODY);
  process.setuid!(NOBODY);
}
const [, capabilities = ''] = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];

/** What becomes of it. */
async function tell(doing: Promise<{ close(): void }>): Promise<string> {
  try {
    (await doing).close();
    return 'done';
  } catch (error) {
    return error instanceof OpError ? `${error.code} ${error.cause.message}` : String(error);
  }
}

for (const own of JSON.parse(process.argv[2]!) as object[]) {
  const dialed = await tell(dial('tcp', to, own));
  const listened = await tell(listen('tcp', '127.0.0.1:0', own));
  console.log(JSON.stringify({ capabilities: Number.parseInt(capabilities, 16), dialed, listened }));
}
listener.close();
