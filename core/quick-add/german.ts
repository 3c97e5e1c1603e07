/**
 * How German says dates, times, repeats and reminders. grammar.ts explains each entry, pattern.ts the phrases. Endings
 * (jeder, jede, jeden) are listed as alternatives, and umlauts also as people type them without: naechsten.
 */
import { monthLength, type Weekday } from '../recurrence/calendar.ts';
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
const FORENOON = 10 * 60;
const NOON = 12 * 60;
const AFTERNOON = 15 * 60;
const EVENING = 19 * 60;
const NIGHT = 22 * 60;

const FULL_WEEKDAYS: readonly (readonly [words: string, weekday: Weekday])[] = [
  ['montag', 0],
  ['dienstag', 1],
  ['mittwoch', 2],
  ['donnerstag', 3],
  ['freitag', 4],
  ['samstag', 5],
  ['sonnabend', 5],
  ['sonntag', 6],
];

const DAY_PARTS = [
  ['morgen', MORNING],
  ['früh', MORNING],
  ['vormittag', FORENOON],
  ['mittag', NOON],
  ['nachmittag', AFTERNOON],
  ['abend', EVENING],
  ['nacht', NIGHT],
] as const;

const NUMBERS_FROM_THIRTEEN =
  'dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig einundzwanzig zweiundzwanzig dreiundzwanzig vierundzwanzig'.split(
    ' ',
  );
/** Of days of a month, up to the last one. */
const ORDINALS_FROM_SIXTH =
  'sechste siebte achte neunte zehnte elfte zwölfte dreizehnte vierzehnte fünfzehnte sechzehnte siebzehnte achtzehnte neunzehnte zwanzigste einundzwanzigste zweiundzwanzigste dreiundzwanzigste vierundzwanzigste fünfundzwanzigste sechsundzwanzigste siebenundzwanzigste achtundzwanzigste neunundzwanzigste dreißigste einunddreißigste'.split(
    ' ',
  );

/** Without a year the last of February is its 28th. */
const A_COMMON_YEAR = 2001;

const EVERY = 'jeder|jede|jeden|jedes|jedem|alle';
const NEXT = 'nächster|nächste|nächsten|nächstes|nächstem|naechste|naechsten|naechstes|naechster';
const AFTER_NEXT = 'übernächste|übernächsten|übernächster|uebernaechste|uebernaechsten|uebernaechster';
const COMING = 'kommender|kommende|kommenden|kommendes|kommendem';
const THIS = 'dieser|diese|diesen|dieses|diesem';

