// IP address text to four 32-bit words and a zone, as strict as Go's netip: no leading zeros, no short forms, a dotted tail
// only as the last 32 bits, a zone only on IPv6. A text that does not parse costs no Error: names go through here too.
// RFC 4291 section 2.2, RFC 4007 section 11.

/** The bits of an address, highest word first, each as an int32; IPv4 in the last word, after `0, 0, 0xffff`. */
export interface IPWords {
  readonly kind: 4 | 6;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly zone: string;
}

/** Why a text is no address, and the part of it where that was seen; empty where the whole is at fault. */
export interface IPFault {
  readonly reason: string;
  readonly rest: string;
}

const DOT = 0x2e;
const COLON = 0x3a;

/** Reads an address; never throws. */
export function scanIP(text: string): IPWords | IPFault {
  for (const char of text) {
    if (char === '.') return scanDotted(text);
    if (char === ':') return scanIPv6(text);
    if (char === '%') return fault('missing IPv6 address');
  }
  return fault('unable to parse IP');
}

function fault(reason: string, rest = ''): IPFault {
  return { reason, rest };
}

function scanDotted(text: string): IPWords | IPFault {
  const word = scanIPv4(text, 0, text.length);
  return typeof word === 'number' ? { kind: 4, a: 0, b: 0, c: 0xffff, d: word, zone: '' } : word;
}

/** Reads `text[from, end)` as four decimal fields. */
function scanIPv4(text: string, from: number, end: number): number | IPFault {
  let word = 0;
  let fields = 0;
  let value = 0;
  let digits = 0;
  for (let at = from; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) {
      if (digits === 1 && value === 0) return fault('IPv4 field has octet with leading zero');
      value = value * 10 + code - 0x30;
      digits++;
      if (value > 255) return fault('IPv4 field has value >255');
    } else if (code === DOT) {
      if (digits === 0 || at === end - 1) return fault('IPv4 field must have at least one digit', text.slice(at, end));
      if (fields === 3) return fault('IPv4 address too long');
      word = (word << 8) | value;
      fields++;
      value = 0;
      digits = 0;
    } else {
      return fault('unexpected character', text.slice(at, end));
    }
  }
  return fields < 3 ? fault('IPv4 address too short') : (word << 8) | value;
}

function scanIPv6(text: string): IPWords | IPFault {
  const percent = text.indexOf('%');
  if (percent === text.length - 1) return fault('zone must be a non-empty string');
  const groups: number[] = [];
  const failed = scanGroups(text, percent < 0 ? text.length : percent, groups);
  if (failed !== null) return failed;
  const zone = percent < 0 ? '' : text.slice(percent + 1);
  return { kind: 6, a: join(groups, 0), b: join(groups, 2), c: join(groups, 4), d: join(groups, 6), zone };
}

function join(groups: readonly number[], index: number): number {
  return ((groups[index] ?? 0) << 16) | (groups[index + 1] ?? 0);
}

/** Reads `text[0, end)` into eight 16-bit groups. */
function scanGroups(text: string, end: number, groups: number[]): IPFault | null {
  let gap = -1;
  let at = 0;
  if (text.startsWith('::')) {
    gap = 0;
    at = 2;
  }
  while (groups.length < 8 && at < end) {
    const start = at;
    let value = 0;
    for (let digit; at < end && (digit = hexDigit(text.charCodeAt(at))) >= 0; at++) {
      if (at - start > 3) return fault('each group must have 4 or less digits', text.slice(start, end));
      value = value * 16 + digit;
    }
    if (at === start) return fault('each colon-separated field must have at least one digit', text.slice(start, end));
    if (at < end && text.charCodeAt(at) === DOT) {
      const failed = scanTail(text, start, end, gap, groups);
      if (failed !== null) return failed;
      at = end;
      break;
    }
    groups.push(value);
    if (at === end) break;
    if (text.charCodeAt(at) !== COLON) return fault('unexpected character, want colon', text.slice(at, end));
    if (at + 1 === end) return fault('colon must be followed by more characters', text.slice(at, end));
    at++;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return fault('multiple :: in address', text.slice(at, end));
      gap = groups.length;
      at++;
    }
  }
  if (at < end) return fault('trailing garbage after address', text.slice(at, end));
  return fillGap(groups, gap);
}

/** Reads an IPv4 address at the end of an IPv6 one. */
function scanTail(text: string, start: number, end: number, gap: number, groups: number[]): IPFault | null {
  if (gap < 0 && groups.length !== 6) {
    return fault('embedded IPv4 address must replace the final 2 fields of the address', text.slice(start, end));
  }
  if (groups.length > 6) {
    return fault('too many hex fields to fit an embedded IPv4 at the end of the address', text.slice(start, end));
  }
  const word = scanIPv4(text, start, end);
  if (typeof word !== 'number') return word;
  groups.push(word >>> 16, word & 0xffff);
  return null;
}

/** Puts the zeros of `::`, at index `gap`, in. */
function fillGap(groups: number[], gap: number): IPFault | null {
  const missing = 8 - groups.length;
  if (missing > 0 && gap < 0) return fault('address string too short');
  if (missing === 0 && gap >= 0) return fault('the :: must expand to at least one field of zeros');
  if (missing > 0) groups.splice(gap, 0, ...Array<number>(missing).fill(0));
  return null;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
