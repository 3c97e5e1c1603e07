/** How German says a rule. words.ts explains each entry. */
import type { RuleWords } from './words.ts';

const WEEKDAYS = ['Montag', 'Dienstag', 'Mittwoch', 'Donnerstag', 'Freitag', 'Samstag', 'Sonntag'];
const MONTHS = [
  'Januar',
  'Februar',
  'März',
  'April',
  'Mai',
  'Juni',
  'Juli',
  'August',
  'September',
  'Oktober',
  'November',
  'Dezember',
];
const ORDINALS = ['', 'ersten', 'zweiten', 'dritten', 'vierten', 'fünften'];
/** Alone with its article's ending, and in the plural after "alle". */
const UNITS = {
  SECONDLY: { every: 'jede Sekunde', many: 'Sekunden', each: 'je Sekunde' },
  MINUTELY: { every: 'jede Minute', many: 'Minuten', each: 'je Minute' },
  HOURLY: { every: 'jede Stunde', many: 'Stunden', each: 'je Stunde' },
  DAILY: { every: 'jeden Tag', many: 'Tage', each: 'je Tag' },
  WEEKLY: { every: 'jede Woche', many: 'Wochen', each: 'je Woche' },
  MONTHLY: { every: 'jeden Monat', many: 'Monate', each: 'je Monat' },
  YEARLY: { every: 'jedes Jahr', many: 'Jahre', each: 'je Jahr' },
} as const;

export const germanWords: RuleWords = {
  list: (items) => join(items, 'und'),
  listOr: (items) => join(items, 'oder'),
  every: (count, unit) => (count === 1 ? UNITS[unit].every : `alle ${count} ${UNITS[unit].many}`),
  everyAfterDone: (count, unit) => `${germanWords.every(count, unit)} nach dem Erledigen`,
  everyWorkday: 'jeden Wochentag von Montag bis Freitag',
  weekday: (weekday) => WEEKDAYS[weekday] ?? '',
  nthWeekday: (nth, weekday, scope) =>
    `${place(nth)} ${WEEKDAYS[weekday] ?? ''}${scope === 'year' ? ' des Jahres' : ''}`,
  nthWorkday: (nth) => `${place(nth)} Wochentag von Montag bis Freitag`,
  monthDay: (day) => (day > 0 ? `${day}.` : `${place(day)} Tag`),
  clampedMonthDay: (day) => `${day}. oder am letzten Tag eines kürzeren Monats`,
  yearDay: (day) => (day > 0 ? `${day}. Tag des Jahres` : `${place(day)} Tag des Jahres`),
  week: (week) => (week > 0 ? `Woche ${week}` : `der ${place(week)} Woche`),
  month: (month) => MONTHS[month - 1] ?? '',
  dateInYear: (day, month) => `${day}. ${MONTHS[month - 1] ?? ''}`,
  clampedDateInYear: (day, month) =>
    `${germanWords.dateInYear(day, month)} oder in anderen Jahren am letzten Tag des Monats`,
  onDays: (days) => `am ${days}`,
  ifWeekday: (weekdays) => `(nur wenn es ${weekdays} ist)`,
  inMonths: (months) => `im ${months}`,
  inWeeks: (weeks) => `in ${weeks}`,
  atTimes: (times) => `um ${times} Uhr`,
  inHours: (hours) => `in Stunde ${hours}`,
  atMinutes: (minutes) => `in Minute ${minutes}`,
  atSeconds: (seconds) => `in Sekunde ${seconds}`,
  onlyPositions: (positions, unit) => `(davon nur am ${positions} Termin ${UNITS[unit].each})`,
  position: place,
  times: (count) => (count === 1 ? 'einmal' : `${count}-mal`),
  until: ({ year, month, day }) => `bis ${day}. ${MONTHS[month - 1] ?? ''} ${year}`,
};

function join(items: readonly string[], last: string): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1) ?? ''}`;
}

/** ersten, 12., letzten, vorletzten, drittletzten. */
function place(number: number): string {
  if (number > 0) return ORDINALS[number] ?? `${number}.`;
  if (number === -1) return 'letzten';
  if (number === -2) return 'vorletzten';
  return number >= -5 ? `${(ORDINALS[-number] ?? '').slice(0, -2)}letzten` : `${-number}.-letzten`;
}
