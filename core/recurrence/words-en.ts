/** How English says a rule. words.ts explains each entry. */
import type { RuleWords } from './words.ts';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const ORDINALS = ['', 'first', 'second', 'third', 'fourth', 'fifth'];
const UNITS = {
  SECONDLY: 'second',
  MINUTELY: 'minute',
  HOURLY: 'hour',
  DAILY: 'day',
  WEEKLY: 'week',
  MONTHLY: 'month',
  YEARLY: 'year',
} as const;

export const englishWords: RuleWords = {
  list: (items) => join(items, 'and'),
  listOr: (items) => join(items, 'or'),
  every: (count, unit) => (count === 1 ? `every ${UNITS[unit]}` : `every ${count} ${UNITS[unit]}s`),
  everyAfterDone: (count, unit) => `${englishWords.every(count, unit)} after done`,
  everyWorkday: 'every weekday',
  weekday: (weekday) => WEEKDAYS[weekday] ?? '',
  nthWeekday: (nth, weekday, scope) =>
    `the ${place(nth)} ${WEEKDAYS[weekday] ?? ''}${scope === 'year' ? ' of the year' : ''}`,
  nthWorkday: (nth) => `the ${place(nth)} weekday`,
  monthDay: (day) => (day > 0 ? `the ${ordinal(day)}` : `the ${place(day)} day`),
  clampedMonthDay: (day) => `the ${ordinal(day)}, or the last day of a shorter month`,
  yearDay: (day) => (day > 0 ? `day ${day} of the year` : `the ${place(day)} day of the year`),
  week: (week) => (week > 0 ? `week ${week}` : `the ${place(week)} week`),
  month: (month) => MONTHS[month - 1] ?? '',
  dateInYear: (day, month) => `${day} ${MONTHS[month - 1] ?? ''}`,
  clampedDateInYear: (day, month) =>
    `${englishWords.dateInYear(day, month)}, or the last day of the month in other years`,
  onDays: (days) => `on ${days}`,
  ifWeekday: (weekdays) => `(only if it is ${weekdays})`,
  inMonths: (months) => `in ${months}`,
  inWeeks: (weeks) => `in ${weeks}`,
  atTimes: (times) => `at ${times}`,
  inHours: (hours) => `in hour ${hours}`,
  atMinutes: (minutes) => `at minute ${minutes}`,
  atSeconds: (seconds) => `at second ${seconds}`,
  onlyPositions: (positions, unit) => `(only the ${positions} of these in each ${UNITS[unit]})`,
  position: place,
  times: (count) => (count === 1 ? 'once' : `${count} times`),
  until: ({ year, month, day }) => `until ${day} ${MONTHS[month - 1] ?? ''} ${year}`,
};

function join(items: readonly string[], last: string): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1) ?? ''}`;
}

/** first, 12th, last, second to last. */
function place(number: number): string {
  if (number > 0) return ORDINALS[number] ?? ordinal(number);
  return number === -1 ? 'last' : `${place(-number)} to last`;
}

function ordinal(number: number): string {
  const lastTwo = number % 100;
  const suffix = lastTwo >= 11 && lastTwo <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `${number}${suffix}`;
}
