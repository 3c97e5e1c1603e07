/**
 * What a series says: which occurrences are open, when, and what the closed ones were.
 *
 * Promise: a pure function of the registers, so replicas that hold the same registers see the same occurrences; nothing is
 * created, so nothing can be created twice. Identity is the ordinal and never the date. The head is the highest standing
 * closed ordinal + 1, whoever closed what in which order. What is missing below the head is not open unless someone
 * reopened it: a closing may merely not have arrived yet.
 *
 * Limits: a slot lies in the years 1 to 9999; a closing later than that by a broken clock leaves the head without a date.
 */
import { civilDate, formatDay, parseDay } from '../recurrence/calendar.ts';
import { RecurrenceError } from '../recurrence/error.ts';
import type { Series, SeriesRule, Slot } from '../recurrence/series.ts';
import { occurrenceId, type EpochMs, type LocalDate, type TaskId } from '../ids.ts';
import type { Register } from '../register.ts';
import type { Entity } from '../store.ts';
import type { ClosedOccurrence, Occurrence, Priority, When } from '../task.ts';
import { readDone, readPriority, readText, readWhen } from '../values.ts';
import {
  NEVER_REPEATED,
  readClosing,
  readEnd,
  readOverride,
  readRuleValue,
  readSnooze,
  slotOfWhen,
  whenOfSlot,
  type ClosingValue,
  type RuleValue,
} from './values.ts';

export interface SeriesReading {
  /** null: it does not repeat, or its rule is not understood. */
  readonly rule: SeriesRule | null;
  readonly ruleStamp: string | null;
  readonly hasFault: boolean;
  /** Of the head, or of what a plain task goes on as. */
  readonly headOrdinal: number;
  /** The head first, then reopened ones, lower first. */
  readonly open: readonly Occurrence[];
  /** Highest first. */
  readonly closed: readonly { readonly ordinal: number; readonly closing: ClosingValue }[];
  readonly endedAt: EpochMs | null;
}

export interface SeriesSources {
  readonly task: Entity;
  /** What occurrences hold, by ordinal. */
  readonly occurrences: ReadonlyMap<number, Entity>;
  /** The task's own, which an occurrence inherits. */
  readonly inherited: {
    readonly title: string;
    readonly notes: string;
    readonly due: When | null;
    readonly start: When | null;
    readonly priority: Priority | null;
  };
  /** Its own `done` was the tick of another occurrence of a series that it is a step of (steps.ts). */
  readonly isDoneElsewhere?: boolean;
}

/** Does its rule, as it stands and as far as it is understood, repeat it? */
export function repeats(task: Entity): boolean {
  return ruleOf(task.registers.get('rule')?.[0])?.kind === 'repeats';
}

const understood = new WeakMap<object, RuleValue | 'fault'>();

export function readSeries({
  task,
  occurrences,
  inherited,
  isDoneElsewhere = false,
}: SeriesSources): SeriesReading {
  const register = task.registers.get('rule')?.[0];
  const value = ruleOf(register);
  const closings = new Map<number, ClosingValue>();
  const reopened: number[] = [];
  for (const [ordinal, entity] of occurrences) {
    const done = entity.registers.get('done')?.[0];
    if (done === undefined) continue;
    const closing = readClosing(done.v);
    if (closing !== null) closings.set(ordinal, closing);
    if (closing === null ? done.v === null : closing.kind === 'open') reopened.push(ordinal);
  }
  const own = isDoneElsewhere ? null : ownClosing(task);
  if (own !== null && closings.get(own.ordinal)?.kind !== 'done') {
    closings.set(own.ordinal, {
      ...(closings.get(own.ordinal) ?? UNKNOWN_CLOSING),
      kind: own.kind,
      at: own.at,
    });
  }
  const closed = [...closings]
    .filter(([, closing]) => closing.kind !== 'open')
    .sort(([a], [b]) => b - a)
    .map(([ordinal, closing]) => ({ ordinal, closing }));
  const next = (closed[0]?.ordinal ?? -1) + 1;

  const common = { closed, hasFault: value === null };
  if (value === null || value.kind === 'plain') {
    const headOrdinal = value === null ? next : value.from;
    const isClosed = next > headOrdinal || own !== null;
    return {
      ...common,
      rule: null,
      ruleStamp: null,
      headOrdinal,
      endedAt: null,
      open: isClosed ? [] : [occurrence(headOrdinal, inherited.due, inherited.start, null, 0, false)],
    };
  }

  const { rule, series } = value;
  const ruleStamp = stampName(register);
  const end = readEnd(task.registers.get('end')?.[0]?.v ?? null) ?? null;
  const isHidden = (ordinal: number): boolean => end !== null && ordinal >= end.from;
  const open: Occurrence[] = [];
  const head = isHidden(next) ? null : dated(next);
  if (head !== null) open.push(head);
  for (const ordinal of reopened.sort((a, b) => a - b)) {
    if (ordinal >= next || isHidden(ordinal) || closed.some((other) => other.ordinal === ordinal)) continue;
    const kept = closings.get(ordinal)?.slot;
    const again =
      kept == null
        ? dated(ordinal, true)
        : atSlot(ordinal, { local: kept, index: closings.get(ordinal)?.index ?? 0 }, 0, true);
    open.push(again ?? occurrence(ordinal, inherited.due, inherited.start, null, 0, true));
  }
  return { ...common, rule, ruleStamp, headOrdinal: next, endedAt: end?.at ?? null, open };

  /** The date after the closing below it. null: the series is over. */
  function dated(ordinal: number, isReopened = false): Occurrence | null {
    const below = closings.get(ordinal - 1);
    try {
      if (below === undefined) {
        const first = series.first();
        return first === null
          ? occurrence(ordinal, inherited.due, inherited.start, null, 0, isReopened)
          : atSlot(ordinal, first, 0, isReopened);
      }
      const advance = nextSlot(series, rule, ruleStamp, below, inherited.due);
      return advance.next === null ? null : atSlot(ordinal, advance.next, advance.missedCount, isReopened);
    } catch (error) {
      // A rule that is fine and cannot be carried on from here: open without a date rather than gone.
      if (error instanceof RecurrenceError || error instanceof RangeError) {
        return occurrence(ordinal, inherited.due, inherited.start, null, 0, isReopened);
      }
      throw error;
    }
  }

  function atSlot(ordinal: number, slot: Slot, missedCount: number, isReopened: boolean): Occurrence {
    const due = whenOfSlot(slot.local, rule.timeZone);
    const start = shiftedStart(inherited.start, inherited.due?.date ?? rule.start.slice(0, 10), due.date);
    return occurrence(ordinal, due, start, slot, missedCount, isReopened);
  }

  function occurrence(
    ordinal: number,
    due: When | null,
    start: When | null,
    slot: Slot | null,
    missedCount: number,
    isReopened: boolean,
  ): Occurrence {
    const overrides = occurrences.get(ordinal);
    const effective = <T>(field: string, understand: (value: unknown) => T | undefined, otherwise: T): T => {
      const override = readOverride(overrides?.registers.get(field)?.[0]?.v, understand);
      return override === null ? otherwise : override.is;
    };
    return Object.freeze({
      id: occurrenceId(task.id, ordinal),
      taskId: task.id as TaskId,
      ordinal,
      title: effective('title', readText, inherited.title),
      notes: effective('notes', readText, inherited.notes),
      due: effective('due', readWhen, due),
      start: effective('start', readWhen, start),
      priority: effective('priority', readPriority, inherited.priority),
      slot: slot?.local ?? null,
      slotIndex: slot?.index ?? null,
      missedCount,
      snoozedUntil: readSnooze(overrides?.registers.get('snooze')?.[0]?.v),
      isReopened,
    });
  }
}

