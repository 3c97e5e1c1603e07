/**
 * The drill: each alert against the fault that it describes, its runbook followed, and the alert seen to clear.
 *
 *   node tests/observability/drill.ts [ALERT...]
 *
 * Promise: server, workers, Postgres and Prometheus are real and the fault is brought about for real, with the thresholds of the
 * rules. What the runbook says to look at is looked at, and what it says to do is done.
 * Limits: windows and waits of the rules are seconds here instead of minutes, and where a fault needs an hour or a day to show,
 * the times in the tables are moved back by hand; the words of each drill say so. Alertmanager takes no part.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createReplica, must } from '@holdfast/core/testing/replica.ts';
import type { HoldfastDocument } from '@holdfast/core/document.ts';
import type { TaskId } from '@holdfast/core/ids.ts';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { startEmbeddedPostgres } from '@holdfast/deploy/embedded-postgres.ts';
import pg from 'pg';
import { createAccount } from '../support/account.ts';
import type { TestAccount } from '../support/account.ts';
import { startApp } from '../support/app.ts';
import type { App, AppOptions } from '../support/app.ts';
import { connectRawClient } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startSmtpSink } from '../support/smtp-sink.ts';
import { MESSAGE } from '../support/wire.ts';
import { startReceiver } from '../workers/receiver.ts';
import { nobodysSubscription } from './busy-day.ts';
import { silentAmong } from './queries.ts';
import { fasterFiles, freePort, startPrometheus, until } from './watchers.ts';

interface Drill {
  readonly alert: string;
  /** Brings the fault about; what must go on for it to last is begun here and ended by `mend`. */
  fault(): Promise<void>;
  /** What the runbook says is to be seen. Throws when it is not. */
  look?(): Promise<void> | void;
  /** What the runbook says to do. */
  mend(): Promise<void>;
}

const folder = await mkdtemp(join(tmpdir(), 'holdfast-drill-'));
await chmod(folder, 0o711);
const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
const mail = await startSmtpSink();
const hook = await startReceiver();
const [syncPort, workersPort, prometheusPort] = [await freePort(), await freePort(), await freePort()];
const options = (role: string, port: number): AppOptions => ({
  lasting: true,
  databaseUrl: postgres.url,
  args: [`--role=${role}`],
  env: {
    PORT: String(port),
    LOG_LEVEL: 'debug',
    RATE_LIMITS: 'off',
    ALLOW_PRIVATE_ENDPOINTS: 'true',
    SMTP_URL: mail.url,
    MAIL_FROM: 'holdfast@example.org',
    PUBLIC_URL: 'https://tasks.example.org',
  },
});
let sync = await startApp(options('sync', syncPort));
let workers = await startApp(options('workers', workersPort));
const database: Database = createDatabase({ url: postgres.url, onError: () => undefined, maxConnections: 2 });
const account: TestAccount = await createAccount(sync.url);
const { spaceId } = account;
const files = await fasterFiles({
  apps: [`127.0.0.1:${syncPort}`, `127.0.0.1:${workersPort}`],
  alertmanager: '127.0.0.1:1',
  receiver: 'http://127.0.0.1:1',
  rulesPath: join(folder, 'rules.yaml'),
});
const shorter = files.rules.replaceAll(/\[\d+[mh]\]/g, '[15s]').replaceAll(/offset \d+m/g, 'offset 15s');
const prometheus = await startPrometheus(folder, { ...files, rules: shorter }, prometheusPort);

let device = await openDevice(7);
let steady: (() => Promise<void>) | undefined;

let held: pg.Client | undefined;
let leave: () => Promise<void> = () => Promise.resolve();
/** The same client id with a new document would be a device that forgot; a new one is simpler. */
let nextId = 20;

