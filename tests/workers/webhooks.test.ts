/** Rules WH of workers/SPEC.md: the API of a whole server, the delivery job, and a receiver over real HTTP. */
import { createHmac, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { removeMember } from '@holdfast/db/spaces.ts';
import { createEndpointGuard } from '@holdfast/workers/channels/endpoint-guard.ts';
import type { Job } from '@holdfast/workers/job.ts';
import { NO_METRICS } from '@holdfast/workers/telemetry.ts';
import { MAX_ATTEMPTS, deliverWebhooksJob } from '@holdfast/workers/webhooks/deliver-job.ts';
import { runServer } from '../http/running-server.ts';
import type { Answer, RunningServer, Visitor } from '../http/running-server.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { startReceiver } from './receiver.ts';
import type { Delivery, Receiver } from './receiver.ts';

const HOUR_MS = 60 * 60_000;
const PUBLIC_URL = 'https://tasks.example.org';
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

let database: TestDatabase;
let server: RunningServer;
let ada: Visitor;
let spaceId: string;
let receiver: Receiver;
let nowMs: number;
let seq: number;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  // In whole seconds, and today: what the database dates by itself must not lie days later.
  nowMs = Math.floor(Date.now() / 1000) * 1000;
  seq = 0;
  database = await testDatabase();
  server = await runServer({
    databaseUrl: database.url,
    config: { allowPrivateEndpoints: true },
    now: () => nowMs,
  });
  ada = server.visitor();
  await ada.signUp('ada@example.org');
  const me = (await ada.get('/api/v1/me')).body as { spaces: { id: string }[] };
  spaceId = me.spaces[0]?.id ?? '';
  receiver = await startReceiver();
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await receiver.close();
  await server.close();
  await database.drop();
});

interface JobOptions {
  readonly database?: Database;
  readonly allowPrivate?: boolean;
  readonly resolve?: (host: string) => Promise<{ address: string; family: number }[]>;
  readonly timeoutMs?: number;
  readonly patienceMs?: number;
}

function job(options: JobOptions = {}): Job {
  // A machine may be slow; only the test of slow endpoints has turns that leave some behind.
  const { allowPrivate = true, resolve, timeoutMs = 15_000, patienceMs = 100_000 } = options;
  const made = deliverWebhooksJob({
    database: options.database ?? server.database,
    logger: quiet,
    metrics: NO_METRICS,
    guard: createEndpointGuard({ allowPrivate, ...(resolve ? { resolve } : {}) }),
    publicUrl: PUBLIC_URL,
    random: () => 0.5,
    timeoutMs,
    patienceMs,
  });
  closers.push(async () => made.close?.());
  return made;
}

/** Turns until there is nothing more to do at this time. */
async function work(made: Job): Promise<void> {
  const turn = { now: () => nowMs, isStopping: false };
  while ((await made.turn(turn)) === 'again');
}

async function happens(type = 'dev.holdfast.task.updated', where = spaceId): Promise<string> {
  const id = randomUUID();
  seq += 1;
  await server.database.run({ name: '', text: 'INSERT INTO outbox VALUES ($1, $2, $3, $4, $5, $6, $7)' }, [
    where,
    seq,
    id,
    type,
    `task-${String(seq)}`,
    new Date(nowMs),
    JSON.stringify({ taskId: `task-${String(seq)}` }),
  ]);
  return id;
}

interface Made {
  readonly id: string;
  readonly secret: string;
  readonly path: string;
}

async function subscribe(more: Record<string, unknown> = {}): Promise<Made> {
  const made = await ada.post('/api/v1/webhooks', { spaceId, url: receiver.url, ...more });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const { id, secret } = made.body as { id: string; secret: string };
  return { id, secret, path: `/api/v1/webhooks/${id}` };
}

function send(method: 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
  return ada.send(
    method,
    path,
    { 'content-type': 'application/json' },
    body === undefined ? undefined : JSON.stringify(body),
  );
}

const received = (): unknown[] => receiver.deliveries.map(({ event }) => event['id']);

