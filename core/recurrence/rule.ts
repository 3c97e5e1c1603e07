/**
 * An RRULE value (RFC 5545 3.3.10) as data: parsed, checked and written back.
 *
 * Promise: what parses has a meaning that expansion.ts knows; anything else is refused by a RecurrenceError that says
 * which part is wrong and what would be right. Parts may stand in any order and letter case, as the RFC allows.
 *
 * Limits, each refused with a sentence: no DTSTART, no `RRULE:` before it, no X- parts (RFC 5545 removed them), no
 * RSCALE and SKIP (RFC 7529), no BYEASTER (an invention of libraries); and the combinations that the RFC marks N/A or
 * "MUST NOT" (rules [RC20] to [RC27] in SPEC.md).
 */
import { DAY_SECONDS, dayOf, type Weekday } from './calendar.ts';
import { RecurrenceError } from './error.ts';

export const FREQUENCIES = [
  'SECONDLY',
  'MINUTELY',
  'HOURLY',
  'DAILY',
  'WEEKLY',
  'MONTHLY',
  'YEARLY',
] as const;

export type Frequency = (typeof FREQUENCIES)[number];

/** `nth` null: every such weekday. Else the nth of the month or year, from the end when negative. */
export interface WeekdayPick {
  readonly weekday: Weekday;
  readonly nth: number | null;
}

/**
 * The last moment. `local` and `date` are compared with the wall clock (`seconds` a local second, for a date that
 * day's last one), `instant` with the instant (`seconds` since 1970 UTC).
 */
export interface Until {
  readonly kind: 'date' | 'local' | 'instant';
  readonly seconds: number;
}

/** An empty list means that the part is absent: RRULE has no empty parts. Lists are sorted and free of repetition. */
export interface RecurrenceRule {
  readonly frequency: Frequency;
  readonly interval: number;
  readonly count: number | null;
  readonly until: Until | null;
  readonly weekStart: Weekday;
  readonly months: readonly number[];
  readonly weekNumbers: readonly number[];
  readonly yearDays: readonly number[];
  readonly monthDays: readonly number[];
  readonly weekdays: readonly WeekdayPick[];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  readonly setPositions: readonly number[];
}

export const WEEKDAY_CODES = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;

/** A rule of one frequency with no other part, to build others from. */
export function plainRule(frequency: Frequency): RecurrenceRule {
  return {
    frequency,
    interval: 1,
    count: null,
    until: null,
    weekStart: 0,
    months: [],
    weekNumbers: [],
    yearDays: [],
    monthDays: [],
    weekdays: [],
    hours: [],
    minutes: [],
    seconds: [],
    setPositions: [],
  };
}

/** Higher is coarser: SECONDLY is 0 and YEARLY is 6. */
export function rank(frequency: Frequency): number {
  return FREQUENCIES.indexOf(frequency);
}

/** Is this a rule of hours, minutes or seconds, which no date without a time can have? */
export function isFinerThanDaily(frequency: Frequency): boolean {
  return rank(frequency) < rank('DAILY');
}

/** @throws RecurrenceError `malformed` or `meaningless` */
export function parseRule(text: string): RecurrenceRule {
  if (typeof text !== 'string' || text === '') {
    throw new RecurrenceError('malformed', 'The rule is empty. A rule begins like FREQ=WEEKLY.');
  }
  if (text.length > MAX_RULE_CHARACTERS) {
    const limit = MAX_RULE_CHARACTERS;
    throw new RecurrenceError(
      'malformed',
      `The rule has ${text.length} characters; at most ${limit} are read.`,
    );
  }
  const parts = splitParts(text.toUpperCase());
  const frequency = parts.get('FREQ');
  if (frequency === undefined) {
    throw new RecurrenceError('malformed', `The rule '${text}' has no FREQ, for example FREQ=DAILY.`, 'FREQ');
  }
  if (!isFrequency(frequency)) {
    throw malformed('FREQ', frequency, `one of ${[...FREQUENCIES].reverse().join(', ')}`);
  }
  const numbers = (part: NumberPart): readonly number[] => parseNumbers(part, parts.get(part));
  const rule: RecurrenceRule = {
    frequency,
    interval: parsePositive('INTERVAL', parts.get('INTERVAL')) ?? 1,
    count: parsePositive('COUNT', parts.get('COUNT')),
    until: parseUntil(parts.get('UNTIL')),
    weekStart: parseWeekStart(parts.get('WKST')),
    months: numbers('BYMONTH'),
    weekNumbers: numbers('BYWEEKNO'),
    yearDays: numbers('BYYEARDAY'),
    monthDays: numbers('BYMONTHDAY'),
    weekdays: parseWeekdays(parts.get('BYDAY')),
    hours: numbers('BYHOUR'),
    minutes: numbers('BYMINUTE'),
    // RFC 5545 3.3.12: who knows no leap seconds reads the second 60 as 59.
    seconds: sortedNumbers(numbers('BYSECOND').map((second) => Math.min(second, 59))),
    setPositions: numbers('BYSETPOS'),
  };
  refuseMeaningless(rule);
  return rule;
}

