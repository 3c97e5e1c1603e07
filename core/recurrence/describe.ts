/**
 * A rule in words: a sentence part that fits after a task's title or alone, like "every 2 weeks on Monday and Friday".
 *
 * Promise: every rule that parses is described, and no part of it is left out; what the app's editor makes is said the
 * way people say it. The grammar is a table per locale (RuleWords, words-*.ts); this module decides only what is said.
 *
 * Limit: with a start the sentence names the day that the rule takes from it ("every month on the 15th"); the time of
 * day is said only where the rule itself has one, since a task shows its time anyway.
 */
import { clampedDayOf } from './choice.ts';
import { civilDate, DAY_SECONDS, parseDay, parseLocal, twoDigits } from './calendar.ts';
import { RecurrenceError } from './error.ts';
import { completeRule } from './complete-rule.ts';
import { isFinerThanDaily, parseRule, type RecurrenceRule } from './rule.ts';
import type { RuleWords } from './words.ts';
import { germanWords } from './words-de.ts';
import { englishWords } from './words-en.ts';
import { openZone } from './zone.ts';

/** By language; a region's own words fall back to its language's. */
export const RULE_WORDS = { en: englishWords, de: germanWords } as const satisfies Record<string, RuleWords>;

export interface DescribeOptions {
  readonly mode?: 'schedule' | 'completion';
  /** YYYY-MM-DD or YYYY-MM-DDTHH:mm:ss: names the day that the rule leaves to it. */
  readonly start?: string;
  /** The zone in which an UNTIL in UTC is a date; else UTC. */
  readonly timeZone?: string;
  /** Without what happens in shorter months: "every month on the 31st". */
  readonly isShort?: boolean;
}

/**
 * @param locale a BCP 47 tag; one whose language is not in the table is described in English
 * @throws RecurrenceError when the rule does not parse
 */
export function describeRule(rrule: string, locale: string, options: DescribeOptions = {}): string {
  const words = wordsOf(locale, options.isShort);
  const said = parseRule(rrule);
  const rule = withDayOfStart(said, options.start);
  const parts: string[] = [];
  if (options.mode === 'completion') parts.push(words.everyAfterDone(rule.interval, rule.frequency));
  else parts.push(...describeDays(rule, words), ...describeTimes(said, words));
  const end = describeEnd(rule, words, options.timeZone);
  return parts.join(' ') + (end === null ? '' : `, ${end}`);
}

function wordsOf(locale: string, isShort = false): RuleWords {
  const language = locale.toLowerCase().split('-')[0] ?? '';
  const words = Object.hasOwn(RULE_WORDS, language)
    ? RULE_WORDS[language as keyof typeof RULE_WORDS]
    : RULE_WORDS.en;
  return isShort ? { ...words, clampedMonthDay: words.monthDay, clampedDateInYear: words.dateInYear } : words;
}

/** Only the day: what else the start gives is the task's own time. */
function withDayOfStart(rule: RecurrenceRule, start: string | undefined): RecurrenceRule {
  if (start === undefined) return rule;
  const day = parseDay(start);
  const local = day === null ? parseLocal(start) : day * DAY_SECONDS;
  if (local === null) {
    throw new RecurrenceError('bad-input', `start is '${start}'; expected a date like 2026-03-29.`);
  }
  const { months, monthDays, weekdays } = completeRule(rule, local);
  return { ...rule, months, monthDays, weekdays };
}

function describeDays(rule: RecurrenceRule, words: RuleWords): string[] {
  if (isEveryWorkday(rule)) return [words.everyWorkday];
  const parts = [words.every(rule.interval, rule.frequency)];
  const workday = nthWorkdayOf(rule);
  const date = dateInYearOf(rule);
  if (rule.yearDays.length > 0)
    parts.push(words.onDays(words.list(inReadingOrder(rule.yearDays).map(words.yearDay))));
  if (date) {
    const say = date.isClamped ? words.clampedDateInYear : words.dateInYear;
    parts.push(words.onDays(say(date.day, date.month)));
  }
  if (rule.monthDays.length > 0 && !date) parts.push(words.onDays(describeMonthDays(rule, words)));
  if (workday !== null) parts.push(words.onDays(words.nthWorkday(workday)));
  else if (rule.weekdays.length > 0) parts.push(describeWeekdays(rule, words));
  if (rule.weekNumbers.length > 0) {
    parts.push(words.inWeeks(words.list(inReadingOrder(rule.weekNumbers).map(words.week))));
  }
  if (rule.months.length > 0 && !date) parts.push(words.inMonths(words.list(rule.months.map(words.month))));
  if (rule.setPositions.length > 0 && workday === null && clampedDayOf(rule) === null) {
    const positions = words.list(inReadingOrder(rule.setPositions).map(words.position));
    parts.push(words.onlyPositions(positions, rule.frequency));
  }
  return parts;
}

