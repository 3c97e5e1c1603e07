/** How English says dates, times, repeats and reminders. grammar.ts explains each entry, pattern.ts the phrases. */
import type { Weekday } from '../recurrence/calendar.ts';
import { leadRows, wordSet, wordTable, type Grammar } from './grammar.ts';
import {
  allBut,
  inDays,
  nthRepeat,
  plainRepeat,
  spanFromNow,
  WEEKEND,
  weekdaysRepeat,
  WORKDAYS,
  type DateMeaning,
  type EndMeaning,
  type MinuteOfDay,
  type ReminderMeaning,
  type RepeatMeaning,
  type Unit,
  type WhenMeaning,
} from './meaning.ts';
import { phrase, phraseTable } from './pattern.ts';

const MORNING = 9 * 60;
const NOON = 12 * 60;
const AFTERNOON = 15 * 60;
const END_OF_DAY = 17 * 60;
const EVENING = 19 * 60;
const TONIGHT = 20 * 60;
const NIGHT = 22 * 60;

const WEEKDAYS = wordTable<Weekday>([
  ['monday mon', 0],
  ['tuesday tue tues', 1],
  ['wednesday wed weds', 2],
  ['thursday thu thur thurs', 3],
  ['friday fri', 4],
  ['saturday sat', 5],
  ['sunday sun', 6],
]);

const HABITS = wordTable<Weekday>([
  ['mondays', 0],
  ['tuesdays', 1],
  ['wednesdays', 2],
  ['thursdays', 3],
  ['fridays', 4],
  ['saturdays', 5],
  ['sundays', 6],
]);

const MONTHS = wordTable<number>([
  ['january jan', 1],
  ['february feb', 2],
  ['march mar', 3],
  ['april apr', 4],
  ['may', 5],
  ['june jun', 6],
  ['july jul', 7],
  ['august aug', 8],
  ['september sept sep', 9],
  ['october oct', 10],
  ['november nov', 11],
  ['december dec', 12],
]);

const UNITS = wordTable<Unit>([
  ['minute minutes min mins m', 'minute'],
  ['hour hours hr hrs h', 'hour'],
  ['day days d', 'day'],
  ['week weeks wk wks w', 'week'],
  ['month months mo', 'month'],
  ['year years yr yrs', 'year'],
]);

