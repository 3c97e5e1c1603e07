/**
 * A zone as the list of its offsets, read off a clock: Intl.DateTimeFormat tells what the wall shows at an instant, and
 * a day by day look at it finds each change. Slow, and it shares nothing with core (which asks Temporal).
 *
 * It holds for the years FIRST_YEAR to LAST_YEAR, and for clocks that are not changed twice within a day.
 */
const FIRST_YEAR = 1985;
const LAST_YEAR = 2110;
const DAY_MS = 86_400_000;

interface Segment {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

export type ZoneTable = readonly Segment[];

export function readZoneTable(timeZone: string): ZoneTable {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const offsetAt = (ms: number): number => {
    const wall = clock.format(ms);
    return Date.parse(`${wall.replace(' ', 'T')}Z`) - ms;
  };
  const segments: Segment[] = [];
  let fromMs = Date.UTC(FIRST_YEAR, 0, 1);
  let offsetMs = offsetAt(fromMs);
  const endMs = Date.UTC(LAST_YEAR, 0, 1);
  for (let ms = fromMs + DAY_MS; ms < endMs; ms += DAY_MS) {
    const offsetNow = offsetAt(ms);
    if (offsetNow === offsetMs) continue;
    // The last whole second with the old offset lies within this day.
    let before = ms - DAY_MS;
    let since = ms;
    while (since - before > 1000) {
      const middle = before + Math.floor((since - before) / 2000) * 1000;
      if (offsetAt(middle) === offsetMs) before = middle;
      else since = middle;
    }
    segments.push({ fromMs, toMs: since, offsetMs });
    fromMs = since;
    offsetMs = offsetNow;
  }
  segments.push({ fromMs, toMs: endMs, offsetMs });
  return segments;
}

/**
 * The instant of a wall clock reading (given as if it were UTC): the first instant at which the wall shows it, and when
 * it never does, the one that the offset before the gap makes of it.
 */
export function instantOfReading(table: ZoneTable, readingMs: number): number {
  for (const { fromMs, toMs, offsetMs } of table) {
    const instant = readingMs - offsetMs;
    if (instant >= fromMs && instant < toMs) return instant;
  }
  for (const [index, { toMs, offsetMs }] of table.entries()) {
    const after = table[index + 1];
    if (after && readingMs - offsetMs >= toMs && readingMs - after.offsetMs < toMs)
      return readingMs - offsetMs;
  }
  throw new Error(`The reading ${new Date(readingMs).toISOString()} lies outside the table's years.`);
}

/** The changes of the clock, as instants. */
export function changesOf(table: ZoneTable): number[] {
  return table.slice(1).map((segment) => segment.fromMs);
}
