/**
 * Reminders: tasks and a window of time give the instants at which to remind, the same on device and server.
 *
 * Promise: a pure function of the document, the window and the person's preferences. A key stays the same while it means
 * the same firing, so what was shown or sent under a key is never repeated. None for what is done, skipped or in the
 * trash: only open occurrences are looked at. A snooze takes the place of everything up to when it ends.
 *
 * Limits: occurrences that are not open yet have none, since nobody knows yet when they will be. A floating time and a date
 * are the person's, so two people may get one reminder at different instants.
 */
import type { EpochMs, TaskId } from './ids.ts';
import { openZone } from './recurrence/zone.ts';
import { Temporal } from './recurrence/temporal.ts';
import type { Occurrence, Reminder, Task, When } from './task.ts';

/** Of a task, what reminders look at. */
export type RemindedTask = Pick<Task, 'id' | 'status' | 'trashedAt' | 'reminders'>;

export interface ReminderInput {
  readonly tasks: Iterable<RemindedTask>;
  readonly openOccurrences: (id: TaskId) => readonly Occurrence[];
  /** Included. */
  readonly from: EpochMs;
  /** Not included. */
  readonly to: EpochMs;
  readonly person: {
    /** IANA name */
    readonly timeZone: string;
    /** HH:mm: when to be reminded of what has a date and no time. */
    readonly allDayTime: string;
    /** ISO 8601 duration: for what has a time and no reminder of its own; null: none. */
    readonly defaultBefore: string | null;
  };
}

export interface ReminderInstant {
  /** The same for the same firing, for ever. */
  readonly key: string;
  readonly at: EpochMs;
  readonly taskId: TaskId;
  readonly ordinal: number;
  /** `default` and `snooze` are not the task's own. */
  readonly reminderId: string;
}

/** @throws RecurrenceError `unknown-zone` for the person's zone; that of a task that is unknown is read as the person's */
export function reminders(input: ReminderInput): ReminderInstant[] {
  const { from, to, person } = input;
  openZone(person.timeZone);
  const found: ReminderInstant[] = [];
  for (const task of input.tasks) {
    if (task.trashedAt !== null || task.status !== 'open') continue;
    for (const occurrence of input.openOccurrences(task.id)) {
      for (const instant of ofOccurrence(task, occurrence, person)) {
        if (instant.at >= from && instant.at < to) found.push(instant);
      }
    }
  }
  return found.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
}

/** False only where `reminders` finds nothing, whoever is asked for. */
export function mayRemind(
  reminders: readonly Reminder[],
  openOccurrences: readonly Pick<Occurrence, 'due' | 'snoozedUntil'>[],
): boolean {
  return openOccurrences.some(
    ({ due, snoozedUntil }) => reminders.length > 0 || snoozedUntil !== null || due?.time !== undefined,
  );
}

function ofOccurrence(
  task: RemindedTask,
  occurrence: Occurrence,
  person: ReminderInput['person'],
): readonly ReminderInstant[] {
  const { snoozedUntil, ordinal, due } = occurrence;
  const own: readonly Reminder[] =
    task.reminders.length > 0 || person.defaultBefore === null || due?.time === undefined
      ? task.reminders
      : [{ id: 'default', before: person.defaultBefore }];
  const instants: ReminderInstant[] = [];
  const add = (reminderId: string, at: number | null, isOfTask: boolean): void => {
    if (at === null) return;
    // One at a fixed instant is of the task: the next occurrence does not ring for it again.
    const key = `${isOfTask ? task.id : occurrence.id}/${reminderId}/${at}`;
    instants.push({ key, at: at as EpochMs, taskId: task.id, ordinal, reminderId });
  };
  for (const reminder of own) {
    const at =
      'at' in reminder
        ? Temporal.Instant.from(reminder.at).epochMilliseconds
        : due === null
          ? null
          : before(due, reminder.before, person);
    if (at !== null && (snoozedUntil === null || at > snoozedUntil)) add(reminder.id, at, 'at' in reminder);
  }
  if (snoozedUntil !== null) add('snooze', snoozedUntil, false);
  return instants;
}

/** On the wall clock for days and longer, on the time line for hours and shorter. */
function before(due: When, duration: string, person: ReminderInput['person']): number {
  const reading = Temporal.PlainDateTime.from(`${due.date}T${due.time ?? person.allDayTime}`);
  const at = (timeZone: string): number =>
    reading.toZonedDateTime(timeZone, { disambiguation: 'compatible' }).subtract(duration).epochMilliseconds;
  try {
    return at(due.timeZone ?? person.timeZone);
  } catch (error) {
    if (error instanceof RangeError) return at(person.timeZone);
    throw error;
  }
}
