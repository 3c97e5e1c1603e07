/**
 * Compaction: replaces what a fresh client must read, many rows, by one snapshot.
 *
 * Promise: a snapshot is built from persisted rows alone, into a fresh document, under a lock and in one
 * transaction; raw rows stay at least seven days and the last three snapshots always, so that a mistake here
 * can be undone. Servers that hold the space are told and drop what the snapshot covers.
 */
import { compact } from '@holdfast/db/compaction.ts';
import type { CompactionOutcome, CompactionRow } from '@holdfast/db/compaction.ts';
import type { Database } from '@holdfast/db/database.ts';
import { announceOnce } from '@holdfast/db/space-events.ts';
import type { StoredSnapshot } from '@holdfast/db/update-log.ts';
import type { BuildInput } from './build-snapshot.ts';
import { createSnapshotBuilder } from './snapshot-builder.ts';
import type { SnapshotBuilder } from './snapshot-builder.ts';

export interface CompactionSettings {
  /** Rows beyond the newest snapshot that make a new one worth its while, once the space is quiet. */
  readonly minRows: number;
  /**
   * The same while the space is written to. Far off, because to build a snapshot costs about as much for each row
   * as to take and relay it did, and one that is soon overtaken was for nothing; reading so many rows takes a
   * client a second.
   */
  readonly maxRows: number;
  readonly quietMs: number;
  readonly keepSnapshots: number;
  readonly keepRowsMs: number;
  /** How long a row may wait for what it builds on before it is set aside. */
  readonly patienceMs: number;
  /** Documents above this are decoded in a thread. */
  readonly inlineBytes: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export const COMPACTION: CompactionSettings = {
  minRows: 500,
  maxRows: 50_000,
  quietMs: 30_000,
  keepSnapshots: 3,
  keepRowsMs: 7 * DAY_MS,
  patienceMs: 60_000,
  inlineBytes: 64 * 1024,
};

/** Compacts one space alone. Null when there was nothing to do, or someone else is at it. */
export async function compactSpace(
  database: Database,
  spaceId: string,
  settings: CompactionSettings,
  nowMs: number,
): Promise<CompactionOutcome | null> {
  const builder = createSnapshotBuilder(settings);
  try {
    return await compactSpaceBy(builder, database, spaceId, settings, nowMs);
  } finally {
    await builder.rest();
  }
}

/** The same, by a builder that others use too. */
export async function compactSpaceBy(
  builder: SnapshotBuilder,
  database: Database,
  spaceId: string,
  settings: CompactionSettings,
  nowMs: number,
): Promise<CompactionOutcome | null> {
  const keep = { snapshots: settings.keepSnapshots, rowsAfter: new Date(nowMs - settings.keepRowsMs) };
  const outcome = await compact(database, spaceId, keep, (snapshot, rows) =>
    builder.build(toInput(snapshot, rows, settings, nowMs)),
  );
  if (outcome) await announceOnce(database, { kind: 'snapshot', spaceId, seq: outcome.seq });
  return outcome;
}

function toInput(
  snapshot: StoredSnapshot | null,
  rows: readonly CompactionRow[],
  settings: CompactionSettings,
  nowMs: number,
): BuildInput {
  return {
    snapshot: snapshot?.body ?? null,
    rows: rows.map(({ seq, body, receivedAt }) => ({ seq, body, receivedAtMs: receivedAt.getTime() })),
    nowMs,
    patienceMs: settings.patienceMs,
  };
}
