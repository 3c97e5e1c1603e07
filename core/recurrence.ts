/**
 * When a rule falls: occurrences in a zone, and dates of all-day rules. Pure functions, the same in browser, server and
 * workers. Their rules, [RC1] onwards, stand in recurrence/SPEC.md; the words of the outside contract stand above
 * `occurrences`.
 *
 * Promise: every FREQ and BY part of RFC 5545, COUNT, UNTIL, INTERVAL and WKST, in any IANA zone, on any host; no rule
 * makes a call hang; and the next occurrence costs the same for an old series as for a new one.
 *
 * Limits: the years 1 to 9999. One call gives at most MAX_OCCURRENCES. RDATE and EXDATE are no part of a rule.
 *
 * Why so: a rule is expanded on the wall clock, in integers (expansion.ts), and only what comes out is made an instant
 * (zone.ts). COUNT is applied to slots and UNTIL to what it is written in, here, because both need to know of both
 * sides.
 */
import { DAY_SECONDS, formatDay, formatLocal, parseDay, parseLocal } from './recurrence/calendar.ts';
import { RecurrenceError } from './recurrence/error.ts';
import { createSlots } from './recurrence/expansion.ts';
import { isFinerThanDaily, parseRule, type RecurrenceRule } from './recurrence/rule.ts';
import { formatInstant, openZone, parseInstant } from './recurrence/zone.ts';

export interface Occurrence {
  /** The wall clock reading that the rule names, YYYY-MM-DDTHH:mm:ss. */
  readonly local: string;
  /** The instant it is in the zone, UTC ISO with Z. */
  readonly instant: string;
}

export interface OccurrencesInput {
  /** An RFC 5545 RRULE value, without DTSTART. */
  readonly rrule: string;
  /** YYYY-MM-DDTHH:mm:ss on the zone's wall clock. It is itself an occurrence only if the rule has it. */
  readonly start: string;
  /** An IANA name. */
  readonly timeZone: string;
  /** At most so many occurrences. */
  readonly limit: number;
  /** An instant; only later occurrences are given, the first of them soon, however old the series. */
  readonly after?: string;
}

/** More than anyone lists at once, little enough to stay in memory. */
export const MAX_OCCURRENCES = 1_000_000;

/**
 * The occurrences of a timed rule, in the order of the wall clock.
 *
 * @throws RecurrenceError when the rule is malformed or meaningless, the zone unknown or an input not of its form. A
 *   rule that never falls gives an empty list.
 */
export function occurrences({ rrule, start, timeZone, limit, after }: OccurrencesInput): Occurrence[] {
  const rule = parseRule(rrule);
  const startLocal = parseLocal(start);
  if (startLocal === null) {
    throw new RecurrenceError(
      'bad-input',
      `start is '${start}'; expected a wall clock reading like 2026-03-29T09:00:00.`,
    );
  }
  const most = checkLimit(limit);
  const zone = openZone(timeZone);
  const afterMs = after === undefined ? null : parseInstant(after, 'after');
  const untilMs = rule.until?.kind === 'instant' ? rule.until.seconds * 1000 : null;

  const found: Occurrence[] = [];
  if (most === 0) return found;
  const slots = boundedSlots(
    rule,
    startLocal,
    afterMs === null ? startLocal : zone.earliestLocalAfter(afterMs),
    untilMs === null ? (rule.until?.seconds ?? Infinity) : zone.latestLocalUntil(untilMs),
  );
  for (const local of slots) {
    const instantMs = zone.instantOf(local);
    if (afterMs !== null && instantMs <= afterMs) continue;
    if (untilMs !== null && instantMs > untilMs) continue;
    refuseTooMany(found.length);
    found.push({ local: formatLocal(local), instant: formatInstant(instantMs) });
    if (found.length >= most) break;
  }
  return found;
}

export interface DatesInput {
  /** An RFC 5545 RRULE value, without DTSTART. BYHOUR, BYMINUTE and BYSECOND are ignored, as RFC 5545 says. */
  readonly rrule: string;
  /** YYYY-MM-DD. */
  readonly start: string;
  readonly limit: number;
  /** Only dates after this one, YYYY-MM-DD. */
  readonly after?: string;
  /** In which zone an UNTIL that ends in Z is a date; without it, in UTC. */
  readonly timeZone?: string;
}

/**
 * The dates of an all-day rule. They are dates: no midnight, no zone and no change of clock has a part in them.
 *
 * @throws RecurrenceError as `occurrences` does; `meaningless` for a rule of hours, minutes or seconds
 */
export function dates({ rrule, start, limit, after, timeZone }: DatesInput): string[] {
  const rule = allDayRule(parseRule(rrule), timeZone);
  const startDay = requireDay(start, 'start');
  const most = checkLimit(limit);
  const from = after === undefined ? startDay : requireDay(after, 'after') + 1;

  const found: string[] = [];
  if (most === 0) return found;
  const until = rule.until?.seconds ?? Infinity;
  for (const local of boundedSlots(rule, startDay * DAY_SECONDS, from * DAY_SECONDS, until)) {
    refuseTooMany(found.length);
    found.push(formatDay(local / DAY_SECONDS));
    if (found.length >= most) break;
  }
  return found;
}

/**
 * A rule as it stands for dates: without times of day, and its UNTIL a date.
 *
 * @throws RecurrenceError `meaningless` for a rule of hours, minutes or seconds
 */
export function allDayRule(rule: RecurrenceRule, timeZone?: string): RecurrenceRule {
  if (isFinerThanDaily(rule.frequency)) {
    throw new RecurrenceError(
      'meaningless',
      `A ${rule.frequency} rule needs a time of day; give one, or use FREQ=DAILY.`,
      'FREQ',
    );
  }
  const { until } = rule;
  const local =
    until?.kind === 'instant' && timeZone !== undefined
      ? openZone(timeZone).localAt(until.seconds * 1000)
      : until?.seconds;
  return {
    ...rule,
    until: local === undefined ? null : { kind: 'date', seconds: endOfDay(local) },
    hours: [],
    minutes: [],
    seconds: [],
  };
}

/**
 * The slots of a rule from a local second on, up to its COUNT and to a last local second.
 */
export function* boundedSlots(
  rule: RecurrenceRule,
  start: number,
  from: number,
  last: number,
): Generator<number> {
  const slots = createSlots(rule, start);
  let left = rule.count === null ? Infinity : rule.count - slots.countBefore(from);
  for (const local of left > 0 ? slots.from(from) : []) {
    if (local > last) return;
    yield local;
    if (--left <= 0) return;
  }
}

function endOfDay(local: number): number {
  return (Math.floor(local / DAY_SECONDS) + 1) * DAY_SECONDS - 1;
}

function requireDay(text: string, name: string): number {
  const day = parseDay(text);
  if (day === null) {
    throw new RecurrenceError('bad-input', `${name} is '${text}'; expected a date like 2026-03-29.`);
  }
  return day;
}

function checkLimit(limit: number): number {
  if (limit === Infinity || (Number.isInteger(limit) && limit >= 0)) return limit;
  throw new RecurrenceError('bad-input', `limit is ${limit}; expected a whole number, 0 or more.`);
}

function refuseTooMany(soFar: number): void {
  if (soFar < MAX_OCCURRENCES) return;
  throw new RecurrenceError(
    'too-much',
    `More than ${MAX_OCCURRENCES} occurrences were asked for at once; ask for fewer, and go on with 'after'.`,
  );
}
