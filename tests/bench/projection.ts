/**
 * The bench of the projection: 10,000 rows of the log, each applied by itself, to projected rows, audit and outbox in a real
 * Postgres; of one space in turns as large as they get, and of many spaces in the small turns of a steady load. Medians of
 * the rounds, with the least and the greatest. CPU is user and system time: here that of this process with all its threads
 * (the collector of garbage is one), in Postgres that of its one connection. Needs Linux.
 *
 *   --rounds=N        3 unless said otherwise
 *   --rows=N          10,000 unless said otherwise
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as Y from 'yjs';
import type { TaskId } from '@holdfast/core/document.ts';
import { createReplica, must } from '@holdfast/core/testing/replica.ts';
import { createDatabase, type Database } from '@holdfast/db/database.ts';
import { migrate } from '@holdfast/db/migrate.ts';
import { createSpace } from '@holdfast/db/spaces.ts';
import { appendBatch } from '@holdfast/db/update-log.ts';
import { startEmbeddedPostgres } from '@holdfast/deploy/embedded-postgres.ts';
import { Replica } from '@holdfast/workers/projection/replica.ts';
import { createProjector, PROJECTION } from '@holdfast/workers/projection/projector.ts';
import { EFFECTS } from '@holdfast/workers/projection/effects.ts';
import { cpuSeconds } from './sync/process-stats.ts';

const EDITS_PER_ROW_KIND = 5;
const WRITERS = 20;
/** What 1,000 updates a second leave for a turn in each of the documents of the bench `sync`. */
const MANY = { spaces: 24, rowsPerTurn: 40 };
const OWN_PID = { name: 'bench-own-pid', text: 'SELECT pg_backend_pid() AS pid' };

export async function benchProjection(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: { rounds: { type: 'string', default: '3' }, rows: { type: 'string', default: '10000' } },
  });
  const rows = makeRows(Number(values.rows));
  console.log(`projection: ${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}; ${rows.length} rows`);
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
  const database = createDatabase({
    url: postgres.url,
    onError: () => undefined,
    // So that it is always the one that is measured.
    maxConnections: 1,
  });
  try {
    await migrate(database);
    const found: Round[] = [];
    for (let round = 0; round < Number(values.rounds); round++) found.push(await measure(database, rows));
    for (const name of Object.keys(found[0] ?? {}) as (keyof Round)[]) {
      const sorted = found.map((each) => each[name]).sort((a, b) => a - b);
      const [least, median, greatest] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
      console.log(
        `  ${name.padEnd(34)} ${median?.toFixed(1)} [${least?.toFixed(1)}, ${greatest?.toFixed(1)}]`,
      );
    }
  } finally {
    await database.close();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Round = Record<
  | 'apply plain, ms'
  | 'apply row by row and read, ms'
  | 'one space: turns, ms'
  | 'one space: CPU ms here'
  | 'one space: CPU ms in Postgres'
  | 'one space: audit rows'
  | 'many spaces: turns, ms'
  | 'many spaces: CPU ms here'
  | 'many spaces: CPU ms in Postgres',
  number
>;

/** One of five makes a task, the others set its title over what stood. */
function makeRows(count: number): Uint8Array[] {
  const { document, doc, clock } = createReplica(2000);
  const rows: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => rows.push(update));
  const ids: TaskId[] = [];
  for (let i = 0; i < count; i++) {
    clock.ms += 500;
    doc.clientID = 2000 + (i % WRITERS);
    const id = ids[(i * 7) % Math.max(1, ids.length)];
    if (id === undefined || i % EDITS_PER_ROW_KIND === 0) {
      ids.push(must(document.createTask({ title: `task ${i}` })).id);
    } else must(document.editTask(id, { title: `edit ${i}` }));
  }
  return rows;
}

async function measure(database: Database, rows: readonly Uint8Array[]): Promise<Round> {
  const plainAt = performance.now();
  const plain = new Y.Doc();
  for (const row of rows) Y.applyUpdate(plain, row);
  const plainMs = performance.now() - plainAt;

  const replicaAt = performance.now();
  const replica = new Replica(null, Date.now);
  for (const [i, body] of rows.entries()) replica.apply({ seq: i + 1, body });
  const replicaMs = performance.now() - replicaAt;
  replica.close();

  const one = await project(database, [rows], PROJECTION.maxRows);
  const shares = Array.from({ length: MANY.spaces }, (_, i) =>
    rows.slice(0, Math.ceil((rows.length - i) / MANY.spaces)),
  );
  const many = await project(database, shares, MANY.rowsPerTurn);
  return {
    'apply plain, ms': plainMs,
    'apply row by row and read, ms': replicaMs,
    'one space: turns, ms': one.ms,
    'one space: CPU ms here': one.cpuMs,
    'one space: CPU ms in Postgres': one.postgresMs,
    'one space: audit rows': one.auditRows,
    'many spaces: turns, ms': many.ms,
    'many spaces: CPU ms here': many.cpuMs,
    'many spaces: CPU ms in Postgres': many.postgresMs,
  };
}

/** A space for each log, a turn in each by turns. */
async function project(
  database: Database,
  logs: readonly (readonly Uint8Array[])[],
  maxRows: number,
): Promise<{ ms: number; cpuMs: number; postgresMs: number; auditRows: number }> {
  const open = new Set<string>();
  for (const log of logs) {
    const { id } = await createSpace(database, { name: 'Bench', kind: 'shared', ownerId: 'ann' });
    const entries = log.map((body) => ({ body, userId: 'ann', deviceId: 'laptop' }));
    await appendBatch(database, crypto.randomUUID(), [{ spaceId: id, entries }], 60_000);
    open.add(id);
  }
  const projector = createProjector(database, EFFECTS, { ...PROJECTION, maxRows });
  const [backend] = await database.run<{ pid: number }>(OWN_PID, []);
  const postgresBefore = cpuSeconds(backend?.pid ?? 0);
  const cpuBefore = process.cpuUsage();
  const beganAt = performance.now();
  let auditRows = 0;
  while (open.size > 0) {
    for (const id of open) {
      const outcome = await projector.project(id, Date.now());
      auditRows += outcome?.auditRows ?? 0;
      if (outcome?.isFull !== true) open.delete(id);
    }
  }
  const ms = performance.now() - beganAt;
  const cpu = process.cpuUsage(cpuBefore);
  const postgresMs = (cpuSeconds(backend?.pid ?? 0) - postgresBefore) * 1000;
  await projector.close();
  return { ms, cpuMs: (cpu.user + cpu.system) / 1000, postgresMs, auditRows };
}
