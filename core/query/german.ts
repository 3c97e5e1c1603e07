/**
 * The German words of the query language, which are understood beside the English ones wherever a query is read.
 *
 * Promise: no English question means something else for their sake. So a word that English has too ("hat", "mit", "start")
 * counts only before a word of this table that English has not, and German after an English word counts only where the
 * question would have had no date. Words are found without regard to case and umlauts: fällig, faellig, fallig.
 *
 * What is German in dates is in german-dates.ts, and its words are quick add's.
 */
import { foldText } from '../fold.ts';
import { german } from '../quick-add/german.ts';
import type { Comparison, DateField, QueryPriority, QueryStatus, SortField, Thing } from './language.ts';

/** How a word is compared: ä, ae and a are one. */
export function plainWord(word: string): string {
  return foldText(word).replaceAll(/([aou])e/g, '$1');
}

function table<Value>(rows: readonly (readonly [words: string, value: Value])[]): ReadonlyMap<string, Value> {
  return new Map(
    rows.flatMap(([words, value]) => words.split(' ').map((word) => [plainWord(word), value] as const)),
  );
}

/** Words that are the same as an English one wherever they stand. */
export const GERMAN_JOINTS = table([
  ['und', 'and'],
  ['oder', 'or'],
  ['nicht', 'not'],
]);

export const GERMAN_DATE_FIELDS = table<DateField>([
  ['fällig', 'due'],
  ['beginnt startet beginn', 'start'],
  ['erstellt angelegt hinzugefügt', 'created'],
  ['erledigt erledigte abgeschlossen', 'done'],
]);

/** Before a date. Where "zum" or "am" follows, the date has it. */
export const GERMAN_DATE_OPERATORS = table<Comparison>([
  ['vor', '<'],
  ['bis spätestens', '<='],
  ['nach', '>'],
  ['seit ab frühestens', '>='],
]);

/** Before the first date of a range: the word between both. */
export const GERMAN_RANGES = table<'bis' | 'and'>([
  ['von vom ab', 'bis'],
  ['zwischen', 'and'],
]);

export const GERMAN_OVERDUE = table([['überfällig überfällige überfälligen', true]]);
export const GERMAN_RECURRING = table([['wiederkehrend wiederkehrende wiederkehrenden', true]]);

export const GERMAN_STATUSES = table<QueryStatus>([
  ['offen offene offenen', 'open'],
  ['erledigt erledigte erledigten abgeschlossen', 'done'],
  ['abgebrochen abgebrochene abgebrochenen', 'cancelled'],
]);

/** Before a field: whether it has to be missing. */
export const GERMAN_HAS = table<'has' | 'lacks'>([
  ['hat haben mit', 'has'],
  ['ohne kein keine keinen', 'lacks'],
]);

/** None that English has too: "red hat notes" are three words. */
export const GERMAN_THINGS = table<Thing>([
  ['fälligkeit fälligkeitsdatum datum termin frist', 'due'],
  ['startdatum beginn anfangsdatum', 'start'],
  ['priorität', 'priority'],
  ['liste', 'list'],
  ['etikett etiketten schlagwort schlagwörter', 'tags'],
  ['notiz notizen', 'notes'],
  ['erinnerung erinnerungen', 'reminder'],
  ['wiederholung wiederholungen', 'repeat'],
]);

/** The short form is English too, so it counts only before a German priority: "prio low" are two words. */
export const GERMAN_PRIORITY = table<'long' | 'short'>([
  ['priorität', 'long'],
  ['prio', 'short'],
]);

/** The words of quick add, and the lack of one. */
export const GERMAN_PRIORITIES: ReadonlyMap<string, QueryPriority> = new Map([
  ...german.priorities,
  ...table<QueryPriority>([['keine', 'none']]),
]);

/** Before a priority, in place of >= and <=. */
export const GERMAN_PRIORITY_COMPARISONS = table<Comparison>([
  ['mindestens', '>='],
  ['höchstens', '<='],
]);

/** Each followed by "nach". */
export const GERMAN_SORT = table([['sortiert sortieren sortiere sortierung', true]]);

export const GERMAN_SORT_FIELDS = table<SortField>([
  ['fälligkeit fälligkeitsdatum fällig datum', 'due'],
  ['beginn startdatum', 'start'],
  ['priorität prio', 'priority'],
  ['erstellt erstellungsdatum angelegt', 'created'],
  ['erledigt abgeschlossen', 'done'],
  ['titel', 'title'],
]);

export const GERMAN_DIRECTIONS = table<'asc' | 'desc'>([
  ['aufsteigend', 'asc'],
  ['absteigend', 'desc'],
]);

/** Words after which another word may be a question together with them. */
export const GERMAN_LEADING_WORDS: ReadonlySet<string> = new Set(
  [GERMAN_DATE_FIELDS, GERMAN_HAS, GERMAN_PRIORITY, GERMAN_SORT].flatMap((words) => [...words.keys()]),
);

/** As they are written; the first is the one that a question is shown with. */
export const GERMAN_WRITTEN = {
  and: 'und',
  or: 'oder',
  not: 'nicht',
  overdue: 'überfällig',
  recurring: 'wiederkehrend',
  has: 'hat',
  lacks: 'ohne',
  priority: 'Priorität',
  sort: 'sortiert nach',
  desc: 'absteigend',
  asc: 'aufsteigend',
  status: { open: 'offen', done: 'erledigt', cancelled: 'abgebrochen' },
  priorities: { none: 'keine', low: 'niedrig', medium: 'mittel', high: 'hoch', urgent: 'dringend' },
  fields: { due: 'fällig', start: 'beginnt', created: 'erstellt', done: 'erledigt' },
  things: {
    due: 'Fälligkeit',
    start: 'Startdatum',
    priority: 'Priorität',
    list: 'Liste',
    tags: 'Etiketten',
    notes: 'Notizen',
    reminder: 'Erinnerung',
    repeat: 'Wiederholung',
  },
  sortFields: {
    due: 'Fälligkeit',
    start: 'Beginn',
    priority: 'Priorität',
    created: 'Erstellungsdatum',
    done: 'erledigt',
    title: 'Titel',
  },
} as const;
