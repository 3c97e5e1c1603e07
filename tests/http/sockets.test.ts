/** Rule [A15] of sync-server/http/SPEC.md: who may open a sync socket, and when it is taken away again. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { connectStockClient, untilDoc } from '../support/stock-client.ts';
import { PASSWORD, runServer } from './running-server.ts';
import type { RunningServer, Visitor } from './running-server.ts';

let shared: TestDatabase;
let one: RunningServer;
let two: RunningServer;

beforeAll(async () => {
  shared = await testDatabase();
  one = await runServer({ databaseUrl: shared.url });
  two = await runServer({ databaseUrl: shared.url });
});

afterAll(async () => {
  await one.close();
  await two.close();
  await shared.drop();
});

interface Member {
  readonly visitor: Visitor;
  readonly spaceId: string;
  readonly cookie: { readonly cookie: string };
}

async function member(email: string): Promise<Member> {
  const visitor = one.visitor();
  await visitor.signUp(email);
  const [space] = (await visitor.get('/api/v1/me')).body.spaces as [{ id: string }];
  return { visitor, spaceId: space.id, cookie: { cookie: visitor.cookie() ?? '' } };
}

/** The message by which any client may ask whether its frames are committed (../../sync-server/SPEC.md). */
const RECEIPT = 100;
const TICKET = 7;
const HELLO = 101;

interface Socket {
  /** The first message, or the close code when there is none. */
  readonly greeting: Promise<'greeted' | number>;
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Asks for a receipt: 'alive' when it comes, the close code when the socket is closed instead. */
  ask(): Promise<'alive' | number>;
  /** Says which device it is, as the app does, and waits for what comes of it. */
  hello(deviceId: string): Promise<'welcome' | number>;
  close(): void;
}