const dates = phraseTable<DateMeaning>([
  phrase('heute', () => inDays(0)),
  phrase('morgen', () => inDays(1)),
  phrase('übermorgen|uebermorgen', () => inDays(2)),
  phrase('in {n} {unit}', ({ n, unit }) => ({ kind: 'offset', unit, count: n })),
  phrase('heute in {n} {unit}', ({ n, unit }) => ({ kind: 'offset', unit, count: n })),
  phrase('morgen in {n} wochen|woche', ({ n }) => inDays(7 * n + 1)),
  phrase('{weekday}', ({ weekday }) => ({ kind: 'weekday', weekday, which: 'coming' })),
  phrase(`${THIS} {weekday}`, ({ weekday }) => ({ kind: 'weekday', weekday, which: 'this' })),
  phrase(`${COMING} {weekday}`, ({ weekday }) => ({ kind: 'weekday', weekday, which: 'coming' })),
  phrase(`${NEXT} {weekday}`, ({ weekday }) => ({ kind: 'weekday', weekday, which: 'next' })),
  phrase(`am? ${AFTER_NEXT} {weekday}`, ({ weekday }) => ({
    kind: 'weekday',
    weekday,
    which: 'next',
    weeksLater: 1,
  })),
  phrase(`${NEXT} woche am? {weekday}`, ({ weekday }) => ({ kind: 'weekday', weekday, which: 'next' })),
  phrase(`{weekday} ${NEXT} woche`, ({ weekday }) => ({ kind: 'weekday', weekday, which: 'next' })),
  phrase('{weekday} in {n} wochen|woche', ({ n, weekday }) => ({
    kind: 'weekday',
    weekday,
    which: 'next',
    weeksLater: n - 1,
  })),
  phrase('in {span}', ({ span }) => spanFromNow(span)),
  phrase('{weekday}? ,? den|dem? {dayth} {month} {year}?', ({ month, dayth, year }) => ({
    kind: 'calendar',
    month,
    day: dayth,
    year,
  })),
  phrase('{weekday}? ,? am|den|dem|zum? {nth} {month} {year}?', ({ month, nth, year }) =>
    nth < 1 ? null : { kind: 'calendar', month, day: nth, year },
  ),
  phrase('anfang {month} {year}?', ({ month, year }) => ({ kind: 'calendar', month, day: 1, year })),
  phrase('ende {month} {year}?', ({ month, year }) => ({
    kind: 'calendar',
    month,
    day: monthLength(year ?? A_COMMON_YEAR, month),
    year,
  })),
  phrase('mitte {month} {year}?', ({ month, year }) => ({ kind: 'calendar', month, day: 15, year })),
  phrase('{day} {month} {year}?', ({ month, day, year }) => ({ kind: 'calendar', month, day, year })),
  phrase('am|zum|den|dem|vom {dayth}', ({ dayth }) => ({ kind: 'month-day', day: dayth })),
  phrase('im {month} {year}?', ({ month, year }) => ({ kind: 'month', month, year })),
  phrase(`${NEXT} woche`, () => ({ kind: 'period', unit: 'week', edge: 'start', ahead: 1 })),
  phrase(`${NEXT} monat`, () => ({ kind: 'period', unit: 'month', edge: 'start', ahead: 1 })),
  phrase(`${NEXT} jahr`, () => ({ kind: 'period', unit: 'year', edge: 'start', ahead: 1 })),
  phrase('übernächste|übernächster|uebernaechste|uebernaechster woche', () => ({
    kind: 'period',
    unit: 'week',
    edge: 'start',
    ahead: 2,
  })),
  phrase('ende der|dieser woche', () => ({ kind: 'period', unit: 'week', edge: 'end', ahead: 0 })),
  phrase('ende nächster|naechster|kommender woche', () => ({
    kind: 'period',
    unit: 'week',
    edge: 'end',
    ahead: 1,
  })),
  phrase('ende nächsten|naechsten|kommenden monats', () => ({
    kind: 'period',
    unit: 'month',
    edge: 'end',
    ahead: 1,
  })),
  phrase('ende des monats', () => ({ kind: 'period', unit: 'month', edge: 'end', ahead: 0 })),
  phrase('ende monat|monats', () => ({ kind: 'period', unit: 'month', edge: 'end', ahead: 0 })),
  phrase('monatsende', () => ({ kind: 'period', unit: 'month', edge: 'end', ahead: 0 })),
  phrase('jahresende', () => ({ kind: 'period', unit: 'year', edge: 'end', ahead: 0 })),
  phrase('ende des jahres', () => ({ kind: 'period', unit: 'year', edge: 'end', ahead: 0 })),
  phrase('am|dieses wochenende', () => ({ kind: 'weekend', ahead: 0 })),
  phrase(`${NEXT} wochenende`, () => ({ kind: 'weekend', ahead: 1 })),
  phrase('am {nth} {weekday} des monats', ({ nth, weekday }) => ({ kind: 'nth', nth, of: weekday })),
  phrase('am|den|zum? {nth} {weekday} im {month} {year}?', ({ nth, weekday, month, year }) => ({
    kind: 'nth-in',
    month,
    nth,
    of: weekday,
    year,
  })),
  phrase(`am {nth} {weekday} ${NEXT} monat|monats`, ({ nth, weekday }) => ({
    kind: 'nth',
    nth,
    of: weekday,
    ahead: 1,
  })),
]);