function describeMonthDays(rule: RecurrenceRule, words: RuleWords): string {
  const clamped = clampedDayOf(rule);
  if (clamped !== null) return words.clampedMonthDay(clamped);
  return words.list(inReadingOrder(rule.monthDays).map(words.monthDay));
}

function describeWeekdays(rule: RecurrenceRule, words: RuleWords): string {
  const scope = rule.frequency === 'MONTHLY' || rule.months.length > 0 ? 'month' : 'year';
  const items = rule.weekdays.map(({ weekday, nth }) =>
    nth === null ? words.weekday(weekday) : words.nthWeekday(nth, weekday, scope),
  );
  const narrows = rule.monthDays.length + rule.yearDays.length > 0;
  return narrows ? words.ifWeekday(words.listOr(items)) : words.onDays(words.list(items));
}

function describeTimes(rule: RecurrenceRule, words: RuleWords): string[] {
  const { hours, minutes, seconds } = rule;
  const count = hours.length * Math.max(1, minutes.length) * Math.max(1, seconds.length);
  if (!isFinerThanDaily(rule.frequency) && hours.length > 0 && minutes.length > 0 && count <= MOST_TIMES) {
    const times = hours.flatMap((hour) =>
      minutes.flatMap((minute) =>
        (seconds.length > 0 ? seconds : [null]).map((second) =>
          [hour, minute, ...(second === null ? [] : [second])].map(twoDigits).join(':'),
        ),
      ),
    );
    return [words.atTimes(words.list(times))];
  }
  const parts: string[] = [];
  if (hours.length > 0) parts.push(words.inHours(words.list(hours.map(String))));
  if (minutes.length > 0) parts.push(words.atMinutes(words.list(minutes.map(String))));
  if (seconds.length > 0) parts.push(words.atSeconds(words.list(seconds.map(String))));
  return parts;
}

function describeEnd(rule: RecurrenceRule, words: RuleWords, timeZone: string | undefined): string | null {
  if (rule.count !== null) return words.times(rule.count);
  if (rule.until === null) return null;
  const { kind, seconds } = rule.until;
  const local =
    kind === 'instant' && timeZone !== undefined ? openZone(timeZone).localAt(seconds * 1000) : seconds;
  return words.until(civilDate(Math.floor(local / DAY_SECONDS)));
}

/** Longer lists of times are said by their hours and minutes. */
const MOST_TIMES = 6;

/** The parts besides these are absent. */
function hasOnly(rule: RecurrenceRule, allowed: readonly (keyof RecurrenceRule)[]): boolean {
  return Object.entries(rule).every(
    ([name, value]) =>
      !Array.isArray(value) || value.length === 0 || (allowed as readonly string[]).includes(name),
  );
}

function isWorkdays(rule: RecurrenceRule): boolean {
  return rule.weekdays.map(({ weekday, nth }) => `${nth ?? ''}${weekday}`).join() === '0,1,2,3,4';
}

function isEveryWorkday(rule: RecurrenceRule): boolean {
  const isOften = rule.frequency === 'WEEKLY' || rule.frequency === 'DAILY';
  const allowed = ['weekdays', 'hours', 'minutes', 'seconds'] as const;
  return isOften && rule.interval === 1 && isWorkdays(rule) && hasOnly(rule, allowed);
}

/** Which of a month's days from Monday to Friday, or null when the rule is another. */
function nthWorkdayOf(rule: RecurrenceRule): number | null {
  const isOne = rule.setPositions.length === 1 && rule.frequency === 'MONTHLY' && isWorkdays(rule);
  return isOne && hasOnly(rule, ['weekdays', 'setPositions', 'months'])
    ? (rule.setPositions[0] ?? null)
    : null;
}

/** The one date that a yearly rule names, or null. */
function dateInYearOf(rule: RecurrenceRule): { day: number; month: number; isClamped: boolean } | null {
  const [month, ...otherMonths] = rule.months;
  const [first, ...otherDays] = rule.monthDays;
  const clamped = clampedDayOf(rule);
  const day = clamped ?? (otherDays.length === 0 ? first : undefined);
  if (rule.frequency !== 'YEARLY' || otherMonths.length > 0 || month === undefined) return null;
  return day !== undefined && day > 0 ? { day, month, isClamped: clamped !== null } : null;
}

/** From the start first, then from the end: 1, 15, -1. */
function inReadingOrder(numbers: readonly number[]): number[] {
  return [...numbers.filter((number) => number > 0), ...numbers.filter((number) => number < 0)];
}
