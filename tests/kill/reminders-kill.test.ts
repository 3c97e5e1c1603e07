/**
 * Two processes with the workers alone on one database and reminders falling due; one of them is ended with SIGKILL at random
 * moments: while it plans, fires, sends or writes down what was sent. Then the books and the push service are compared.
 *
 * HOLDFAST_KILL_ROUNDS and HOLDFAST_KILL_SEED choose how often and from which seed; a failure names its seed.
 */
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReplica, must } from '@holdfast/core/testing/replica.ts';
import { createDatabase, type Database } from '@holdfast/db/database.ts';
import { saveSubscription } from '@holdfast/db/notifications.ts';
import { announceOnce } from '@holdfast/db/space-events.ts';
import { createSpace } from '@holdfast/db/spaces.ts';
import { appendBatch } from '@holdfast/db/update-log.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attemptStart, type Attempt } from '../support/app.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { startPushService, type PushService } from '../support/push-service.ts';
import { recordUpdates } from '../workers/space.ts';
import { killBudget } from './budget.ts';
import { turns } from './writers.ts';

const { rounds, seed } = killBudget('HOLDFAST_KILL_ROUNDS', 2);
const ROUND_TIMEOUT_MS = 60_000;
/** Longer than the leases of a process that died, one after the other, and a second try on a slow machine. */
const STUCK_AFTER_MS = 120_000;
const REMINDERS_PER_ROUND = 25;

let folder: string;
let test1: TestDatabase;
let database: Database;
let push: PushService;
let workers: Attempt[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-test-reminders-'));
  test1 = await testDatabase();
  database = createDatabase({ url: test1.url, onError: () => undefined, maxConnections: 4 });
  push = await startPushService();
  await writeFile(join(folder, 'authority.pem'), push.ca);
  workers = await Promise.all([startWorkers(), startWorkers()]);
}, ROUND_TIMEOUT_MS);

afterEach(async () => {
  for (const each of workers) await each.cleanUp();
  await push.close();
  await database.close();
  await test1.drop();
  await rm(folder, { recursive: true, force: true });
});

test(
  '[DUR5] kill -9 of one of two workers while reminders fall due: each is sent, once in the books and once on the device',
  { timeout: ROUND_TIMEOUT_MS * (rounds + 3) },
  async () => {
    const random = seededRandom(seed);
    await database.kysely
      .insertInto('account_user')
      .values({ id: 'ann', name: 'Ann', email: 'ann@example.org' })
      .execute();
    const { id: spaceId } = await createSpace(database, { name: 'Own', kind: 'personal', ownerId: 'ann' });
    const { endpoint, keys } = push.subscribe();
    const subscription = { userId: 'ann', deviceId: null, endpoint, ...keys, userAgent: null };
    await saveSubscription(database, { ...subscription, now: new Date() });
    const { document, doc, clock } = createReplica(7, { startMs: Date.now() });
    const updates = recordUpdates(doc);
    const wanted = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      clock.ms = Date.now();
      const made = new Map<string, number>();
      for (let n = 0; n < REMINDERS_PER_ROUND; n++) {
        const { id } = must(document.createTask({ title: `Task ${round}.${n}` }));
        const at = Date.now() + 1000 + Math.floor(random() * 2000);
        must(document.addReminder(id, { at: new Date(at).toISOString() }));
        made.set(id, at);
      }
      const entries = updates.take().map((body) => ({ body, userId: 'ann', deviceId: null }));
      await appendBatch(database, crypto.randomUUID(), [{ spaceId, entries }], 10_000);
      // On a slow machine the first of them may be past by now, and is then not to be told (RE6).
      const arrivedAt = await lastArrival();
      for (const [id, at] of made) if (at >= arrivedAt) wanted.add(id);
      await announceOnce(database, { kind: 'head', spaceId });
      // In the middle of those of this round, wherever that is on this machine: after a long stop of the disk it is their end.
      const moment = push.messages.length + 1 + Math.floor(random() * (REMINDERS_PER_ROUND / 2));
      await orTheBooks(push.received(Math.min(moment, wanted.size)), wanted);
      const which = random() < 0.5 ? 0 : 1;
      workers[which]?.child.kill('SIGKILL');
      await workers[which]?.cleanUp();
      workers[which] = await startWorkers();
    }
    await orTheBooks(untilSettled(wanted.size), wanted);

    const failed = `HOLDFAST_KILL_SEED=${seed}`;
    const rows = await database.kysely
      .selectFrom('notification as n')
      .innerJoin('notification_delivery as d', (join) =>
        join.onRef('d.notification_id', '=', 'n.id').on('d.channel', '=', 'push'),
      )
      .select(['n.id', 'n.task_id', 'n.key', 'n.state', 'd.state as delivered', 'd.attempts'])
      .execute();
    expect(new Set(rows.map((row) => row.task_id)), failed).toEqual(wanted);
    expect(rows, failed).toHaveLength(wanted.size);
    expect(new Set(rows.map(({ state, delivered }) => `${state} ${delivered}`)), failed).toEqual(
      new Set(['sent sent']),
    );
    // A device shows one notification for a tag. What came twice was tried twice, because its first sender died in between.
    const arrived = Map.groupBy(push.messages, ({ payload }) => payload.tag);
    expect(new Set(arrived.keys()), failed).toEqual(new Set(rows.map(({ key }) => key)));
    for (const { key, attempts } of rows) {
      expect(arrived.get(key)?.length ?? 0, `${key}, ${failed}`).toBeLessThanOrEqual(attempts);
    }
    expect(push.refusals, failed).toEqual([]);
  },
);

