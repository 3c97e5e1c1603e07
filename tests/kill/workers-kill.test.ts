/**
 * Two processes with the workers alone on one database; one of them is ended with SIGKILL at random moments under a stream
 * of edits, and now and then the database is ended too, as by a power cut. Afterwards the books are read: everything that
 * workers write must be there once.
 *
 * HOLDFAST_KILL_ROUNDS and HOLDFAST_KILL_SEED choose how often and from which seed; a failure names its seed.
 */
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type Database } from '@holdfast/db/database.ts';
import { migrate } from '@holdfast/db/migrate.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@holdfast/deploy/embedded-postgres.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attemptStart, type Attempt } from '../support/app.ts';
import { killBudget } from './budget.ts';
import { answers, createEditStream } from './edit-stream.ts';
import { BOOKS } from './worker-books.ts';
import { turns } from './writers.ts';

const { rounds, seed } = killBudget('HOLDFAST_KILL_ROUNDS', 2);
const ROUND_TIMEOUT_MS = 60_000;
const ROUNDS_PER_DATABASE_KILL = 4;

let folder: string;
let postgres: EmbeddedPostgres;
let database: Database;
let workers: Attempt[];
/** Rejects when Postgres is gone for good: whoever waits for its answer would wait for ever. */
let lost: PromiseWithResolvers<never>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-test-workers-'));
  // mkdtemp makes it 0700, and as root Postgres runs as another user.
  await chmod(folder, 0o711);
  lost = Promise.withResolvers();
  lost.promise.catch(() => undefined);
  postgres = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    onLost: (fault) => lost.reject(fault),
    // It is killed here as often as the rounds are quick.
    maxRestartsPerMinute: Infinity,
  });
  database = createDatabase({ url: postgres.url, onError: () => undefined, maxConnections: 4 });
  await migrate(database);
  workers = await Promise.all([startWorkers(), startWorkers()]);
}, ROUND_TIMEOUT_MS);

afterEach(async () => {
  for (const each of workers) await each.cleanUp();
  await database.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

test(
  '[DUR4] kill -9 of one of two workers and of the database: everything they write is there once, and equals the documents',
  { timeout: ROUND_TIMEOUT_MS * (rounds + 2) },
  () => Promise.race([lost.promise, killAndReadTheBooks()]),
);

async function killAndReadTheBooks(): Promise<void> {
  const random = seededRandom(seed);
  const stream = await createEditStream(database, 2, random);
  for (let round = 0; round < rounds; round++) {
    const editing = stream.run(20 + Math.floor(random() * 40));
    await turns(Math.floor(random() * 400));
    const which = random() < 0.5 ? 0 : 1;
    workers[which]?.child.kill('SIGKILL');
    await workers[which]?.exited;
    // An immediate shutdown: nothing is written any more, and the next start recovers as after a crash.
    if (round % ROUNDS_PER_DATABASE_KILL === 1) process.kill(postgres.pid, 'SIGQUIT');
    await editing;
    await workers[which]?.cleanUp();
    await answers(database);
    workers[which] = await startWorkers();
  }
  for (const spaceId of stream.spaceIds) await untilProjected(spaceId);
  for (const spaceId of stream.spaceIds) {
    expect(stream.written(spaceId).size).toBeGreaterThan(0);
    for (const book of BOOKS) {
      expect(
        await book.faults(database, spaceId, stream),
        `${book.name}, HOLDFAST_KILL_SEED=${seed}`,
      ).toEqual([]);
    }
  }
}

async function startWorkers(): Promise<Attempt> {
  const attempt = await attemptStart({
    databaseUrl: postgres.url,
    args: ['--role=workers'],
    env: { LOG_LEVEL: 'warn' },
    lasting: true,
  });
  if ((await attempt.ready) === undefined) {
    throw new Error(`The workers did not start:\n${attempt.stderr()}`);
  }
  return attempt;
}

/** Asks again until the cursor is at the head; the test's own time limit ends it otherwise. */
async function untilProjected(spaceId: string): Promise<void> {
  for (;;) {
    const [row] = await database.run<{ behind: number }>(
      {
        name: '',
        text: `SELECT head - coalesce(seq, 0) AS behind FROM space
               LEFT JOIN projection_cursor ON space_id = id WHERE id = $1`,
      },
      [spaceId],
    );
    if (row?.behind === 0) return;
    await turns(100);
  }
}
