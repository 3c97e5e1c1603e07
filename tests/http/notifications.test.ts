/** Rules [NO1] to [NO8] of sync-server/http/SPEC.md, through the front door of a listening server. */
import { createECDH, randomBytes } from 'node:crypto';
import { DEFAULT_NOTIFICATION_PREFERENCES } from '@holdfast/core/notification-preferences.ts';
import { unsubscribeToken } from '@holdfast/db/unsubscribe-token.ts';
import * as schemas from '@holdfast/sync-server/http/notification-schemas.ts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { AUTH_SECRET, runServer } from './running-server.ts';
import type { RunningServer, Visitor } from './running-server.ts';

const PREFERENCES = '/api/v1/notification-preferences';
const SUBSCRIPTIONS = '/api/v1/push-subscriptions';
const HISTORY = '/api/v1/notifications';

let shared: TestDatabase;
let server: RunningServer;
let ann: Visitor;
let annId: string;
let nowMs = Date.parse('2026-11-23T08:00:00Z');

beforeAll(async () => {
  shared = await testDatabase();
  server = await runServer({
    databaseUrl: shared.url,
    config: { vapidPublicKey: 'a-key', hasMailServer: true, rateLimits: true },
    now: () => nowMs,
  });
});

afterAll(async () => {
  await server.close();
  await shared.drop();
});

beforeEach(async () => {
  ann = server.visitor();
  const { body } = await ann.signUp(`${crypto.randomUUID()}@example.org`);
  annId = (body.user as { id: string }).id;
  await ann.get('/api/v1/me');
});

const put = (visitor: Visitor, path: string, body: unknown) => sendJson(visitor, 'PUT', path, body);
const sendJson = (visitor: Visitor, method: string, path: string, body: unknown) =>
  visitor.send(method, path, { 'content-type': 'application/json' }, JSON.stringify(body));

