// What an import opens: nothing. Prints the descriptors that are there after it and were not before.

import { readdirSync, readlinkSync } from 'node:fs';

function open(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      return [];
    }
  });
}

// Whatever an import as such needs is open now.
await import('node:dns');
const before = open();
await Promise.all([import('gonet'), import('gonet/netip'), import('gonet/syscall')]);
const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: readonly string[] };
console.log(
  JSON.stringify({
    opened: open().filter((each) => !before.includes(each)),
    loaded: sharedObjects.filter((path) => /koffi|gonet\.node/.test(path)),
  }),
);
