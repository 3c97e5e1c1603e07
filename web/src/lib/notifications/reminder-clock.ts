/**
 * When which reminder is due, in a window that is open: the local half of being reminded, without any server.
 *
 * Promise: each firing is told once, at its time, and again by nobody who shares `seen`. An edit re-plans the tasks it
 * touches and no others. Quiet hours put a firing off until they end. A sleeping or throttled page, and a clock that
 * jumps, are caught up with at the next tick or look: what is late by less than the grace time is still told as due,
 * what is later, as missed. What was in the past when its own person wrote it is not told at all. Planning thousands of
 * tasks takes long, so it is done in steps; what changes meanwhile is planned at once.
 *
 * Limits: what became due before `since` is not told, since another window or device was there for it. No I/O: time and
 * timers are passed in, and who shows what is decided elsewhere (reminding.svelte.ts).
 */

import type { DocumentChange, HoldfastDocument, Steps, Task } from '@holdfast/core/document.ts';
import type { EpochMs, TaskId } from '@holdfast/core/ids.ts';
import { type NotificationPreferences, quietUntil } from '@holdfast/core/notification-preferences.ts';
import { type ReminderInstant, reminders } from '@holdfast/core/reminders.ts';

/** As in the workers: later than this, "leave now" is of no use any more. */
export const GRACE_MS = 15 * 60_000;
/** Between looks at the clock, which may have been set, or stood still while the machine slept. */
const TICK_MS = 30_000;
const EARLIEST = -8.64e15 as EpochMs;
const LATEST = 8.64e15 as EpochMs;

export interface ReminderClock {
  /** Looks at the clock now. */
  look(): void;
  /** Plans everything anew, in steps: the preferences have changed. */
  replan(): void;
  /** Is this firing still to be told of? */
  isCurrent(key: string, taskId: string): boolean;
  close(): void;
}

export interface ReminderClockOptions {
  readonly document: HoldfastDocument;
  readonly now: () => EpochMs;
  readonly preferences: () => NotificationPreferences;
  /** Epoch ms: up to when someone was there to be told. */
  readonly since: number;
  readonly onDue: (due: readonly ReminderInstant[]) => void;
  readonly onMissed: (missed: readonly ReminderInstant[]) => void;
  /** These tasks changed: what is shown of them may be over. */
  readonly onChange: (taskIds: ReadonlySet<string>) => void;
  /** Calls back after that many ms, once; returns how to call it off. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** Runs a plan's steps, with rests or without. */
  readonly inSteps: (steps: Steps<void>) => void;
}

interface Planned {
  readonly instant: ReminderInstant;
  /** `at`, or when the quiet hours end in which that lies. */
  readonly due: number;
}

export function createReminderClock(options: ReminderClockOptions): ReminderClock {
  const { document, now } = options;
  const planned = new Map<string, readonly Planned[]>();
  const told = new Set<string>();
  let cancelTimer: () => void = () => undefined;

  /** Every task has been planned once. */
  let isPlanned = false;
  /** Of several rounds of planning the last one counts. */
  let rounds = 0;

  const unsubscribe = document.subscribe(follow);
  options.inSteps(planAll(++rounds));

  function* planAll(round: number): Steps<void> {
    for (const task of document.tasks()) {
      if (round !== rounds) return;
      replanTask(task);
      yield;
    }
    isPlanned = true;
    look();
  }

  function replanTask(task: Task): void {
    const before = keysOf(task.id);
    // Another hour for days without a time must not ring for today's hour that is past.
    const at = isPlanned ? now() : EARLIEST;
    for (const { instant, due } of plan(task.id, task)) {
      if (due <= at && !before.has(instant.key)) told.add(instant.key);
    }
  }

  function plan(id: TaskId, task: Task | undefined): readonly Planned[] {
    const { timeZone, allDayTime, defaultReminder, quietHours } = options.preferences();
    const instants = task ? instantsOf(task, { timeZone, allDayTime, defaultBefore: defaultReminder }) : [];
    const plans = instants.map((instant) => ({
      instant,
      due: quietUntil({ quietHours, timeZone }, instant.at) ?? instant.at,
    }));
    if (plans.length > 0) planned.set(id, plans);
    else planned.delete(id);
    if (!isPlanned) for (const { instant, due } of plans) if (due <= options.since) told.add(instant.key);
    return plans;
  }

  function keysOf(id: TaskId): ReadonlySet<string> {
    return new Set((planned.get(id) ?? []).map(({ instant }) => instant.key));
  }

  function instantsOf(
    task: Task,
    person: { timeZone: string; allDayTime: string; defaultBefore: string | null },
  ): readonly ReminderInstant[] {
    const { openOccurrences } = document;
    try {
      return reminders({ tasks: [task], openOccurrences, from: EARLIEST, to: LATEST, person });
    } catch (error) {
      // A date or a duration beyond what can be counted, from another app: that task alone has no reminders.
      if (error instanceof RangeError || error instanceof TypeError) return [];
      throw error;
    }
  }

  function follow(change: DocumentChange): void {
    const at = now();
    for (const id of change.tasks) {
      // What was planned already and came due while the page slept is late, and not of the past.
      const before = keysOf(id);
      for (const { instant, due } of plan(id, document.task(id))) {
        // Of what was not planned yet nobody knows whether another device has just written it.
        const isPast = change.local ? due <= at : isPlanned && due <= at - GRACE_MS;
        if (isPast && !before.has(instant.key)) told.add(instant.key);
      }
    }
    look();
    options.onChange(change.tasks);
  }

  function look(): void {
    cancelTimer();
    const at = now();
    const due: ReminderInstant[] = [];
    const missed: ReminderInstant[] = [];
    let next = at + TICK_MS;
    for (const each of everything()) {
      if (told.has(each.instant.key)) continue;
      if (each.due > at) next = Math.min(next, each.due);
      else {
        told.add(each.instant.key);
        (at - each.due > GRACE_MS ? missed : due).push(each.instant);
      }
    }
    cancelTimer = options.after(next - at, look);
    const inOrder = (a: ReminderInstant, b: ReminderInstant): number => a.at - b.at;
    if (due.length > 0) options.onDue(due.sort(inOrder));
    if (missed.length > 0) options.onMissed(missed.sort(inOrder));
  }

  function* everything(): Generator<Planned> {
    for (const plans of planned.values()) yield* plans;
  }

  return {
    look,
    replan() {
      options.inSteps(planAll(++rounds));
    },
    isCurrent(key, taskId) {
      const id = taskId as TaskId;
      const plans = planned.get(id) ?? (isPlanned ? [] : plan(id, document.task(id)));
      return plans.some(({ instant }) => instant.key === key);
    },
    close() {
      rounds += 1;
      cancelTimer();
      unsubscribe();
    },
  };
}