const dates = phraseTable<DateMeaning>([
  phrase('today', () => inDays(0)),
  phrase('tomorrow|tmrw|tmr|2moro', () => inDays(1)),
  phrase('the? day after tomorrow', () => inDays(2)),
  phrase('in {n} {unit}', ({ n, unit }) => ({ kind: 'offset', unit, count: n })),
  phrase('in {span}', ({ span }) => spanFromNow(span)),
  phrase('in a couple of? {unit}', ({ unit }) => ({ kind: 'offset', unit, count: 2 })),
  phrase('{n} {unit} from now|today', ({ n, unit }) => ({ kind: 'offset', unit, count: n })),
  phrase('{n} {unit} from tomorrow', ({ n, unit }) => (unit === 'day' ? inDays(n + 1) : null)),
  phrase('{weekday}', ({ weekday }) => ({ kind: 'weekday', weekday, which: 'coming' })),
  phrase('this|coming {weekday}', ({ weekday }) => ({ kind: 'weekday', weekday, which: 'this' })),
  phrase('this coming {weekday}', ({ weekday }) => ({ kind: 'weekday', weekday, which: 'this' })),
  phrase('next {weekday}', ({ weekday }) => ({ kind: 'weekday', weekday, which: 'next' })),
  phrase('{weekday} next week', ({ weekday }) => ({ kind: 'weekday', weekday, which: 'next' })),
  phrase('next week on? {weekday}', ({ weekday }) => ({ kind: 'weekday', weekday, which: 'next' })),
  phrase('{n} week|weeks from {weekday}', ({ n, weekday }) => ({
    kind: 'weekday',
    weekday,
    which: 'coming',
    weeksLater: n,
  })),
  phrase('{weekday} the? {dayth}', ({ dayth }) => ({ kind: 'month-day', day: dayth })),
  phrase('{weekday}? ,? {month} {day}', ({ month, day }) => ({ kind: 'calendar', month, day })),
  phrase('{weekday}? ,? {month} {day} ,? {year}', ({ month, day, year }) => ({
    kind: 'calendar',
    month,
    day,
    year,
  })),
  phrase('{weekday}? ,? the? {day} of? {month}', ({ month, day }) => ({ kind: 'calendar', month, day })),
  phrase('{weekday}? ,? the? {day} of? {month} ,? {year}', ({ month, day, year }) => ({
    kind: 'calendar',
    month,
    day,
    year,
  })),
  phrase('the {nth} of {month}', ({ month, nth }) =>
    nth > 0 ? { kind: 'calendar', month, day: nth } : null,
  ),
  phrase('{weekday} in {n} week|weeks', ({ n, weekday }) => weekdayInWeeks(weekday, n)),
  phrase('in {n} week|weeks on {weekday}', ({ n, weekday }) => weekdayInWeeks(weekday, n)),
  phrase('the {dayth}', ({ dayth }) => ({ kind: 'month-day', day: dayth })),
  phrase('the {dayth} of next month', ({ dayth }) => ({ kind: 'nth', nth: dayth, of: 'day', ahead: 1 })),
  phrase('in|by {month} {year}?', ({ month, year }) => ({ kind: 'month', month, year })),
  phrase('next {month}', ({ month }) => ({ kind: 'month', month })),
  phrase('next week', () => ({ kind: 'period', unit: 'week', edge: 'start', ahead: 1 })),
  phrase('next month', () => ({ kind: 'period', unit: 'month', edge: 'start', ahead: 1 })),
  phrase('next year', () => ({ kind: 'period', unit: 'year', edge: 'start', ahead: 1 })),
  phrase('end of the? month', () => ({ kind: 'period', unit: 'month', edge: 'end', ahead: 0 })),
  phrase('end of next month', () => ({ kind: 'period', unit: 'month', edge: 'end', ahead: 1 })),
  phrase('end of the? year', () => ({ kind: 'period', unit: 'year', edge: 'end', ahead: 0 })),
  phrase('eom', () => ({ kind: 'period', unit: 'month', edge: 'end', ahead: 0 })),
  phrase('this weekend', () => ({ kind: 'weekend', ahead: 0 })),
  phrase('on|at the weekend', () => ({ kind: 'weekend', ahead: 0 })),
  phrase('next weekend', () => ({ kind: 'weekend', ahead: 1 })),
  phrase('the? {nth} {weekday} of|in the|this month', ({ nth, weekday }) => ({
    kind: 'nth',
    nth,
    of: weekday,
  })),
  phrase('the? {nth} {weekday} of|in next month', ({ nth, weekday }) => ({
    kind: 'nth',
    nth,
    of: weekday,
    ahead: 1,
  })),
  phrase('the? {nth} {weekday} of|in {month} {year}?', ({ nth, weekday, month, year }) => ({
    kind: 'nth-in',
    month,
    nth,
    of: weekday,
    year,
  })),
  phrase('in a fortnight', () => ({ kind: 'offset', unit: 'week', count: 2 })),
  phrase('the? last day of month', () => ({ kind: 'nth', nth: -1, of: 'day' })),
  phrase('the? last day of the|this month', () => ({ kind: 'nth', nth: -1, of: 'day' })),
  phrase('the? last weekday|workday of the|this month', () => ({ kind: 'nth', nth: -1, of: 'workday' })),
]);

const times = phraseTable<MinuteOfDay>([
  phrase('noon|midday', () => NOON),
  phrase('midnight', () => 0),
  phrase('eod', () => END_OF_DAY),
  phrase('end of the? day', () => END_OF_DAY),
  phrase('half past {n}', ({ n }) => spokenHour(n, 30)),
  phrase('a? quarter past {n}', ({ n }) => spokenHour(n, 15)),
  phrase('a? quarter to {n}', ({ n }) => spokenHour(n, -15)),
]);

const moments = phraseTable<WhenMeaning>([
  phrase('tonight|tonite', () => ({ date: inDays(0), minute: TONIGHT })),
  phrase('this {part}', ({ part }) => ({ date: inDays(0), minute: part })),
  phrase('in the {part}', ({ part }) => ({ date: null, minute: part })),
]);

const spans = phraseTable<string>([
  phrase('half an hour', () => 'PT30M'),
  phrase('a quarter of an hour', () => 'PT15M'),
  phrase('an hour and a half', () => 'PT1H30M'),
]);

const EVERY = 'every|each|ev';

