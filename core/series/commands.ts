/**
 * What a person does with a series, checked and written.
 *
 * Promise: closing an occurrence writes one register of that ordinal and nothing else, so two devices that close the same
 * one agree on what comes next; closing one that is closed writes nothing. "This" writes overrides, "all future" the
 * task's own registers. Input that cannot be is refused with a sentence and changes nothing.
 */
import { RecurrenceError } from '../recurrence/error.ts';
import { openSeries, type SeriesRule } from '../recurrence/series.ts';
import { isId, occurrenceId, type EpochMs, type TaskId } from '../ids.ts';
import type { Intents } from '../intent.ts';
import { REMINDER_FIELD, standingValue, type Model } from '../model.ts';
import { effective, isSameValue } from '../register.ts';
import { DONE, failure, type Failure, type Result } from '../result.ts';
import type { TaskCommands, TaskPatch } from '../task-commands.ts';
import type { Occurrence, Priority, Task, When } from '../task.ts';
import { readReminder } from '../values.ts';
import type { SeriesReading } from './reading.ts';
import { countsNow, readStepClosing, readTickedAs, stepField } from './steps.ts';
import { isOrdinal, MAX_RULE_CHARS, readClosing, readEnd, slotOfWhen } from './values.ts';

/** What is absent stays as it is; at first `schedule`, `skip`, and the task's due date for start and zone. */
export interface RuleInput {
  readonly rrule: string;
  readonly mode?: SeriesRule['mode'];
  readonly missed?: SeriesRule['missed'];
  readonly start?: string;
  readonly timeZone?: string | null;
}

/** Absent: leave alone. null: none, whatever the series says. */
export interface OccurrencePatch {
  readonly title?: string;
  readonly notes?: string;
  readonly due?: When | null;
  readonly start?: When | null;
  readonly priority?: Priority | null;
}

/** As Reminder, without its id. */
export type ReminderInput = { readonly before: string } | { readonly at: string };

export interface SeriesCommandDependencies {
  readonly model: Model;
  readonly intents: Intents;
  readonly task: TaskCommands;
  readonly now: () => EpochMs;
  /** IANA name of where the person is. */
  readonly timeZone: () => string;
  readonly deviceId: string | null;
}

interface Found {
  readonly task: Task;
  readonly series: SeriesReading;
}

const OVERRIDABLE = ['title', 'notes', 'due', 'start', 'priority'] as const;