/** Node's own WebSocket, which can send the headers that a browser would. */
function openSocket(server: RunningServer, spaceId: string, headers: Record<string, string>): Socket {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/sync/${spaceId}`, { headers } as never);
  socket.binaryType = 'arraybuffer';
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
  });
  const greeted = once(socket, 'message').then(() => 'greeted' as const);
  return {
    greeting: Promise.race([greeted, closed.then(({ code }) => code)]),
    closed,
    async ask() {
      const answered = new Promise<'alive'>((resolve) => {
        socket.addEventListener('message', ({ data }) => {
          const [type, ticket] = new Uint8Array(data as ArrayBuffer);
          if (type === RECEIPT && ticket === TICKET) resolve('alive');
        });
      });
      socket.send(Uint8Array.of(RECEIPT, TICKET));
      return Promise.race([answered, closed.then(({ code }) => code)]);
    },
    async hello(deviceId) {
      const welcomed = new Promise<'welcome'>((resolve) => {
        socket.addEventListener('message', ({ data }) => {
          if (new Uint8Array(data as ArrayBuffer)[0] === HELLO) resolve('welcome');
        });
      });
      const said = {
        protocol: 1,
        device: { id: deviceId, name: `The ${deviceId}` },
        clientIds: [],
        writing: null,
      };
      const text = Buffer.from(JSON.stringify(said));
      // Its length as a varUint: below 128 one byte, here two.
      socket.send(Buffer.concat([Uint8Array.of(HELLO, (text.length & 127) | 128, text.length >> 7), text]));
      return Promise.race([welcomed, closed.then(({ code }) => code)]);
    },
    close: () => socket.close(),
  };
}

async function greetingOf(spaceId: string, headers: Record<string, string>): Promise<'greeted' | number> {
  const socket = openSocket(one, spaceId, headers);
  const greeting = await socket.greeting;
  socket.close();
  await socket.closed;
  return greeting;
}

test('[A15] a cookie opens a socket from the own page only, a Bearer token from anywhere', async () => {
  const { visitor, spaceId, cookie } = await member('door@example.org');
  const { token } = (await visitor.post('/api/v1/tokens', { name: 'socket' })).body;
  const bearer = { authorization: `Bearer ${String(token)}` };
  const evil = { origin: 'https://evil.example' };
  expect(await greetingOf(spaceId, { ...cookie, origin: one.url })).toBe('greeted');
  expect(await greetingOf(spaceId, cookie)).toBe('greeted');
  expect(await greetingOf(spaceId, { ...cookie, ...evil })).toBe(4403);
  expect(await greetingOf(spaceId, { ...bearer, ...evil })).toBe('greeted');
  expect(await greetingOf(spaceId, {})).toBe(4401);
  expect(await greetingOf(spaceId, { ...cookie, authorization: 'Bearer hf_wrong' })).toBe(4401);
});

test('[A15] nobody enters a space of another, or one that is none', async () => {
  const host = await member('host@example.org');
  const stranger = await member('stranger@example.org');
  expect(await greetingOf(host.spaceId, stranger.cookie)).toBe(4403);
  expect(await greetingOf(crypto.randomUUID(), host.cookie)).toBe(4403);
  expect(await greetingOf('not-a-space', host.cookie)).toBe(4403);
});

test('[A15][A7] signing out closes the sockets of that session on every server, and no others', async () => {
  const { visitor, spaceId, cookie } = await member('out@example.org');
  const elsewhere = one.visitor();
  await elsewhere.signIn('out@example.org');
  const here = openSocket(one, spaceId, cookie);
  const there = openSocket(two, spaceId, cookie);
  const other = openSocket(two, spaceId, { cookie: elsewhere.cookie() ?? '' });
  for (const socket of [here, there, other]) expect(await socket.greeting).toBe('greeted');
  await visitor.post('/api/auth/sign-out');
  expect(await here.closed).toEqual({ code: 4401, reason: 'Your session has ended. Sign in again.' });
  expect((await there.closed).code).toBe(4401);
  expect(await other.ask()).toBe('alive');
  await elsewhere.post('/api/auth/revoke-sessions');
  expect((await other.closed).code).toBe(4401);
});

test('[A15][A9] revoking a token closes its sockets, and those of other tokens stay', async () => {
  const { visitor, spaceId } = await member('revoked@example.org');
  const make = async (name: string) =>
    (await visitor.post('/api/v1/tokens', { name })).body as { id: string; token: string };
  const [first, second] = [await make('first'), await make('second')];
  const left = openSocket(two, spaceId, { authorization: `Bearer ${first.token}` });
  const right = openSocket(two, spaceId, { authorization: `Bearer ${second.token}` });
  for (const socket of [left, right]) expect(await socket.greeting).toBe('greeted');
  await visitor.send('DELETE', `/api/v1/tokens/${first.id}`);
  expect((await left.closed).code).toBe(4401);
  expect(await right.ask()).toBe('alive');
  await visitor.send('DELETE', `/api/v1/tokens/${second.id}`);
  expect((await right.closed).code).toBe(4401);
});

test('[A15][A11] changing the password closes the sockets of other sessions and keeps the own', async () => {
  const { visitor, spaceId, cookie } = await member('change@example.org');
  const elsewhere = one.visitor();
  await elsewhere.signIn('change@example.org');
  const own = openSocket(one, spaceId, cookie);
  const other = openSocket(one, spaceId, { cookie: elsewhere.cookie() ?? '' });
  for (const socket of [own, other]) expect(await socket.greeting).toBe('greeted');
  const changed = await visitor.post('/api/auth/change-password', {
    currentPassword: PASSWORD,
    newPassword: 'another good one',
  });
  expect(changed.status).toBe(200);
  expect((await other.closed).code).toBe(4401);
  expect(visitor.cookie()).toBe(cookie.cookie);
  expect(await own.ask()).toBe('alive');
  own.close();
  expect((await own.closed).code).toBe(1005);
});

test('[A17] revoking a device ends its sessions and closes its sockets everywhere, until it is signed in anew', async () => {
  const laptop = await member('lost-phone@example.org');
  const phone = one.visitor();
  await phone.signIn('lost-phone@example.org');
  const { spaceId, visitor } = laptop;
  const { token } = (await visitor.post('/api/v1/tokens', { name: 'on the phone' })).body;
  const byCookie = { cookie: phone.cookie() ?? '' };
  const byToken = { authorization: `Bearer ${String(token)}` };
  const own = openSocket(two, spaceId, laptop.cookie);
  const here = openSocket(one, spaceId, byCookie);
  const there = openSocket(two, spaceId, byCookie);
  const scripted = openSocket(two, spaceId, byToken);
  for (const socket of [own, here, there, scripted]) expect(await socket.greeting).toBe('greeted');
  expect(await own.hello('laptop')).toBe('welcome');
  for (const socket of [here, there, scripted]) expect(await socket.hello('phone')).toBe('welcome');

  expect((await phone.get('/api/v1/me')).status).toBe(200);
  expect((await visitor.send('DELETE', '/api/v1/devices/phone')).status).toBe(204);
  expect(await here.closed).toEqual({ code: 4401, reason: 'Your session has ended. Sign in again.' });
  expect((await there.closed).code).toBe(4401);
  expect(await scripted.closed).toEqual({ code: 4401, reason: 'This device was revoked. Sign in again.' });
  expect((await phone.get('/api/v1/me')).status).toBe(401);
  expect(await own.ask()).toBe('alive');
  expect((await visitor.get('/api/v1/me')).status).toBe(200);
  const listed = (await visitor.get('/api/v1/devices')).body.devices as { id: string }[];
  expect(listed.map(({ id }) => id)).toEqual(['laptop']);
  expect((await visitor.send('DELETE', '/api/v1/devices/phone')).status).toBe(404);

  // The token is none of the phone's and opens a socket still, but not as the phone.
  const again = openSocket(one, spaceId, byToken);
  expect(await again.greeting).toBe('greeted');
  expect(await again.hello('phone')).toBe(4401);
  const other = openSocket(one, spaceId, byToken);
  expect(await other.greeting).toBe('greeted');
  expect(await other.hello('tablet')).toBe('welcome');

  await phone.signIn('lost-phone@example.org');
  const back = openSocket(two, spaceId, { cookie: phone.cookie() ?? '' });
  expect(await back.greeting).toBe('greeted');
  expect(await back.hello('phone')).toBe('welcome');
  expect((await visitor.get('/api/v1/devices')).body.devices).toHaveLength(3);
  for (const socket of [own, other, back]) socket.close();
});

test('[A8] stock clients on two servers meet in one space, by Bearer token', async () => {
  const { visitor, spaceId } = await member('stock@example.org');
  const { token } = (await visitor.post('/api/v1/tokens', { name: 'stock' })).body as { token: string };
  const left = connectStockClient({ url: one.url, spaceId, token });
  const right = connectStockClient({ url: two.url, spaceId, token });
  await Promise.all([left.synced(), right.synced()]);
  left.doc.getMap('tasks').set('from', 'left');
  await untilDoc(right.doc, () => right.doc.getMap('tasks').get('from') === 'left');
  right.doc.getMap('tasks').set('back', 'right');
  await untilDoc(left.doc, () => left.doc.getMap('tasks').get('back') === 'right');
  left.destroy();
  right.destroy();
});

test('[H10] draining sends sockets away with 1012, and takes no new ones', async () => {
  const { spaceId, cookie } = await member('drained@example.org');
  const leaving = await runServer({ databaseUrl: shared.url });
  const socket = openSocket(leaving, spaceId, cookie);
  expect(await socket.greeting).toBe('greeted');
  const metrics = String((await leaving.visitor().get('/metrics')).body.text);
  expect(metrics).toMatch(/^holdfast_sync_connections 1$/m);
  await leaving.server.drain();
  expect((await socket.closed).code).toBe(1012);
  expect(await openSocket(leaving, spaceId, cookie).greeting).toBe(1012);
  await leaving.close();
});