/** The rule as text, in one canonical order of parts. */
export function formatRule(rule: RecurrenceRule): string {
  const parts = [`FREQ=${rule.frequency}`];
  const add = (name: string, values: readonly (string | number)[]): void => {
    if (values.length > 0) parts.push(`${name}=${values.join(',')}`);
  };
  if (rule.interval !== 1) parts.push(`INTERVAL=${rule.interval}`);
  add('BYMONTH', rule.months);
  add('BYWEEKNO', rule.weekNumbers);
  add('BYYEARDAY', rule.yearDays);
  add('BYMONTHDAY', rule.monthDays);
  add('BYDAY', rule.weekdays.map(formatWeekday));
  add('BYHOUR', rule.hours);
  add('BYMINUTE', rule.minutes);
  add('BYSECOND', rule.seconds);
  add('BYSETPOS', rule.setPositions);
  if (rule.weekStart !== 0) parts.push(`WKST=${WEEKDAY_CODES[rule.weekStart]}`);
  if (rule.count !== null) parts.push(`COUNT=${rule.count}`);
  if (rule.until !== null) parts.push(`UNTIL=${formatUntil(rule.until)}`);
  return parts.join(';');
}

/** Long enough for every second of a minute, minute of an hour, day of a year and so on, all at once. */
const MAX_RULE_CHARACTERS = 10_000;

const PARTS = [
  'FREQ',
  'INTERVAL',
  'COUNT',
  'UNTIL',
  'WKST',
  'BYMONTH',
  'BYWEEKNO',
  'BYYEARDAY',
  'BYMONTHDAY',
  'BYDAY',
  'BYHOUR',
  'BYMINUTE',
  'BYSECOND',
  'BYSETPOS',
] as const;
type Part = (typeof PARTS)[number];

/** Least, greatest, and whether the same numbers counted from the end are allowed. */
const NUMBER_RANGES = {
  BYMONTH: { least: 1, greatest: 12, fromEnd: false },
  BYWEEKNO: { least: 1, greatest: 53, fromEnd: true },
  BYYEARDAY: { least: 1, greatest: 366, fromEnd: true },
  BYMONTHDAY: { least: 1, greatest: 31, fromEnd: true },
  BYHOUR: { least: 0, greatest: 23, fromEnd: false },
  BYMINUTE: { least: 0, greatest: 59, fromEnd: false },
  BYSECOND: { least: 0, greatest: 60, fromEnd: false },
  BYSETPOS: { least: 1, greatest: 366, fromEnd: true },
} as const;
type NumberPart = keyof typeof NUMBER_RANGES;

function splitParts(text: string): Map<Part, string> {
  const parts = new Map<Part, string>();
  for (const piece of text.split(';')) {
    const equals = piece.indexOf('=');
    const name = equals < 0 ? piece : piece.slice(0, equals);
    const value = equals < 0 ? '' : piece.slice(equals + 1);
    if (!isPart(name)) {
      const mend = name.startsWith('RRULE:')
        ? "give the value alone, without 'RRULE:' before it"
        : `RFC 5545 has ${PARTS.join(', ')}`;
      throw new RecurrenceError('malformed', `'${name}' is no part of a rule; ${mend}.`, name);
    }
    if (value === '') {
      throw new RecurrenceError('malformed', `${name} has no value; write ${name}=… or leave it out.`, name);
    }
    if (parts.has(name)) {
      throw new RecurrenceError('malformed', `${name} stands twice; a rule has each part once.`, name);
    }
    parts.set(name, value);
  }
  return parts;
}

function isPart(name: string): name is Part {
  return (PARTS as readonly string[]).includes(name);
}

function isFrequency(name: string): name is Frequency {
  return (FREQUENCIES as readonly string[]).includes(name);
}

function parsePositive(part: 'INTERVAL' | 'COUNT', value: string | undefined): number | null {
  if (value === undefined) return null;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : 0;
  if (number < 1) throw malformed(part, value, 'a whole number of at least 1');
  return number;
}

function parseNumbers(part: NumberPart, value: string | undefined): readonly number[] {
  if (value === undefined) return [];
  const { least, greatest, fromEnd } = NUMBER_RANGES[part];
  const numbers = value.split(',').map((item) => {
    const number = /^[+-]?\d{1,3}$/.test(item) ? Number(item) : NaN;
    const size = Math.abs(number);
    const signed = item.startsWith('-') || item.startsWith('+');
    if (!(size >= least && size <= greatest) || (signed && !fromEnd)) {
      const range = `${least} to ${greatest}${fromEnd ? `, or -${greatest} to -${least} from the end` : ''}`;
      throw malformed(part, item, range);
    }
    return number;
  });
  return sortedNumbers(numbers);
}

