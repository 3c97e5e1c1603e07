/**
 * What follows from a change and must be kept in the same transaction: the planning of reminders, for one.
 *
 * Promise: an effect runs after the projected rows are written and before the cursor moves; if it throws, nothing of the
 * turn happened and all of it is tried again. Why one short file: who plans does not depend on who projects.
 */
import type { Tx } from '@holdfast/db/database.ts';

/** What a turn of the projection changed in one space; told inside its transaction. */
export interface ProjectedChange {
  readonly spaceId: string;
  /** Tasks whose row or occurrences changed, were made or removed. */
  readonly taskIds: ReadonlySet<string>;
  /** False: of this task nobody is reminded, as it is now. Else it may be so, or is not known. */
  readonly mayRemind: (taskId: string) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /**
   * When the first edit of this turn to a task came (received_at of its log row), in milliseconds; of a task that changed
   * without one, as with its list, when the first row of all came, and `now` where there were no rows. Not the last: a turn that catches up holds edits of minutes, and a later one says nothing of when the first came.
   */
  readonly receivedAt: (taskId: string) => number;
}

export type ProjectionEffect = (tx: Tx, change: ProjectedChange) => Promise<void>;