const repeats = phraseTable<RepeatMeaning>([
  phrase(`${EVERY} {unit}`, ({ unit }) => plainRepeat(1, unit)),
  phrase(`${EVERY} {n} {unit}`, ({ n, unit }) => plainRepeat(n, unit)),
  phrase(`${EVERY} ! {n}? {unit}`, ({ n = 1, unit }) => ({ ...plainRepeat(n, unit), isAfterDone: true })),
  phrase(`${EVERY} other {unit}`, ({ unit }) => plainRepeat(2, unit)),
  phrase(`${EVERY} {nth} {unit}`, ({ nth, unit }) => (nth > 1 ? plainRepeat(nth, unit) : null)),
  phrase(`${EVERY} {weekdays}`, ({ weekdays }) => weekdaysRepeat(weekdays)),
  phrase(`${EVERY} single? {habits}`, ({ habits }) => weekdaysRepeat(habits)),
  phrase(`${EVERY} other {weekdays}`, ({ weekdays }) => weekdaysRepeat(weekdays, 2)),
  phrase(`${EVERY} {n} {habits}`, ({ n, habits }) => weekdaysRepeat(habits, n)),
  phrase(`${EVERY} single day`, () => plainRepeat(1, 'day')),
  phrase(`${EVERY} weekday|workday`, () => weekdaysRepeat(WORKDAYS)),
  phrase(`${EVERY} business|working|work|week day`, () => weekdaysRepeat(WORKDAYS)),
  phrase(`${EVERY} day except|but|excluding on? {weekdays}`, ({ weekdays }) => allBut(weekdays)),
  phrase(`${EVERY} day except|but|excluding on? {habits}`, ({ habits }) => allBut(habits)),
  phrase(`${EVERY} day except|but|excluding on? weekends`, () => allBut(WEEKEND)),
  phrase(`${EVERY} weekend`, () => weekdaysRepeat(WEEKEND)),
  phrase(`${EVERY} other weekend`, () => weekdaysRepeat(WEEKEND, 2)),
  phrase(`${EVERY} fortnight`, () => plainRepeat(2, 'week')),
  phrase(`${EVERY} quarter`, () => plainRepeat(3, 'month')),
  phrase(`${EVERY} {part}`, ({ part }) => ({ ...plainRepeat(1, 'day'), minute: part })),
  phrase(`${EVERY} {nth} {weekday}`, ({ nth, weekday }) => nthRepeat(nth, weekday)),
  phrase(`${EVERY} {nth} {weekday} of|in the|each|every? month`, ({ nth, weekday }) =>
    nthRepeat(nth, weekday),
  ),
  phrase(`${EVERY} {nth} weekday|workday of? the? month?`, ({ nth }) => nthRepeat(nth, 'workday')),
  phrase(`${EVERY} {nth} business|working day of? the? month?`, ({ nth }) => nthRepeat(nth, 'workday')),
  phrase(`${EVERY} last day of? the? month?`, () => nthRepeat(-1, 'day')),
  phrase(`${EVERY} end of the? month`, () => nthRepeat(-1, 'day')),
  phrase(`${EVERY} {days} day? of|in the|each|every month`, ({ days }) => monthDays(days)),
  phrase(`${EVERY} {nth} of|in the|each|every? month`, ({ nth }) => monthDay(nth)),
  phrase(`${EVERY} {days}`, ({ days }) => monthDays(days)),
  phrase(`${EVERY} {month} {day}`, ({ month, day }) => yearDay(month, day)),
  phrase(`${EVERY} {day} of? {month}`, ({ month, day }) => yearDay(month, day)),
  phrase(`${EVERY} year on? the? {day} of? {month}`, ({ month, day }) => yearDay(month, day)),
  phrase(`${EVERY} {nth} {weekday} of|in {month}`, ({ nth, weekday, month }) => yearNth(month, nth, weekday)),
  phrase(`on? the? {nth} {weekday} of|in ${EVERY} month`, ({ nth, weekday }) => nthRepeat(nth, weekday)),
  phrase(`on? the? {nth} weekday|workday of|in ${EVERY} month`, ({ nth }) => nthRepeat(nth, 'workday')),
  phrase(`on? the? last day of ${EVERY} month`, () => nthRepeat(-1, 'day')),
  phrase(`at? the? end of ${EVERY} month`, () => nthRepeat(-1, 'day')),
  phrase(`on? the? {nth} of ${EVERY} month`, ({ nth }) => monthDay(nth)),
  phrase(`on? the? {days} of ${EVERY} month`, ({ days }) => monthDays(days)),
  phrase('on {habits}', ({ habits }) => weekdaysRepeat(habits)),
  phrase('on weekdays|workdays', () => weekdaysRepeat(WORKDAYS)),
  phrase('on|at weekends', () => weekdaysRepeat(WEEKEND)),
  phrase('daily', () => plainRepeat(1, 'day')),
  phrase('weekly', () => plainRepeat(1, 'week')),
  phrase('monthly', () => plainRepeat(1, 'month')),
  phrase('quarterly', () => plainRepeat(3, 'month')),
  phrase('yearly|annually', () => plainRepeat(1, 'year')),
  phrase('biweekly|fortnightly', () => plainRepeat(2, 'week')),
  phrase('hourly', () => plainRepeat(1, 'hour')),
  phrase('{n} {unit} after|from completion|completing|finishing|done', ({ n, unit }) => ({
    ...plainRepeat(n, unit),
    isAfterDone: true,
  })),
]);

