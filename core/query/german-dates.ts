/**
 * Dates in a query in German words: read into the same meaning that the English ones have (dates.ts), and written again.
 *
 * Promise: the words are quick add's own, with umlauts also as ae, oe, ue and a, o, u, and what only a question has: gestern,
 * letzte Woche, vor 3 Tagen, im März. What is read here can be said in English (dateText), since that is how it is kept.
 *
 * Limit: "heute um 3" is in the night, where quick add would take it for the afternoon once the night is over.
 */
import { english } from '../quick-add/english.ts';
import { german } from '../quick-add/german.ts';
import { lexemesOf, type Lexeme } from '../quick-add/lexemes.ts';
import type { DateMeaning, MinuteOfDay, Unit, WhenMeaning } from '../quick-add/meaning.ts';
import type { PhraseTable } from '../quick-add/pattern.ts';
import { createReader } from '../quick-add/reader.ts';
import { twoDigits } from '../recurrence/calendar.ts';
import {
  askedOf,
  longestDate,
  namesOf,
  ownDate,
  pattern,
  type AskedDate,
  type FoundDate,
  type OwnDate,
} from './dates.ts';
import { GERMAN_DATE_OPERATORS, plainWord } from './german.ts';

export interface GermanPlace {
  /** After an English word, where what English has too ("so", "do", "Mai") is no day. */
  readonly isAfterEnglish?: boolean;
  /** After "seit", where "3 Tagen" is three days ago. */
  readonly isSince?: boolean;
}

/** The longest date that the text begins with. */
export function readGermanDate(text: string, place: GermanPlace = {}): FoundDate | null {
  const [first = ''] = /^\p{L}*/u.exec(text) ?? [];
  if (place.isAfterEnglish === true) {
    const found = readGermanDate(text);
    const isEnglish = ENGLISH_TOO.has(first.toLowerCase());
    return found && !isEnglish && !DOUBTFUL.test(text.slice(0, found.length)) ? found : null;
  }
  // "vor Freitag" and "ab 9 Uhr" compare with what follows; "vor 3 Tagen" is a day.
  if (GERMAN_DATE_OPERATORS.has(plainWord(first))) return ownDate(text, OWN);
  return longestDate([
    ...(place.isSince === true ? [ownDate(text, SINCE)] : []),
    ownDate(text, OWN),
    sharedDate(text),
    ownDate(text, MONTH_ALONE),
  ]);
}

/** What English has as well, and alone takes for no date. */
const ENGLISH_TOO: ReadonlySet<string> = new Set(['mai', ...english.months.keys()]);
const DOUBTFUL = new RegExp(
  String.raw`(?<!\p{L})(?:${[...german.doubtful]
    .filter(([, doubt]) => doubt === 'led')
    .map(([word]) => word)
    .join('|')})(?!\p{L})`,
  'iu',
);

// --- what only a question has ---

const NEXT = 'n(?:ä|ae|a)chste[nmrs]?|kommende[nmrs]?';
const THIS = 'diese[nmrs]?|aktuelle[nmrs]?';
const LAST = 'letzte[nmrs]?|vergangene[nmrs]?|vorige[nmrs]?';
const LEAD = '(?:(?:in|im|am|innerhalb) )?(?:(?:der|dem|den|die|das) )?';
const COUNT = String.raw`(\d{1,3}|${anyOf(german.numbers.keys())})`;
const LONG_UNITS = [...german.units].filter(([, unit]) => unit !== 'hour' && unit !== 'minute');
const UNIT = `(${anyOf(LONG_UNITS.map(([word]) => word))})`;
const WEEKDAYS = namesOf(german.weekdays).map(capital);
const MONTHS = namesOf(german.months).map(capital);

const OWN: readonly OwnDate[] = [
  [pattern('gestern'), () => ({ kind: 'ago', unit: 'day', count: 1 })],
  [pattern('vorgestern'), () => ({ kind: 'ago', unit: 'day', count: 2 })],
  [
    pattern(`${LEAD}(${NEXT}|${THIS}|${LAST}) (woche|monats?|jahr(?:es)?)`),
    ([, which, unit]) => ({
      kind: 'period',
      unit: /^w/i.test(unit ?? '') ? 'week' : /^m/i.test(unit ?? '') ? 'month' : 'year',
      ahead: aheadOf(which),
    }),
  ],
  [
    pattern(`${LEAD}(${NEXT}|${THIS}|${LAST}) wochenendes?`),
    ([, which]) => ({ kind: 'weekend', ahead: aheadOf(which) }),
  ],
  [
    pattern(`${LEAD}(${NEXT}|${LAST}) ${COUNT} ${UNIT}`),
    ([, which, count, unit]) => ({ kind: 'run', unit: unitOf(unit), count: countOf(count) * aheadOf(which) }),
  ],
  [pattern(`vor ${COUNT} ${UNIT}`), ([, count, unit]) => ago(count, unit)],
  [
    pattern(`(?:am |den |dem )?(?:${LAST}) (${anyOf(german.weekdays.keys())})`),
    ([, name]) => {
      const weekday = german.weekdays.get((name ?? '').toLowerCase());
      return weekday === undefined ? null : { kind: 'last-weekday', weekday };
    },
  ],
  [
    pattern(String.raw`(?:im |dem )?jahr ((?:19|20|21)\d\d)`),
    ([, year]) => ({ kind: 'year', year: Number(year) }),
  ],
];