test('[WH1] events arrive as CloudEvents, in order, from the next one on, of the types that are wanted', async () => {
  await happens();
  await subscribe();
  await subscribe({
    url: `${receiver.url}/some`,
    types: ['dev.holdfast.task.completed', 'dev.holdfast.task.created'],
  });
  const made = [];
  for (const verb of ['created', 'updated', 'completed', 'updated'])
    made.push(await happens(`dev.holdfast.task.${verb}`));
  await work(job());
  const all = receiver.deliveries.filter(({ path }) => path === '/hook');
  expect(all.map(({ event }) => event['id'])).toEqual(made);
  expect(all[0]?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect(all[0]?.event).toEqual({
    specversion: '1.0',
    id: made[0],
    source: `${PUBLIC_URL}/spaces/${spaceId}`,
    type: 'dev.holdfast.task.created',
    subject: 'task-2',
    time: new Date(nowMs).toISOString(),
    datacontenttype: 'application/json',
    sequence: '0000000000000002',
    data: { taskId: 'task-2' },
  });
  const some = receiver.deliveries.filter(({ path }) => path === '/hook/some');
  expect(some.map(({ event }) => event['id'])).toEqual([made[0], made[2]]);
  // What is not wanted was passed over for good.
  await work(job());
  expect(receiver.deliveries).toHaveLength(6);
  const rows = await server.database.run<{ seq: number }>({ name: '', text: 'SELECT seq FROM webhook' }, []);
  expect(rows.map((row) => row.seq)).toEqual([5, 5]);
});

test('[WH2] each delivery is signed as Standard Webhooks say, with a secret that is shown once', async () => {
  const { id, secret, path } = await subscribe();
  await happens();
  await work(job());
  const [delivery] = receiver.deliveries;
  const {
    'webhook-id': webhookId,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  } = delivery?.headers ?? {};
  expect(webhookId).toBe(delivery?.event['id']);
  expect(timestamp).toBe(String(nowMs / 1000));
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${String(webhookId)}.${String(timestamp)}.${delivery?.body ?? ''}`;
  expect(signature).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  for (const answer of [
    await ada.get('/api/v1/webhooks'),
    await ada.get(path),
    await send('PATCH', path, {}),
  ]) {
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer.body)).toContain(id);
    expect(JSON.stringify(answer.body)).not.toContain('whsec_');
  }
});

test('[WH3] what fails is tried again later, later each time, and the next event waits for it', async () => {
  const { path } = await subscribe();
  receiver.answer = (response) => response.writeHead(500).end('oops');
  const [first, second] = [await happens(), await happens()];
  const made = job();
  await work(made);
  await work(made);
  expect(received()).toEqual([first]);
  const startMs = nowMs;
  for (const delayMs of [1000, 2000, 4000]) {
    nowMs += delayMs - 1;
    await work(made);
    nowMs += 1;
    await work(made);
  }
  expect(received()).toEqual([first, first, first, first]);
  expect((await ada.get(path)).body).toMatchObject({
    attempts: 4,
    error: 'It answered 500.',
    nextAttemptAt: new Date(startMs + 15_000).toISOString(),
    lastDeliveredAt: null,
  });
  receiver.answer = (response) => response.writeHead(429, { 'retry-after': '120' }).end();
  nowMs += 8000;
  await work(made);
  nowMs += 119_999;
  await work(made);
  expect(receiver.deliveries).toHaveLength(5);
  receiver.answer = (response) => response.writeHead(200).end('thanks');
  nowMs += 1;
  await work(made);
  expect(received().slice(5)).toEqual([first, second]);
  expect((await ada.get(path)).body).toMatchObject({ attempts: 0, error: null, nextAttemptAt: null });
});

test('[WH4] after about a day an event is set aside, the next one goes on, and it can be sent again', async () => {
  const { path } = await subscribe();
  const [dead, alive] = [await happens('dev.holdfast.task.created'), await happens()];
  receiver.answer = (response, { event }) => response.writeHead(event['id'] === dead ? 503 : 204).end();
  const made = job();
  const startMs = nowMs;
  for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
    await work(made);
    const { nextAttemptAt } = (await ada.get(path)).body as { nextAttemptAt: string };
    nowMs = Date.parse(nextAttemptAt);
  }
  expect((nowMs - startMs) / HOUR_MS).toBeGreaterThan(22);
  expect((nowMs - startMs) / HOUR_MS).toBeLessThan(26);
  expect(received().filter((id) => id === alive)).toEqual([]);
  await work(made);
  expect(received().filter((id) => id === dead)).toHaveLength(MAX_ATTEMPTS);
  expect(received().at(-1)).toBe(alive);
  const letters = (await ada.get(`${path}/dead-letters`)).body;
  expect(letters).toEqual({
    deadLetters: [
      {
        seq: 1,
        event: expect.objectContaining({ id: dead, type: 'dev.holdfast.task.created' }) as unknown,
        attempts: MAX_ATTEMPTS,
        error: 'It answered 503.',
        deadAt: new Date(nowMs).toISOString(),
        replaying: false,
      },
    ],
  });

  // Sent again it fails again, and is there still; the webhook goes on meanwhile.
  const replay = () => ada.post(`${path}/dead-letters/replay`, { seqs: [1, 7] });
  expect((await replay()).body).toEqual({ replaying: 1 });
  await work(made);
  expect(received().at(-1)).toBe(dead);
  expect((await ada.get(path)).body).toMatchObject({ deadLetters: 1, attempts: 0 });
  const before = receiver.deliveries.find(({ event }) => event['id'] === dead)?.event;
  receiver.answer = (response) => response.writeHead(204).end();
  expect((await ada.post(`${path}/dead-letters/replay`, {})).body).toEqual({ replaying: 1 });
  await work(made);
  expect(receiver.deliveries.at(-1)?.event).toEqual(before);
  expect((await ada.get(`${path}/dead-letters`)).body).toEqual({ deadLetters: [] });
});

test('[WH5] two workers at once send each event once and in order', async () => {
  for (let n = 0; n < 5; n++) await subscribe({ url: `${receiver.url}/${String(n)}` });
  const made: string[] = [];
  for (let n = 0; n < 40; n++) made.push(await happens());
  const other = createDatabase({ url: database.url, onError: () => undefined });
  closers.push(() => other.close());
  await Promise.all([work(job()), work(job({ database: other })), work(job())]);
  for (let n = 0; n < 5; n++) {
    const of = receiver.deliveries.filter(({ path }) => path === `/hook/${String(n)}`);
    expect(of.map(({ event }) => event['id'])).toEqual(made);
  }
});

test('[WH6] a worker that dies between the answer and its record sends the event again, by the same id', async () => {
  await subscribe();
  const [first, second] = [await happens(), await happens()];
  const dying = createDatabase({ url: database.url, onError: () => undefined });
  receiver.answer = (response) => {
    void dying.close().then(() => response.writeHead(204).end());
  };
  await job({ database: dying }).turn({ now: () => nowMs, isStopping: false });
  expect(received()).toEqual([first]);
  receiver.answer = (response) => response.writeHead(204).end();
  const heir = job();
  // The dead one holds its lease for a minute.
  await work(heir);
  expect(received()).toEqual([first]);
  nowMs += 60_000;
  await work(heir);
  expect(received()).toEqual([first, first, second]);
  expect(receiver.deliveries[1]?.body).toBe(receiver.deliveries[0]?.body);
});

test('[WH7] 410 pauses, redirects are not followed, long and late answers are cut', async () => {
  const { path } = await subscribe();
  await happens();
  receiver.answer = (response) => response.writeHead(302, { location: `${receiver.url}/elsewhere` }).end();
  await work(job());
  expect((await ada.get(path)).body).toMatchObject({ error: 'It answered 302; redirects are not followed.' });
  expect(receiver.deliveries).toHaveLength(1);

  // Never ends by itself; the status alone is waited for.
  receiver.answer = (response) => {
    response.writeHead(200);
    const more = (): void => {
      while (response.write(Buffer.alloc(16_384)));
    };
    response.on('drain', more);
    more();
  };
  nowMs += HOUR_MS;
  await work(job());
  expect((await ada.get(path)).body).toMatchObject({ error: null, attempts: 0 });

  await happens();
  receiver.answer = () => undefined;
  await work(job({ timeoutMs: 50 }));
  expect((await ada.get(path)).body).toMatchObject({
    error: 'It did not answer within 0.05 s.',
    attempts: 1,
  });

  receiver.answer = (response) => response.writeHead(410).end();
  nowMs += HOUR_MS;
  await work(job());
  const count = receiver.deliveries.length;
  expect((await ada.get(path)).body).toMatchObject({
    pausedAt: new Date(nowMs).toISOString(),
    error: 'The endpoint answered 410: it is gone.',
  });
  nowMs += HOUR_MS;
  await work(job());
  expect(receiver.deliveries).toHaveLength(count);
  receiver.answer = (response) => response.writeHead(204).end();
  expect((await send('PATCH', path, { paused: false })).body).toMatchObject({ pausedAt: null, error: null });
  await work(job());
  expect(receiver.deliveries).toHaveLength(count + 1);
});

test('[WH8] private addresses are refused when asked for, and whatever a name leads to when it is called', async () => {
  const strict = await runServer({ databaseUrl: database.url });
  closers.push(() => strict.close());
  const visitor = ada.at(strict.url);
  for (const url of [
    'https://127.0.0.1/hook',
    'https://[::1]/hook',
    'https://10.1.2.3/',
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:192.168.0.1]/',
    'https://2130706433/',
    'https://localhost:8787/',
    'http://example.org/hook',
    'https://me:secret@example.org/',
    'file:///etc/passwd',
    'not a url',
  ]) {
    const answer = await visitor.post('/api/v1/webhooks', { spaceId, url });
    expect(answer, url).toMatchObject({ status: 400, body: { code: 'endpoint-refused' } });
  }
  const { id } = (await visitor.post('/api/v1/webhooks', { spaceId, url: 'https://example.org/hook' }))
    .body as { id: string };
  expect(
    await visitor.send(
      'PATCH',
      `/api/v1/webhooks/${id}`,
      { 'content-type': 'application/json' },
      JSON.stringify({ url: 'https://127.0.0.1/' }),
    ),
  ).toMatchObject({ status: 400 });

  // A name that leads home, and a private address that was allowed once.
  const { port } = new URL(receiver.url);
  const named = await subscribe({ url: `http://rebound.example.org:${port}/hook` });
  const literal = await subscribe();
  await ada.send('DELETE', `/api/v1/webhooks/${id}`);
  await happens();
  const home = { address: '127.0.0.1', family: 4 };
  await work(job({ allowPrivate: false, resolve: () => Promise.resolve([home]) }));
  expect(receiver.deliveries).toEqual([]);
  for (const { path } of [named, literal]) {
    expect((await ada.get(path)).body).toMatchObject({
      attempts: 1,
      error: expect.stringContaining('an address of this machine or of a private network') as string,
    });
  }
  nowMs += HOUR_MS;
  await work(job({ allowPrivate: true, resolve: () => Promise.resolve([home]) }));
  expect(receiver.deliveries).toHaveLength(2);
});

test('[WH9] an endpoint that is slow delays no other', async () => {
  await subscribe({ url: `${receiver.url}/slow` });
  await subscribe({ url: `${receiver.url}/quick` });
  const held: (() => void)[] = [];
  receiver.answer = (response, { path }) => {
    if (path === '/hook/slow') held.push(() => response.writeHead(204).end());
    else response.writeHead(204).end();
  };
  const [first, second] = [await happens(), await happens()];
  const made = job({ patienceMs: 1 });
  const quick: Delivery[] = [];
  const quicks = async (count: number): Promise<void> => {
    while (quick.length < count) {
      await work(made);
      quick.splice(0, quick.length, ...receiver.deliveries.filter(({ path }) => path === '/hook/quick'));
    }
  };
  await quicks(2);
  const third = await happens();
  await quicks(3);
  expect(quick.map(({ event }) => event['id'])).toEqual([first, second, third]);
  expect(receiver.deliveries.filter(({ path }) => path === '/hook/slow')).toHaveLength(1);
  receiver.answer = (response) => response.writeHead(204).end();
  held.forEach((answer) => answer());
  // Closing waits for what is under way, and its outcome is kept.
  await made.close?.();
  await work(job());
  const slow = receiver.deliveries.filter(({ path }) => path === '/hook/slow');
  expect(slow.map(({ event }) => event['id'])).toEqual([first, second, third]);
});

test('[WH10] its owner alone pauses, changes, tries and removes it; who leaves the space gets nothing more', async () => {
  const { path } = await subscribe();
  const eve = server.visitor();
  await eve.signUp('eve@example.org');
  for (const answer of [
    await eve.get(path),
    await eve.get(`${path}/dead-letters`),
    await eve.post(`${path}/test`),
    await eve.post(`${path}/dead-letters/replay`, {}),
    await eve.send('PATCH', path, { 'content-type': 'application/json' }, '{"paused":true}'),
    await eve.send('DELETE', path),
    await eve.post('/api/v1/webhooks', { spaceId, url: receiver.url }),
    await ada.get('/api/v1/webhooks/not-a-uuid'),
  ]) {
    expect(answer).toMatchObject({ status: 404, body: { code: 'not-found' } });
  }
  expect((await eve.get('/api/v1/webhooks')).body).toEqual({ webhooks: [] });
  expect((await server.visitor().get('/api/v1/webhooks')).status).toBe(401);
  expect(
    (await ada.post('/api/v1/webhooks', { spaceId, url: receiver.url, types: ['All of them!'] })).status,
  ).toBe(400);

  await send('PATCH', path, { paused: true });
  const first = await happens();
  const made = job();
  await work(made);
  expect(receiver.deliveries).toEqual([]);
  // A trial is sent all the same.
  expect((await ada.post(`${path}/test`)).body).toMatchObject({ lastTest: { state: 'waiting' } });
  await work(made);
  expect(receiver.deliveries.map(({ event }) => event['type'])).toEqual(['dev.holdfast.webhook.test']);
  expect((await ada.get(path)).body).toMatchObject({ lastTest: { state: 'delivered', error: null } });
  receiver.answer = (response) => response.writeHead(404).end();
  await ada.post(`${path}/test`);
  await work(made);
  expect((await ada.get(path)).body).toMatchObject({
    lastTest: { state: 'failed', error: 'It answered 404.' },
  });

  receiver.answer = (response) => response.writeHead(204).end();
  await send('PATCH', path, {
    paused: false,
    url: `${receiver.url}/new`,
    types: ['dev.holdfast.task.updated'],
  });
  await work(made);
  expect(receiver.deliveries.at(-1)).toMatchObject({ path: '/hook/new', event: { id: first } });

  const me = (await ada.get('/api/v1/me')).body as { user: { id: string } };
  await removeMember(server.database, spaceId, me.user.id);
  await happens();
  const count = receiver.deliveries.length;
  await ada.post(`${path}/test`);
  await work(made);
  expect(receiver.deliveries).toHaveLength(count);
  expect((await ada.get(path)).body).toMatchObject({
    error: 'Its owner is no longer a member of the space.',
    lastTest: { state: 'failed' },
  });
  expect((await send('DELETE', path)).status).toBe(204);
  expect((await ada.get(path)).status).toBe(404);
});

test('[WH11] a person has at most twenty in a space', async () => {
  for (let n = 0; n < 20; n++) await subscribe();
  const answer = await ada.post('/api/v1/webhooks', { spaceId, url: receiver.url });
  expect(answer).toMatchObject({ status: 409, body: { code: 'webhook-limit' } });
});

test('[WH12] where nothing arrives for days, events are not given up one after another for ever', async () => {
  const { path } = await subscribe();
  receiver.answer = (response) => response.writeHead(500).end();
  for (let n = 0; n < 9; n++) await happens();
  const made = job();
  for (let n = 0; n < 9 * MAX_ATTEMPTS; n++) {
    await work(made);
    const { nextAttemptAt, pausedAt } = (await ada.get(path)).body as {
      nextAttemptAt: string | null;
      pausedAt: string | null;
    };
    if (pausedAt !== null) break;
    nowMs = Math.max(nowMs, nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt));
  }
  expect((await ada.get(path)).body).toMatchObject({ error: 'Nothing arrived there for five days.' });
  const { deadLetters } = (await ada.get(path)).body as { deadLetters: number };
  expect(deadLetters).toBeGreaterThan(3);
  expect(deadLetters).toBeLessThan(8);
});
