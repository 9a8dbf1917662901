// Which names are worth asking a name server for. RFC 1035 and RFC 3696, with the underscore that is in use (SRV), and without
// names of digits only: those are IPv4 addresses in a form that this package does not read.

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * Whether the name can be a domain name: labels of letters, digits, `-` and `_`, each of up to 63 characters and without a
 * hyphen at its ends, up to 253 in all or 254 with a final dot, and not only digits and dots. `.` is one.
 */
export function isDomainName(name: string): boolean {
  if (name === '.') return true;
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  if (bare.length > 253 || !/[^0-9.]/.test(bare)) return false;
  return bare.split('.').every((label) => LABEL.test(label));
}

/** Whether inet_aton(3) would take the name for an IPv4 address: up to four numbers, each decimal, octal or hexadecimal. */
export function isOldIPv4(name: string): boolean {
  return /^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}$/i.test(name);
}
