// IPv6 zones: interface names to scope ids and back, if_nametoindex(3), RFC 4007. Answers are kept for 60 s, as Go does; a
// name that is not known is its leading digits, or 0, and an index without a name is its decimal text.

import { sys } from './sys.ts';

const TTL = 60_000;
const indexByName = new Map<string, number>();
const nameByIndex = new Map<number, string>();
let filledAt = -Infinity;

function fresh(): void {
  const now = performance.now();
  if (now - filledAt < TTL) return;
  filledAt = now;
  indexByName.clear();
  nameByIndex.clear();
}

/** The scope id of a zone: `lo` is 1, `12x` is 12, no zone is 0. */
export function zoneToIndex(zone: string): number {
  if (zone === '') return 0;
  fresh();
  const known = indexByName.get(zone);
  if (known !== undefined) return known;
  const index = sys.if_nametoindex(zone);
  if (index <= 0) return Math.min(Number(/^\d{0,10}/.exec(zone)![0]), 0xffffffff);
  indexByName.set(zone, index);
  return index;
}

const scratch = new Uint8Array(16);

/** The zone of a scope id: 1 is `lo`, 0 is none. */
export function indexToZone(index: number): string {
  if (index === 0) return '';
  fresh();
  const known = nameByIndex.get(index);
  if (known !== undefined) return known;
  if (sys.if_indextoname(index, scratch) < 0) return String(index);
  const name = Buffer.from(scratch.subarray(0, scratch.indexOf(0))).toString('latin1');
  nameByIndex.set(index, name);
  return name;
}