const drills: readonly Drill[] = [
  {
    alert: 'HoldfastProcessDown',
    fault: async () => void (await sync.kill('SIGKILL')),
    mend: restartSync,
  },
  {
    alert: 'HoldfastGone',
    fault: async () => void (await Promise.all([sync.kill('SIGKILL'), workers.kill('SIGKILL')])),
    mend: async () => {
      await restartSync();
      await restartWorkers();
    },
  },
  {
    alert: 'HoldfastWorkersGone',
    fault: async () => void (await workers.stop()),
    mend: restartWorkers,
  },
  {
    alert: 'HoldfastHttpErrors',
    fault: async () => {
      await run('ALTER TABLE webhook RENAME TO webhook_away');
      steady = again(200, () => call('GET', '/api/v1/webhooks'));
    },
    look: () => mustSay(sync, 'request failed'),
    mend: async () => {
      await run('ALTER TABLE webhook_away RENAME TO webhook');
      await call('GET', '/api/v1/webhooks');
    },
  },
  {
    alert: 'HoldfastHttpSlow',
    fault: async () => {
      const lock = await locked('webhook');
      const asking = Promise.all([call('GET', '/api/v1/webhooks'), call('GET', '/api/v1/webhooks')]);
      await delay(4000);
      await lock.end();
      await asking;
    },
    mend: () => Promise.resolve(),
  },
  {
    alert: 'HoldfastEventLoopSlow',
    fault: () => {
      steady = again(50, async () => {
        process.kill(sync.pid, 'SIGSTOP');
        await delay(800);
        process.kill(sync.pid, 'SIGCONT');
      });
      return Promise.resolve();
    },
    mend: () => Promise.resolve(),
  },
  {
    alert: 'HoldfastCommitSlow',
    fault: () => {
      steady = again(10, async () => {
        const lock = await locked('update_log');
        edit('slow');
        await delay(900);
        await lock.end();
        await device.client.receipt();
      });
      return Promise.resolve();
    },
    mend: () => Promise.resolve(),
  },
  {
    alert: 'HoldfastCommitsStuck',
    fault: async () => {
      held = await locked('update_log');
      const others = await Promise.all([11, 12, 13].map((id) => openDevice(id)));
      for (const each of [device, ...others]) {
        for (let n = 0; n < 40; n++) edit('x'.repeat(60_000), each);
      }
      leave = async () => {
        for (const { client } of others) await client.receipt();
        for (const { client } of others) await client.close();
      };
    },
    look: async () => {
      const waiting = await run('SELECT pid FROM pg_locks WHERE NOT granted');
      if (waiting.length === 0) throw new Error('pg_locks shows nobody that waits.');
    },
    mend: async () => {
      await held?.end();
      if ((await device.client.receipt()).status !== 0)
        throw new Error('An edit that waited was not stored.');
      await leave();
    },
  },
  {
    alert: 'HoldfastEditsRefused',
    fault: () => {
      steady = again(200, async () => {
        const hostile = await connect();
        hostile.sendFrame(new Uint8Array([MESSAGE.sync, 2, 3, 255, 255, 255]));
        await hostile.closed;
      });
      return Promise.resolve();
    },
    look: () => mustSay(sync, 'a message was not understood'),
    mend: () => Promise.resolve(),
  },
  {
    alert: 'HoldfastProjectionFailing',
    fault: async () => {
      await run("ALTER TABLE projected_task ADD CONSTRAINT drill CHECK (title <> 'Refused')");
      edit('Refused');
    },
    look: () => mustSay(workers, 'a space could not be projected; tried again later'),
    mend: async () => void (await run('ALTER TABLE projected_task DROP CONSTRAINT drill')),
  },
  {
    alert: 'HoldfastProjectionBehind',
    fault: async () => {
      held = await locked('projection_cursor', 'EXCLUSIVE');
      edit('Behind');
      await device.client.receipt();
      await run("UPDATE update_log SET received_at = received_at - interval '10 minutes'");
    },
    mend: async () => void (await held?.end()),
  },
  {
    alert: 'HoldfastProjectionDrift',
    fault: async () => {
      await run("UPDATE projected_task SET title = 'By hand'");
      await run("UPDATE projection_cursor SET reconciled_at = now() - interval '2 days'");
      await restartWorkers();
    },
    look: () => mustSay(workers, 'rows of the projection differed from the document and were mended'),
    // The next comparison, a day later, finds nothing.
    mend: async () => {
      await run("UPDATE projection_cursor SET reconciled_at = now() - interval '2 days'");
      await restartWorkers();
    },
  },
  {
    alert: 'HoldfastRowsSetAside',
    fault: async () => {
      await run(`WITH next AS (UPDATE space SET head = head + 1 WHERE id = '${spaceId}' RETURNING head)
        INSERT INTO update_log (space_id, seq, body, user_id, device_id, batch, batch_pos)
        SELECT '${spaceId}', head, '\\x0101ff', user_id, device_id, gen_random_uuid(), 0 FROM next,
        (SELECT user_id, device_id FROM update_log LIMIT 1) AS author`);
    },
    look: () => mustSay(workers, 'rows were set aside; see the table quarantine'),
    mend: async () => void (await run('DELETE FROM quarantine')),
  },
  {
    alert: 'HoldfastJobFailing',
    fault: async () => void (await run('ALTER TABLE webhook RENAME TO webhook_away')),
    look: () => mustSay(workers, 'a job could not do its turn'),
    mend: async () => void (await run('ALTER TABLE webhook_away RENAME TO webhook')),
  },
  {
    alert: 'HoldfastRemindersLate',
    fault: () => remindAt("now() + interval '1 hour'", "now() - interval '200 seconds'"),
    mend: () => Promise.resolve(),
  },
  {
    alert: 'HoldfastRemindersMissed',
    fault: () => remindAt("now() + interval '1 hour'", "now() - interval '1 hour'"),
    mend: () => Promise.resolve(),
  },
  {
    alert: 'HoldfastDeliveriesFailing',
    fault: async () => {
      await call('POST', '/api/v1/push-subscriptions', {
        ...nobodysSubscription('https://127.0.0.1:1/push'),
      });
      steady = again(1000, () => call('POST', '/api/v1/notifications/test'));
    },
    mend: async () => void (await run('DELETE FROM push_subscription')),
  },
  {
    alert: 'HoldfastMailFailing',
    fault: () => {
      steady = again(500, async () => {
        mail.answer(451);
        await call('POST', '/api/auth/request-password-reset', { email: account.email });
      });
      return Promise.resolve();
    },
    look: () => mustSay(workers, 'a mail has to wait'),
    mend: () => Promise.resolve(),
  },
  {
    alert: 'HoldfastWebhooksGivenUp',
    fault: async () => {
      hook.answer = (response) => response.writeHead(500).end();
      await call('POST', '/api/v1/webhooks', { spaceId, url: hook.url });
      edit('Given up');
      await until(
        'it was tried once',
        async () => (await run('SELECT 1 FROM webhook WHERE attempts > 0')).length > 0,
      );
      await run('UPDATE webhook SET attempts = 34, next_at = now(), lease_until = null');
    },
    mend: async () => {
      hook.answer = (response) => response.writeHead(204).end();
      const [webhook] = await run('SELECT id FROM webhook');
      await call('POST', `/api/v1/webhooks/${String(webhook?.['id'])}/dead-letters/replay`, {});
    },
  },
];

