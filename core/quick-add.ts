/**
 * Quick add: one line in plain words as a task, with the tokens that were understood and where they stand.
 *
 * Promise: whatever the line, an answer and never an error; what is not understood stays in the title. Tokens do not
 * overlap, stand in order, and `text` is the line from `start` to `end` (UTF-16 offsets). The same line at the same
 * moment in the same zone and locale gives the same task on every host. Cost in proportion to the line's length.
 * The rules, [QA1] onwards, stand in quick-add/SPEC.md; quick-add/corpus/ has hundreds of lines with their answers.
 *
 * Limits: one due date, one start, one repeat, one list and one priority; of two the later stands and the other stays in
 * the title. A doubtful word ("sun cream", "march to the office") stays in the title. Locales: English and German;
 * others read English words, with the day before the month.
 *
 * Why not chrono-node 2.10 for dates: measured, its English and German add 15 kB compressed, about as much as all of
 * this. It takes "sun" of "sun cream", "march" of "march to the office" and "5 a" of "5 a side" for dates; it leaves out
 * "on the 5th", and in German "am 5.", "24.12.", "Freitagabend" and "halb 10". Repeats, starts, ends, reminders and marks
 * would be a grammar of our own all the same, and both would have to agree on what is doubtful. A table of phrases for
 * each locale (quick-add/english.ts, german.ts) does all of it in one language, without the host's Date and its zone.
 */
import { formatDay, twoDigits } from './recurrence/calendar.ts';
import type { RepeatEnd } from './recurrence/choice.ts';
import { english } from './quick-add/english.ts';
import { german } from './quick-add/german.ts';
import type { Grammar } from './quick-add/grammar.ts';
import { beginsPhrase, endsPhrase, lexemesOf, type Lexeme } from './quick-add/lexemes.ts';
import { nameAt, namesOf, priorityAt, type Named } from './quick-add/marks.ts';
import type { EndMeaning, ReminderMeaning, RepeatMeaning, WhenMeaning } from './quick-add/meaning.ts';
import type { Found } from './quick-add/pattern.ts';
import { withTimeRanges } from './quick-add/numerals.ts';
import { createReader, type StartMeaning } from './quick-add/reader.ts';
import { firstDay, NO_END, ruleOfRepeat } from './quick-add/repeat-rule.ts';
import {
  addUnits,
  nextSuchTime,
  presentAt,
  resolveDate,
  resolveWhen,
  type Moment,
  type Present,
} from './quick-add/resolve.ts';
import type { LocalDate } from './ids.ts';
import type { Priority, When } from './task.ts';

export type TokenKind = 'due' | 'start' | 'recurrence' | 'reminder' | 'list' | 'tag' | 'priority';

export interface QuickAddToken {
  readonly kind: TokenKind;
  /** UTF-16 offsets in the line. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface QuickAddContext {
  /** Milliseconds since 1970 UTC, or an ISO 8601 instant. */
  readonly now: number | string;
  /** IANA name. */
  readonly timeZone: string;
  /** BCP 47: the language of the words, and by its region whether the month or the day comes first in 3/4. */
  readonly locale: string;
  readonly lists?: readonly (string | Named)[];
  readonly tags?: readonly (string | Named)[];
  /** Tokens that the person took back: as ranges, or as texts wherever they stand. They stay in the title. */
  readonly dismissed?: readonly (string | { readonly start: number; readonly end: number })[];
}

/** Relative to the due time as an ISO 8601 duration, or a local wall clock reading, YYYY-MM-DDTHH:mm. */
export type QuickAddReminder = { readonly before: string } | { readonly at: string };

export interface QuickAddRecurrence {
  /** An RFC 5545 RRULE value. The series starts with `due`. */
  readonly rrule: string;
  readonly mode: 'schedule' | 'completion';
  readonly missed: 'skip';
}

export interface QuickAdd {
  /** Empty when the whole line was understood. */
  readonly title: string;
  /** A time is one in the given zone. */
  readonly due: When | null;
  readonly start: When | null;
  readonly priority: Priority | null;
  readonly tags: readonly Named[];
  readonly list: Named | null;
  readonly reminders: readonly QuickAddReminder[];
  readonly recurrence: QuickAddRecurrence | null;
  readonly tokens: readonly QuickAddToken[];
}