function sortedNumbers(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function parseWeekStart(value: string | undefined): Weekday {
  if (value === undefined) return 0;
  const weekday = weekdayOfCode(value);
  if (weekday === null) throw malformed('WKST', value, `one of ${WEEKDAY_CODES.join(', ')}`);
  return weekday;
}

function parseWeekdays(value: string | undefined): readonly WeekdayPick[] {
  if (value === undefined) return [];
  const picks = new Map<string, WeekdayPick>();
  for (const item of value.split(',')) {
    const found = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(item);
    const weekday = weekdayOfCode(found?.[2] ?? '');
    const nth = found?.[1] === undefined ? null : Number(found[1]);
    if (weekday === null || nth === 0 || Math.abs(nth ?? 1) > 53) {
      throw malformed('BYDAY', item, 'a weekday like MO, or the nth one like 2MO or -1FR (1 to 53)');
    }
    const pick = { weekday, nth };
    picks.set(formatWeekday(pick), pick);
  }
  return [...picks.values()].sort((a, b) => (a.nth ?? 0) - (b.nth ?? 0) || a.weekday - b.weekday);
}

function weekdayOfCode(code: string): Weekday | null {
  const index = (WEEKDAY_CODES as readonly string[]).indexOf(code);
  return index < 0 ? null : (index as Weekday);
}

function formatWeekday({ weekday, nth }: WeekdayPick): string {
  return `${nth ?? ''}${WEEKDAY_CODES[weekday]}`;
}

function parseUntil(value: string | undefined): Until | null {
  if (value === undefined) return null;
  const found = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z)?)?$/.exec(value);
  const day = found ? dayOf(Number(found[1]), Number(found[2]), Number(found[3])) : null;
  const [hour, minute, second] = [Number(found?.[4] ?? 0), Number(found?.[5] ?? 0), Number(found?.[6] ?? 0)];
  if (!found || day === null || hour > 23 || minute > 59 || second > 60) {
    throw malformed(
      'UNTIL',
      value,
      'a date like 20261231, or a time like 20261231T170000 or 20261231T170000Z',
    );
  }
  if (found[4] === undefined) return { kind: 'date', seconds: (day + 1) * DAY_SECONDS - 1 };
  const seconds = day * DAY_SECONDS + hour * 3600 + minute * 60 + Math.min(second, 59);
  return { kind: found[7] === undefined ? 'local' : 'instant', seconds };
}

function formatUntil(until: Until): string {
  const text = new Date(until.seconds * 1000).toISOString().slice(0, 19).replace(/[-:]/g, '');
  if (until.kind === 'date') return text.slice(0, 8);
  return until.kind === 'instant' ? `${text}Z` : text;
}

function refuseMeaningless(rule: RecurrenceRule): void {
  const { frequency } = rule;
  const refuse = (part: string, sentence: string): never => {
    throw new RecurrenceError('meaningless', sentence, part);
  };
  if (rule.count !== null && rule.until !== null) {
    refuse('COUNT', 'A rule ends after a COUNT or at an UNTIL, not both; leave one out.');
  }
  if (rule.weekNumbers.length > 0 && frequency !== 'YEARLY') {
    refuse('BYWEEKNO', `BYWEEKNO has a meaning in YEARLY rules only, not in ${frequency} ones.`);
  }
  if (rule.yearDays.length > 0 && ['DAILY', 'WEEKLY', 'MONTHLY'].includes(frequency)) {
    refuse('BYYEARDAY', `BYYEARDAY has no meaning in ${frequency} rules; use FREQ=YEARLY.`);
  }
  if (rule.monthDays.length > 0 && frequency === 'WEEKLY') {
    refuse('BYMONTHDAY', 'BYMONTHDAY has no meaning in WEEKLY rules; use FREQ=MONTHLY, or DAILY with BYDAY.');
  }
  if (rule.weekdays.some((pick) => pick.nth !== null)) {
    if (frequency !== 'MONTHLY' && frequency !== 'YEARLY') {
      refuse('BYDAY', `The nth weekday is one of a month or a year; a ${frequency} rule has plain weekdays.`);
    }
    if (rule.weekNumbers.length > 0) {
      refuse('BYDAY', 'With BYWEEKNO a weekday has no number: a week has each once.');
    }
  }
  const others = [
    rule.months,
    rule.weekNumbers,
    rule.yearDays,
    rule.monthDays,
    rule.weekdays,
    rule.hours,
    rule.minutes,
    rule.seconds,
  ];
  if (rule.setPositions.length > 0 && others.every((list) => list.length === 0)) {
    refuse('BYSETPOS', 'BYSETPOS picks from what other BY parts give; add one, for example BYDAY.');
  }
}

function malformed(part: Part, value: string, expected: string): RecurrenceError {
  return new RecurrenceError('malformed', `${part} is '${value}'; expected ${expected}.`, part);
}
