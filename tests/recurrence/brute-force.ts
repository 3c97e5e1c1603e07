/**
 * RFC 5545 3.3.10 taken literally, as slowly as it takes: look at every day (or hour, minute, second) from the start's
 * period on, ask the table of the RFC what each BY part says of it, and keep what none refuses. No rrule, no Temporal,
 * no line shared with core.
 *
 * It reads rules that are well formed only. `untilReading` bounds the scan; what was found before it is complete.
 */
import { instantOfReading, type ZoneTable } from './zone-table.ts';

export interface BruteInput {
  readonly rrule: string;
  /** YYYY-MM-DDTHH:mm:ss, or YYYY-MM-DD for an all-day rule. */
  readonly start: string;
  readonly zone: ZoneTable;
  /** Stop after so many. */
  readonly most: number;
  /** Days to look at, from the start's period on. */
  readonly scanDays: number;
}

export interface BruteAnswer {
  readonly found: readonly { local: string; instant: string }[];
  /** Every occurrence whose reading is before this one has been found; null when the rule has ended. */
  readonly completeBefore: string | null;
}

const DAY_MS = 86_400_000;
const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

export function bruteForce({ rrule, start, zone, most, scanDays }: BruteInput): BruteAnswer {
  const part = new Map(rrule.split(';').map((text) => text.split('=') as [string, string]));
  const list = (name: string): string[] => part.get(name)?.split(',') ?? [];
  const numbers = (name: string): number[] => list(name).map(Number);
  const freq = part.get('FREQ') ?? '';
  const interval = Number(part.get('INTERVAL') ?? 1);
  const count = Number(part.get('COUNT') ?? Infinity);
  const until = part.get('UNTIL');
  const weekStart = WEEKDAYS.indexOf(part.get('WKST') ?? 'MO');
  const isAllDay = start.length === 10;
  const startMs = Date.parse(`${isAllDay ? `${start}T00:00:00` : start}Z`);
  const startDate = new Date(startMs);

  const byMonth = numbers('BYMONTH');
  const byWeekNo = numbers('BYWEEKNO');
  const byYearDay = numbers('BYYEARDAY');
  const byMonthDay = numbers('BYMONTHDAY');
  const byDay = list('BYDAY').map((text) => ({
    weekday: WEEKDAYS.indexOf(text.slice(-2)),
    nth: text.length > 2 ? Number(text.slice(0, -2)) : 0,
  }));
  const byHour = isAllDay ? [] : numbers('BYHOUR');
  const byMinute = isAllDay ? [] : numbers('BYMINUTE');
  const bySecond = isAllDay ? [] : numbers('BYSECOND');
  const bySetPos = numbers('BYSETPOS');

  // What the rule does not say comes from the start.
  const saysWhichDay = byYearDay.length + byMonthDay.length + byDay.length > 0;
  if (!saysWhichDay && freq === 'YEARLY' && byWeekNo.length === 0) {
    byMonthDay.push(startDate.getUTCDate());
    if (byMonth.length === 0) byMonth.push(startDate.getUTCMonth() + 1);
  }
  if (!saysWhichDay && freq === 'MONTHLY') byMonthDay.push(startDate.getUTCDate());
  if (!saysWhichDay && (freq === 'WEEKLY' || byWeekNo.length > 0)) {
    byDay.push({ weekday: startDate.getUTCDay(), nth: 0 });
  }

  function weekBegin(dayMs: number): number {
    let ms = dayMs;
    while (new Date(ms).getUTCDay() !== weekStart) ms -= DAY_MS;
    return ms;
  }

  /** The year that at least four days of a week lie in. */
  function yearOfWeek(beginMs: number): number {
    return new Date(beginMs + 3 * DAY_MS).getUTCFullYear();
  }

  function dayStands(dayMs: number): boolean {
    const date = new Date(dayMs);
    const month = date.getUTCMonth() + 1;
    if (byMonth.length > 0 && !byMonth.includes(month)) return false;
    if (byYearDay.length > 0 && !byYearDay.some((wanted) => isNthDay(dayMs, wanted, sameYear))) return false;
    if (byMonthDay.length > 0 && !byMonthDay.some((wanted) => isNthDay(dayMs, wanted, sameMonth)))
      return false;
    const scope = freq === 'MONTHLY' || byMonth.length > 0 ? sameMonth : sameYear;
    const isOnDay = ({ weekday, nth }: { weekday: number; nth: number }): boolean =>
      date.getUTCDay() === weekday && (nth === 0 || isNthWeekday(dayMs, nth, scope));
    if (byDay.length > 0 && !byDay.some(isOnDay)) return false;
    // Last, because it takes longest.
    return byWeekNo.length === 0 || byWeekNo.some((wanted) => isInWeek(dayMs, wanted));
  }

  function isInWeek(dayMs: number, wanted: number): boolean {
    const begin = weekBegin(dayMs);
    const step = wanted > 0 ? -7 * DAY_MS : 7 * DAY_MS;
    let number = 1;
    for (let ms = begin + step; yearOfWeek(ms) === yearOfWeek(begin); ms += step) number++;
    return number === Math.abs(wanted);
  }

  const found: { local: string; instant: string }[] = [];
  let counted = 0;
  let ended = false;

  /** Takes one period's set: BYSETPOS, the start, COUNT, UNTIL. */
  function takePeriod(set: number[]): void {
    set.sort((a, b) => a - b);
    for (const [index, readingMs] of set.entries()) {
      if (ended) return;
      if (bySetPos.length > 0 && !bySetPos.includes(index + 1) && !bySetPos.includes(index - set.length))
        continue;
      if (readingMs < startMs) continue;
      const local = toReading(readingMs, isAllDay);
      const instantMs = isAllDay ? 0 : instantOfReading(zone, readingMs);
      if (isPast(readingMs, instantMs)) continue;
      counted++;
      found.push({ local, instant: isAllDay ? '' : new Date(instantMs).toISOString().replace('.000Z', 'Z') });
      if (counted >= count || found.length >= most) ended = true;
    }
  }

  function isPast(readingMs: number, instantMs: number): boolean {
    if (until === undefined) return false;
    const [, y, m, d, h, i, s, z] = /^(....)(..)(..)(?:T(..)(..)(..)(Z?))?$/.exec(until) ?? [];
    const day = `${y}-${m}-${d}`;
    if (h === undefined || isAllDay) return new Date(readingMs).toISOString().slice(0, 10) > day;
    const limit = Date.parse(`${day}T${h}:${i}:${s}Z`);
    return z === 'Z' ? instantMs > limit : readingMs > limit;
  }

  const startDay = Date.UTC(startDate.getUTCFullYear(), startDate.getUTCMonth(), startDate.getUTCDate());
  if (['HOURLY', 'MINUTELY', 'SECONDLY'].includes(freq)) {
    const unitMs = freq === 'HOURLY' ? 3_600_000 : freq === 'MINUTELY' ? 60_000 : 1000;
    let ms = Math.floor(startMs / unitMs) * unitMs;
    const endMs = startDay + scanDays * DAY_MS;
    let lookedAt = NaN;
    let stands = false;
    for (let index = 0; ms < endMs && !ended; index++, ms += unitMs) {
      if (index % interval !== 0) continue;
      const dayMs = Math.floor(ms / DAY_MS) * DAY_MS;
      if (dayMs !== lookedAt) stands = dayStands(dayMs);
      lookedAt = dayMs;
      if (!stands) continue;
      const date = new Date(ms);
      if (byHour.length > 0 && !byHour.includes(date.getUTCHours())) continue;
      if (freq !== 'HOURLY' && byMinute.length > 0 && !byMinute.includes(date.getUTCMinutes())) continue;
      if (freq === 'SECONDLY' && bySecond.length > 0 && !bySecond.includes(date.getUTCSeconds())) continue;
      const minutes = freq === 'HOURLY' ? orElse(byMinute, startDate.getUTCMinutes()) : [0];
      const seconds = freq === 'SECONDLY' ? [0] : orElse(bySecond, startDate.getUTCSeconds());
      takePeriod(minutes.flatMap((minute) => seconds.map((second) => ms + minute * 60_000 + second * 1000)));
    }
    return { found, completeBefore: ended ? null : toReading(endMs, isAllDay) };
  }

  const times: number[] = [];
  for (const hour of orElse(byHour, startDate.getUTCHours())) {
    for (const minute of orElse(byMinute, startDate.getUTCMinutes())) {
      for (const second of orElse(bySecond, startDate.getUTCSeconds())) {
        times.push(((hour * 60 + minute) * 60 + second) * 1000);
      }
    }
  }

  /** Which year, month, week or day since the start's own. */
  function periodOf(dayMs: number): number {
    const date = new Date(dayMs);
    const years = date.getUTCFullYear() - startDate.getUTCFullYear();
    if (freq === 'YEARLY') return years;
    if (freq === 'MONTHLY') return years * 12 + date.getUTCMonth() - startDate.getUTCMonth();
    if (freq === 'WEEKLY') return (weekBegin(dayMs) - weekBegin(startDay)) / (7 * DAY_MS);
    return (dayMs - startDay) / DAY_MS;
  }

  let dayMs = startDay;
  while (periodOf(dayMs - DAY_MS) === 0) dayMs -= DAY_MS;
  const endMs = startDay + scanDays * DAY_MS;
  let period = 0;
  let periodBegin = dayMs;
  let set: number[] = [];
  for (; dayMs < endMs && !ended; dayMs += DAY_MS) {
    const thisPeriod = periodOf(dayMs);
    if (thisPeriod !== period) {
      takePeriod(set);
      set = [];
      period = thisPeriod;
      periodBegin = dayMs;
    }
    if (thisPeriod % interval !== 0 || !dayStands(dayMs)) continue;
    for (const time of times) set.push(dayMs + time);
  }
  // The last period may have been cut short: nothing of it counts.
  return { found, completeBefore: ended ? null : toReading(periodBegin, isAllDay) };
}

