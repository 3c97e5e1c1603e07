/**
 * What is shown of a line that is being typed: its tinted parts, what it will become in words, and the name under the
 * caret that lists and tags can complete.
 *
 * Promise: pure. The parts put together are the line, letter for letter; a chip names the tokens it stands for, so that
 * it can take them back; tokens that were taken back keep their place while the line is edited around them.
 */

import type { QuickAdd, QuickAddToken, TokenKind } from '@holdfast/core/quick-add.ts';
import { beforeWords, repeatWords } from '../words/repeat-words.ts';
import { capitalised, dayWords, type Due, dueWords, type Present, timeWords } from '../words/due-words.ts';
import { quickAddWords } from '../words/quick-add-words.ts';
import type { Priority } from './priority.ts';
import type { Reading } from './quick-add-grammar.svelte.ts';

export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Part {
  readonly text: string;
  readonly token: QuickAddToken | null;
}

export interface Chip {
  readonly key: string;
  readonly kind: TokenKind;
  readonly words: string;
  /** Where it stands in the line; none of what the place adds by itself. */
  readonly tokens: readonly QuickAddToken[];
  readonly priority?: Priority;
}

/** What the place fills in, with the names that the words below the field use for it. */
export interface PlaceNames {
  readonly due?: Due | null;
  readonly listName?: string | undefined;
  readonly tagName?: string | undefined;
}

export interface Mark {
  readonly mark: '#' | '@';
  /** Of the mark itself. */
  readonly start: number;
  readonly query: string;
}

const LONGEST_QUERY = 60;

export function partsOf({ line, parsed }: Reading): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const token of parsed.tokens) {
    if (token.start > at) parts.push({ text: line.slice(at, token.start), token: null });
    parts.push({ text: token.text, token });
    at = token.end;
  }
  if (at < line.length) parts.push({ text: line.slice(at), token: null });
  return parts;
}

/** In the order in which a task is thought of: when, how often, where, and the rest. */
export function chipsOf({ parsed }: Reading, present: Present, place: PlaceNames = {}): Chip[] {
  const words = quickAddWords(present.locale);
  const of = (kind: TokenKind): readonly QuickAddToken[] =>
    parsed.tokens.filter((token) => token.kind === kind);
  const chips: Chip[] = [];
  const add = (
    kind: TokenKind,
    text: string,
    tokens: readonly QuickAddToken[],
    priority?: Priority,
  ): void => {
    const key = `${kind} ${String(chips.filter((chip) => chip.kind === kind).length)}`;
    chips.push({ key, kind, words: text, tokens, ...(priority === undefined ? {} : { priority }) });
  };

  const due = parsed.due ?? (parsed.start === null ? place.due : null) ?? null;
  if (due) add('due', capitalised(dueWords(due, present), present.locale), of('due'));
  if (parsed.start) add('start', words.start(dueWords(parsed.start, present)), of('start'));
  if (parsed.recurrence) {
    const { rrule, mode } = parsed.recurrence;
    const start = parsed.due?.date;
    const repeat = { rrule, mode, ...(start === undefined ? {} : { start }) };
    add('recurrence', repeatWords(repeat, present.locale), [
      ...of('recurrence'),
      // Of a repeat, "from Monday" is where it begins.
      ...(parsed.start ? [] : of('start')),
    ]);
  }
  const { list } = parsed;
  if (list) add('list', list.id === undefined ? words.newList(list.name) : `#${list.name}`, of('list'));
  else if (place.listName !== undefined) add('list', `#${place.listName}`, []);
  if (place.tagName !== undefined) add('tag', `@${place.tagName}`, []);
  for (const tag of parsed.tags) {
    const tokens = of('tag').filter((token) => folded(token.text.slice(1)) === folded(tag.name));
    add('tag', tag.id === undefined ? words.newTag(tag.name) : `@${tag.name}`, tokens);
  }
  const reminderTokens = of('reminder');
  for (const [index, reminder] of parsed.reminders.entries()) {
    const own = reminderTokens.length === parsed.reminders.length ? reminderTokens[index] : undefined;
    add('reminder', words.reminder(reminderWords(reminder, present)), own ? [own] : reminderTokens);
  }
  if (parsed.priority) {
    add('priority', words.priority[parsed.priority], of('priority'), parsed.priority);
  }
  return chips;
}

/** "Tomorrow 08:00 · every Tuesday · #errands" */
export function sentenceOf(chips: readonly Chip[]): string {
  return chips.map((chip) => chip.words).join(' · ');
}

/** Ranges of `before` where they stand in `after`; those that the edit went into are no more. */
export function rangesAfterEdit(ranges: readonly Range[], before: string, after: string): Range[] {
  if (before === after || ranges.length === 0) return [...ranges];
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let tail = 0;
  while (tail < most - start && before[before.length - 1 - tail] === after[after.length - 1 - tail])
    tail += 1;
  const end = before.length - tail;
  const shift = after.length - before.length;
  return ranges.flatMap((range) => {
    if (range.end <= start) return [range];
    return range.start >= end ? [{ start: range.start + shift, end: range.end + shift }] : [];
  });
}

/** The `#` or `@` that the caret is behind, with what has been typed of the name. */
export function markAt(line: string, caret: number): Mark | null {
  const before = line.slice(Math.max(0, caret - LONGEST_QUERY), caret);
  const found = /(?:^|\s)([#@])([^#@,;:!?()[\]{}"\s][^#@,;:!?()[\]{}"]*|)$/u.exec(before);
  if (!found) return null;
  const query = found[2] ?? '';
  return { mark: found[1] as '#' | '@', start: caret - query.length - 1, query };
}

/** Names that go on as the query does: those that begin with it first, then those with a word that does. */
export function completions<T extends { readonly name: string }>(
  query: string,
  named: readonly T[],
  limit: number,
): T[] {
  const wanted = folded(query);
  const begins = named.filter(({ name }) => folded(name).startsWith(wanted));
  const within = named.filter(
    (entry) =>
      !begins.includes(entry) && entry.name.split(/\s+/).some((word) => folded(word).startsWith(wanted)),
  );
  return [...begins, ...within].slice(0, limit);
}

export function isCalled(name: string, query: string): boolean {
  return folded(name) === folded(query);
}

function reminderWords(reminder: QuickAdd['reminders'][number], present: Present): string {
  if ('before' in reminder) return beforeWords(reminder.before, present.locale);
  const [date = '', time = ''] = reminder.at.split('T');
  return `${dayWords(date, present)} ${timeWords(time, present.locale)}`;
}

function folded(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[\s_-]+/gu, '');
}
