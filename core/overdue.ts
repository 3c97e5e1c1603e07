/**
 * Whether something is overdue: the one answer of app, API and workers.
 *
 * Promise: a date is over when the next day has begun where the person is; a time when it has passed, in its own zone, or
 * where the person is when it has none. What is done, cancelled or without a date is never overdue. A zone that is
 * unknown here is read as the person's.
 */
import type { Task, When } from './task.ts';
import { Temporal } from './recurrence/temporal.ts';

/** Milliseconds since 1970: from then on it is overdue. @throws RangeError when the person's zone is unknown */
export function overdueFrom(due: When, personZone: string): number {
  const at = (timeZone: string): number => {
    if (due.time === undefined) {
      return Temporal.PlainDate.from(due.date).add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds;
    }
    const reading = Temporal.PlainDateTime.from(`${due.date}T${due.time}`);
    return reading.toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds;
  };
  if (due.timeZone === undefined || due.time === undefined) return at(personZone);
  try {
    return at(due.timeZone);
  } catch (error) {
    if (error instanceof RangeError) return at(personZone);
    throw error;
  }
}

export function isOverdue(task: Pick<Task, 'due' | 'status'>, nowMs: number, personZone: string): boolean {
  if (task.status !== 'open' || task.due === null) return false;
  const from = overdueFrom(task.due, personZone);
  // A time is not over in its own minute's first moment; a day is over when the next has begun.
  return task.due.time === undefined ? nowMs >= from : nowMs > from;
}