const SINCE: readonly OwnDate[] = [[pattern(`${COUNT} ${UNIT}`), ([, count, unit]) => ago(count, unit)]];

/** Last, since "März 5" is no date and "5. März" begins with its day. */
const MONTH_ALONE: readonly OwnDate[] = [
  [
    pattern(String.raw`(?:im |dem )?(${anyOf(german.months.keys())})\.?(?: (\d{4}))?`),
    ([, name, year]) => {
      const month = valueOf(german.months, name);
      return month === undefined
        ? null
        : { kind: 'month', month, ...(year === undefined ? {} : { year: Number(year) }) };
    },
  ],
];

/** What may have been meant by a word that is no date. */
export const GERMAN_DATE_WORDS: readonly string[] = [
  'heute',
  'morgen',
  'übermorgen',
  'gestern',
  ...WEEKDAYS,
  ...([
    'diese Woche',
    'nächste Woche',
    'letzte Woche',
    'diesen Monat',
    'nächsten Monat',
    'letzten Monat',
  ] as const),
  ...MONTHS,
];

/** Any of these words, with umlauts in each way of writing them. */
function anyOf(words: Iterable<string>): string {
  const spelled = [...words].map((word) =>
    word
      .replaceAll('ä', '(?:ä|ae|a)')
      .replaceAll('ö', '(?:ö|oe|o)')
      .replaceAll('ü', '(?:ü|ue|u)')
      .replaceAll('ß', '(?:ß|ss)'),
  );
  return spelled.sort((a, b) => b.length - a.length).join('|');
}

function valueOf<Value>(table: ReadonlyMap<string, Value>, word: string | undefined): Value | undefined {
  const lower = (word ?? '').toLowerCase();
  return table.get(lower) ?? table.get(SPELLED.get(plainWord(lower)) ?? '');
}

function ago(count: string | undefined, unit: string | undefined): AskedDate {
  return { kind: 'ago', unit: unitOf(unit), count: countOf(count) };
}

function aheadOf(which: string | undefined): number {
  if (/^[nk]/i.test(which ?? '')) return 1;
  return /^[da]/i.test(which ?? '') ? 0 : -1;
}

function countOf(word: string | undefined): number {
  return valueOf(german.numbers, word) ?? Math.max(1, Number(word));
}

function unitOf(word: string | undefined): Unit {
  return valueOf(german.units, word) ?? 'day';
}

// --- what quick add has ---

/** The words of the grammar that have an umlaut, by the way in which they are compared. */
const SPELLED: ReadonlyMap<string, string> = new Map(
  [
    ...german.months.keys(),
    ...german.numbers.keys(),
    ...german.ordinals.keys(),
    ...german.dayParts.keys(),
    ...[german.dates, german.times, german.moments].flatMap(wordsOfPhrases),
  ]
    .filter((word) => /[äöüß]/.test(word))
    .map((word) => [plainWord(word), word]),
);

function wordsOfPhrases({ byWord, others }: PhraseTable<unknown>): string[] {
  return [...others, ...[...byWord.values()].flat()].flatMap(({ elements }) =>
    elements.flatMap(({ words }) => [...words]),
  );
}

const ARTICLE = /^(?:de[rmn]|die|das|zum|zur)\s+/i;

function sharedDate(text: string): FoundDate | null {
  const article = ARTICLE.exec(text)?.[0].length ?? 0;
  return longestDate([sharedFrom(text, 0), article === 0 ? null : sharedFrom(text, article)]);
}

function sharedFrom(text: string, from: number): FoundDate | null {
  // With "fällig" before it, what is doubtful in a title ("so", "mi") is a day; without it, "am" and "zum" lead to one.
  const lead = 'fällig ';
  const lexemes = lexemesOf(lead + text.slice(from)).map((lexeme): Lexeme => {
    const spelled = SPELLED.get(plainWord(lexeme.text));
    return spelled === undefined ? lexeme : { ...lexeme, text: spelled };
  });
  const reader = createReader(lexemes, german, false);
  return longestDate(
    [reader.due(0), reader.due(1)].map((found) => {
      const last = found && lexemes[found.next - 1];
      return found && last ? { length: from + last.end - lead.length, asked: askedOf(found.value) } : null;
    }),
  );
}

// --- as text ---

/**
 * The words that mean this date in German; null where there are none that are read as the same again.
 * @param isDative as after "vor", "nach" and "seit"; else as after "bis" or alone
 */
export function germanDateText(asked: AskedDate, isDative: boolean): string | null {
  const text = saidInGerman(asked, isDative);
  const again = text === null ? null : readGermanDate(text);
  const isSame = again?.length === text?.length && JSON.stringify(again?.asked) === JSON.stringify(asked);
  return isSame ? text : null;
}

