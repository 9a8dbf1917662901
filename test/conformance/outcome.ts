// How a call of the package ended: the checks on its error that every suite makes, and whether it has ended at all.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

import { CanceledError, ClosedError, DeadlineError, OpError } from 'gonet';

export const HOUR = 3_600_000;
/** A deadline that has passed. */
export const PAST = 1;
/** A deadline in so many milliseconds. */
export const fromNow = (ms: number): number => Date.now() + ms;

/** The OpError of a call that must fail. */
export async function failure(promise: Promise<unknown>, op?: string): Promise<OpError> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return opErrorOf(error, op);
  }
  return assert.fail(`resolved with ${String(value)}`);
}

/** The OpError that `call` throws at once. */
export function thrown(call: () => unknown, op?: string): OpError {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return opErrorOf(error, op);
  }
  return assert.fail(`returned ${String(value)}`);
}

function opErrorOf(error: unknown, op: string | undefined): OpError {
  assert.ok(error instanceof OpError, `not an OpError: ${String(error)}`);
  if (op !== undefined) assert.equal(error.op, op);
  return error;
}

/** The error of a call that must run into its deadline. */
export async function timesOut(promise: Promise<unknown>, op?: string): Promise<OpError> {
  const error = await failure(promise, op);
  assert.ok(error.cause instanceof DeadlineError, error.message);
  assert.deepEqual([error.timeout, error.temporary, error.code], [true, true, 'ETIMEDOUT']);
  return error;
}

/** The error of a call that must find its conn or listener closed. */
export async function failsClosed(promise: Promise<unknown>, op?: string): Promise<OpError> {
  const error = await failure(promise, op);
  assert.ok(error.cause instanceof ClosedError, error.message);
  assert.deepEqual([error.timeout, error.temporary, error.code], [false, false, 'ERR_NET_CLOSED']);
  return error;
}

/** The error of a call that a signal must end; `reason` is the signal's. */
export async function isCanceled(promise: Promise<unknown>, reason: unknown, op?: string): Promise<OpError> {
  const error = await failure(promise, op);
  assert.ok(error.cause instanceof CanceledError, error.message);
  assert.deepEqual([error.timeout, error.code, error.cause.name], [false, 'ABORT_ERR', 'AbortError']);
  assert.equal(error.cause.cause, reason);
  return error;
}

/** Checks that a promise is still pending after some milliseconds. What it settles with later is the caller's to look at. */
export async function staysPending(promise: Promise<unknown>, ms = 30): Promise<void> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  assert.equal(await Promise.race([settled, delay(ms, false)]), false, 'settled too early');
}

/** Awaits what keeps no process alive, such as `closed`, with something that does. */
export async function keepingAlive<T>(promise: Promise<T>): Promise<T> {
  const alive = setInterval(() => {}, 1000);
  try {
    return await promise;
  } finally {
    clearInterval(alive);
  }
}

/** The order in which the promises settle, by index. */
export async function orderOf(promises: readonly Promise<unknown>[]): Promise<number[]> {
  const order: number[] = [];
  const note = (i: number): void => void order.push(i);
  const noted = promises.map((promise, i) => promise.catch(() => {}).then(() => note(i)));
  await Promise.all(noted);
  return order;
}

/** 0, 1 … n - 1. */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
