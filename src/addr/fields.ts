// How Go reads the lines of /etc/services and /etc/protocols: words between blanks, `#` to the end of the line, decimal
// numbers that end where the digits end. Bad lines are for the caller to skip; nothing here throws.

/** Yields the words of each line that has at least two. */
export function* fieldLines(text: string): Generator<[string, string, ...string[]]> {
  for (const line of text.split('\n')) {
    const [bare = ''] = line.split('#', 1);
    const [first, second, ...rest] = bare.split(/[ \r\t]+/).filter((word) => word !== '');
    if (first !== undefined && second !== undefined) yield [first, second, ...rest];
  }
}

/** From here on Go takes a number for none. */
const BIG = 0xffffff;

/** Reads the digits at the start: their value and what follows them; `null` if there are none, or the number is too big. */
export function leadingNumber(text: string): { value: number; rest: string } | null {
  const digits = /^\d*/.exec(text)?.[0] ?? '';
  const value = Number(digits);
  return digits === '' || value >= BIG ? null : { value, rest: text.slice(digits.length) };
}

/** Lowers A to Z only, as look-ups in these tables do. */
export function lowerASCII(text: string): string {
  return text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}
