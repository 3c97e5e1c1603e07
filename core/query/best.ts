/**
 * The first few of many in order, without putting all of them in order: the first key that is typed finds thousands, of which
 * one window is shown.
 *
 * Promise: what sorting everything and taking `count` would give, at about one comparison for each that is not among them.
 * Limit: `compare` has to be total (no two different items are equal).
 *
 * Short, and alone: whoever shows or answers the beginning of a question needs it, and nothing else of a query.
 */
export function best<T>(items: Iterable<T>, count: number, compare: (a: T, b: T) => number): readonly T[] {
  if (count <= 0) return [];
  const kept: T[] = [];
  /** Whatever comes after it is not among the first; undefined until there are so many. */
  let last: T | undefined;
  const settle = (): void => {
    kept.sort(compare);
    if (kept.length < count) return;
    kept.length = count;
    last = kept[count - 1];
  };
  for (const item of items) {
    if (last !== undefined && compare(item, last) >= 0) continue;
    kept.push(item);
    if (kept.length >= 2 * count) settle();
  }
  settle();
  return kept;
}
