/**
 * Plans reminders: what changed in a space gives the rows of the notifications that are to fire.
 *
 * Promise: an effect of the projection, so a plan is there exactly when the change is. What core/reminders.ts computes for
 * a person is planned under core's key; what it does not compute any more is cancelled with the reason, and comes back when
 * it is computed again, unless it was sent, which happens once for a key. What was past already when the edit arrived gets
 * no row; what fell due between the edit's arrival and now is planned within the grace time, else missed.
 *
 * Limits: a reminder is for the person who made the task, while they are a member, else for the owners. A task whose
 * reminders cannot be computed has none, and disturbs no other. Membership that changes is looked at when a reminder fires.
 */
import type { EpochMs, TaskId } from '@holdfast/core/ids.ts';
import {
  DEFAULT_NOTIFICATION_PREFERENCES,
  readNotificationPreferences,
} from '@holdfast/core/notification-preferences.ts';
import type { NotificationPreferences } from '@holdfast/core/notification-preferences.ts';
import { reminders } from '@holdfast/core/reminders.ts';
import type { ReminderInstant } from '@holdfast/core/reminders.ts';
import type { Occurrence, Reminder } from '@holdfast/core/task.ts';
import {
  cancelNotifications,
  closeNotifications,
  insertNotifications,
  knownNotifications,
  openOccurrencesOf,
  peopleOf,
  reviveNotifications,
} from '@holdfast/db/reminder-plan.ts';
import type {
  KnownNotification,
  NewNotification,
  OpenOccurrenceRow,
  Person,
} from '@holdfast/db/reminder-plan.ts';
import type { ProjectionEffect } from '../projection/effect.ts';
import { CLOSE_WINDOW_MS, GRACE_MS } from './timing.ts';

/** Why a planned reminder will not fire. */
export type CancelReason =
  'done' | 'skipped' | 'trashed' | 'gone' | 'snoozed' | 'moved' | 'removed' | 'not-theirs' | 'over';

/** A first import brings thousands of tasks at once. */
const TASKS_PER_TURN = 1000;

export const planReminders: ProjectionEffect = async (tx, change) => {
  const { spaceId, taskIds, mayRemind, now, receivedAt } = change;
  const ids = [...taskIds];
  let people: readonly Person[] | null = null;
  for (let from = 0; from < ids.length; from += TASKS_PER_TURN) {
    const some = ids.slice(from, from + TASKS_PER_TURN);
    const known = await knownNotifications(tx, spaceId, some);
    const told = new Set(known.map(({ taskId }) => taskId));
    const concerned = some.filter((id) => told.has(id) || mayRemind(id));
    if (concerned.length === 0) continue;
    people ??= await peopleOf(tx, spaceId);
    const open = await openOccurrencesOf(tx, spaceId, concerned);
    const plan = comparePlan({ tasks: tasksFrom(open), known, people, now, receivedAt });
    await insertNotifications(tx, spaceId, plan.insert, now);
    await reviveNotifications(tx, plan.revive, now);
    await cancelNotifications(tx, plan.cancel, now);
    await closeNotifications(tx, plan.close, now, now - CLOSE_WINDOW_MS);
  }
};

/** The person's preferences; the defaults where none are stored, or what is stored does not hold any more. */
export function preferencesFrom(stored: unknown): NotificationPreferences {
  const read = readNotificationPreferences(stored);
  return read.ok ? read.preferences : DEFAULT_NOTIFICATION_PREFERENCES;
}

interface PlannedTask {
  readonly row: OpenOccurrenceRow;
  readonly open: readonly Occurrence[];
}

interface Plan {
  readonly insert: readonly NewNotification[];
  readonly revive: readonly string[];
  readonly cancel: readonly { readonly id: string; readonly reason: CancelReason }[];
  /** Sent already, about what needs no telling any more. */
  readonly close: readonly string[];
}

function tasksFrom(rows: readonly OpenOccurrenceRow[]): ReadonlyMap<string, PlannedTask> {
  const tasks = new Map<string, { row: OpenOccurrenceRow; open: Occurrence[] }>();
  for (const row of rows) {
    let task = tasks.get(row.taskId);
    if (task === undefined) tasks.set(row.taskId, (task = { row, open: [] }));
    if (row.occurrence !== null) task.open.push(row.occurrence as Occurrence);
  }
  return tasks;
}

