/**
 * One turn of the projection in one space: from rows of the log to projection, audit, outbox and cursor, in one transaction.
 *
 * Promise: all of a turn is there or nothing. Killed anywhere, or tried by two at once, each change has its effects once. A
 * row that can never be applied is set aside by name and the space goes on; one that waits for another stops the space
 * while it is young, in the end is set aside too, and nothing is ever projected from a document with gaps.
 * Why the replica is dropped on every failure: it may hold what the database does not, and making it anew is always right.
 */
import { randomUUID } from 'node:crypto';
import { parseOccurrenceId } from '@holdfast/core/ids.ts';
import type { Database, Tx } from '@holdfast/db/database.ts';
import { projectedIds, writeProjection } from '@holdfast/db/projected-rows.ts';
import type { NamedRow, ProjectedRows } from '@holdfast/db/projected-rows.ts';
import { moveCursor, withCursor } from '@holdfast/db/projection.ts';
import type { Cursor } from '@holdfast/db/projection.ts';
import {
  explainQuarantine,
  firstMissing,
  headOf,
  quarantineRow,
  readAside,
  readAuthored,
  snapshotAfter,
  snapshotUpTo,
} from '@holdfast/db/projection-log.ts';
import type { AuthoredRow } from '@holdfast/db/projection-log.ts';
import { appendAudit, appendOutbox } from '@holdfast/db/told-changes.ts';
import { appendBatch } from '@holdfast/db/update-log.ts';
import { auditRows, newChanges } from './audit-rows.ts';
import type { CarriedChange } from './audit-rows.ts';
import type { ProjectedChange, ProjectionEffect } from './effect.ts';
import { outboxRows } from './events.ts';
import { NEVER_CAME } from '../build-snapshot.ts';
import { Replica } from './replica.ts';
import type { Touched } from './replica.ts';
import type { Replicas } from './replicas.ts';
import { listRow, tagRow, taskRow } from './rows.ts';
import { isStorableName, storableJson } from './storable.ts';

export interface ProjectionSettings {
  /** Of one turn in one space. */
  readonly maxRows: number;
  readonly maxBytes: number;
  /** How long a row may wait for what it builds on before it is set aside. */
  readonly patienceMs: number;
}

export interface Projection {
  readonly database: Database;
  readonly replicas: Replicas;
  readonly effects: readonly ProjectionEffect[];
  readonly settings: ProjectionSettings;
}

export interface SpaceOutcome {
  /** Rows of the log that were taken. */
  readonly rows: number;
  readonly auditRows: number;
  readonly events: number;
  readonly quarantined: number;
  /** There may be more. */
  readonly isFull: boolean;
  /** A row waits for another: not before this, in milliseconds. */
  readonly waitsUntil: number | null;
}

/** Null: another process is at it. */
export async function projectSpace(
  projection: Projection,
  spaceId: string,
  nowMs: number,
): Promise<SpaceOutcome | null> {
  const { database, replicas } = projection;
  const known = replicas.take(spaceId);
  const turn = await withCursor(database, spaceId, (tx, cursor) =>
    projectRows(projection, { tx, spaceId, cursor, nowMs, known }),
  );
  if (turn === null) {
    if (known) replicas.put(spaceId, known);
    return null;
  }
  // Only now: what is not committed is not what the cursor says.
  if (turn.replica) replicas.put(spaceId, turn.replica);
  for (const row of turn.revived ?? []) await appendAnew(database, spaceId, row);
  return turn.outcome;
}

/**
 * A row that was set aside, and what it waited for has come: it goes to the end of the log, where every reader finds it.
 * Killed in between it is appended twice, which changes nothing.
 */
async function appendAnew(database: Database, spaceId: string, row: AuthoredRow): Promise<void> {
  const { body, userId, deviceId } = row;
  await appendBatch(
    database,
    randomUUID(),
    [{ spaceId, entries: [{ body, userId, deviceId }] }],
    APPEND_LIMIT_MS,
  );
  await explainQuarantine(database, spaceId, row.seq, CAME_LATER);
}

export interface Turn {
  readonly tx: Tx;
  readonly spaceId: string;
  readonly cursor: Cursor;
  readonly nowMs: number;
  readonly known: Replica | undefined;
}

interface Taken {
  readonly outcome: SpaceOutcome;
  readonly replica: Replica | undefined;
  /** Rows that were set aside once and can be applied now. */
  readonly revived?: readonly AuthoredRow[];
}

