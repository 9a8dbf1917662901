// Abort signals and who waits on them: one listener per signal, however many operations share it, and none once they are done. So
// a signal for a whole server is neither a leak nor, above ten waiting calls, a warning of one.

/** Somebody who wants to know of an abort. */
export interface Abortable {
  /** The signal was aborted. */
  abort(): void;
}

class Group {
  readonly members: Set<Abortable> = new Set();

  handleEvent(): void {
    for (const member of this.members) member.abort();
  }
}

const groups = new WeakMap<AbortSignal, Group>();

/** From now on `member` hears of an abort. */
export function follow(signal: AbortSignal, member: Abortable): void {
  let group = groups.get(signal);
  if (group === undefined) {
    group = new Group();
    groups.set(signal, group);
    signal.addEventListener('abort', group);
  }
  group.members.add(member);
}

/** From now on it does not. */
export function unfollow(signal: AbortSignal, member: Abortable): void {
  const group = groups.get(signal);
  if (group === undefined || !group.members.delete(member) || group.members.size > 0) return;
  groups.delete(signal);
  signal.removeEventListener('abort', group);
}