type Scope = (date: Date) => { beginMs: number; endMs: number };

const sameYear: Scope = (date) => ({
  beginMs: Date.UTC(date.getUTCFullYear(), 0, 1),
  endMs: Date.UTC(date.getUTCFullYear() + 1, 0, 1),
});
const sameMonth: Scope = (date) => ({
  beginMs: Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1),
  endMs: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1),
});

/** Is it the nth day of its month or year, from the end when negative? */
function isNthDay(dayMs: number, nth: number, scope: Scope): boolean {
  const { beginMs, endMs } = scope(new Date(dayMs));
  return nth > 0 ? dayMs === beginMs + (nth - 1) * DAY_MS : dayMs === endMs + nth * DAY_MS;
}

/** Is it the nth of its weekday in its month or year? It is when it lies in the nth seven days of it. */
function isNthWeekday(dayMs: number, nth: number, scope: Scope): boolean {
  const { beginMs, endMs } = scope(new Date(dayMs));
  const weekMs = 7 * DAY_MS;
  if (nth > 0) return dayMs >= beginMs + (nth - 1) * weekMs && dayMs < beginMs + nth * weekMs;
  return dayMs >= endMs + nth * weekMs && dayMs < endMs + (nth + 1) * weekMs;
}

function orElse(values: number[], fallback: number): number[] {
  return values.length > 0 ? values : [fallback];
}

function toReading(ms: number, isAllDay: boolean): string {
  return new Date(ms).toISOString().slice(0, isAllDay ? 10 : 19);
}
