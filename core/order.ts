/**
 * Manual order: fractional indexes with jitter (after D. Greenspan, "Implementing Fractional Indexing").
 *
 * Promise: total and the same everywhere: by key, ties by id; tasks without a usable key come last, oldest first. To move
 * one task, one key is written. Two devices that insert at the same place at once get different keys (three random
 * digits); where keys tie all the same, or neighbours have none, those in the way are given new ones along with it.
 *
 * Limit: keys grow by about one character per six insertions at the very same place.
 */
import { BASE_62_DIGITS, generateKeyBetween } from 'fractional-indexing';
import type { Random } from './ids.ts';

export interface Ordered {
  readonly id: string;
  readonly order: string | null;
  /** Stamp of the birth; places what has no key. */
  readonly bornT: number;
}

const JITTER_DIGITS = 3;
const MAX_KEY_CHARS = 1_000;
/** The library does not look at the digits itself. */
const KEY = /^[A-Za-z][0-9A-Za-z]+$/;

export function compareOrdered(a: Ordered, b: Ordered): number {
  if (a.order !== b.order) {
    if (a.order === null) return 1;
    if (b.order === null) return -1;
    return a.order < b.order ? -1 : 1;
  }
  if (a.order === null && a.bornT !== b.bornT) return a.bornT - b.bornT;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** undefined: not a key that others can be generated next to. */
export function readOrder(value: unknown): string | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'string' || value.length > MAX_KEY_CHARS || !KEY.test(value)) return undefined;
  try {
    generateKeyBetween(value, null);
    generateKeyBetween(null, value);
    return value;
  } catch {
    return undefined;
  }
}

/** A key strictly between two (null: the end). Throws where low is not below high: a bug of the caller. */
export function keyBetween(low: string | null, high: string | null, random: Random): string {
  const middle = generateKeyBetween(low, high);
  let jitter = '';
  for (let i = 0; i < JITTER_DIGITS; i++) {
    // No zero at the end: a key must not end in the lowest digit.
    const from = i === JITTER_DIGITS - 1 ? 1 : 0;
    jitter += BASE_62_DIGITS.charAt(from + Math.floor(random() * (BASE_62_DIGITS.length - from)));
  }
  const jittered = middle + jitter;
  return high === null || jittered < high ? jittered : middle;
}

/** A sorted row; an array is one. */
export interface Row {
  readonly length: number;
  at(index: number): Ordered | undefined;
}

/** The key for a newcomer at `index` of a sorted row, and new keys for those that would be in its way. */
export function keysForInsert(
  row: Row,
  index: number,
  random: Random,
): { key: string; rekeyed: readonly { id: string; key: string }[] } {
  const rekeyed: { id: string; key: string }[] = [];
  const give = (i: number, key: string): void => {
    const entry = row.at(i);
    if (entry !== undefined) rekeyed.push({ id: entry.id, key });
  };
  // Neighbours before it without a key get one, or the newcomer could not come after them.
  let firstBare = index;
  while (firstBare > 0 && row.at(firstBare - 1)?.order === null) firstBare--;
  let low = firstBare > 0 ? (row.at(firstBare - 1)?.order ?? null) : null;
  for (let i = firstBare; i < index; i++) give(i, (low = keyBetween(low, null, random)));
  // Those after it that tie with the one before it must step back.
  let next = index;
  while (next < row.length && low !== null && row.at(next)?.order === low) next++;
  const high = next < row.length ? (row.at(next)?.order ?? null) : null;
  const key = keyBetween(low, high, random);
  let last = key;
  for (let i = index; i < next; i++) give(i, (last = keyBetween(last, high, random)));
  return { key, rekeyed };
}
