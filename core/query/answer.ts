/**
 * Which tasks a query asks for, and in which order: a pure predicate and a total order over plain tasks.
 *
 * Promise: the same query of the same tasks at the same moment, in the same zone, gives the same answer on every device and
 * host. What a query says nothing of does not matter: trash and completion are for whoever asks.
 *
 * A day is the person's: a time in another zone counts for the day on which the clock here reaches it, and what was done or
 * created for the day that it then was here. A day alone is over at 24:00.
 */
import { foldText } from '../fold.ts';
import { createMatcher, createPhraseMatcher, textsOf } from '../matching.ts';
import { isOverdue } from '../overdue.ts';
import { presentAt, type Present } from '../quick-add/resolve.ts';
import {
  DAY_SECONDS,
  formatDay,
  formatLocal,
  parseLocal,
  twoDigits,
  type Weekday,
} from '../recurrence/calendar.ts';
import { RecurrenceError } from '../recurrence/error.ts';
import { openZone, type Zone } from '../recurrence/zone.ts';
import type { Priority, When } from '../task.ts';
import { comesAgain, readDate, spanOf, type DaySpan } from './dates.ts';
import {
  INBOX_KEYS,
  nameKey,
  type Comparison,
  type Expression,
  type ExpressionOf,
  type QueryPriority,
  type QueryStatus,
  type SortKey,
  type Thing,
} from './language.ts';

/** What of a task a query can ask for; core/task.ts's Task is one. */
export interface QueryTask {
  readonly id: string;
  readonly title: string;
  readonly notes: string;
  readonly status: QueryStatus;
  readonly due: When | null;
  readonly start: When | null;
  readonly priority: Priority | null;
  readonly tags: readonly string[];
  readonly listId: string | null;
  readonly reminders: readonly object[];
  readonly rule: object | null;
  /** ms */
  readonly createdAt: number;
  readonly closedAt: number | null;
}

export interface QueryContext {
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  /** IANA name. */
  readonly timeZone: string;
  /** Those that are not in the trash. */
  readonly lists: readonly { readonly id: string; readonly name: string }[];
  readonly tags: readonly { readonly id: string; readonly name: string }[];
  /** 0 is Monday, which is the default. */
  readonly weekStart?: Weekday;
  /** Answers words from an index of texts; default, and for phrases: the texts themselves are looked through. */
  readonly findsText?: (term: ExpressionOf<'text'>, task: QueryTask) => boolean;
}

export type QueryPredicate = (task: QueryTask) => boolean;

/** @throws RecurrenceError `unknown-zone` */
export function createPredicate(where: Expression | null, context: QueryContext): QueryPredicate {
  if (where === null) return () => true;
  const present = presentAt(context.now, context.timeZone);
  return predicateOf(where, { ...context, present, clock: createClock(context.timeZone) });
}

/** Does the answer change with the clock, and not only with the day? */
export function asksForTime(where: Expression | null): boolean {
  if (where === null) return false;
  if ('parts' in where) return where.parts.some(asksForTime);
  if (where.kind === 'not') return asksForTime(where.part);
  // A date may be "in 2 hours": read anew each time, it moves.
  return (
    where.kind === 'overdue' || (where.kind === 'date' && /hour|min|\d[:.]?\d* ?[ap]m|:/.test(where.when))
  );
}

/** Does it say itself whether open or closed tasks are meant? */
export function asksForStatus(where: Expression | null): boolean {
  if (where === null) return false;
  if ('parts' in where) return where.parts.some(asksForStatus);
  if (where.kind === 'not') return asksForStatus(where.part);
  return where.kind === 'status' || (where.kind === 'date' && where.field === 'done');
}

/** The words and phrases that have to be there, for showing where they are. */
export function wantedTexts(where: Expression | null): readonly ExpressionOf<'text'>[] {
  if (where === null || where.kind === 'not') return [];
  if ('parts' in where) return where.parts.flatMap((part) => wantedTexts(part));
  return where.kind === 'text' ? [where] : [];
}

/**
 * By the keys in their order, then by what was created first. What has no such date is last either way.
 * @throws RecurrenceError `unknown-zone`
 */
export function createOrder(
  sort: readonly SortKey[],
  timeZone: string,
): (a: QueryTask, b: QueryTask) => number {
  const valueOf = createValues(timeZone);
  return (a, b) => {
    for (const { field, isDescending } of sort) {
      const sign = compareValues(valueOf(a, field), valueOf(b, field), isDescending);
      if (sign !== 0) return sign;
    }
    return a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  };
}

/** What a task is sorted by, as data that outlives it. */
export type RankKey = readonly SortValue[];
type SortValue = string | number | null;

export interface Ranking {
  /** One value for each key of the sort, then its creation and its id. */
  keyOf(task: QueryTask): RankKey;
  compare(a: RankKey, b: RankKey): number;
}

/**
 * The same order as createOrder's, for who goes on from where a page before ended, whatever became of the task there.
 * @throws RecurrenceError `unknown-zone`
 */
