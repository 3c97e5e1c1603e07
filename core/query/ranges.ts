/**
 * The ends of a range of dates in a query, as English words: what one end leaves unsaid, the other says.
 *
 * Apart from query.ts, which finds them in the text, because this is about dates alone.
 */
import type { DateMeaning } from '../quick-add/meaning.ts';
import { dateText, readDate, type AskedDate } from './dates.ts';

/** A date in English words, and where it ends. */
export interface FoundWords {
  readonly when: string;
  readonly end: number;
  readonly next: number;
}

export interface DateRange {
  readonly from: string;
  readonly to: string;
  readonly end: number;
  readonly next: number;
}

/** What the other end says of a beginning that is a day alone (`when` is null), or has no year. */
export function beginningOf(when: string | null, day: number, end: string): string | null {
  const to = dayOfWhen(end);
  const from = when === null ? { kind: 'month-day' as const, day } : dayOfWhen(when);
  const isWithout = from?.kind === 'month-day' || (from?.kind === 'calendar' && from.year === undefined);
  if (to?.kind !== 'calendar' || !isWithout) return when ?? dateText(ofDate({ kind: 'month-day', day }));
  if (from.kind === 'month-day') return dateText(ofDate({ ...to, day: from.day }));
  const isYearBefore = from.month > to.month;
  return to.year === undefined ? when : dateText(ofDate({ ...from, year: to.year - (isYearBefore ? 1 : 0) }));
}

export function ofDate(date: DateMeaning): AskedDate {
  return { kind: 'when', when: { date, minute: null } };
}

/** null: it has a time, or is no single day. */
function dayOfWhen(when: string): DateMeaning | null {
  const asked = readDate(when)?.asked;
  return asked?.kind === 'when' && asked.when.minute === null ? asked.when.date : null;
}