/** All are to be called inside an intent. */
export function createSeriesCommands(dependencies: SeriesCommandDependencies) {
  const { model, intents, now } = dependencies;

  function setRule(id: TaskId, input: RuleInput): Result {
    const found = find(id);
    if ('ok' in found) return found;
    const { series, task } = found;
    const standing = series.rule;
    const due = series.open[0]?.due ?? task.due;
    const isNewTime = input.start !== undefined;
    const start = input.start ?? (due === null ? undefined : slotOfWhen(due)) ?? standing?.start;
    if (start === undefined)
      return failure('invalid', 'A repeat needs a date to begin on; give the task a due date.');
    const inheritedZone = due === null || isNewTime ? standing?.timeZone : due.timeZone;
    const rule: SeriesRule = {
      rrule: input.rrule,
      mode: input.mode ?? standing?.mode ?? 'schedule',
      missed: input.missed ?? standing?.missed ?? 'skip',
      start,
      timeZone: input.timeZone !== undefined ? input.timeZone : (inheritedZone ?? null),
    };
    const isOnlyStartNew = standing !== null && input.start === undefined;
    if (isOnlyStartNew && isSameValue({ ...rule, start: '' }, { ...standing, start: '' })) {
      return revive(found);
    }
    const fault = checkRule(rule);
    if (fault !== null) return fault;
    foldOwnDone(found);
    if (!isSameValue(standing, rule) || registersOf(id, 'rule') > 1)
      intents.setField('task', id, 'rule', rule);
    // The rule now says when; a date given to the head alone is where the new one starts from.
    clearOverrides(id, model.series(id)?.headOrdinal ?? series.headOrdinal, ['due']);
    return revive(found);
  }

  /** The open occurrence goes on as a plain task. */
  function removeRule(id: TaskId): Result {
    const found = find(id);
    if ('ok' in found) return found;
    const { series } = found;
    if (series.rule === null && !series.hasFault) return DONE;
    const shown = series.open[0];
    const ordinal = shown?.ordinal ?? series.headOrdinal;
    foldOwnDone(found);
    // Over: it stays closed as its last occurrence.
    const last = series.closed[0]?.ordinal;
    const isOver = shown === undefined && last !== undefined;
    intents.setField('task', id, 'rule', { plainFrom: isOver ? last : ordinal });
    if (shown !== undefined) {
      write(id, 'due', shown.due);
      write(id, 'start', shown.start);
      clearOverrides(id, ordinal, ['due', 'start']);
    }
    return DONE;
  }

  function closeOccurrence(id: TaskId, kind: 'done' | 'skipped', wanted?: number): Result {
    const found = find(id);
    if ('ok' in found) return found;
    const { series } = found;
    if (series.rule === null) {
      if (wanted !== undefined && wanted !== series.headOrdinal) return noSuchOccurrence();
      return closePlain(found.task, kind);
    }
    const ordinal = wanted ?? series.open[0]?.ordinal;
    if (ordinal === undefined) return DONE;
    const occurrence = series.open.find((each) => each.ordinal === ordinal);
    if (occurrence === undefined) {
      return series.closed.some((each) => each.ordinal === ordinal) ? DONE : noSuchOccurrence();
    }
    intents.setField(
      'task',
      occurrenceId(id, ordinal),
      'done',
      closingOf(occurrence, kind, series.ruleStamp),
    );
    return DONE;
  }

  function closePlain(task: Task, kind: 'done' | 'skipped'): Result {
    const step = model.stepOf(task.id);
    if (step === null || !step.repeats) {
      return dependencies.task.closeTask(task.id, kind === 'done' ? 'done' : 'cancelled');
    }
    if (task.status === (kind === 'done' ? 'done' : 'cancelled')) return DONE;
    intents.setField('task', occurrenceId(task.id, step.ordinal), stepField(step.seriesId), {
      kind,
      at: now(),
      by: intents.writer(),
      ...(dependencies.deviceId === null ? {} : { device: dependencies.deviceId }),
      title: task.title,
    });
    return DONE;
  }

  function closingOf(occurrence: Occurrence, kind: 'done' | 'skipped' | 'open', rule: string | null): object {
    const kept = readClosing(
      standingValueOf(occurrenceId(occurrence.taskId, occurrence.ordinal), 'done') ?? null,
    );
    return {
      kind,
      at: now(),
      by: intents.writer(),
      ...(dependencies.deviceId === null ? {} : { device: dependencies.deviceId }),
      slot: occurrence.slot,
      index: occurrence.slotIndex,
      // A reopened one is still of the rule that it was closed under: its index is one of that.
      rule: occurrence.isReopened && kept?.slot != null ? kept.rule : rule,
      zone: dependencies.timeZone(),
      title: occurrence.title,
      due: occurrence.due,
    };
  }

  /** Without an ordinal: the last one that was closed. */
  function reopenOccurrence(id: TaskId, wanted?: number): Result {
    const found = find(id);
    if ('ok' in found) return found;
    const { series, task } = found;
    if (series.rule === null) return reopenPlain(found);
    const ordinal = wanted ?? series.closed[0]?.ordinal;
    if (ordinal === undefined) return task.status === 'open' ? DONE : revive(found);
    const closed = series.closed.find((each) => each.ordinal === ordinal);
    if (closed === undefined) {
      return series.open.some((each) => each.ordinal === ordinal) ? DONE : noSuchOccurrence();
    }
    foldOwnDone(found);
    const { closing } = closed;
    intents.setField('task', occurrenceId(id, ordinal), 'done', {
      kind: 'open',
      at: now(),
      by: intents.writer(),
      slot: closing.slot,
      index: closing.index,
      rule: closing.rule,
      zone: dependencies.timeZone(),
    });
    const end = endOf(id);
    return end !== null && end.from <= ordinal ? revive(found) : DONE;
  }

  function reopenTask(id: TaskId): Result {
    return model.task(id)?.status === 'open' ? DONE : reopenOccurrence(id);
  }

  function reopenPlain({ task, series }: Found): Result {
    if (task.status === 'open') return DONE;
    const step = model.stepOf(task.id);
    const own = standingValueOf(task.id, 'done');
    if (own != null && (step === null || countsNow(own, step)))
      intents.setField('task', task.id, 'done', null);
    if (step !== null) {
      const occurrence = occurrenceId(task.id, step.ordinal);
      const field = stepField(step.seriesId);
      if (readStepClosing(standingValueOf(occurrence, field)) !== null) {
        intents.setField('task', occurrence, field, { kind: 'open', at: now(), by: intents.writer() });
      }
    }
    const last = series.closed[0]?.ordinal;
    if (last === undefined || last < series.headOrdinal) return DONE;
    // Others closed more than one before they knew that it repeats no more: those below stay what was done.
    if (last > series.headOrdinal) intents.setField('task', task.id, 'rule', { plainFrom: last });
    const id = occurrenceId(task.id, last);
    if (standingValueOf(id, 'done') != null) intents.setField('task', id, 'done', null);
    return DONE;
  }

  /** This one alone. */
  function editOccurrence(id: TaskId, ordinal: number, patch: OccurrencePatch): Result {
    const found = find(id);
    if ('ok' in found) return found;
    if (found.series.rule === null) return editFuture(id, patch);
    const occurrence = found.series.open.find((each) => each.ordinal === ordinal);
    if (occurrence === undefined) return noSuchOccurrence();
    const accepted = dependencies.task.acceptPatch(patch);
    if (!accepted.ok) return accepted;
    const fields = {
      ...accepted.fields,
      ...(patch.notes === undefined ? {} : { notes: patch.notes }),
    };
    for (const [field, is] of Object.entries(fields)) {
      const own = occurrenceId(id, ordinal);
      const now = occurrence[field as (typeof OVERRIDABLE)[number]];
      if (isSameValue(now, is) && registersOf(own, field) < 2) continue;
      intents.setField('task', own, field, { is });
    }
    return DONE;
  }

  /**
   * From the open one on. Dates move the rule: its slots begin on the new date, or on the first after it that the rule
   * names, and the head is on the new date in any case.
   */
  function editFuture(id: TaskId, patch: TaskPatch & { readonly rule?: RuleInput }): Result {
    const found = find(id);
    if ('ok' in found) return found;
    const { series } = found;
    const { rule: newRule, due: wantedDue, ...rest } = patch;
    const ordinal = series.open[0]?.ordinal ?? series.headOrdinal;
    const isMoved = series.rule === null || !isSameValue(wantedDue, found.task.due);
    const due = isMoved ? wantedDue : undefined;
    const edited = OVERRIDABLE.filter(
      (field) => field !== 'due' && rest[field as keyof typeof rest] !== undefined,
    );
    if (series.rule === null) {
      const result = dependencies.task.editTask(id, due === undefined ? rest : { ...rest, due });
      if (!result.ok) return result;
      clearOverrides(id, ordinal, due === undefined ? edited : [...edited, 'due']);
      return newRule === undefined ? DONE : setRule(id, newRule);
    }
    if (due === null && newRule === undefined) {
      return failure('invalid', 'A repeating task needs a date; remove the repeat first.');
    }
    const accepted = dependencies.task.acceptPatch(patch);
    if (!accepted.ok) return accepted;
    const moved: RuleInput | undefined =
      due == null
        ? newRule
        : {
            ...(newRule ?? { rrule: series.rule.rrule }),
            start: newRule?.start ?? slotOfWhen(due),
            timeZone: newRule?.timeZone ?? due.timeZone ?? null,
          };
    if (moved !== undefined) {
      const set = setRule(id, moved);
      if (!set.ok) return set;
    }
    const result = dependencies.task.editTask(id, rest);
    if (!result.ok) return result;
    clearOverrides(id, ordinal, edited);
    if (due != null && newRule === undefined) {
      const head = model.series(id)?.open[0];
      if (head !== undefined && !isSameValue(head.due, due)) {
        intents.setField('task', occurrenceId(id, head.ordinal), 'due', { is: due });
      }
    }
    return DONE;
  }

  /** Nothing comes any more; what was closed stays. */
  function endSeries(id: TaskId): Result {
    const found = find(id);
    if ('ok' in found) return found;
    const { series } = found;
    if (series.rule === null) return failure('invalid', 'This task does not repeat.');
    const end = endOf(id);
    if (end !== null && end.from <= series.headOrdinal) return DONE;
    intents.setField('task', id, 'end', { from: series.headOrdinal, at: now() });
    return DONE;
  }

  /** null: it goes. */
  function setReminder(id: TaskId, reminderId: string, value: ReminderInput | null): Result {
    const found = find(id);
    if ('ok' in found) return found;
    if (!isId(reminderId) || readReminder(reminderId, value) === undefined) {
      return failure('invalid', `${JSON.stringify(value)} is not a reminder that can be stored.`);
    }
    write(id, REMINDER_FIELD + reminderId, value);
    return DONE;
  }

  function snooze(id: TaskId, until: EpochMs | null, wanted?: number): Result {
    const found = find(id);
    if ('ok' in found) return found;
    const open = found.series.open.find((each) => wanted === undefined || each.ordinal === wanted);
    if (open === undefined) return noSuchOccurrence();
    write(occurrenceId(id, open.ordinal), 'snooze', until === null ? null : { until });
    return DONE;
  }

  /** What ended goes on again. */
  function revive({ task }: Found): Result {
    if (endOf(task.id) !== null) intents.setField('task', task.id, 'end', null);
    return DONE;
  }

  /** A closing that was written on the task itself becomes one of its occurrence, where a repeat comes or goes. */
  function foldOwnDone({ task, series }: Found): void {
    const value = standingValueOf(task.id, 'done');
    if (typeof value !== 'object' || value === null) return;
    const { kind, at, ordinal } = value as { kind?: unknown; at?: unknown; ordinal?: unknown };
    if (kind !== 'done' && kind !== 'cancelled') return;
    if (series.rule === null && task.status === 'open' && readTickedAs(value) !== null) {
      // The tick of a step in an occurrence that has passed is none of its own series.
      intents.setField('task', task.id, 'done', null);
      return;
    }
    const own = isOrdinal(ordinal) ? ordinal : series.rule === null ? series.headOrdinal : 0;
    const id = occurrenceId(task.id, own);
    if ((readClosing(standingValueOf(id, 'done'))?.kind ?? 'open') === 'open') {
      const { due } = task;
      intents.setField('task', id, 'done', {
        kind: kind === 'done' ? 'done' : 'skipped',
        at,
        by: intents.writer(),
        slot: due === null || series.rule !== null ? null : slotOfWhen(due),
        index: null,
        rule: null,
        zone: dependencies.timeZone(),
        title: task.title,
        due: series.rule === null ? due : null,
      });
    }
    intents.setField('task', task.id, 'done', null);
  }

  function clearOverrides(id: TaskId, ordinal: number, fields: readonly string[]): void {
    const own = occurrenceId(id, ordinal);
    for (const field of fields) {
      if (standingValueOf(own, field) != null) intents.setField('task', own, field, null);
    }
  }

  function write(id: string, field: string, value: unknown): void {
    if (isSameValue(standingValueOf(id, field), value) && registersOf(id, field) < 2) return;
    intents.setField('task', id, field, value);
  }

  function find(id: TaskId): Found | Failure {
    const task = model.task(id);
    const series = model.series(id);
    if (task === undefined || series === undefined)
      return failure('not-found', 'This task is not here any more.');
    return { task, series };
  }

  function standingValueOf(id: string, field: string): unknown {
    const entity = model.entity('task', id);
    return entity === undefined ? null : standingValue(entity, field);
  }

  function registersOf(id: string, field: string): number {
    return effective(model.entity('task', id)?.registers.get(field) ?? []).length;
  }

  function endOf(id: TaskId): { readonly from: number } | null {
    return readEnd(standingValueOf(id, 'end')) ?? null;
  }

  return {
    setRule,
    removeRule,
    closeOccurrence,
    reopenOccurrence,
    reopenTask,
    editOccurrence,
    editFuture,
    endSeries,
    setReminder,
    snooze,
  };
}

function checkRule(rule: SeriesRule): Failure | null {
  if (rule.rrule.length > MAX_RULE_CHARS) {
    return failure(
      'invalid',
      `A rule can have up to ${MAX_RULE_CHARS} characters; this has ${rule.rrule.length}.`,
    );
  }
  if (!['schedule', 'completion'].includes(rule.mode) || !['skip', 'catch-up'].includes(rule.missed)) {
    return failure(
      'invalid',
      'A repeat is by schedule or after completion, and missed dates are skipped or caught up.',
    );
  }
  try {
    if (openSeries(rule).first() !== null) return null;
    return failure('invalid', `The rule “${rule.rrule}” never falls on a date.`);
  } catch (error) {
    if (error instanceof RecurrenceError) return failure('invalid', error.message);
    throw error;
  }
}

function noSuchOccurrence(): Failure {
  return failure('not-found', 'This occurrence is not open any more.');
}