const wanted = process.argv.slice(2);
let failures = 0;
for (const { alert, fault, look, mend } of drills) {
  if (wanted.length > 0 && !wanted.includes(alert)) continue;
  const began = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - began) / 1000)} s`;
  try {
    await until(`${alert} is silent`, () => isSilent(alert));
    await fault();
    await until(`${alert} fires`, async () => !(await isSilent(alert)));
    const fired = seconds();
    await look?.();
    await steady?.();
    steady = undefined;
    await mend();
    await until(`${alert} clears`, () => isSilent(alert));
    process.stdout.write(`✓ ${alert}: fired after ${fired}, clear after ${seconds()}\n`);
  } catch (error) {
    failures += 1;
    process.stdout.write(
      `✗ ${alert} (${seconds()}): ${error instanceof Error ? error.message : String(error)}\n`,
    );
    await steady?.().catch(() => undefined);
    steady = undefined;
    await mend().catch(() => undefined);
  }
}
await prometheus.stop();
await sync.stop();
await workers.stop();
await database.close();
await postgres.stop();
await rm(folder, { recursive: true, force: true });
process.exit(failures > 0 ? 1 : 0);

// --- what the drills are made of ---

interface Device {
  readonly client: RawClient;
  readonly document: HoldfastDocument;
}

async function isSilent(alert: string): Promise<boolean> {
  const expression = `ALERTS{alertname="${alert}",alertstate="firing"}`;
  return (await silentAmong(prometheus.url, [{ where: alert, expression }])).length === 1;
}

function run(text: string): Promise<Record<string, unknown>[]> {
  return database.run({ name: '', text }, []);
}

/** Until the client ends. */
async function locked(table: string, mode = 'ACCESS EXCLUSIVE'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE`);
  return client;
}

function connect(): Promise<RawClient> {
  return connectRawClient({ url: `ws://127.0.0.1:${syncPort}/sync/${spaceId}`, token: account.token });
}

async function openDevice(clientId: number): Promise<Device> {
  const { document, doc } = createReplica(clientId, { startMs: Date.now() });
  const client = await connect();
  await Promise.all([client.synced, client.answered]);
  doc.on('update', (update: Uint8Array) => client.sendUpdate(update));
  return { client, document };
}

function edit(title: string, by: Device = device): TaskId {
  return must(by.document.createTask({ title: title.slice(0, 400), notes: title })).id;
}

async function call(method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${syncPort}${path}`, {
    method,
    headers: { authorization: `Bearer ${account.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
}

/** Goes on until it is ended. */
function again(everyMs: number, turn: () => Promise<void>): () => Promise<void> {
  let isOver = false;
  const going = (async () => {
    while (!isOver) {
      await turn().catch(() => undefined);
      await delay(everyMs);
    }
  })();
  return async () => {
    isOver = true;
    await going;
  };
}

function mustSay(app: App, message: string): void {
  if (!app.logs().includes(message)) throw new Error(`The log does not say "${message}".`);
}

async function restartSync(): Promise<void> {
  await sync.stop().catch(() => undefined);
  sync = await startApp(options('sync', syncPort));
  device = await openDevice(nextId++);
}

async function restartWorkers(): Promise<void> {
  await workers.stop().catch(() => undefined);
  workers = await startApp(options('workers', workersPort));
}

/** A reminder that was planned, and whose instant is then moved back as if nobody had been there. */
async function remindAt(planned: string, moved: string): Promise<void> {
  const [row] = await run(`SELECT ${planned} AS at`);
  const task = edit('Remind');
  must(device.document.addReminder(task, { at: (row?.['at'] as Date).toISOString() }));
  await until(
    'it is planned',
    async () => (await run(`SELECT 1 FROM notification WHERE task_id = '${task}'`)).length > 0,
  );
  await run(`UPDATE notification SET fire_at = ${moved} WHERE task_id = '${task}'`);
}