/** @throws RecurrenceError `unknown-zone`, and RangeError when `now` is no moment; never because of the line */
export function parseQuickAdd(line: string, context: QuickAddContext): QuickAdd {
  const present = presentAt(momentOf(context.now), context.timeZone);
  const lexemes = withTimeRanges(lexemesOf(line), grammarOf(context.locale));
  const pieces = piecesOf(line, lexemes, context);
  const plan = planOf(pieces, present);
  const tokens = tokensOf(line, lexemes, plan.used);
  const lists = pieces.filter((piece) => piece.kind === 'list');
  const priorities = pieces.filter((piece) => piece.kind === 'priority');
  return {
    title: titleWithout(line, tokens),
    due: plan.due && whenOf(plan.due, context.timeZone),
    start: plan.start && whenOf(plan.start, context.timeZone),
    priority: priorities.at(-1)?.value ?? null,
    tags: distinct(pieces.flatMap((piece) => (piece.kind === 'tag' ? [piece.value] : []))),
    list: lists.at(-1)?.value ?? null,
    reminders: plan.reminders,
    recurrence: plan.recurrence,
    tokens,
  };
}

/** Is the month before the day in figures like 3/4? So it is in the United States and the Philippines. */
function isMonthFirst(locale: string): boolean {
  // What follows -u- are choices (en-u-hc-h23), where "hc" is no region.
  const [plain = ''] = locale.split(/[-_]u[-_]/i);
  const region = /[-_]([A-Za-z]{2})(?:[-_]|$)/.exec(plain)?.[1]?.toUpperCase();
  if (region === undefined) return languageOf(locale) === 'en';
  return region === 'US' || region === 'PH';
}

function languageOf(locale: string): string {
  return locale.toLowerCase().split(/[-_]/)[0] ?? '';
}

function grammarOf(locale: string): Grammar {
  return languageOf(locale) === 'de' ? german : english;
}

function momentOf(now: number | string): number {
  const nowMs = typeof now === 'number' ? now : Date.parse(now);
  if (!Number.isFinite(nowMs)) {
    throw new RangeError(
      `now is '${now}'; expected milliseconds since 1970, or an instant like 2026-11-23T11:00:00Z.`,
    );
  }
  return nowMs;
}

// --- what stands in the line ---

type Value =
  | { readonly kind: 'due'; readonly value: WhenMeaning }
  | { readonly kind: 'start'; readonly value: StartMeaning }
  | { readonly kind: 'repeat'; readonly value: RepeatMeaning }
  | { readonly kind: 'end'; readonly value: EndMeaning }
  | { readonly kind: 'reminder'; readonly value: ReminderMeaning }
  | { readonly kind: 'list'; readonly value: Named }
  | { readonly kind: 'tag'; readonly value: Named }
  | { readonly kind: 'priority'; readonly value: Priority };

/** A phrase with the lexemes it takes. */
type Piece = Value & { readonly from: number; readonly next: number };

