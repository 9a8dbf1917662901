// The turns of one direction of a descriptor: operations queue in the order in which they came, and the first one holds the
// turn until it leaves. A pure machine: a list that its members carry.

/** A member of a line. */
export interface InLine<T> {
  /** Who comes next; written by the line only. */
  next: T | null;
}

/** One direction's line. */
export class Line<T extends InLine<T>> {
  /** Whose turn it is. */
  first: T | null = null;
  #last: T | null = null;
  /** The sticky deadline of the direction, on the monotonic clock; 0 for none. */
  deadline = 0;
  /** A member that has left and may be used again, so that a call in the usual case builds none. */
  spare: T | null = null;

  /** Joins the line; true when it is at once the member's turn. */
  enter(member: T): boolean {
    member.next = null;
    const last = this.#last;
    this.#last = member;
    if (last === null) {
      this.first = member;
      return true;
    }
    last.next = member;
    return false;
  }

  /** Leaves the line, from wherever in it. */
  leave(member: T): void {
    let before: T | null = null;
    let each = this.first;
    while (each !== null && each !== member) {
      before = each;
      each = each.next;
    }
    if (each === null) return;
    if (before === null) this.first = member.next;
    else before.next = member.next;
    if (this.#last === member) this.#last = before;
    member.next = null;
  }
}