function subscription(endpoint = `https://push.invalid/${crypto.randomUUID()}`) {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  const keys = { p256dh: ecdh.getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') };
  return { endpoint, keys, expirationTime: null };
}

async function notification(userId: string, at: string, more: object = {}): Promise<string> {
  const { kysely } = server.database;
  const { space_id: spaceId } = await kysely
    .selectFrom('member')
    .select('space_id')
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  const { id } = await kysely
    .insertInto('notification')
    .values({
      space_id: spaceId,
      user_id: userId,
      key: crypto.randomUUID(),
      kind: 'reminder',
      task_id: 'a',
      ordinal: 0,
      fire_at: new Date(at),
      state: 'planned',
      ...more,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

test('[NO1] preferences are the defaults until they are put, and then what was put, and planned anew', async () => {
  expect((await ann.get(PREFERENCES)).body).toEqual(DEFAULT_NOTIFICATION_PREFERENCES);
  const wanted = {
    ...DEFAULT_NOTIFICATION_PREFERENCES,
    timeZone: 'Europe/Berlin',
    quietHours: { from: '22:00', to: '07:00' },
    locale: 'de',
  };
  const answer = await put(ann, PREFERENCES, wanted);
  expect([answer.status, answer.body]).toEqual([200, wanted]);
  expect((await ann.get(PREFERENCES)).body).toEqual(wanted);
  const row = await server.database.kysely
    .selectFrom('notification_preferences')
    .select('planned_at')
    .where('user_id', '=', annId)
    .executeTakeFirst();
  expect(row).toEqual({ planned_at: null });
});

test('[NO1] what does not hold is refused with a sentence for each fault, and changes nothing', async () => {
  const { status, body } = await put(ann, PREFERENCES, { timeZone: 'Mars/Base', channels: { push: 1 } });
  expect(status).toBe(400);
  expect(body.code).toBe('invalid-input');
  expect(body.errors).toContainEqual({
    field: 'timeZone',
    message: 'It must be a time zone by its IANA name, like Europe/Berlin.',
  });
  expect(body.errors).toContainEqual({ field: 'channels.push', message: 'It must be true or false.' });
  expect((await ann.get(PREFERENCES)).body).toEqual(DEFAULT_NOTIFICATION_PREFERENCES);
  expect((await server.visitor().get(PREFERENCES)).status).toBe(401);
});

test('[NO2] a subscription is kept once, goes with who sent it last, and is removed by its owner only', async () => {
  const one = subscription();
  expect((await ann.get(`${SUBSCRIPTIONS}/key`)).body).toEqual({ key: 'a-key' });
  for (let n = 0; n < 2; n++)
    expect((await ann.post(SUBSCRIPTIONS, { ...one, deviceId: 'laptop' })).status).toBe(204);
  const kept = () =>
    server.database.kysely
      .selectFrom('push_subscription')
      .select(['user_id', 'device_id', 'endpoint'])
      .where('user_id', 'in', [annId, benId])
      .execute();
  const ben = server.visitor();
  const benId = ((await ben.signUp(`${crypto.randomUUID()}@example.org`)).body.user as { id: string }).id;
  expect(await kept()).toEqual([{ user_id: annId, device_id: 'laptop', endpoint: one.endpoint }]);
  // A browser that subscribed anew.
  const two = subscription();
  await ann.post(SUBSCRIPTIONS, { ...two, deviceId: 'laptop' });
  expect((await kept()).map(({ endpoint }) => endpoint)).toEqual([two.endpoint]);
  expect((await sendJson(ben, 'DELETE', SUBSCRIPTIONS, { endpoint: two.endpoint })).status).toBe(404);
  await ben.post(SUBSCRIPTIONS, two);
  expect(await kept()).toEqual([{ user_id: benId, device_id: null, endpoint: two.endpoint }]);
  expect((await sendJson(ben, 'DELETE', SUBSCRIPTIONS, { endpoint: two.endpoint })).status).toBe(204);
  expect(await kept()).toEqual([]);
});

test('[NO3] endpoints that lead inside, are no https or have malformed keys are refused', async () => {
  const inside = ['https://127.0.0.1/x', 'https://localhost:1/x', 'https://[::1]/x', 'https://192.168.1.1/x'];
  for (const endpoint of [
    ...inside,
    'https://2130706433/x',
    'http://push.example.org/x',
    'https://u:p@push.example.org/x',
    'x',
  ]) {
    const { status, body } = await ann.post(SUBSCRIPTIONS, subscription(endpoint));
    expect([endpoint, status, body.code]).toEqual([endpoint, 400, 'invalid-input']);
  }
  const { endpoint, keys } = subscription();
  for (const wrong of [{ ...keys, auth: 'short' }, { ...keys, p256dh: 'x'.repeat(86) }, {}]) {
    expect((await ann.post(SUBSCRIPTIONS, { endpoint, keys: wrong })).status).toBe(400);
  }
});

test('[NO4] the history is the person’s own, newest first, in pages, with what each way came to', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.unshift(await notification(annId, `2026-11-23T1${n}:00:00Z`));
  await server.database.kysely
    .insertInto('notification_delivery')
    .values([
      {
        notification_id: ids[4] ?? '',
        channel: 'email',
        target: 'a@example.org',
        state: 'failed',
        attempts: 8,
        error: 'no',
      },
      { notification_id: ids[4] ?? '', channel: 'close', target: crypto.randomUUID(), state: 'pending' },
    ])
    .execute();
  const seen: string[] = [];
  let path = `${HISTORY}?limit=2`;
  for (let pages = 0; pages < 3; pages++) {
    const { status, body } = await ann.get(path);
    expect(status).toBe(200);
    expect(schemas.history.safeParse(body).error).toBeUndefined();
    const { notifications, nextCursor } = body as {
      notifications: { id: string }[];
      nextCursor: string | null;
    };
    seen.push(...notifications.map(({ id }) => id));
    path = `${HISTORY}?limit=2&cursor=${nextCursor ?? ''}`;
    if (pages === 2) {
      expect(nextCursor).toBeNull();
      expect(notifications[0]).toMatchObject({
        deliveries: [
          {
            channel: 'email',
            target: 'a@example.org',
            state: 'failed',
            attempts: 8,
            error: 'no',
            sentAt: null,
          },
        ],
      });
    }
  }
  expect(seen).toEqual(ids);
  expect((await ann.get(`${HISTORY}?task=b`)).body).toEqual({ notifications: [], nextCursor: null });
  expect((await ann.get(`${HISTORY}?cursor=nonsense`)).status).toBe(400);
  const ben = server.visitor();
  await ben.signUp(`${crypto.randomUUID()}@example.org`);
  expect((await ben.get(HISTORY)).body).toEqual({ notifications: [], nextCursor: null });
});

test('[NO5] shown and acted are noted by the owner only: the first sight, the last action', async () => {
  const id = await notification(annId, '2026-11-23T10:00:00Z');
  const ben = server.visitor();
  await ben.signUp(`${crypto.randomUUID()}@example.org`);
  expect((await ben.post(`${HISTORY}/${id}/shown`)).status).toBe(404);
  expect((await ben.post(`${HISTORY}/${id}/acted`, { action: 'open' })).status).toBe(404);
  expect((await ann.post(`${HISTORY}/nonsense/shown`)).status).toBe(404);
  expect((await ann.post(`${HISTORY}/${id}/shown`, {})).status).toBe(204);
  nowMs += 60_000;
  await ann.post(`${HISTORY}/${id}/shown`);
  for (const action of ['snooze', 'complete']) {
    expect((await ann.post(`${HISTORY}/${id}/acted`, { action })).status).toBe(204);
  }
  expect((await ann.post(`${HISTORY}/${id}/acted`, { action: 'Some text!' })).status).toBe(400);
  const [entry] = (await ann.get(HISTORY)).body.notifications as Record<string, unknown>[];
  expect(entry).toMatchObject({
    shownAt: new Date(nowMs - 60_000).toISOString(),
    actedAt: new Date(nowMs).toISOString(),
    action: 'complete',
  });
});

test('[NO6] a test goes by every channel that is on, and says by which it does not and why', async () => {
  await put(ann, PREFERENCES, {
    ...DEFAULT_NOTIFICATION_PREFERENCES,
    channels: { push: true, email: true, app: true },
  });
  const first = await ann.post(`${HISTORY}/test`, {});
  expect(first.status).toBe(200);
  expect(schemas.testResult.safeParse(first.body).error).toBeUndefined();
  expect(first.body.skipped).toEqual([
    { channel: 'push', reason: 'None of your devices has push turned on.' },
  ]);
  await ann.post(SUBSCRIPTIONS, subscription());
  const second = await ann.post(`${HISTORY}/test`);
  const deliveries = second.body.deliveries as { channel: string; state: string }[];
  expect(deliveries.map(({ channel, state }) => `${channel} ${state}`)).toEqual([
    'app sent',
    'email pending',
    'push pending',
  ]);
  expect(second.body).toMatchObject({ kind: 'test', state: 'sent', skipped: [] });
});

test('[NO6] too many tests at once are refused', async () => {
  const statuses: number[] = [];
  for (let n = 0; n < 11; n++) statuses.push((await ann.post(`${HISTORY}/test`)).status);
  expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
});

test('[NO7] the link of a mail asks when it is opened, and turns e-mail off when it is posted to, without signing in', async () => {
  await put(ann, PREFERENCES, {
    ...DEFAULT_NOTIFICATION_PREFERENCES,
    channels: { push: true, email: true, app: false },
    digestTime: '07:00',
  });
  const stranger = server.visitor();
  const path = `/api/v1/unsubscribe?token=${unsubscribeToken(AUTH_SECRET, annId)}`;
  const asked = await stranger.get(path);
  expect(asked.status).toBe(200);
  expect(asked.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(asked.body.text).toContain('<form method="post">');
  expect((await ann.get(PREFERENCES)).body).toMatchObject({ channels: { email: true } });
  // As a mail program does it, RFC 8058.
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const posted = await stranger.send('POST', path, form, 'List-Unsubscribe=One-Click');
  expect(posted.status).toBe(200);
  expect((await ann.get(PREFERENCES)).body).toEqual({
    ...DEFAULT_NOTIFICATION_PREFERENCES,
    channels: { push: true, email: false, app: false },
    digestTime: null,
  });
  for (const token of [
    '',
    'x.y',
    unsubscribeToken('another secret', annId),
    `${unsubscribeToken(AUTH_SECRET, annId)}.x`,
  ]) {
    expect((await stranger.send('POST', `/api/v1/unsubscribe?token=${token}`)).status).toBe(404);
  }
});

test('[NO7] the link works also for who never set preferences', async () => {
  const path = `/api/v1/unsubscribe?token=${unsubscribeToken(AUTH_SECRET, annId)}`;
  expect((await server.visitor().send('POST', path)).status).toBe(200);
  expect((await ann.get(PREFERENCES)).body).toEqual(DEFAULT_NOTIFICATION_PREFERENCES);
});

test('[NO8] all of it is described', async () => {
  const { body } = await ann.get('/api/v1/openapi.json');
  const paths = body.paths as Record<string, Record<string, { requestBody?: unknown }>>;
  const described = Object.entries(paths)
    .filter(([path]) => /notification|push-sub|unsubscribe/.test(path))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  expect(described.sort()).toEqual([
    'delete /api/v1/push-subscriptions',
    'get /api/v1/notification-preferences',
    'get /api/v1/notifications',
    'get /api/v1/push-subscriptions/key',
    'get /api/v1/unsubscribe',
    'post /api/v1/notifications/test',
    'post /api/v1/notifications/{id}/acted',
    'post /api/v1/notifications/{id}/shown',
    'post /api/v1/push-subscriptions',
    'post /api/v1/unsubscribe',
    'put /api/v1/notification-preferences',
  ]);
  expect(JSON.stringify(paths[PREFERENCES]?.put?.requestBody)).toContain('IANA name');
});