const times = phraseTable<MinuteOfDay>([
  phrase('mittags', () => NOON),
  phrase('mitternacht', () => 0),
  phrase('halb {n}', ({ n }) => spokenHour(n, -30)),
  phrase('viertel nach {n}', ({ n }) => spokenHour(n, 15)),
  phrase('viertel vor {n}', ({ n }) => spokenHour(n, -15)),
  phrase('{n} uhr', ({ n }) => (n < 24 ? spokenHour(n, 0) : null)),
  phrase('dreiviertel {n}', ({ n }) => spokenHour(n, -15)),
]);

const moments = phraseTable<WhenMeaning>([
  phrase(`${THIS} {part}`, ({ part }) => ({ date: inDays(0), minute: part })),
  phrase('am {part}', ({ part }) => ({ date: null, minute: part })),
  phrase('in der nacht', () => ({ date: null, minute: NIGHT })),
  // "Freitagabend": the weekday and the part of the day in one word.
  ...FULL_WEEKDAYS.flatMap(([name, weekday]) =>
    DAY_PARTS.map(([part, minute]) =>
      phrase(`${name}${part}`, (): WhenMeaning => ({
        date: { kind: 'weekday', weekday, which: 'coming' },
        minute,
      })),
    ),
  ),
]);

const spans = phraseTable<string>([
  phrase('einer? eine? halbe|halben stunde', () => 'PT30M'),
  phrase('anderthalb|eineinhalb stunden', () => 'PT90M'),
  phrase('einer? eine? viertelstunde', () => 'PT15M'),
  phrase('einer? eine? dreiviertelstunde', () => 'PT45M'),
]);

