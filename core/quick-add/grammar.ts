/**
 * What a locale has to say: its words, and its phrases in the language of pattern.ts. Numbers with marks between them
 * (2026-12-24, 24.12., 9:30) are alike everywhere and are read by numerals.ts.
 *
 * `doubtful` words are those that mean something else as often ("sun", "so"): alone they count only where no other
 * word follows (`loose`), or only after a word like "on" or with a time (`led`).
 */
import type { Weekday } from '../recurrence/calendar.ts';
import type { Priority } from '../task.ts';
import type {
  DateMeaning,
  EndMeaning,
  MinuteOfDay,
  RepeatMeaning,
  ReminderMeaning,
  Unit,
  WhenMeaning,
} from './meaning.ts';
import type { PhraseTable } from './pattern.ts';

export type Doubt = 'loose' | 'led';

export interface Grammar {
  readonly weekdays: ReadonlyMap<string, Weekday>;
  readonly habits: ReadonlyMap<string, Weekday>;
  readonly months: ReadonlyMap<string, number>;
  /** Short forms that may carry a full stop: "Dec. 24". */
  readonly abbreviations: ReadonlySet<string>;
  readonly units: ReadonlyMap<string, Unit>;
  readonly numbers: ReadonlyMap<string, number>;
  readonly ordinals: ReadonlyMap<string, number>;
  /** What makes digits an ordinal when it follows at once: "th", or ".". */
  readonly ordinalEndings: ReadonlySet<string>;
  readonly dayParts: ReadonlyMap<string, MinuteOfDay>;
  readonly priorities: ReadonlyMap<string, Priority>;
  readonly doubtful: ReadonlyMap<string, Doubt>;

  /** Between the members of a list. */
  readonly and: ReadonlySet<string>;
  /** Between the ends of a range of weekdays. */
  readonly through: ReadonlySet<string>;
  /** Before a bare hour: "at 9". */
  readonly at: ReadonlySet<string>;
  /** Before a date: "on Friday". Each is a row of words. */
  readonly dateLeads: readonly (readonly string[])[];
  /** Words that make a time of a number that follows or precedes: "o'clock", "Uhr". */
  readonly hourWords: ReadonlySet<string>;
  readonly isTwelveHour: boolean;
  /** Bare hours from 1 to this one are in the afternoon, for at 3 in the night no one makes appointments. 0: none. */
  readonly afternoonUpTo: number;
  /** Words that can follow a phrase without being what it belongs to: "every", "at", "remind". */
  readonly followers: ReadonlySet<string>;
  /** Words after which a day is part of a name: "Black Friday", "Guten Morgen". */
  readonly notAfter: ReadonlySet<string>;
  /** Nouns that make a count or a name of a number before them: "the 5th floor", "at 5 guys", "march 10 miles". */
  readonly counted: ReadonlySet<string>;

  readonly dates: PhraseTable<DateMeaning>;
  readonly times: PhraseTable<MinuteOfDay>;
  /** Date and time in one: "tonight". */
  readonly moments: PhraseTable<WhenMeaning>;
  readonly spans: PhraseTable<string>;
  readonly repeats: PhraseTable<RepeatMeaning>;
  /** What may follow a repeat: "on Monday" after "every week". */
  readonly repeatTails: PhraseTable<RepeatMeaning>;
  /** "after done" */
  readonly afterDone: PhraseTable<true>;
  readonly ends: PhraseTable<EndMeaning>;
  /** Before a start date: "from". */
  readonly startLeads: readonly (readonly string[])[];
  /** Between a start and a due date: "from Monday to Friday". */
  readonly rangeWords: ReadonlySet<string>;
  /** Behind a due date, where it says nothing new: "heute fällig". */
  readonly dateTails: ReadonlySet<string>;
  readonly reminders: PhraseTable<ReminderMeaning>;
  /** Before a date or time of a reminder: "remind me". */
  readonly reminderLeads: readonly (readonly string[])[];
  /** After a reminder at the beginning of the line: "remind me tomorrow to". */
  readonly reminderJoints: ReadonlySet<string>;
  /** At the beginning of the line, "remind me to": remind when it is due. */
  readonly reminderOpenings: readonly (readonly string[])[];
}

/** Rows of words, separated by blanks, that all stand for one value. */
export function wordTable<Value extends string | number>(
  rows: readonly (readonly [words: string, value: Value])[],
): ReadonlyMap<string, Value> {
  return new Map(rows.flatMap(([words, value]) => words.split(' ').map((word) => [word, value] as const)));
}

export function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}

/** Rows of words, the longest first, so that "due on" is taken before "due". */
export function leadRows(...rows: string[]): readonly (readonly string[])[] {
  return rows.map((row) => row.split(' ')).sort((a, b) => b.length - a.length);
}
