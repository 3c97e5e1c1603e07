/**
 * Compaction: replaces what a fresh client must read, many rows, by one snapshot.
 *
 * Promise: a snapshot is built from persisted rows alone, into a fresh document, under a lock and in one
 * transaction; raw rows stay at least seven days and the last three snapshots always, so that a mistake here
 * can be undone. Servers that hold the space are told and drop what the snapshot covers.
 * Limits: a large document is decoded in a thread of its own, so that nothing else waits; one at a time.
 */
import { Worker } from 'node:worker_threads';
import { compact } from '@holdfast/db/compaction.ts';
import type { CompactionOutcome, CompactionRow } from '@holdfast/db/compaction.ts';
import type { Database } from '@holdfast/db/database.ts';
import { announceOnce } from '@holdfast/db/space-events.ts';
import type { StoredSnapshot } from '@holdfast/db/update-log.ts';
import { buildSnapshot } from './build-snapshot.ts';
import type { BuildInput, BuiltSnapshot } from './build-snapshot.ts';

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

/** Null when there was nothing to do, or someone else is at it. */
export async function compactSpace(
  database: Database,
  spaceId: string,
  settings: CompactionSettings,
  nowMs: number,
): Promise<CompactionOutcome | null> {
  const keep = { snapshots: settings.keepSnapshots, rowsAfter: new Date(nowMs - settings.keepRowsMs) };
  const outcome = await compact(database, spaceId, keep, (snapshot, rows) => {
    const input = toInput(snapshot, rows, settings, nowMs);
    return sizeOf(input) <= settings.inlineBytes ? Promise.resolve(buildSnapshot(input)) : inThread(input);
  });
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

function sizeOf(input: BuildInput): number {
  let bytes = input.snapshot?.length ?? 0;
  for (const row of input.rows) bytes += row.body.length;
  return bytes;
}

function inThread(input: BuildInput): Promise<BuiltSnapshot | null> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./build-snapshot-thread.ts', import.meta.url), { workerData: input });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => reject(new Error(`The thread that builds a snapshot ended with ${code}.`)));
  });
}