const repeats = phraseTable<RepeatMeaning>([
  phrase(`${EVERY} {unit}`, ({ unit }) => plainRepeat(1, unit)),
  phrase(`${EVERY} {n} {unit}`, ({ n, unit }) => plainRepeat(n, unit)),
  phrase(`${EVERY} {nth} {unit}`, ({ nth, unit }) => (nth > 1 ? plainRepeat(nth, unit) : null)),
  phrase(`${EVERY} ! {n}? {unit}`, ({ n = 1, unit }) => ({ ...plainRepeat(n, unit), isAfterDone: true })),
  phrase(`${EVERY} {weekdays}`, ({ weekdays }) => weekdaysRepeat(weekdays)),
  phrase(`${EVERY} werktag|wochentag|arbeitstag`, () => weekdaysRepeat(WORKDAYS)),
  phrase(`${EVERY} tag außer|ausser am? {weekdays}`, ({ weekdays }) => allBut(weekdays)),
  phrase(`${EVERY} tag außer|ausser {habits}`, ({ habits }) => allBut(habits)),
  // "jeden Freitagabend", "freitagabends"
  ...FULL_WEEKDAYS.flatMap(([name, weekday]) =>
    DAY_PARTS.flatMap(([part, minute]) => [
      phrase(`${EVERY} ${name}${part}`, () => ({ ...weekdaysRepeat([weekday]), minute })),
      phrase(`${name}${part}s`, () => ({ ...weekdaysRepeat([weekday]), minute })),
    ]),
  ),
  phrase(`${EVERY} wochenende`, () => weekdaysRepeat(WEEKEND)),
  phrase(`${EVERY} quartal`, () => plainRepeat(3, 'month')),
  phrase(`${EVERY} {part}`, ({ part }) => ({ ...plainRepeat(1, 'day'), minute: part })),
  // "Jeden zweiten Freitag" is every other one; only "im Monat" makes it the second of the month.
  phrase(`${EVERY} {nth} {weekday}`, ({ nth, weekday }) =>
    nth === 1 || nth === -1 ? nthRepeat(nth, weekday) : weekdaysRepeat([weekday], nth),
  ),
  phrase(`${EVERY} {nth} {weekday} im monat`, ({ nth, weekday }) => nthRepeat(nth, weekday)),
  phrase(`${EVERY} {nth} {weekday} des monats`, ({ nth, weekday }) => nthRepeat(nth, weekday)),
  phrase(`${EVERY} {nth} {weekday} im {month}`, ({ nth, weekday, month }) => yearNth(month, nth, weekday)),
  phrase(`${EVERY} {nth} werktag|arbeitstag im? des? monats|monat?`, ({ nth }) => nthRepeat(nth, 'workday')),
  phrase(`${EVERY} letzten tag im? des? monats|monat?`, () => nthRepeat(-1, 'day')),
  phrase(`am {nth} {weekday} ${EVERY} monats|monat`, ({ nth, weekday }) => nthRepeat(nth, weekday)),
  phrase(`am {nth} werktag|arbeitstag ${EVERY} monats|monat`, ({ nth }) => nthRepeat(nth, 'workday')),
  phrase(`am letzten tag ${EVERY} monats|monat`, () => nthRepeat(-1, 'day')),
  phrase(`am {days} ${EVERY} monats|monat`, ({ days }) => monthDays(days)),
  phrase(`${EVERY} {days} im monat`, ({ days }) => monthDays(days)),
  phrase(`${EVERY} {days} des monats`, ({ days }) => monthDays(days)),
  phrase(`${EVERY} {days}`, ({ days }) => monthDays(days)),
  phrase(`${EVERY} {dayth} {month}`, ({ month, dayth }) => yearDay(month, dayth)),
  phrase('{habits}', ({ habits }) => weekdaysRepeat(habits)),
  phrase('werktags|wochentags', () => weekdaysRepeat(WORKDAYS)),
  phrase('am wochenende jede woche', () => weekdaysRepeat(WEEKEND)),
  phrase('täglich|taeglich', () => plainRepeat(1, 'day')),
  phrase('wöchentlich|woechentlich', () => plainRepeat(1, 'week')),
  phrase('zweiwöchentlich|vierzehntägig|14-tägig', () => plainRepeat(2, 'week')),
  phrase('monatlich', () => plainRepeat(1, 'month')),
  phrase('vierteljährlich|quartalsweise', () => plainRepeat(3, 'month')),
  phrase('halbjährlich', () => plainRepeat(6, 'month')),
  phrase('jährlich|jaehrlich', () => plainRepeat(1, 'year')),
  phrase('stündlich|stuendlich', () => plainRepeat(1, 'hour')),
  phrase('morgens', () => ({ ...plainRepeat(1, 'day'), minute: MORNING })),
  phrase('abends', () => ({ ...plainRepeat(1, 'day'), minute: EVENING })),
  phrase('{n} {unit} nach erledigung|abschluss', ({ n, unit }) => ({
    ...plainRepeat(n, unit),
    isAfterDone: true,
  })),
]);

const repeatTails = phraseTable<RepeatMeaning>([
  phrase('am? {weekdays}', ({ weekdays }) => weekdaysRepeat(weekdays)),
  phrase('{habits}', ({ habits }) => weekdaysRepeat(habits)),
  phrase('am? {days}', ({ days }) => monthDays(days)),
  phrase('am? {nth} {weekday}', ({ nth, weekday }) => nthRepeat(nth, weekday)),
  phrase('am? {nth} werktag|arbeitstag', ({ nth }) => nthRepeat(nth, 'workday')),
  phrase('am? letzten tag', () => nthRepeat(-1, 'day')),
  phrase('am? {dayth} {month}', ({ month, dayth }) => yearDay(month, dayth)),
  phrase('am? {date}', ({ date }) => (date.kind === 'calendar' ? yearDay(date.month, date.day) : null)),
  phrase('am? {nth} {weekday} im {month}', ({ nth, weekday, month }) => yearNth(month, nth, weekday)),
]);