function piecesOf(line: string, lexemes: readonly Lexeme[], context: QuickAddContext): Piece[] {
  const grammar = grammarOf(context.locale);
  const reader = createReader(lexemes, grammar, isMonthFirst(context.locale));
  const lists = namesOf(context.lists ?? []);
  const tags = namesOf(context.tags ?? []);
  const isDismissed = dismissedLexemes(line, lexemes, context.dismissed ?? []);
  const pieces: Piece[] = [];

  /** Of equally long ones the first in this order. */
  const candidatesAt = (index: number): (Piece | null)[] => {
    const piece = (found: Found<unknown> | null, kind: Value['kind']): Piece | null =>
      found && ({ kind, value: found.value, from: index, next: found.next } as Piece);
    return [
      piece(nameAt(line, lexemes, index, '#', lists), 'list'),
      piece(timeOrTag(index), 'tag'),
      piece(priorityAt(lexemes, index, grammar.priorities), 'priority'),
      piece(reader.repeat(index), 'repeat'),
      piece(reader.end(index), 'end'),
      piece(reminderAt(index), 'reminder'),
      piece(reader.start(index), 'start'),
      piece(withTail(reader.due(index)), 'due'),
    ];
  };

  function withTail(found: Found<WhenMeaning> | null): Found<WhenMeaning> | null {
    const isTail = found !== null && grammar.dateTails.has(lexemes[found.next]?.text ?? '');
    return isTail && endsPhrase(lexemes, found.next + 1) ? { ...found, next: found.next + 1 } : found;
  }

  /** "@5pm" is a time, unless there is such a tag. */
  function timeOrTag(index: number): Found<Named> | null {
    const found = nameAt(line, lexemes, index, '@', tags);
    const isTime = found?.value.id === undefined && lexemes[index + 1]?.kind === 'number';
    return isTime && reader.due(index) ? null : found;
  }

  function reminderAt(index: number): Found<ReminderMeaning> | null {
    if (index === 0) {
      const opening = grammar.reminderOpenings.find((row) =>
        row.every((text, at) => lexemes[at]?.text === text),
      );
      const found = reader.reminder(0);
      const isTo = opening && (found?.next ?? 0) <= opening.length && lexemes.length > opening.length;
      if (isTo && opening.length > 2)
        return { value: { kind: 'before', duration: 'PT0S' }, next: opening.length };
    }
    const found = reader.reminder(index);
    if (index === 0 && found && grammar.reminderJoints.has(lexemes[found.next]?.text ?? '')) {
      return { ...found, next: found.next + 1 };
    }
    const last = pieces.at(-1);
    const goesOn = grammar.and.has(lexemes[index]?.text ?? '');
    return goesOn && !(last?.kind === 'reminder' && last.next === index) ? null : found;
  }

  for (let index = 0; index < lexemes.length;) {
    const best = beginsPhrase(lexemes, index)
      ? longest(candidatesAt(index).filter((piece) => piece && !isDismissed(piece.from, piece.next)))
      : null;
    if (best) pieces.push(best);
    index = best?.next ?? index + 1;
  }
  return pieces;
}

function longest(pieces: readonly (Piece | null)[]): Piece | null {
  return pieces.reduce((best, piece) => (piece && piece.next > (best?.next ?? 0) ? piece : best), null);
}

function dismissedLexemes(
  line: string,
  lexemes: readonly Lexeme[],
  dismissed: NonNullable<QuickAddContext['dismissed']>,
): (from: number, next: number) => boolean {
  const ranges = dismissed.flatMap((entry) =>
    typeof entry === 'string' ? rangesOfText(line, entry) : [entry],
  );
  return (from, next) => {
    const start = lexemes[from]?.start ?? 0;
    const end = lexemes[next - 1]?.end ?? 0;
    return ranges.some((range) => range.start < end && start < range.end);
  };
}

function rangesOfText(line: string, text: string): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  if (text === '') return ranges;
  for (let at = line.indexOf(text); at >= 0; at = line.indexOf(text, at + text.length)) {
    ranges.push({ start: at, end: at + text.length });
  }
  return ranges;
}

// --- what it comes to ---

interface Plan {
  readonly due: Moment | null;
  readonly start: Moment | null;
  readonly recurrence: QuickAddRecurrence | null;
  readonly reminders: readonly QuickAddReminder[];
  /** The pieces that had a part in it; the others stay in the title. */
  readonly used: readonly Piece[];
}

type PieceOf<Kind extends Value['kind']> = Extract<Piece, { kind: Kind }>;

function planOf(pieces: readonly Piece[], present: Present): Plan {
  const last = <Kind extends Value['kind']>(kind: Kind): PieceOf<Kind> | null =>
    (pieces.findLast((piece) => piece.kind === kind) as PieceOf<Kind> | undefined) ?? null;
  const repeat = last('repeat');
  const startPiece = last('start');
  const used = new Set<Piece>([last('list'), last('priority')].filter((piece) => piece !== null));
  for (const piece of pieces) if (piece.kind === 'tag') used.add(piece);

  const said = dueSaid(pieces, repeat === null);
  const start = startPiece && startMoment(startPiece.value, said.when, present);
  const wanted = said.when && resolveWhen(said.when, present);
  const rangeEnd = start && startPiece.value.due && rangeEndMoment(startPiece.value.due, start, present);
  const due = repeat ? firstDue(repeat.value, said.when, start, present) : (rangeEnd ?? wanted);
  if (due) for (const piece of said.pieces) used.add(piece);
  if (start && startPiece) used.add(startPiece);

  let recurrence: QuickAddRecurrence | null = null;
  if (repeat && due) {
    const to = startPiece?.value.due?.date;
    // "every Monday from January until March": the range is the series'.
    const range: PieceOf<'end'> | null =
      startPiece && to ? { ...startPiece, kind: 'end', value: { kind: 'until', date: to } } : null;
    const end = endOf(last('end') ?? range, due, present);
    recurrence = {
      rrule: ruleOfRepeat(repeat.value, due.day, end?.end ?? NO_END),
      mode: repeat.value.isAfterDone ? 'completion' : 'schedule',
      missed: 'skip',
    };
    used.add(repeat);
    if (end && end.piece !== range) used.add(end.piece);
  }

  const reminders: QuickAddReminder[] = [];
  for (const piece of pieces) {
    if (piece.kind !== 'reminder') continue;
    const reminder = reminderOf(piece.value, due, recurrence !== null, present);
    if (!reminder) continue;
    used.add(piece);
    if (!reminders.some((other) => JSON.stringify(other) === JSON.stringify(reminder)))
      reminders.push(reminder);
  }
  // With a repeat, "from Monday" says when it begins and is no start date of its own.
  return { due, start: recurrence ? null : start, recurrence, reminders, used: [...used] };
}