export function createRanking(sort: readonly SortKey[], timeZone: string): Ranking {
  const valueOf = createValues(timeZone);
  return {
    keyOf: (task) => [...sort.map(({ field }) => valueOf(task, field)), task.createdAt, task.id],
    compare(a, b) {
      for (let at = 0; at < sort.length + 2; at++) {
        const sign = compareValues(a[at] ?? null, b[at] ?? null, sort[at]?.isDescending ?? false);
        if (sign !== 0) return sign;
      }
      return 0;
    },
  };
}

function createValues(timeZone: string): (task: QueryTask, field: SortKey['field']) => SortValue {
  const clock = createClock(timeZone);
  const titles = new Map<string, string>();
  const titleOf = ({ title }: QueryTask): string => {
    let folded = titles.get(title);
    if (folded === undefined) titles.set(title, (folded = foldText(title)));
    return folded;
  };
  return (task, field) => {
    switch (field) {
      case 'due':
      case 'start':
        return task[field] && clock.reading(task[field]);
      case 'priority':
        return PRIORITY_ORDER.indexOf(task.priority ?? 'none');
      case 'created':
        return task.createdAt;
      case 'done':
        return task.closedAt;
      case 'title':
        return titleOf(task);
    }
  };
}

function compareValues(one: SortValue, other: SortValue, isDescending: boolean): number {
  if (one === other) return 0;
  if (one === null) return 1;
  if (other === null) return -1;
  return one < other === isDescending ? 1 : -1;
}

const PRIORITY_ORDER: readonly QueryPriority[] = ['none', 'low', 'medium', 'high', 'urgent'];

interface Circumstances extends QueryContext {
  readonly present: Present;
  readonly clock: Clock;
}

function predicateOf(expression: Expression, context: Circumstances): QueryPredicate {
  switch (expression.kind) {
    case 'and': {
      const parts = expression.parts.map((part) =>
        part.kind === 'date'
          ? datePredicate(part, context, beginningOf(part, expression.parts))
          : predicateOf(part, context),
      );
      return (task) => parts.every((part) => part(task));
    }
    case 'or': {
      const parts = expression.parts.map((part) => predicateOf(part, context));
      return (task) => parts.some((part) => part(task));
    }
    case 'not': {
      const part = predicateOf(expression.part, context);
      return (task) => !part(task);
    }
    case 'text':
      return textPredicate(expression, context);
    case 'list': {
      const ids: ReadonlySet<string | null> = new Set([
        ...idsOf(expression, context.lists),
        // A list that someone has named so goes before the word for what is in no list.
        ...(isInbox(expression, context) ? [null] : []),
      ]);
      return (task) => ids.has(task.listId);
    }
    case 'tag': {
      const ids = new Set(idsOf(expression, context.tags));
      return (task) => task.tags.some((id) => ids.has(id));
    }
    case 'priority': {
      const wanted = PRIORITY_ORDER.indexOf(expression.priority);
      const holds = COMPARE[expression.comparison];
      return (task) => holds(PRIORITY_ORDER.indexOf(task.priority ?? 'none') - wanted);
    }
    case 'date':
      return datePredicate(expression, context);
    case 'status':
      return (task) => task.status === expression.status;
    case 'overdue':
      return overduePredicate(context);
    case 'has': {
      const { isMissing } = expression;
      const has = HAS[expression.thing];
      return (task) => has(task) !== isMissing;
    }
  }
}

const HAS: { readonly [thing in Thing]: QueryPredicate } = {
  due: (task) => task.due !== null,
  start: (task) => task.start !== null,
  priority: (task) => task.priority !== null,
  list: (task) => task.listId !== null,
  tags: (task) => task.tags.length > 0,
  notes: (task) => task.notes !== '',
  reminder: (task) => task.reminders.length > 0,
  repeat: (task) => task.rule !== null,
};

/** Of the sign of a difference. */
const COMPARE: { readonly [comparison in Comparison]: (sign: number) => boolean } = {
  '=': (sign) => sign === 0,
  '<': (sign) => sign < 0,
  '<=': (sign) => sign <= 0,
  '>': (sign) => sign > 0,
  '>=': (sign) => sign >= 0,
};

function textPredicate(term: ExpressionOf<'text'>, context: Circumstances): QueryPredicate {
  const { findsText } = context;
  if (findsText && !term.isPhrase) return (task) => findsText(term, task);
  const matcher = term.isPhrase ? createPhraseMatcher(term.text) : createMatcher(term.text);
  const tags = new Map(context.tags.map(({ id, name }) => [id, name]));
  const lists = new Map(context.lists.map(({ id, name }) => [id, name]));
  return (task) =>
    matcher.matches(
      textsOf(
        task,
        task.tags.flatMap((id) => tags.get(id) ?? []),
        task.listId === null ? null : (lists.get(task.listId) ?? null),
      ),
    );
}

function idsOf(
  { by, value }: ExpressionOf<'list' | 'tag'>,
  known: readonly { readonly id: string; readonly name: string }[],
): string[] {
  if (by === 'id') return [value];
  const key = nameKey(value);
  return known.filter(({ name }) => nameKey(name) === key).map(({ id }) => id);
}

