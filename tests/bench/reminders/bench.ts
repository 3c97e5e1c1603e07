/**
 * The bench of reminders: how late pushes arrive at a push service, and how many a second.
 *
 *   --rounds=N        3 unless said otherwise
 *   --count=N         reminders of a round, 10,000
 *   --parts=...       minute (due over 60 s), burst (all due at once), idle (200 over 20 s)
 *
 * A thousand people, each with a space, a device and their share of the tasks; the workers' jobs run in this process as the
 * product runs them, the push service (TLS, decrypts and checks every message) in another, Postgres is the one that Holdfast
 * brings with fsync on. Lateness is from the instant a reminder is for to its arrival there.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { migrate } from '@holdfast/db/migrate.ts';
import { createWorkers } from '@holdfast/workers/workers.ts';
import webpush from 'web-push';
import { startBenchPostgres } from '../sync/postgres.ts';
import type { Ready, Report } from './receiver.ts';

const PEOPLE = 1000;
const PARTS = {
  minute: { title: 'due over one minute', spreadMs: 60_000, share: 1 },
  burst: { title: 'due at one instant', spreadMs: 0, share: 1 },
  idle: { title: 'few, on an idle machine', spreadMs: 20_000, share: 0.02 },
} as const;
type Part = keyof typeof PARTS;

interface Measured {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly perSecond: number;
  readonly cpuMs: number;
}

export async function benchReminders(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      rounds: { type: 'string', default: '3' },
      count: { type: 'string', default: '10000' },
      parts: { type: 'string', default: 'minute,burst,idle' },
    },
  });
  const rounds = Number(values.rounds);
  const parts = values.parts.split(',').filter((part): part is Part => part in PARTS);
  const postgres = await startBenchPostgres();
  const receiver = fork(fileURLToPath(new URL('receiver.ts', import.meta.url)));
  const database = createDatabase({
    url: await postgres.createDatabase('reminders'),
    onError: (error) => console.error(error.message),
  });
  console.log(
    `reminders: ${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}; Node ${process.versions.node}, ` +
      `Postgres ${postgres.version}; ${rounds} rounds of ${values.count}`,
  );
  try {
    await migrate(database);
    const { ca, subscriptions } = await ask<Ready>(receiver, { subscriptions: PEOPLE });
    await database.run(PREPARE, [
      PEOPLE,
      Math.ceil(Number(values.count) / PEOPLE),
      subscriptions.map(({ endpoint }) => endpoint),
      subscriptions.map(({ keys }) => keys.p256dh),
      subscriptions.map(({ keys }) => keys.auth),
    ]);
    for (const part of parts) {
      const measured: Measured[] = [];
      const count = Math.round(Number(values.count) * PARTS[part].share);
      for (let round = 0; round < rounds; round++) {
        measured.push(await measure(database, receiver, ca, part, count));
        console.error(`  ${part} ${round + 1}/${rounds}: ${JSON.stringify(measured.at(-1))}`);
      }
      print(part, count, measured);
    }
  } finally {
    receiver.disconnect();
    await database.close();
    await postgres.stop();
  }
}

async function measure(
  database: Database,
  receiver: ChildProcess,
  ca: string,
  part: Part,
  count: number,
): Promise<Measured> {
  const { spreadMs } = PARTS[part];
  const firstMs = Date.now() + LEAD_MS;
  await database.run({ name: '', text: 'DELETE FROM notification' }, []);
  await database.run(PLAN, [count, new Date(firstMs), spreadMs / count]);
  const workers = createWorkers({
    database,
    logger: { info: () => undefined, warn: console.error, error: console.error },
    announce: () => undefined,
    ca,
    config: {
      vapid: { ...VAPID, subject: 'mailto:bench@example.org' },
      allowPrivateEndpoints: true,
    },
  });
  const before = process.cpuUsage();
  workers.start();
  const { arrivals, distinct, refusals } = await ask<Report>(receiver, { waitFor: count });
  const cpu = process.cpuUsage(before);
  await workers.drain();
  if (distinct !== count || arrivals.length !== count || refusals.length > 0) {
    throw new Error(`Of ${count}, ${distinct} came in ${arrivals.length} messages; ${refusals.join(', ')}`);
  }
  const late = arrivals.map(([at, receivedAt]) => receivedAt - at).sort((a, b) => a - b);
  const lastMs = Math.max(...arrivals.map(([, receivedAt]) => receivedAt));
  const quantile = (q: number): number => late[Math.min(late.length - 1, Math.floor(late.length * q))] ?? 0;
  return {
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
    max: quantile(1),
    perSecond: (count / (lastMs - firstMs)) * 1000,
    cpuMs: (cpu.user + cpu.system) / 1000 / count,
  };
}

/** The workers start meanwhile, and it is not what is measured. */
const LEAD_MS = 3000;
const VAPID = webpush.generateVAPIDKeys();