interface Attempt {
  readonly replica: Replica;
  readonly taken: readonly AuthoredRow[];
  readonly carried: readonly CarriedChange[];
  readonly waiting: readonly AuthoredRow[];
  readonly broken: readonly { readonly row: AuthoredRow; readonly error: string }[];
  /** Nothing of the past was left to read from: what is there is taken as it is. */
  readonly isJump: boolean;
}

async function projectRows(projection: Projection, turn: Turn): Promise<Taken> {
  const { tx, spaceId, cursor, nowMs } = turn;
  const { settings } = projection;
  const rows = await readAuthored(tx, spaceId, cursor.seq, {
    rows: settings.maxRows,
    bytes: settings.maxBytes,
  });
  if (rows.length === 0) return pastWhatIsAside(projection, turn);
  let offered: readonly AuthoredRow[] = rows;
  let attempt = await inOrder(turn, rows);
  let waitsUntil: number | null = null;
  while (attempt === null) {
    const careful = await carefully(turn, offered);
    const young = careful.waiting.find((row) => nowMs - row.receivedAt.getTime() < settings.patienceMs);
    if (young === undefined) attempt = careful;
    else {
      waitsUntil = young.receivedAt.getTime() + settings.patienceMs;
      offered = offered.slice(0, offered.indexOf(young));
      careful.replica.close();
      if (offered.length === 0) return { outcome: { ...NOTHING, waitsUntil }, replica: undefined };
    }
  }
  const bytes = rows.reduce((sum, row) => sum + row.body.length, 0);
  const isFull = rows.length >= settings.maxRows || bytes >= settings.maxBytes;
  const { outcome, hasAside } = await write(
    projection,
    turn,
    attempt,
    Math.max(attempt.replica.seq, lastSeq(offered)),
  );
  const { replica } = attempt;
  const aside = hasAside ? await readAside(turn.tx, turn.spaceId, NEVER_CAME, MAX_REVIVED) : [];
  return {
    outcome: { ...outcome, isFull: isFull && waitsUntil === null, waitsUntil },
    replica,
    revived: aside.filter((row) => !replica.lacksFor(row.body)),
  };
}

/** Nothing to read up to the head: everything there is in quarantine, or was pruned before the projection began. */
async function pastWhatIsAside(projection: Projection, turn: Turn): Promise<Taken> {
  const { tx, spaceId, cursor } = turn;
  const head = await headOf(tx, spaceId);
  if (head <= cursor.seq) return { outcome: NOTHING, replica: turn.known };
  const { replica, isJump } = await openReplica(turn, { count: 0, last: head });
  const attempt: Attempt = { replica, taken: [], carried: [], waiting: [], broken: [], isJump };
  const { outcome } = await write(projection, turn, attempt, Math.max(replica.seq, head));
  return { outcome, replica };
}

/** The usual case: one row after the other. Null when one waits or cannot be applied. */
async function inOrder(turn: Turn, rows: readonly AuthoredRow[]): Promise<Attempt | null> {
  const { replica, isJump } = await openReplica(turn, { count: rows.length, last: lastSeq(rows) });
  const taken: AuthoredRow[] = [];
  const carried: CarriedChange[] = [];
  const breath = createBreath();
  for (const row of rows) {
    // A snapshot behind a hole in the log held it already.
    if (row.seq <= replica.seq) continue;
    const applied = replica.apply(row);
    if (applied.kind !== 'done') {
      replica.close();
      return null;
    }
    taken.push(row);
    for (const change of applied.changes) carried.push({ change, row });
    if (breath.isDue()) await breath.take();
  }
  return { replica, taken, carried, waiting: [], broken: [], isJump };
}

/** With rows among them that wait or cannot be applied: those that can, in passes, each looked at before it is applied. */
async function carefully(turn: Turn, rows: readonly AuthoredRow[]): Promise<Attempt> {
  const broken: { row: AuthoredRow; error: string }[] = [];
  for (;;) {
    const { replica, isJump } = await openReplica(
      { ...turn, known: undefined },
      { count: rows.length, last: lastSeq(rows) },
    );
    const left = rows.filter((row) => row.seq > replica.seq && !broken.some((bad) => bad.row === row));
    const pass = takeAll(replica, left);
    if (pass.broken === null) return { ...pass, replica, broken, isJump };
    broken.push(pass.broken);
    replica.close();
  }
}

