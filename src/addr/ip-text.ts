// Four 32-bit words to IP address text. RFC 5952: lower case, no leading zeros, the longest run of at least two zero groups
// (the first of equals) as `::`.

/** Writes the word as four decimal fields. */
export function formatIPv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** Writes the words in their shortest form; never with a dotted tail. */
export function formatIPv6(a: number, b: number, c: number, d: number): string {
  const groups = split(a, b, c, d);
  let gap = -1;
  let longest = 1;
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > longest) {
      gap = at;
      longest = end - at;
    }
    if (end > at) at = end;
  }
  if (gap < 0) return hex(groups);
  return `${hex(groups.slice(0, gap))}::${hex(groups.slice(gap + longest))}`;
}

/** Writes the words as eight groups of four digits. */
export function expandIPv6(a: number, b: number, c: number, d: number): string {
  return split(a, b, c, d)
    .map((group) => group.toString(16).padStart(4, '0'))
    .join(':');
}

function split(a: number, b: number, c: number, d: number): number[] {
  return [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff, c >>> 16, c & 0xffff, d >>> 16, d & 0xffff];
}

function hex(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}
