// A fault plan: while it lives, every entry of the record of system calls notes its calls, and answers as the plan says
// instead of, before or after the real call. Disposing of it puts the record back, so `using` does so when the test throws.

import { EPOLL_DATA_WORD, EPOLL_EVENT_WORDS } from '../../src/syscall/arch.ts';
import type { Sys } from '../../src/syscall/backend.ts';
import { load, sys } from '../../src/syscall/sys.ts';
import { EPOLL_CTL_ADD, EPOLL_CTL_MOD } from '../../src/syscall/zconst_linux.ts';

export type Name = keyof Sys;
export type Args<K extends Name> = Parameters<Sys[K]>;

/** One call as its caller saw it. Buffers are the caller's own, so their content may be newer than the call. */
export interface Call<K extends Name = Name> {
  readonly name: K;
  readonly args: Args<K>;
  readonly result: number;
}

/** Which of the calls that a rule is about; the first is number 1. */
export type When = (n: number) => boolean;
export const every: When = () => true;
export const first =
  (k: number): When =>
  (n) =>
    n <= k;
export const nth =
  (k: number): When =>
  (n) =>
    n === k;

/** What stands in for a call; `real` is the entry that was there before. */
export type Swap<K extends Name> = (real: Sys[K], ...args: Args<K>) => number;

export interface RuleOptions<K extends Name> {
  /** Only calls with such arguments; the others are not counted. */
  readonly where?: (...args: Args<K>) => boolean;
}

export interface FaultOptions<K extends Name> extends RuleOptions<K> {
  /** Whether the real call is made too, before its result is replaced; default false. */
  readonly after?: boolean;
}

type Loose = (...args: readonly unknown[]) => number;

interface Rule {
  readonly when: When;
  readonly where: (...args: readonly unknown[]) => boolean;
  readonly swap: (real: Loose, ...args: readonly unknown[]) => number;
  seen: number;
}

/** The plan. One at a time. */
export class Plan implements Disposable {
  readonly calls: Call[] = [];
  readonly #real: Sys;
  readonly #rules = new Map<Name, Rule[]>();
  readonly #watched = new Map<number, { readonly epfd: number; readonly event: Int32Array }>();

  constructor() {
    // First, so that the backend does not overwrite what we put in.
    load();
    this.#real = { ...sys };
    for (const name of Object.keys(sys) as Name[]) {
      const entry: Loose = (...args) => this.#call(name, args);
      Object.assign(sys, { [name]: entry });
    }
  }

  [Symbol.dispose](): void {
    Object.assign(sys, this.#real);
  }

  /** Has calls of `name` answer `result`, in place of the real call or, with `after`, when that is done. */
  fail<K extends Name>(name: K, when: When, result: number, { after = false, ...options }: FaultOptions<K> = {}): this {
    return this.swap(
      name,
      when,
      (real, ...args) => {
        if (after) (real as Loose)(...args);
        return result;
      },
      options,
    );
  }

  /** Has calls of `name` made by `swap`. Of several rules that fit a call, the first counts. */
  swap<K extends Name>(name: K, when: When, swap: Swap<K>, { where = () => true }: RuleOptions<K> = {}): this {
    const rule = { when, where, swap, seen: 0 } as unknown as Rule;
    this.#rules.set(name, [...(this.#rules.get(name) ?? []), rule]);
    return this;
  }

  /** The calls of `name` so far, those with such arguments. */
  of<K extends Name>(name: K, where: (...args: Args<K>) => boolean = () => true): Call<K>[] {
    return (this.calls as unknown as Call<K>[]).filter((call) => call.name === name && where(...call.args));
  }

  count<K extends Name>(name: K, where?: (...args: Args<K>) => boolean): number {
    return this.of(name, where).length;
  }

  /** The entry that was there before the plan. */
  real<K extends Name>(name: K): Sys[K] {
    return this.#real[name];
  }

  /** The generation under which the poller has registered a descriptor since the plan began. */
  generation(fd: number): number {
    return this.#registration(fd).event[EPOLL_DATA_WORD + 1]!;
  }

  /** Has the kernel report again what the descriptor is ready for, as if it had just become so: EPOLL_CTL_MOD of epoll_ctl(2). */
  rearm(fd: number): void {
    const { epfd, event } = this.#registration(fd);
    this.#real.epoll_ctl(epfd, EPOLL_CTL_MOD, fd, event);
  }

  #registration(fd: number): { readonly epfd: number; readonly event: Int32Array } {
    const found = this.#watched.get(fd);
    if (found === undefined) throw new Error(`Descriptor ${fd} joined the poller before the plan began`);
    return found;
  }

  #call(name: Name, args: readonly unknown[]): number {
    const result = this.#answer(name, args);
    this.calls.push({ name, args: args as Args<Name>, result });
    if (name === 'epoll_ctl' && args[1] === EPOLL_CTL_ADD && result === 0) {
      const [epfd, , fd, event] = args as Args<'epoll_ctl'>;
      this.#watched.set(fd, { epfd, event: Int32Array.from(event.subarray(0, EPOLL_EVENT_WORDS)) });
    }
    return result;
  }

  #answer(name: Name, args: readonly unknown[]): number {
    const real = this.#real[name] as Loose;
    for (const rule of this.#rules.get(name) ?? []) {
      if (rule.where(...args) && rule.when(++rule.seen)) return rule.swap(real, ...args);
    }
    return real(...args);
  }
}