function takeAll(
  replica: Replica,
  rows: readonly AuthoredRow[],
): Pick<Attempt, 'taken' | 'carried' | 'waiting'> & { broken: { row: AuthoredRow; error: string } | null } {
  const taken: AuthoredRow[] = [];
  const carried: CarriedChange[] = [];
  let waiting = [...rows];
  for (let progress = true; progress && waiting.length > 0;) {
    progress = false;
    const still: AuthoredRow[] = [];
    for (const row of waiting) {
      if (replica.lacksFor(row.body)) {
        still.push(row);
        continue;
      }
      const applied = replica.apply(row);
      if (applied.kind !== 'done') {
        const error = applied.kind === 'broken' ? applied.error : NEVER_CAME;
        return { taken, carried, waiting, broken: { row, error } };
      }
      progress = true;
      taken.push(row);
      for (const change of applied.changes) carried.push({ change, row });
    }
    waiting = still;
  }
  return { taken, carried, waiting, broken: null };
}

async function write(
  { effects }: Projection,
  { tx, spaceId, cursor, nowMs }: Turn,
  attempt: Attempt,
  seq: number,
): Promise<{ readonly outcome: SpaceOutcome; readonly hasAside: boolean }> {
  const { replica, taken, broken, waiting } = attempt;
  const aside = [...broken, ...waiting.map((row) => ({ row, error: NEVER_CAME }))];
  for (const { row, error } of aside) await quarantineRow(tx, spaceId, row.seq, error);
  const touched = replica.takeTouched();
  if (attempt.isJump) await touchAll(tx, spaceId, replica, touched);
  const changes = await newChanges(tx, spaceId, attempt.carried);
  const { rows, reminding } = projectedRows(replica, touched, birthsIn(attempt.carried));
  await writeProjection(tx, spaceId, rows);
  const audit = auditRows(spaceId, cursor, changes);
  await appendAudit(tx, spaceId, audit);
  const events = outboxRows(spaceId, cursor, changes, replica.model);
  await appendOutbox(tx, spaceId, events);
  const change: ProjectedChange = {
    spaceId,
    taskIds: new Set(rows.taskIds),
    mayRemind: (taskId) => reminding.has(taskId),
    now: nowMs,
    receivedAt: firstEdits(attempt, nowMs),
  };
  for (const effect of effects) await effect(tx, change);
  replica.seq = seq;
  const { hasAside } = await moveCursor(
    tx,
    spaceId,
    {
      seq,
      auditSeq: cursor.auditSeq + audit.length,
      auditHash: audit.at(-1)?.hash ?? cursor.auditHash,
      outboxSeq: cursor.outboxSeq + events.length,
    },
    new Date(nowMs),
    NEVER_CAME,
  );
  const outcome: SpaceOutcome = {
    rows: taken.length,
    auditRows: audit.length,
    events: events.length,
    quarantined: aside.length,
    isFull: false,
    waitsUntil: null,
  };
  return { outcome, hasAside };
}

/** The rows of all that was touched, as the replica now reads it, and the tasks among them that may remind someone. */
export function projectedRows(
  { model }: Replica,
  touched: Touched,
  births: ReadonlyMap<string, string>,
): { readonly rows: ProjectedRows; readonly reminding: ReadonlySet<string> } {
  const tasks: string[] = [];
  const occurrences: string[] = [];
  const goneTasks: string[] = [];
  const reminding = new Set<string>();
  const taskIds = [...touched.tasks].filter(isStorableName);
  for (const id of taskIds) {
    const row = taskRow(model, id, births.get(id) ?? null);
    if (row === null) goneTasks.push(id);
    else {
      tasks.push(row.task);
      occurrences.push(...row.occurrences);
      if (row.mayRemind) reminding.add(id);
    }
  }
  const lists = named(touched.lists, (id) => listRow(model, id));
  const tags = named(touched.tags, (id) => tagRow(model, id));
  const rows: ProjectedRows = {
    taskIds,
    listIds: lists.ids,
    tagIds: tags.ids,
    gone: { taskIds: goneTasks, listIds: lists.gone, tagIds: tags.gone },
    tasks: `[${tasks.join()}]`,
    occurrences: `[${occurrences.join()}]`,
    lists: lists.rows,
    tags: tags.rows,
  };
  return { rows, reminding };
}

function named(
  touched: ReadonlySet<string>,
  rowOf: (id: string) => NamedRow | null,
): { readonly ids: readonly string[]; readonly gone: readonly string[]; readonly rows: string } {
  const ids = [...touched].filter(isStorableName);
  const gone: string[] = [];
  const rows: string[] = [];
  for (const id of ids) {
    const row = rowOf(id);
    if (row === null) gone.push(id);
    else rows.push(storableJson(row));
  }
  return { ids, gone, rows: `[${rows.join()}]` };
}