async function startWorkers(): Promise<Attempt> {
  const attempt = await attemptStart({
    databaseUrl: test1.url,
    args: ['--role=workers'],
    env: {
      LOG_LEVEL: 'warn',
      ALLOW_PRIVATE_ENDPOINTS: 'true',
      NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'),
    },
    lasting: true,
  });
  if ((await attempt.ready) === undefined) {
    throw new Error(`The workers did not start:\n${attempt.stderr()}`);
  }
  return attempt;
}

/** Milliseconds since the epoch. */
async function lastArrival(): Promise<number> {
  const { at } = await database.kysely
    .selectFrom('update_log')
    .select((row) => row.fn.max('received_at').as('at'))
    .executeTakeFirstOrThrow();
  return at.getTime();
}

/** Asks again until all has become something. */
async function untilSettled(count: number): Promise<void> {
  for (;;) {
    const [row] = await database.run<{ settled: number }>(
      {
        name: '',
        text: `SELECT count(*)::int AS settled FROM notification AS n
               WHERE state NOT IN ('planned', 'sending') AND NOT EXISTS (
                 SELECT 1 FROM notification_delivery AS d WHERE d.notification_id = n.id AND d.state = 'pending'
               )`,
      },
      [],
    );
    if (row?.settled === count) return;
    await turns(200);
  }
}

/** What is waited for; when it does not come, an error with what tells why. */
async function orTheBooks(waiting: Promise<unknown>, wanted: ReadonlySet<string>): Promise<void> {
  const isStuck = once(AbortSignal.timeout(STUCK_AFTER_MS), 'abort').then(() => true);
  if ((await Promise.race([waiting, isStuck])) !== true) return;
  const rows = await database.run<{ task: string; state: string; fireAt: Date; deliveries: unknown }>(
    {
      name: '',
      text: `SELECT n.task_id AS task, n.state, n.fire_at AS "fireAt", to_jsonb(n) AS row, (
               SELECT jsonb_agg(to_jsonb(d)) FROM notification_delivery AS d WHERE d.notification_id = n.id
             ) AS deliveries FROM notification AS n`,
    },
    [],
  );
  const told = new Set(push.messages.map(({ payload }) => payload.taskId));
  const books = {
    seed,
    wanted: wanted.size,
    rows: rows.length,
    messages: push.messages.length,
    refusals: push.refusals,
    withoutRow: [...wanted].filter((id) => !rows.some(({ task }) => task === id)),
    notWanted: rows.filter(({ task }) => !wanted.has(task)),
    notTold: rows.filter(({ task, state }) => state !== 'sent' || !told.has(task)),
    logs: workers.map((each) => each.stderr().slice(-2000)),
  };
  throw new Error(`Stuck: ${JSON.stringify(books, null, 1)}`);
}