const repeatTails = phraseTable<RepeatMeaning>([
  phrase('on? {weekdays}', ({ weekdays }) => weekdaysRepeat(weekdays)),
  phrase('on {habits}', ({ habits }) => weekdaysRepeat(habits)),
  phrase('on? weekdays|workdays', () => weekdaysRepeat(WORKDAYS)),
  phrase('on the? {nth}', ({ nth }) => monthDay(nth)),
  phrase('on? the? {days}', ({ days }) => monthDays(days)),
  phrase('on? the? {nth} {weekday}', ({ nth, weekday }) => nthRepeat(nth, weekday)),
  phrase('on? the? {nth} weekday|workday', ({ nth }) => nthRepeat(nth, 'workday')),
  phrase('on? the? {nth} business|working day', ({ nth }) => nthRepeat(nth, 'workday')),
  phrase('on? the? last day', () => nthRepeat(-1, 'day')),
  phrase('on? {month} {day}', ({ month, day }) => yearDay(month, day)),
  phrase('on? the? {day} of? {month}', ({ month, day }) => yearDay(month, day)),
  phrase('on? the? {nth} {weekday} of|in {month}', ({ nth, weekday, month }) => yearNth(month, nth, weekday)),
]);

const afterDone = phraseTable<true>([
  phrase('after|from done|completion|completing|finishing|finished|completed', () => true),
  phrase("after|when|once it's|it|its is? done|completed|finished", () => true),
  phrase('when|once done|completed|finished', () => true),
  phrase("after|when|once i'm|i am? done|finish|finished|complete|completed", () => true),
  phrase('after last? done|completion', () => true),
]);

const ends = phraseTable<EndMeaning>([
  phrase('until|till|til|through|thru {date}', ({ date }) => ({ kind: 'until', date })),
  phrase('ending on? {date}', ({ date }) => ({ kind: 'until', date })),
  phrase('until|till|til|through|thru|ending {month} {year}?', ({ month, year }) => ({
    kind: 'until',
    date: { kind: 'month', month, year },
  })),
  phrase('until|till|til the? end of the? {month} {year}?', ({ month, year }) => ({
    kind: 'until',
    date: { kind: 'month', month, year },
  })),
  phrase('for? {n} times|x', ({ n }) => ({ kind: 'times', count: n })),
  phrase('for the? next? {n} {unit}', ({ n, unit }) => ({ kind: 'for', unit, count: n })),
]);

const reminders = phraseTable<ReminderMeaning>([
  phrase('remind me? {span} before|earlier|prior|ahead|early', ({ span }) => before(span)),
  phrase('remind me? {span} before due|then|that|it', ({ span }) => before(span)),
  phrase('remind me? {span} in advance', ({ span }) => before(span)),
  phrase('remind me? {span} ahead of time', ({ span }) => before(span)),
  phrase('with? a? reminder {span} before|earlier|prior|ahead', ({ span }) => before(span)),
  phrase('and {span} before|earlier', ({ span }) => before(span)),
  phrase('remind me on time', () => before('PT0S')),
  phrase('remind me at the? time', () => before('PT0S')),
  phrase('remind me', () => before('PT0S')),
]);