async function ask<Answer>(receiver: ChildProcess, question: object): Promise<Answer> {
  const answer = once(receiver, 'message');
  receiver.send(question);
  const [message] = (await answer) as [Answer];
  return message;
}

function print(part: Part, count: number, measured: readonly Measured[]): void {
  console.log(`\n${count} ${PARTS[part].title}: median [least, greatest] of the rounds`);
  const line = (name: string, of: (one: Measured) => number, digits = 0): void => {
    const sorted = measured.map(of).sort((a, b) => a - b);
    const shown = (value: number | undefined): string => (value ?? 0).toFixed(digits);
    const median = sorted[Math.floor(sorted.length / 2)];
    console.log(`  ${name.padEnd(28)} ${shown(median)} [${shown(sorted[0])}, ${shown(sorted.at(-1))}]`);
  };
  line('lateness p50, ms', ({ p50 }) => p50);
  line('lateness p95, ms', ({ p95 }) => p95);
  line('lateness p99, ms', ({ p99 }) => p99);
  line('lateness max, ms', ({ max }) => max);
  line('deliveries per second', ({ perSecond }) => perSecond);
  line('CPU of the workers, ms each', ({ cpuMs }) => cpuMs, 2);
}

const PREPARE = {
  name: '',
  text: `
    WITH people AS (
      SELECT n, 'person-' || n AS id, gen_random_uuid() AS space_id, endpoint, p256dh, auth
      FROM unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS given (endpoint, p256dh, auth, n)
      WHERE n <= $1
    ), accounts AS (
      INSERT INTO account_user (id, name, email) SELECT id, id, id || '@example.org' FROM people
    ), spaces AS (
      INSERT INTO space (id, name, kind) SELECT space_id, 'Own', 'personal' FROM people
    ), members AS (
      INSERT INTO member (space_id, user_id, role) SELECT space_id, id, 'owner' FROM people
    ), subscriptions AS (
      INSERT INTO push_subscription (user_id, endpoint, p256dh, auth) SELECT id, endpoint, p256dh, auth FROM people
    ), tasks AS (
      SELECT people.*, 'task-' || k AS task_id FROM people, generate_series(1, $2::int) AS k
    ), projected AS (
      INSERT INTO projected_task (space_id, id, title, notes, status, priority, created_at, updated_at, created_by, digest)
      SELECT space_id, task_id, 'A task', '', 'open', 0, now(), now(), id, '' FROM tasks
    )
    INSERT INTO projected_occurrence (space_id, task_id, ordinal, state, body)
    SELECT space_id, task_id, 0, 'open', '{"title": "A task", "due": null}' FROM tasks`,
};

const PLAN = {
  name: '',
  text: `
    INSERT INTO notification (space_id, user_id, key, kind, task_id, ordinal, reminder_id, fire_at, state)
    SELECT member.space_id, member.user_id, task.id || '#0/r/' || row_number() OVER (), 'reminder', task.id, 0, 'r',
      $2::timestamptz + (row_number() OVER () * $3::float8) * interval '1 millisecond', 'planned'
    FROM projected_task AS task JOIN member ON member.space_id = task.space_id
    LIMIT $1`,
};