interface Said {
  readonly when: WhenMeaning | null;
  readonly pieces: readonly Piece[];
}

/** The last date, with its own time or with the last time that stands by itself. */
function dueSaid(pieces: readonly Piece[], canEndBeDue: boolean): Said {
  const dues = pieces.filter((piece) => piece.kind === 'due');
  const dated =
    dues.findLast((piece) => piece.value.date !== null) ?? (canEndBeDue ? endAsDue(pieces) : null);
  const timed = dues.findLast((piece) => piece.value.date === null);
  if (!dated) return { when: timed?.value ?? null, pieces: timed ? [timed] : [] };
  if (dated.value.minute !== null || !timed || isMinutesFromNow(dated.value)) {
    return { when: dated.value, pieces: [dated] };
  }
  return { when: { date: dated.value.date, minute: timed.value.minute }, pieces: [dated, timed] };
}

/** Without a repeat, "until Friday" is when it must be done. "Until June" says too little. */
function endAsDue(pieces: readonly Piece[]): PieceOf<'due'> | null {
  const piece = pieces.findLast((each) => each.kind === 'end');
  if (piece?.kind !== 'end' || piece.value.kind !== 'until' || piece.value.date.kind === 'month') return null;
  return { ...piece, kind: 'due', value: { date: piece.value.date, minute: null } };
}

function isMinutesFromNow({ date }: WhenMeaning): boolean {
  return date?.kind === 'offset' && (date.unit === 'hour' || date.unit === 'minute');
}

/** "from 3pm to 4pm" is on the day of the due date, where one is said. */
function startMoment({ start }: StartMeaning, due: WhenMeaning | null, present: Present): Moment | null {
  const day = start.date === null && due?.date ? resolveDate(due.date, present)?.day : undefined;
  return day === undefined ? resolveWhen(start, present) : { day, minute: start.minute };
}

/** "to Friday" is the Friday after the start, "to 4pm" is on its day. */
function rangeEndMoment(to: WhenMeaning, start: Moment, present: Present): Moment | null {
  const fromStart = { ...present, today: start.day, minute: start.minute ?? 0 };
  if (to.date === null) return resolveWhen(to, fromStart);
  const end = resolveWhen(to, present);
  return end && end.day >= start.day ? end : resolveWhen(to, fromStart);
}

function firstDue(
  repeat: RepeatMeaning,
  said: WhenMeaning | null,
  start: Moment | null,
  present: Present,
): Moment | null {
  const minute = said?.minute ?? start?.minute ?? repeat.minute ?? null;
  const day = (said?.date ? resolveDate(said.date, present)?.day : start?.day) ?? null;
  const { days, every } = repeat;
  if (days.kind === 'plain' && (days.unit === 'hour' || days.unit === 'minute') && day === null) {
    if (minute !== null) return nextSuchTime(minute, present);
    return resolveDate({ kind: 'offset', unit: days.unit, count: every }, present);
  }
  const from = day ?? (minute === null ? present.today : nextSuchTime(minute, present).day);
  const first = firstDay(repeat, from);
  if (first === null) return null;
  const needsTime = days.kind === 'plain' && (days.unit === 'hour' || days.unit === 'minute');
  return { day: first, minute: minute ?? (needsTime ? present.minute : null) };
}