/** What closed occurrences were, oldest first. */
export function closedOccurrences(reading: SeriesReading, taskId: TaskId): readonly ClosedOccurrence[] {
  return reading.closed
    .map(({ ordinal, closing }) =>
      Object.freeze({
        id: occurrenceId(taskId, ordinal),
        taskId,
        ordinal,
        kind: closing.kind as 'done' | 'skipped',
        at: closing.at,
        title: closing.title,
        due: closing.due,
        slot: closing.slot,
        by: closing.by,
        device: closing.device,
      }),
    )
    .reverse();
}

export function stampName(register: Register | undefined): string | null {
  return register === undefined ? null : `${register.t}@${register.author}`;
}

/** null: a rule that is not understood. */
function ruleOf(register: Register | undefined): RuleValue | null {
  if (register === undefined) return NEVER_REPEATED;
  if (typeof register.v !== 'object' || register.v === null) return readRuleValue(register.v) ?? null;
  let known = understood.get(register.v);
  if (known === undefined) understood.set(register.v, (known = readRuleValue(register.v) ?? 'fault'));
  return known === 'fault' ? null : known;
}

/** A task that was completed where nobody knew yet of a repeat: that was the occurrence it then stood for. */
function ownClosing(task: Entity): { ordinal: number; kind: 'done' | 'skipped'; at: EpochMs } | null {
  const value = task.registers.get('done')?.[0]?.v ?? null;
  const done = readDone(value);
  if (done === undefined || done.at === null) return null;
  const { ordinal } = value as { ordinal?: unknown };
  return {
    ordinal: typeof ordinal === 'number' && Number.isSafeInteger(ordinal) && ordinal >= 0 ? ordinal : 0,
    kind: done.status === 'done' ? 'done' : 'skipped',
    at: done.at,
  };
}

function nextSlot(
  series: Series,
  rule: SeriesRule,
  ruleStamp: string | null,
  closing: ClosingValue,
  ownDue: When | null,
): { readonly next: Slot | null; readonly missedCount: number } {
  const local = closing.slot ?? (ownDue === null ? null : slotOfWhen(ownDue));
  const isSameRule = closing.rule !== null && closing.rule === ruleStamp;
  if (!isSameRule && local !== null && isBeforeStart(local, rule.start)) {
    // Made anew after that closing: it begins where its maker said.
    return { next: series.first(), missedCount: 0 };
  }
  const slot = local ?? series.first()?.local;
  if (slot === undefined) return { next: null, missedCount: 0 };
  return series.advance({
    local: slot,
    index: isSameRule ? closing.index : null,
    kind: closing.kind === 'skipped' ? 'skipped' : 'done',
    at: closing.at,
    zone: closing.zone,
  });
}

/** By their days where one is a date and the other a time. */
function isBeforeStart(local: string, start: string): boolean {
  const length = Math.min(local.length, start.length);
  return local.slice(0, length) < start.slice(0, length);
}

/** A start date keeps its distance from the due date. */
function shiftedStart(start: When | null, from: string, to: string): When | null {
  if (start === null) return null;
  const [own, base, now] = [parseDay(start.date), parseDay(from), parseDay(to)];
  if (own === null || base === null || now === null) return start;
  const day = own + now - base;
  const { year } = civilDate(day);
  return year < 1 || year > 9999 ? start : Object.freeze({ ...start, date: formatDay(day) as LocalDate });
}

const UNKNOWN_CLOSING: ClosingValue = {
  kind: 'done',
  at: 0 as EpochMs,
  slot: null,
  index: null,
  rule: null,
  zone: 'UTC',
  by: null,
  device: null,
  title: null,
  due: null,
};