function saidInGerman(asked: AskedDate, isDative: boolean): string | null {
  switch (asked.kind) {
    case 'when':
      return whenText(asked.when, isDative);
    case 'period': {
      const ending =
        asked.unit === 'week' ? (isDative ? 'r' : '') : isDative ? 'm' : asked.unit === 'month' ? 'n' : 's';
      return `${whichText(asked.ahead)}${ending} ${PERIODS[asked.unit]}`;
    }
    case 'weekend':
      return `${whichText(asked.ahead)}${isDative ? 'm' : 's'} Wochenende`;
    case 'run': {
      const which = asked.count > 0 ? 'nächsten' : 'letzten';
      return `in den ${which} ${counted(Math.abs(asked.count), asked.unit)}`;
    }
    case 'ago':
      if (asked.unit === 'day' && asked.count === 1) return 'gestern';
      return `vor ${counted(asked.count, asked.unit)}`;
    case 'last-weekday':
      return `${isDative ? 'letztem' : 'letzten'} ${WEEKDAYS[asked.weekday] ?? ''}`;
    case 'month': {
      const name = `${isDative ? '' : 'im '}${MONTHS[asked.month - 1] ?? ''}`;
      return asked.year === undefined ? name : `${name} ${asked.year}`;
    }
    case 'year':
      // Figures alone are read alike in every language.
      return null;
  }
}

const PERIODS = { week: 'Woche', month: 'Monat', year: 'Jahr' } as const;
/** After "in" and "vor". */
const UNITS: { readonly [unit in Unit]: readonly [one: string, several: string] } = {
  minute: ['Minute', 'Minuten'],
  hour: ['Stunde', 'Stunden'],
  day: ['Tag', 'Tagen'],
  week: ['Woche', 'Wochen'],
  month: ['Monat', 'Monaten'],
  year: ['Jahr', 'Jahren'],
};

function whichText(ahead: number): string {
  return ahead > 0 ? 'nächste' : ahead < 0 ? 'letzte' : 'diese';
}

function counted(count: number, unit: Unit): string {
  return `${count} ${UNITS[unit][count === 1 ? 0 : 1]}`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function whenText({ date, minute, isHalfDay }: WhenMeaning, isDative: boolean): string | null {
  const day = date && dayText(date, isDative);
  if (date !== null && day === null) return null;
  const time = minute === null ? null : timeText(minute, isHalfDay === true);
  return [day, time].filter((part) => part !== null).join(' ');
}

function timeText(minute: MinuteOfDay, isHalfDay: boolean): string {
  const [hour, rest] = [Math.floor(minute / 60), twoDigits(minute % 60)];
  return `${isHalfDay ? String(hour) : twoDigits(hour)}:${rest}`;
}

function dayText(date: DateMeaning, isDative: boolean): string | null {
  switch (date.kind) {
    case 'offset': {
      const near = date.unit === 'day' ? ['heute', 'morgen', 'übermorgen'][date.count] : undefined;
      return near ?? `in ${counted(date.count, date.unit)}`;
    }
    case 'weekday': {
      const name = WEEKDAYS[date.weekday] ?? '';
      const weeks = date.weeksLater ?? 0;
      if (weeks > 0) return date.which === 'next' ? `${name} in ${counted(weeks + 1, 'week')}` : null;
      if (date.which === 'coming') return name;
      return `${date.which === 'next' ? 'nächste' : 'diese'}${isDative ? 'm' : 'n'} ${name}`;
    }
    case 'calendar':
      if (date.year === undefined) return `${date.day}. ${MONTHS[date.month - 1] ?? ''}`;
      return `${date.day}.${date.month}.${date.year}`;
    case 'month-day':
      return `${isDative ? 'dem' : 'am'} ${date.day}.`;
    case 'period':
      if (date.edge === 'start') return null;
      return date.ahead === 0 && date.unit !== 'week'
        ? `Ende des ${PERIODS[date.unit]}${date.unit === 'year' ? 'e' : ''}s`
        : null;
    case 'weekend':
      return date.ahead === 0 ? 'am Wochenende' : null;
    case 'nth': {
      if (date.of === 'day' || date.of === 'workday') return null;
      const nth = date.nth === -1 ? 'letzten' : `${date.nth}.`;
      const month = date.ahead === undefined ? 'des Monats' : 'nächsten Monat';
      return `am ${nth} ${WEEKDAYS[date.of] ?? ''} ${month}`;
    }
    case 'nth-in': {
      if (date.of === 'day' || date.of === 'workday') return null;
      const nth = date.nth === -1 ? 'letzten' : `${date.nth}.`;
      const year = date.year === undefined ? '' : ` ${date.year}`;
      return `am ${nth} ${WEEKDAYS[date.of] ?? ''} im ${MONTHS[date.month - 1] ?? ''}${year}`;
    }
    case 'month':
      return null;
  }
}
