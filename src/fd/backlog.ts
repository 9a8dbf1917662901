// How many connections may wait to be accepted: net.core.somaxconn, listen(2), read once.

import { readFileSync } from 'node:fs';
import { SOMAXCONN } from '../syscall/zconst_linux.ts';

/** Go's answer where the file says nothing: 128, not the 4096 of newer headers. */
const DEFAULT = 128;
/** The kernel keeps 32 bits since 4.1; listen(2) takes an int. */
const MAX = 0x7fffffff;

/** Reads a somaxconn text: missing, 0 or garbage give 128. */
export function parseBacklog(text: string): number {
  const digits = /^\d+/.exec(text.trim())?.[0] ?? '0';
  return Math.min(Number(digits) || DEFAULT, MAX);
}

let backlog = 0;

/** The backlog of a listener that was asked for none. */
export function maxBacklog(): number {
  if (backlog === 0) {
    try {
      backlog = parseBacklog(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
    } catch {
      backlog = Math.min(DEFAULT, SOMAXCONN);
    }
  }
  return backlog;
}