export const english: Grammar = {
  weekdays: WEEKDAYS,
  habits: HABITS,
  months: MONTHS,
  abbreviations: wordSet(
    'mon tue tues wed weds thu thur thurs fri sat sun jan feb mar apr jun jul aug sept sep oct nov dec min mins hr hrs',
  ),
  units: UNITS,
  numbers: wordTable([
    ['a an one', 1],
    ['two', 2],
    ['three', 3],
    ['four', 4],
    ['five', 5],
    ['six', 6],
    ['seven', 7],
    ['eight', 8],
    ['nine', 9],
    ['ten', 10],
    ['eleven', 11],
    ['twelve', 12],
  ]),
  ordinals: wordTable([
    ['first', 1],
    ['second', 2],
    ['third', 3],
    ['fourth', 4],
    ['fifth', 5],
    ['last', -1],
  ]),
  ordinalEndings: wordSet('st nd rd th'),
  dayParts: wordTable([
    ['morning', MORNING],
    ['noon midday', NOON],
    ['afternoon', AFTERNOON],
    ['evening', EVENING],
    ['night', NIGHT],
  ]),
  priorities: wordTable([
    ['low', 'low'],
    ['medium med', 'medium'],
    ['high', 'high'],
    ['urgent', 'urgent'],
  ]),
  doubtful: wordTable([
    ['sun sat wed noon midday midnight', 'loose'],
    ['daily weekly monthly quarterly yearly annually biweekly fortnightly hourly', 'loose'],
  ]),
  and: wordSet('and , & / +'),
  through: wordSet('- – to through thru'),
  at: wordSet('at @ around about ~'),
  dateLeads: leadRows('on', 'by', 'due', 'due :', 'due on', 'due by', 'for', 'before', 'due before', '@'),
  hourWords: wordSet("o'clock oclock"),
  isTwelveHour: true,
  afternoonUpTo: 5,
  followers: wordSet(
    'every each ev at on by in from until till til starting beginning remind reminder with and or for due this next after daily weekly monthly yearly p1 p2 p3 p4',
  ),
  notAfter: wordSet('good black happy easter cyber bloody palm ash usa'),
  counted: wordSet(
    'a am floor element grade street st avenue ave edition chapter draft time times attempt birthday anniversary century place row level page pages round day days week weeks month months year years quarter version generation amendment season episode degree degrees hole inning graders floors people persons guys men women kids km k mi miles mile m meters metres kg g lb lbs pounds eggs bottles boxes items things steps percent hours hour minutes minute min mins seconds euros dollars points places copies cups wheel wheels',
  ),
  dates,
  times,
  moments,
  spans,
  repeats,
  repeatTails,
  afterDone,
  ends,
  startLeads: leadRows(
    'from',
    'starting',
    'starting from',
    'starting on',
    'beginning',
    'beginning on',
    'not before',
  ),
  rangeWords: wordSet('to until till til through thru'),
  dateTails: new Set(),
  reminders,
  reminderLeads: leadRows(
    'remind me',
    'remind me on',
    'remind me at',
    'remind',
    'reminder',
    'reminder on',
    'reminder at',
  ),
  reminderJoints: wordSet('to'),
  reminderOpenings: leadRows('remind me to', 'remind me'),
};

/** "Monday in 2 weeks" is the Monday of the week after next. */
function weekdayInWeeks(weekday: Weekday, weeks: number): DateMeaning {
  return { kind: 'weekday', weekday, which: 'next', weeksLater: weeks - 1 };
}

/** "The first" is a day; "the last" alone says nothing. */
function monthDay(nth: number): RepeatMeaning | null {
  return nth > 0 ? monthDays([nth]) : null;
}

function monthDays(days: readonly number[]): RepeatMeaning {
  return { every: 1, days: { kind: 'month-days', days } };
}

function yearDay(month: number, day: number): RepeatMeaning {
  return { every: 1, days: { kind: 'year-day', month, day } };
}

function yearNth(month: number, nth: number, of: Weekday): RepeatMeaning | null {
  if (nthRepeat(nth, of) === null) return null;
  return { every: 1, days: { kind: 'year-nth', month, nth, of } };
}

function before(duration: string): ReminderMeaning {
  return { kind: 'before', duration };
}

/** A quarter to one is before the hour; hours up to five are in the afternoon, as with figures. */
function spokenHour(hour: number, minutes: number): MinuteOfDay | null {
  if (hour < 1 || hour > 12) return null;
  const likely = hour <= english.afternoonUpTo ? hour + 12 : hour;
  return likely * 60 + minutes;
}
