/**
 * A sorted selection of a large set that is kept, not computed: after an edit only what changed is placed anew.
 *
 * Promise: `items` is always what filtering and sorting everything would give, at the cost of the changed entries
 * (a copy of the array besides, so that the same reference means nothing changed). A change of more than
 * `REBUILD_SHARE` of the whole is answered by computing everything once.
 * Limit: `compare` must be total (no two different entries equal) and depend on the entry alone.
 */
import type { Steps } from '@holdfast/core/document.ts';

export interface ViewRule<T> {
  readonly matches: (entry: T) => boolean;
  readonly compare: (a: T, b: T) => number;
}

const REBUILD_SHARE = 0.05;
/** Entries looked at or placed between two rests: some milliseconds of work. */
const ENTRIES_A_STEP = 500;

export class SortedView<T extends { readonly id: string }> {
  readonly rule: ViewRule<T>;
  #items: readonly T[] = [];
  #members = new Map<string, T>();

  constructor(rule: ViewRule<T>, all: Iterable<T>) {
    this.rule = rule;
    this.rebuild(all);
  }

  get items(): readonly T[] {
    return this.#items;
  }

  rebuild(all: Iterable<T>): void {
    const items: T[] = [];
    for (const entry of all) if (this.rule.matches(entry)) items.push(entry);
    items.sort(this.rule.compare);
    this.#hold(items);
  }

  /** What the constructor gives, with rests in between. */
  static *inSteps<T extends { readonly id: string }>(
    rule: ViewRule<T>,
    all: readonly T[],
  ): Steps<SortedView<T>> {
    let runs: T[][] = [];
    for (let at = 0; at < all.length; at += ENTRIES_A_STEP) {
      const run = all.slice(at, at + ENTRIES_A_STEP).filter(rule.matches);
      if (run.length > 0) runs.push(run.sort(rule.compare));
      yield;
    }
    while (runs.length > 1) {
      const merged: T[][] = [];
      for (let at = 0; at < runs.length; at += 2) {
        merged.push(yield* merge(runs[at] ?? [], runs[at + 1] ?? [], rule.compare));
      }
      runs = merged;
    }
    const view = new SortedView(rule, []);
    view.#hold(runs[0] ?? []);
    return view;
  }

  #hold(items: readonly T[]): void {
    this.#items = items;
    this.#members = new Map(items.map((entry) => [entry.id, entry]));
  }

  /** `get` gives an entry as it now stands, `all` everything, should that be cheaper. */
  update(changed: ReadonlySet<string>, get: (id: string) => T | undefined, all: () => Iterable<T>): void {
    if (changed.size > 16 && changed.size > this.#items.length * REBUILD_SHARE) {
      this.rebuild(all());
      return;
    }
    const leaving = new Set<string>();
    const arriving: T[] = [];
    for (const id of changed) {
      const before = this.#members.get(id);
      const now = get(id);
      const after = now !== undefined && this.rule.matches(now) ? now : undefined;
      if (before === after) continue;
      if (before !== undefined) leaving.add(id);
      if (after === undefined) this.#members.delete(id);
      else {
        this.#members.set(id, after);
        arriving.push(after);
      }
    }
    if (leaving.size === 0 && arriving.length === 0) return;
    const items = leaving.size === 0 ? [...this.#items] : this.#items.filter(({ id }) => !leaving.has(id));
    for (const entry of arriving) items.splice(this.#placeOf(entry, items), 0, entry);
    this.#items = items;
  }

  #placeOf(entry: T, items: readonly T[]): number {
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = items[middle];
      if (other !== undefined && this.rule.compare(other, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function* merge<T>(one: readonly T[], other: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  if (other.length === 0) return [...one];
  const merged: T[] = [];
  let at = 0;
  for (const entry of one) {
    for (let next = other[at]; next !== undefined && compare(next, entry) < 0; next = other[++at]) {
      merged.push(next);
    }
    merged.push(entry);
    if (merged.length % ENTRIES_A_STEP === 0) yield;
  }
  yield;
  return merged.concat(other.slice(at));
}