const afterDone = phraseTable<true>([
  phrase('nach der|dem? erledigung|erledigen|abschluss|abhaken|fertigstellung', () => true),
  phrase('nachdem es|sie? erledigt|fertig ist?', () => true),
  phrase('wenn es? erledigt|fertig ist?', () => true),
]);

const ends = phraseTable<EndMeaning>([
  phrase('bis zum|zu? {date}', ({ date }) => ({ kind: 'until', date })),
  phrase('bis zum? {dayth}', ({ dayth }) => ({ kind: 'until', date: { kind: 'month-day', day: dayth } })),
  phrase('bis ende? {month} {year}?', ({ month, year }) => ({
    kind: 'until',
    date: { kind: 'month', month, year },
  })),
  phrase('{n} mal', ({ n }) => ({ kind: 'times', count: n })),
  phrase('für|fuer {n} {unit}', ({ n, unit }) => ({ kind: 'for', unit, count: n })),
  phrase('{n} {unit} lang', ({ n, unit }) => ({ kind: 'for', unit, count: n })),
]);

const reminders = phraseTable<ReminderMeaning>([
  phrase('erinnere|erinner mich? bitte? {span} vorher|davor|zuvor|früher', ({ span }) => before(span)),
  phrase('erinnerung {span} vorher|davor|zuvor|früher', ({ span }) => before(span)),
  phrase('mit erinnerung {span} vorher|davor|zuvor|früher', ({ span }) => before(span)),
  phrase('{span} vorher|davor|zuvor erinnern', ({ span }) => before(span)),
  phrase('{span} vorher|davor|zuvor erinnere mich', ({ span }) => before(span)),
  phrase('und {span} vorher|davor', ({ span }) => before(span)),
  phrase('mich erinnern', () => before('PT0S')),
  phrase('erinnere|erinner mich', () => before('PT0S')),
]);