/** The replica at the cursor: as it was kept, caught up, or made of the newest snapshot below and the rows since. */
export async function openReplica(
  { tx, spaceId, cursor, nowMs, known }: Turn,
  /** How many rows are to come, and the sequence of the last. */
  next: { readonly count: number; readonly last: number },
): Promise<{ readonly replica: Replica; readonly isJump: boolean }> {
  const now = (): number => nowMs;
  // Numbers without gaps need no second look; what is not among them may be in quarantine, or gone.
  const isDense = next.last - cursor.seq === next.count;
  const hasHole = !isDense && (await firstMissing(tx, spaceId, cursor.seq, next.last)) !== null;
  if (!hasHole) {
    if (known !== undefined && known.seq <= cursor.seq && (await catchUp(tx, spaceId, known, cursor.seq)))
      return { replica: known, isJump: false };
    known?.close();
    const base = await snapshotUpTo(tx, spaceId, cursor.seq);
    if ((await firstMissing(tx, spaceId, base?.seq ?? 0, cursor.seq)) === null) {
      const replica = new Replica(base, now);
      if (await catchUp(tx, spaceId, replica, cursor.seq)) return { replica, isJump: false };
      throw new Error(
        `The rows up to ${cursor.seq} of space ${spaceId} were projected and cannot be read again.`,
      );
    }
  }
  const beyond = await snapshotAfter(tx, spaceId, cursor.seq);
  if (beyond === null)
    throw new Error(`The log of space ${spaceId} has a hole around ${cursor.seq}; restore a backup.`);
  return { replica: new Replica(beyond, now), isJump: true };
}

/** False when what is there cannot be applied. */
async function catchUp(tx: Tx, spaceId: string, replica: Replica, untilSeq: number): Promise<boolean> {
  const breath = createBreath();
  while (replica.seq < untilSeq) {
    const rows = await readAuthored(tx, spaceId, replica.seq, {
      rows: CATCH_UP_ROWS,
      bytes: CATCH_UP_BYTES,
      untilSeq,
    });
    if (rows.length === 0) replica.seq = untilSeq;
    // In one transaction of Yjs: what these rows did was told before, only what they left behind counts.
    else if (!replica.applyUnseen(rows)) return false;
    await breath.take();
  }
  replica.takeTouched();
  return replica.isWhole;
}

export async function touchAll(tx: Tx, spaceId: string, replica: Replica, touched: Touched): Promise<void> {
  const { tables } = replica.model;
  for (const id of tables.task.entities.keys()) touched.tasks.add(parseOccurrenceId(id)?.taskId ?? id);
  for (const id of tables.list.entities.keys()) touched.lists.add(id);
  for (const id of tables.tag.entities.keys()) touched.tags.add(id);
  const projected = await projectedIds(tx, spaceId);
  for (const id of projected.tasks) touched.tasks.add(id);
  for (const id of projected.lists) touched.lists.add(id);
  for (const id of projected.tags) touched.tags.add(id);
}

function birthsIn(carried: readonly CarriedChange[]): Map<string, string> {
  const births = new Map<string, string>();
  for (const { change, row } of carried) {
    if (change.entity === 'task' && change.field === 'born') births.set(change.id, row.userId);
  }
  return births;
}

/** By task; for one that changed with something else, as with its list, the first row of all. */
function firstEdits({ taken, carried }: Attempt, nowMs: number): (taskId: string) => number {
  const first = new Map<string, number>();
  for (const { change, row } of carried) {
    if (change.entity !== 'task') continue;
    const at = row.receivedAt.getTime();
    first.set(change.id, Math.min(at, first.get(change.id) ?? at));
  }
  const firstOfAll = taken.reduce((least, row) => Math.min(least, row.receivedAt.getTime()), nowMs);
  return (taskId) => first.get(taskId) ?? firstOfAll;
}

function lastSeq(rows: readonly AuthoredRow[]): number {
  return rows.at(-1)?.seq ?? 0;
}

/** Lets the event loop turn now and then: sockets wait on it where everything is one process. */
function createBreath(): { isDue(): boolean; take(): Promise<void> } {
  let since = performance.now();
  return {
    isDue: () => performance.now() - since > BREATH_MS,
    async take() {
      await new Promise(setImmediate);
      since = performance.now();
    },
  };
}

const NOTHING: SpaceOutcome = {
  rows: 0,
  auditRows: 0,
  events: 0,
  quarantined: 0,
  isFull: false,
  waitsUntil: null,
};
/** Of a row that was set aside and is in the log again. */
export const CAME_LATER = 'What it builds on came later; it was appended anew.';
const MAX_REVIVED = 50;
const APPEND_LIMIT_MS = 10_000;
const BREATH_MS = 10;
const CATCH_UP_ROWS = 5000;
const CATCH_UP_BYTES = 8 * 1024 * 1024;
