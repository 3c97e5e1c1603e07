/**
 * What else is done when the projection of a space changes, in its own transaction.
 *
 * Promise: effects run after the projected rows are written and before the cursor moves, so what they write is there
 * exactly when the change is. An effect that throws undoes the turn. Why a file of its own: who has an effect need not
 * know who projects.
 */
import type { Tx } from '@holdfast/db/database.ts';

/** What a turn of the projection changed in one space; told inside its transaction. */
export interface ProjectedChange {
  readonly spaceId: string;
  /** Tasks whose row or occurrences changed, were made or removed. */
  readonly taskIds: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The newest received_at of the log rows of this turn, in milliseconds since the epoch. */
  readonly receivedAt: number;
}

export type ProjectionEffect = (tx: Tx, change: ProjectedChange) => Promise<void>;