function comparePlan(input: {
  readonly tasks: ReadonlyMap<string, PlannedTask>;
  readonly known: readonly KnownNotification[];
  readonly people: readonly Person[];
  readonly now: number;
  readonly receivedAt: (taskId: string) => number;
}): Plan {
  const { tasks, known, people, now, receivedAt } = input;
  const wanted = new Map<string, { userId: string; instant: ReminderInstant }>();
  for (const task of tasks.values()) {
    for (const { userId, preferences } of concerned(task.row, people)) {
      for (const instant of instantsOf(task, preferencesFrom(preferences))) {
        wanted.set(nameOf(userId, instant.key), { userId, instant });
      }
    }
  }

  const insert: NewNotification[] = [];
  const revive: string[] = [];
  const cancel: { id: string; reason: CancelReason }[] = [];
  const close: string[] = [];
  const wantedReminders = new Set(
    [...wanted.values()].map(({ userId, instant }) =>
      nameOf(userId, `${instant.taskId}#${instant.ordinal}/${instant.reminderId}`),
    ),
  );
  for (const row of known) {
    const still = wanted.get(nameOf(row.userId, row.key));
    if (still !== undefined) {
      wanted.delete(nameOf(row.userId, row.key));
      if (
        row.state === 'cancelled' &&
        newState(still.instant.at, now, receivedAt(still.instant.taskId)) === 'planned'
      ) {
        revive.push(row.id);
      }
      continue;
    }
    const reason = (): CancelReason => whyGone(row, tasks.get(row.taskId), people, wantedReminders);
    switch (row.state) {
      case 'planned':
      case 'sending':
      case 'held':
        cancel.push({ id: row.id, reason: reason() });
        break;
      case 'sent':
        if (CLOSING.has(reason())) close.push(row.id);
        break;
      case 'missed':
      case 'failed':
      case 'cancelled':
        break;
    }
  }
  for (const { userId, instant } of wanted.values()) {
    const state = newState(instant.at, now, receivedAt(instant.taskId));
    if (state === null) continue;
    const { key, taskId, ordinal, reminderId, at: fireAt } = instant;
    insert.push({ userId, key, taskId, ordinal, reminderId, fireAt, state });
  }
  return { insert, revive, cancel, close };
}

const CLOSING: ReadonlySet<CancelReason> = new Set(['done', 'skipped', 'trashed', 'gone', 'over', 'snoozed']);

function newState(at: number, now: number, receivedAt: number): 'planned' | 'missed' | null {
  // Past when the edit came: whoever made it knows. Asked first: a turn may begin before the edit that it reads comes.
  if (at < receivedAt) return null;
  if (at > now) return 'planned';
  return now - at <= GRACE_MS ? 'planned' : 'missed';
}

function nameOf(userId: string, key: string): string {
  return `${userId}\n${key}`;
}

function concerned({ createdBy }: OpenOccurrenceRow, people: readonly Person[]): readonly Person[] {
  const author = people.filter(({ userId }) => userId === createdBy);
  return author.length > 0 ? author : people.filter(({ role }) => role === 'owner');
}

function instantsOf(
  { row, open }: PlannedTask,
  preferences: NotificationPreferences,
): readonly ReminderInstant[] {
  const { timeZone, allDayTime, defaultReminder } = preferences;
  const task = {
    id: row.taskId as TaskId,
    status: row.status,
    trashedAt: row.trashedAt === null ? null : (row.trashedAt.getTime() as EpochMs),
    reminders: row.reminders as readonly Reminder[],
  };
  try {
    return reminders({
      tasks: [task],
      openOccurrences: () => open,
      from: -Infinity as EpochMs,
      to: LATEST_MS as EpochMs,
      person: { timeZone, allDayTime, defaultBefore: defaultReminder },
    }).filter(({ at }) => at >= EARLIEST_MS);
  } catch (error) {
    // A date or a duration beyond what can be counted.
    if (error instanceof RangeError || error instanceof TypeError) return [];
    throw error;
  }
}

/** What the database's instants and everyone's patience hold. */
const EARLIEST_MS = Date.UTC(1970, 0, 1);
const LATEST_MS = Date.UTC(10_000, 0, 1);

function whyGone(
  row: KnownNotification,
  task: PlannedTask | undefined,
  people: readonly Person[],
  wantedReminders: ReadonlySet<string>,
): CancelReason {
  if (task === undefined) return 'gone';
  if (task.row.trashedAt !== null) return 'trashed';
  if (row.occurrenceState === 'done' || task.row.status === 'done') return 'done';
  if (row.occurrenceState === 'skipped' || task.row.status === 'cancelled') return 'skipped';
  const occurrence = task.open.find(({ ordinal }) => ordinal === row.ordinal);
  if (occurrence === undefined) return 'over';
  if (!concerned(task.row, people).some(({ userId }) => userId === row.userId)) return 'not-theirs';
  const { snoozedUntil } = occurrence;
  if (snoozedUntil !== null && row.reminderId !== 'snooze' && row.fireAt.getTime() <= snoozedUntil) {
    return 'snoozed';
  }
  const reminder = `${row.taskId}#${row.ordinal}/${row.reminderId ?? ''}`;
  return wantedReminders.has(nameOf(row.userId, reminder)) ? 'moved' : 'removed';
}