function endOf(
  piece: PieceOf<'end'> | null,
  due: Moment,
  present: Present,
): { end: RepeatEnd; piece: Piece } | null {
  if (!piece) return null;
  const end = piece.value;
  if (end.kind === 'times') return { end: { kind: 'after', count: end.count }, piece };
  if (end.kind === 'for') {
    if (end.unit === 'hour' || end.unit === 'minute') return null;
    return { end: { kind: 'on', date: formatDay(addUnits(due.day, end.unit, end.count) - 1) }, piece };
  }
  const fromToday = resolveDate(end.date, present, 'end');
  const isReached = fromToday !== null && fromToday.day >= due.day;
  // "every Friday until Wednesday" means a Wednesday after the first Friday.
  const until = isReached ? fromToday : resolveDate(end.date, { ...present, today: due.day }, 'end');
  return until && until.day >= due.day ? { end: { kind: 'on', date: formatDay(until.day) }, piece } : null;
}

/** When a day is named without a time, people are reminded at nine. */
const REMINDER_MINUTE = 9 * 60;

function reminderOf(
  reminder: ReminderMeaning,
  due: Moment | null,
  isRecurring: boolean,
  present: Present,
): QuickAddReminder | null {
  if (reminder.kind === 'before') return { before: reminder.duration };
  const { when } = reminder;
  const at =
    when.date === null && when.minute !== null && due
      ? beforeDue(when.minute, due)
      : resolveWhen(when, present);
  if (!at) return null;
  const minute = at.minute ?? REMINDER_MINUTE;
  // A moment would remind of the first occurrence only.
  if (isRecurring && due?.minute != null) {
    const minutes = (due.day - at.day) * 24 * 60 + due.minute - minute;
    if (minutes >= 0) return { before: durationOf(minutes) };
  }
  return { at: `${formatDay(at.day)}T${clockText(minute)}` };
}

/** A time of day for a reminder is the last such one that is not after the due time. */
function beforeDue(minute: number, due: Moment): Moment {
  return { day: due.minute !== null && minute > due.minute ? due.day - 1 : due.day, minute };
}

function durationOf(minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (minutes === 0) return 'PT0S';
  return `PT${hours > 0 ? `${hours}H` : ''}${rest > 0 ? `${rest}M` : ''}`;
}

function whenOf({ day, minute }: Moment, timeZone: string): When {
  const date = formatDay(day) as LocalDate;
  return minute === null ? { date } : { date, time: clockText(minute), timeZone };
}

function clockText(minute: number): string {
  return `${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}`;
}

function distinct(named: readonly Named[]): readonly Named[] {
  const byName = new Map(named.map((each) => [each.id ?? each.name.toLowerCase(), each]));
  return [...byName.values()];
}

// --- tokens and title ---

const TOKEN_KINDS: { readonly [Kind in Value['kind']]: TokenKind } = {
  due: 'due',
  start: 'start',
  repeat: 'recurrence',
  end: 'recurrence',
  reminder: 'reminder',
  list: 'list',
  tag: 'tag',
  priority: 'priority',
};

function tokensOf(line: string, lexemes: readonly Lexeme[], used: readonly Piece[]): QuickAddToken[] {
  return used
    .map((piece) => {
      const start = lexemes[piece.from]?.start ?? 0;
      const end = lexemes[piece.next - 1]?.end ?? start;
      return { kind: TOKEN_KINDS[piece.kind], start, end, text: line.slice(start, end) };
    })
    .sort((a, b) => a.start - b.start);
}

/** The rest of the line, without the blanks, commas and empty brackets that a token leaves behind. */
function titleWithout(line: string, tokens: readonly QuickAddToken[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const token of tokens) {
    parts.push(line.slice(at, token.start));
    at = token.end;
  }
  parts.push(line.slice(at));
  if (parts.length === 1) return tidy(line);
  const last = parts.length - 1;
  const kept = parts.map((part, index) => {
    const text = tidy(part);
    const begun = index > 0 ? text.replace(/^[,;:]+\s*/u, '') : text;
    return index < last ? begun.replace(/[,;–—-]$/u, '').trimEnd() : begun;
  });
  return tidy(kept.join(' ').replaceAll(/\(\s*\)|\[\s*\]/gu, '')).replaceAll(
    /([([])\s|\s([)\],;.!?”](?=\s|$))/gu,
    '$1$2',
  );
}

function tidy(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim();
}
