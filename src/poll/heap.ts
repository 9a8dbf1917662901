// A binary min-heap whose members know their place: a pure machine. `at` orders, `slot` is the index, -1 outside.

/** A member of the heap. */
export interface Timed {
  /** When, on the monotonic clock, in milliseconds. */
  at: number;
  /** The index in the heap; -1 while outside. Written by the heap only. */
  slot: number;
}

/** The heap. */
export class Heap<T extends Timed> {
  readonly #items: T[] = [];

  /** The earliest member; undefined when empty. */
  get first(): T | undefined {
    return this.#items[0];
  }

  get size(): number {
    return this.#items.length;
  }

  /** Adds a member that is outside. */
  add(item: T): void {
    item.slot = this.#items.length;
    this.#items.push(item);
    this.#up(item);
  }

  /** Puts a member right after its `at` has changed. */
  moved(item: T): void {
    this.#up(item);
    this.#down(item);
  }

  /** Takes a member out, wherever it is; one that is outside stays so. */
  remove(item: T): void {
    const { slot } = item;
    if (slot < 0) return;
    item.slot = -1;
    const last = this.#items.pop()!;
    if (last === item) return;
    this.#place(last, slot);
    this.moved(last);
  }

  #place(item: T, slot: number): void {
    this.#items[slot] = item;
    item.slot = slot;
  }

  #up(item: T): void {
    let { slot } = item;
    while (slot > 0) {
      const parent = this.#items[(slot - 1) >> 1]!;
      if (parent.at <= item.at) break;
      const above = parent.slot;
      this.#place(parent, slot);
      slot = above;
    }
    this.#place(item, slot);
  }

  #down(item: T): void {
    let { slot } = item;
    for (;;) {
      const left = this.#items[2 * slot + 1];
      if (left === undefined) break;
      const right = this.#items[2 * slot + 2];
      const child = right !== undefined && right.at < left.at ? right : left;
      if (child.at >= item.at) break;
      const below = child.slot;
      this.#place(child, slot);
      slot = below;
    }
    this.#place(item, slot);
  }
}