function isInbox({ by, value }: ExpressionOf<'list' | 'tag'>, { lists }: QueryContext): boolean {
  const key = nameKey(value);
  return by === 'name' && INBOX_KEYS.has(key) && !lists.some(({ name }) => nameKey(name) === key);
}

/** Of a range, what stands beside its end: "due since monday" of "due by friday". */
function beginningOf(
  end: ExpressionOf<'date'>,
  parts: readonly Expression[],
): ExpressionOf<'date'> | undefined {
  if (!end.comparison.startsWith('<')) return undefined;
  return parts.find(
    (part): part is ExpressionOf<'date'> =>
      part.kind === 'date' && part.field === end.field && part.comparison.startsWith('>'),
  );
}

/** @param beginning an end that would come before it is the next such day after it, where its words name no one day */
function datePredicate(
  term: ExpressionOf<'date'>,
  context: Circumstances,
  beginning?: ExpressionOf<'date'>,
): QueryPredicate {
  const { field, comparison } = term;
  const { present, clock, weekStart = 0 } = context;
  const isPast = field === 'created' || field === 'done';
  const asked = readDate(term.when)?.asked;
  const from = beginning && readDate(beginning.when)?.asked;
  const begun = from && spanOf(from, { present, weekStart, isPast });
  const own = asked ? spanOf(asked, { present, weekStart, isPast }) : null;
  const span =
    asked && own && begun && own.to < begun.from && comesAgain(asked)
      ? spanOf(asked, { present: { ...present, today: begun.from }, weekStart, isPast: false })
      : own;
  // A day beyond the calendar is asked of nothing.
  if (span === null) return () => false;
  if (!isPast) {
    const signOf = readingSign(span);
    return (task) => {
      const when = task[field];
      return when !== null && COMPARE[comparison](signOf(clock.reading(when)));
    };
  }
  const [first, after] = clock.instants(span);
  const signOf = (at: number): number => (at < first ? -1 : at >= after ? 1 : 0);
  if (field === 'created') return (task) => COMPARE[comparison](signOf(task.createdAt));
  return (task) =>
    task.status === 'done' && task.closedAt !== null && COMPARE[comparison](signOf(task.closedAt));
}

/** Against days by days, against a time on the clock by what the clock shows. */
function readingSign({ from, to, minute }: DaySpan): (reading: string) => number {
  if (minute !== null) {
    const bound = `${formatDay(from)}T${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}`;
    return (reading) => (reading < bound ? -1 : reading > bound ? 1 : 0);
  }
  const [first, last] = [formatDay(from), formatDay(to)];
  return (reading) => {
    const day = reading.slice(0, 10);
    return day < first ? -1 : day > last ? 1 : 0;
  };
}

/** As core/overdue.ts has it, which is asked only where the day alone does not tell. */
function overduePredicate({ present, now, timeZone }: Circumstances): QueryPredicate {
  const [longAgo, far] = [formatDay(present.today - 3), formatDay(present.today + 3)];
  return (task) => {
    if (task.status !== 'open' || task.due === null || task.due.date > far) return false;
    return task.due.date < longAgo || isOverdue(task, now, timeZone);
  };
}

interface Clock {
  /** YYYY-MM-DDTHH:mm where the person is; a day alone is over at 24:00. */
  reading(when: When): string;
  /** The first millisecond of a span, and the first after it. */
  instants(span: DaySpan): readonly [from: number, to: number];
}

function createClock(timeZone: string): Clock {
  const here = openZone(timeZone);
  const zones = new Map<string, Zone | null>();
  const readings = new WeakMap<When, string>();

  function elsewhere(when: When, zone: string): string {
    if (!zones.has(zone)) zones.set(zone, zoneOrNull(zone));
    const local = parseLocal(`${when.date}T${when.time ?? '00:00'}:00`);
    const there = zones.get(zone) ?? null;
    if (there === null || local === null) return `${when.date}T${when.time ?? '24:00'}`;
    return formatLocal(here.localAt(there.instantOf(local))).slice(0, 16);
  }

  return {
    reading(when) {
      if (when.time === undefined) return `${when.date}T24:00`;
      if (when.timeZone === undefined || when.timeZone === timeZone) return `${when.date}T${when.time}`;
      let known = readings.get(when);
      if (known === undefined) readings.set(when, (known = elsewhere(when, when.timeZone)));
      return known;
    },
    instants({ from, to, minute }) {
      if (minute === null)
        return [here.instantOf(from * DAY_SECONDS), here.instantOf((to + 1) * DAY_SECONDS)];
      const at = here.instantOf(from * DAY_SECONDS + minute * 60);
      return [at, at + 60_000];
    },
  };
}

/** A zone that is not known here is read as the person's, as everywhere. */
function zoneOrNull(zone: string): Zone | null {
  try {
    return openZone(zone);
  } catch (error) {
    if (error instanceof RecurrenceError) return null;
    throw error;
  }
}
