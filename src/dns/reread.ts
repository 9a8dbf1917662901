// A file that is parsed once and again whenever it has changed: looked at with one stat(2) for each look-up, read only if time,
// size or inode is another. A file that cannot be read is as if there were none.

import { readFileSync, statSync } from 'node:fs';

/** The file, as what `parse` makes of its text; null stands for no file. Nothing is read before the first `get`. */
export class Reread<T> {
  readonly #path: string;
  readonly #parse: (text: string | null) => T;
  #stamp = '';
  #value: T | null = null;

  constructor(path: string, parse: (text: string | null) => T) {
    this.#path = path;
    this.#parse = parse;
  }

  /** What the file says now. */
  get(): T {
    const stamp = stampOf(this.#path);
    if (this.#value !== null && stamp === this.#stamp) return this.#value;
    this.#stamp = stamp;
    return (this.#value = this.#parse(textOf(this.#path)));
  }
}

function stampOf(path: string): string {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? 'none' : `${stat.mtimeMs} ${stat.ctimeMs} ${stat.size} ${stat.ino}`;
  } catch {
    return 'none';
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