export const german: Grammar = {
  weekdays: wordTable<Weekday>([
    ...FULL_WEEKDAYS,
    ['mo', 0],
    ['di', 1],
    ['mi', 2],
    ['do', 3],
    ['fr', 4],
    ['sa', 5],
    ['so', 6],
  ]),
  habits: wordTable<Weekday>(FULL_WEEKDAYS.map(([name, weekday]) => [`${name}s`, weekday] as const)),
  months: wordTable<number>([
    ['januar jänner jan', 1],
    ['februar feber feb', 2],
    ['märz maerz mär mrz', 3],
    ['april apr', 4],
    ['mai', 5],
    ['juni jun', 6],
    ['juli jul', 7],
    ['august aug', 8],
    ['september sept sep', 9],
    ['oktober okt', 10],
    ['november nov', 11],
    ['dezember dez', 12],
  ]),
  abbreviations: wordSet('mo di mi do fr sa so jan feb mär mrz apr jun jul aug sept sep okt nov dez std min'),
  units: wordTable<Unit>([
    ['minute minuten min', 'minute'],
    ['stunde stunden std h', 'hour'],
    ['tag tage tagen', 'day'],
    ['woche wochen', 'week'],
    ['monat monate monaten', 'month'],
    ['jahr jahre jahren', 'year'],
  ]),
  numbers: wordTable([
    ['ein eine einen einem einer', 1],
    ['zwei', 2],
    ['drei', 3],
    ['vier', 4],
    ['fünf fuenf', 5],
    ['sechs', 6],
    ['sieben', 7],
    ['acht', 8],
    ['neun', 9],
    ['zehn', 10],
    ['elf', 11],
    ['zwölf zwoelf', 12],
    ...NUMBERS_FROM_THIRTEEN.map((word, at) => [spelled(word), at + 13] as const),
    ['dreißig dreissig', 30],
  ]),
  ordinals: wordTable([
    ['erster erste ersten erstes', 1],
    ['zweiter zweite zweiten zweites', 2],
    ['dritter dritte dritten drittes', 3],
    ['vierter vierte vierten viertes', 4],
    ['fünfter fünfte fünften fünftes', 5],
    ...ORDINALS_FROM_SIXTH.map((stem, at) => [spelled(`${stem} ${stem}n`), at + 6] as const),
    ['letzter letzte letzten letztes', -1],
  ]),
  ordinalEndings: wordSet('.'),
  dayParts: wordTable<MinuteOfDay>(
    DAY_PARTS.flatMap(([name, minute]) => [[name, minute] as const, [`${name}s`, minute] as const]),
  ),
  priorities: wordTable([
    ['niedrig', 'low'],
    ['mittel', 'medium'],
    ['hoch', 'high'],
    ['dringend', 'urgent'],
    ['low', 'low'],
    ['medium med', 'medium'],
    ['high', 'high'],
    ['urgent', 'urgent'],
  ]),
  doubtful: wordTable([
    ['mo di mi do fr sa so', 'led'],
    ['mittags mitternacht', 'loose'],
    ['täglich taeglich wöchentlich monatlich vierteljährlich halbjährlich jährlich stündlich', 'loose'],
    ['morgens abends', 'loose'],
  ]),
  and: wordSet('und , & / +'),
  through: wordSet('- – bis'),
  at: wordSet('um @ gegen ab ~'),
  dateLeads: leadRows(
    'am',
    'bis',
    'bis zum',
    'für',
    'zum',
    'fällig',
    'fällig am',
    'spätestens',
    'spätestens am',
    'vor',
  ),
  hourWords: wordSet('uhr'),
  isTwelveHour: false,
  afternoonUpTo: 0,
  followers: wordSet(
    'jeder jede jeden jedes alle um am ab bis im in von erinnere erinner erinnerung mit und oder für nächste nächsten diese diesen täglich wöchentlich monatlich jährlich p1 p2 p3 p4',
  ),
  notAfter: wordSet('guten gute schönen schöner frohen'),
  counted: wordSet(
    'stock etage klasse kapitel entwurf mal geburtstag jahrestag jahrhundert platz reihe stufe seite seiten runde tag tage woche wochen monat monate jahr jahre quartal version staffel folge leute personen männer frauen kinder km m meter kg g liter stück eier flaschen kisten prozent stunden minuten euro',
  ),
  dates,
  times,
  moments,
  spans,
  repeats,
  repeatTails,
  afterDone,
  ends,
  startLeads: leadRows('ab', 'ab dem', 'von', 'vom', 'beginnend', 'beginnend am', 'nicht vor'),
  rangeWords: wordSet('bis'),
  dateTails: wordSet('fällig faellig'),
  reminders,
  reminderLeads: leadRows(
    'erinnere mich',
    'erinner mich',
    'erinnere mich am',
    'erinnere mich um',
    'erinner mich um',
    'erinnerung',
    'erinnerung am',
    'erinnerung um',
  ),
  reminderJoints: wordSet('zu'),
  reminderOpenings: [],
};

/** With umlauts and without. */
function spelled(words: string): string {
  const plain = words.replaceAll('ü', 'ue').replaceAll('ö', 'oe').replaceAll('ß', 'ss');
  return plain === words ? words : `${words} ${plain}`;
}

function monthDays(days: readonly number[]): RepeatMeaning {
  return { every: 1, days: { kind: 'month-days', days } };
}

function yearDay(month: number, day: number): RepeatMeaning {
  return { every: 1, days: { kind: 'year-day', month, day } };
}

function yearNth(month: number, nth: number, of: Weekday): RepeatMeaning | null {
  return nthRepeat(nth, of) && { every: 1, days: { kind: 'year-nth', month, nth, of } };
}

function before(duration: string): ReminderMeaning {
  return { kind: 'before', duration };
}

/** "Halb zehn" is half past nine. Hours are said as they are: "halb drei" is in the night. */
function spokenHour(hour: number, minutes: number): MinuteOfDay | null {
  return hour >= 1 && hour <= 24 ? (hour * 60 + minutes) % (24 * 60) : null;
}
