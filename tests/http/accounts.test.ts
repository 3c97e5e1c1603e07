/** Rules [A1] to [A14] of sync-server/http/SPEC.md, through the front door of whole servers. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seeDevice } from '@holdfast/db/devices.ts';
import { createAuthLibrary } from '@holdfast/sync-server/accounts/auth-library.ts';
import { CACHE_MS } from '@holdfast/sync-server/accounts/authenticate.ts';
import { createLogger } from '@holdfast/sync-server/logging.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { AUTH_SECRET, PASSWORD, createVisitor, runServer } from './running-server.ts';
import type { RunOptions, RunningServer } from './running-server.ts';

let shared: TestDatabase;
let one: RunningServer;
let two: RunningServer;
let nowMs = Date.now();

beforeAll(async () => {
  shared = await testDatabase();
  one = await runServer({ databaseUrl: shared.url, config: { publicUrl: 'https://tasks.example.org' } });
  two = await runServer({ databaseUrl: shared.url, now: () => nowMs });
  await one.visitor().signUp('first@example.org');
});

afterAll(async () => {
  await one.close();
  await two.close();
  await shared.drop();
});

/** Fresh servers on a fresh database, closed and dropped afterwards. */
async function withServers(
  configs: readonly RunOptions['config'][],
  use: (...servers: RunningServer[]) => Promise<void>,
): Promise<void> {
  const database = await testDatabase();
  const servers = await Promise.all(
    configs.map((config) => runServer({ databaseUrl: database.url, ...(config ? { config } : {}) })),
  );
  try {
    await use(...servers);
  } finally {
    for (const server of servers) await server.close();
    await database.drop();
  }
}

describe('sessions', () => {
  test('[A1] signing up and signing in give an HttpOnly, SameSite=Lax cookie, Secure only by https', async () => {
    const plain = await one.visitor().signUp('cookie@example.org');
    expect(plain.status).toBe(200);
    const [cookie = ''] = plain.headers.getSetCookie();
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Lax/);
    expect(cookie).not.toMatch(/Secure/);

    const credentials = { email: 'cookie@example.org', password: PASSWORD };
    const byProxy = await one
      .visitor()
      .post('/api/auth/sign-in/email', credentials, { 'x-forwarded-proto': 'https' });
    expect(byProxy.headers.getSetCookie()[0]).toMatch(/; Secure$/);
  });

  test('[A2] the own page is the one at the address of the request, or at PUBLIC_URL', async () => {
    const signInFrom = async (origin: string) =>
      (
        await one
          .visitor()
          .post('/api/auth/sign-in/email', { email: 'first@example.org', password: PASSWORD }, { origin })
      ).status;
    expect(await signInFrom(one.url)).toBe(200);
    // Behind a proxy that ends TLS the scheme differs and the host does not.
    expect(await signInFrom(one.url.replace('http:', 'https:'))).toBe(200);
    expect(await signInFrom('https://tasks.example.org')).toBe(200);
    expect(await signInFrom(`http://127.0.0.1:${String(one.port + 1)}`)).toBe(403);
    expect(await signInFrom('https://evil.example')).toBe(403);
    expect(await signInFrom('null')).toBe(403);
  });

  test('[A8] two servers on one database share accounts and sessions', async () => {
    const visitor = one.visitor();
    await visitor.signUp('two-servers@example.org');
    const me = await visitor.at(two.url).get('/api/v1/me');
    expect(me.status).toBe(200);
    expect(me.body.user).toMatchObject({ email: 'two-servers@example.org', role: 'member' });
    expect(me.body).toEqual((await visitor.get('/api/v1/me')).body);
  });

  test('[A7] signing out ends the session at once here and soon on the other server', async () => {
    const visitor = one.visitor();
    await visitor.signUp('leaves@example.org');
    const cookie = visitor.cookie() ?? '';
    const stolen = (url: string) => createVisitor(url).get('/api/v1/me', { cookie });
    expect((await stolen(one.url)).status).toBe(200);
    expect((await stolen(two.url)).status).toBe(200);
    expect((await visitor.post('/api/auth/sign-out')).status).toBe(200);
    expect(visitor.cookie()).toBeUndefined();
    expect((await stolen(one.url)).status).toBe(401);
    nowMs += CACHE_MS;
    expect((await stolen(two.url)).body).toMatchObject({ code: 'signed-out' });
  });

  test('[A7] signing out without a session is no fault', async () => {
    expect((await one.visitor().post('/api/auth/sign-out')).status).toBe(200);
    expect((await one.visitor().get('/api/auth/get-session')).body).toBeNull();
  });

  test('[A11] changing the password ends every other session, and signing out everywhere all of them', async () => {
    const here = one.visitor();
    const there = one.visitor();
    await here.signUp('sessions@example.org');
    await there.signIn('sessions@example.org');
    const { token } = (await here.post('/api/v1/tokens', { name: 'stays' })).body;
    const listed = await here.get('/api/auth/list-sessions');
    expect(listed.body.sessions).toHaveLength(2);
    expect(listed.body.sessions).toContainEqual({
      id: expect.any(String),
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
      userAgent: 'node',
      address: '127.0.0.1',
      current: true,
    });
    expect((await there.get('/api/v1/me')).status).toBe(200);

    const wrong = await here.post('/api/auth/change-password', {
      currentPassword: 'not this one',
      newPassword: 'another good one',
    });
    expect(wrong.body).toMatchObject({ code: 'wrong-credentials' });
    const changed = await here.post('/api/auth/change-password', {
      currentPassword: PASSWORD,
      newPassword: 'another good one',
    });
    expect(changed.status).toBe(200);
    expect((await there.get('/api/v1/me')).status).toBe(401);
    expect((await here.get('/api/v1/me')).status).toBe(200);
    expect((await there.signIn('sessions@example.org')).status).toBe(401);
    expect((await there.signIn('sessions@example.org', 'another good one')).status).toBe(200);

    const cookie = here.cookie() ?? '';
    expect((await here.post('/api/auth/revoke-sessions')).status).toBe(200);
    expect((await here.get('/api/v1/me', { cookie })).status).toBe(401);
    expect((await there.get('/api/v1/me')).status).toBe(401);
    const byToken = await one.visitor().get('/api/v1/me', { authorization: `Bearer ${String(token)}` });
    expect(byToken.status).toBe(200);
  });

  test('[A14] a session is renewed by use, and ends 90 days after the last', async () => {
    const visitor = one.visitor();
    await visitor.signUp('renewed@example.org');
    const { id } = (await visitor.get('/api/v1/me')).body.user as { id: string };
    expect((await visitor.get('/api/v1/me')).headers.getSetCookie()).toEqual([]);
    const ageSessions = async (days: number) => {
      await one.database.kysely
        .updateTable('account_session')
        .set({ expires_at: new Date(Date.now() + (90 - days) * 24 * 60 * 60 * 1000) })
        .where('user_id', '=', id)
        .execute();
    };
    await ageSessions(2);
    const renewed = await visitor.get('/api/v1/me');
    expect(renewed.headers.getSetCookie()[0]).toMatch(/Max-Age=7776000/);
    expect((await visitor.get('/api/v1/me')).headers.getSetCookie()).toEqual([]);
    await ageSessions(91);
    // Asked of a server that does not remember it.
    expect((await visitor.at(two.url).get('/api/v1/me')).status).toBe(401);
    // What has ended is not kept for ever, though its cookie never comes back.
    await visitor.signIn('renewed@example.org');
    await ageSessions(91);
    await one.visitor().signIn('renewed@example.org');
    const left = await one.database.kysely
      .selectFrom('account_session')
      .selectAll()
      .where('user_id', '=', id)
      .execute();
    expect(left).toHaveLength(1);
  });
});

describe('signing up', () => {
  test('[A3] of many first sign-ups at once on two servers exactly one is the administrator', async () => {
    await withServers([undefined, undefined], async (left, right) => {
      if (!left || !right) throw new Error('two servers were asked for');
      const answers = await Promise.all(
        Array.from({ length: 16 }, (_, n) =>
          (n % 2 ? left : right).visitor().signUp(`racer-${String(n)}@example.org`),
        ),
      );
      expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 16 }, () => 200));
      const roles = answers.map((answer) => (answer.body.user as { role: string }).role);
      expect(roles.filter((role) => role === 'administrator')).toHaveLength(1);
    });
  });

  test('[A3][A4] a closed server takes exactly one of many first sign-ups, and none later', async () => {
    await withServers([{ signup: 'closed' }, { signup: 'closed' }], async (left, right) => {
      if (!left || !right) throw new Error('two servers were asked for');
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          (n % 2 ? left : right).visitor().signUp(`racer-${String(n)}@example.org`),
        ),
      );
      expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
      expect(answers.filter((answer) => answer.body.code === 'signup-closed')).toHaveLength(7);
      const later = await left.visitor().signUp('later@example.org');
      expect(later.status).toBe(403);
      expect(later.body).toMatchObject({ code: 'signup-closed' });
    });
  });

  test('[A3] a first sign-up that fails leaves the place to the next', async () => {
    await withServers([{ signup: 'closed' }], async (server) => {
      if (!server) throw new Error('a server was asked for');
      expect((await server.visitor().signUp('a@example.org', { password: 'short' })).status).toBe(400);
      const next = await server.visitor().signUp('b@example.org');
      expect(next.body.user).toMatchObject({ role: 'administrator' });
    });
  });

  test('[A3] a sign-up is whole or nothing: one that breaks half-way leaves no account behind', async () => {
    await withServers([{ signup: 'closed' }], async (server) => {
      if (!server) throw new Error('a server was asked for');
      for (const table of ['account_credential', 'account_session'] as const) {
        const { schema } = server.database.kysely;
        await schema.alterTable(table).renameTo('away').execute();
        expect((await server.visitor().signUp('whole@example.org')).status).toBe(500);
        await schema.alterTable('away').renameTo(table).execute();
      }
      expect((await server.visitor().signUp('whole@example.org')).body.user).toMatchObject({
        role: 'administrator',
      });
    });
  });

  test('[A4] an invitation lets one person in, and only a success spends it', async () => {
    await withServers([{ signup: 'invite' }], async (server) => {
      if (!server) throw new Error('a server was asked for');
      const administrator = server.visitor();
      const mode = async () => (await server.visitor().get('/api/v1/server')).body.signUp;
      expect(await mode()).toBe('open');
      expect((await administrator.signUp('admin@example.org')).status).toBe(200);
      expect(await mode()).toBe('invite');
      expect((await server.visitor().signUp('a@example.org')).body).toMatchObject({
        code: 'invite-required',
      });
      expect((await server.visitor().signUp('a@example.org', { invite: 'guess' })).body).toMatchObject({
        code: 'invite-invalid',
      });
      const made = await administrator.post('/api/v1/sign-up-invites', {});
      expect(made.status).toBe(201);
      const invite = made.body.code;
      expect(
        (await server.visitor().signUp('a@example.org', { invite, password: 'short' })).body,
      ).toMatchObject({
        code: 'weak-password',
      });
      const invited = server.visitor();
      expect((await invited.signUp('a@example.org', { invite })).status).toBe(200);
      expect((await server.visitor().signUp('b@example.org', { invite })).body).toMatchObject({
        code: 'invite-invalid',
      });
      expect((await invited.post('/api/v1/sign-up-invites', {})).body).toMatchObject({
        code: 'not-administrator',
      });
    });
  });

  test('[A3] a request cannot make its sender an administrator', async () => {
    const answer = await one
      .visitor()
      .signUp('climber@example.org', { role: 'administrator', emailVerified: true });
    expect(answer.body.user).toMatchObject({ role: 'member' });
  });

  test('[A5] an account has exactly one personal space, however many ask at once', async () => {
    const visitor = one.visitor();
    await visitor.signUp('spaces@example.org');
    const { id } = (await visitor.get('/api/v1/me')).body.user as { id: string };
    // As a crash between the account and its space would leave it.
    await one.database.kysely
      .deleteFrom('space')
      .where('id', 'in', (space) => space.selectFrom('member').select('space_id').where('user_id', '=', id))
      .execute();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => visitor.at(n % 2 ? one.url : two.url).get('/api/v1/me')),
    );
    for (const answer of answers) {
      expect(answer.body.spaces).toEqual([{ id: expect.any(String), name: 'Personal', role: 'owner' }]);
      expect(answer.body).toEqual(answers[0]?.body);
    }
  });

  test('[A5] a further space is owned by its maker and seen by nobody else', async () => {
    const visitor = one.visitor();
    await visitor.signUp('owner@example.org');
    const made = await visitor.post('/api/v1/spaces', { name: '  Home  ' });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({ id: expect.any(String), name: 'Home', role: 'owner' });
    expect((await visitor.get('/api/v1/me')).body.spaces).toEqual([
      { id: expect.any(String), name: 'Personal', role: 'owner' },
      made.body,
    ]);
    const other = one.visitor();
    await other.signIn('first@example.org');
    expect((await other.get('/api/v1/me')).body.spaces).toHaveLength(1);
  });

  test('[A6] a taken address is named, whatever its case and however close the race', async () => {
    await one.visitor().signUp('Taken@Example.org');
    const again = await two.visitor().signUp('taken@example.ORG');
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ code: 'email-taken' });
    const race = await Promise.all(
      Array.from({ length: 6 }, (_, n) => (n % 2 ? one : two).visitor().signUp('race@example.org')),
    );
    expect(race.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(race.filter((answer) => answer.body.code === 'email-taken')).toHaveLength(5);
  });

  test('[A6] weak and overlong passwords and what is no address are named', async () => {
    const refused = async (more: Record<string, unknown>) =>
      (await one.visitor().signUp('x@example.org', more)).body;
    expect(await refused({ password: '1234567' })).toMatchObject({ status: 400, code: 'weak-password' });
    expect(await refused({ password: 'x'.repeat(300) })).toMatchObject({
      status: 400,
      code: 'long-password',
    });
    expect(await refused({ email: 'nobody' })).toMatchObject({ status: 400, code: 'invalid-email' });
    expect(await refused({ name: '   ' })).toMatchObject({
      code: 'invalid-input',
      errors: [{ field: 'name', message: expect.any(String) }],
    });
  });

  test('[A6] a wrong password and an unknown address are told apart by nothing', async () => {
    const wrong = await one.visitor().signIn('first@example.org', 'not the password');
    const unknown = await one.visitor().signIn('nobody@example.org', 'not the password');
    expect(wrong.status).toBe(401);
    expect({ ...wrong.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
    expect(wrong.body).toMatchObject({ code: 'wrong-credentials' });
  });
});

describe('API tokens', () => {
  test('[A9] a token is shown once, stored as its hash, works as Bearer and ends when it is revoked', async () => {
    const visitor = one.visitor();
    await visitor.signUp('tokens@example.org');
    const made = await visitor.post('/api/v1/tokens', { name: 'backup script' });
    expect(made.status).toBe(201);
    const { id, token } = made.body as { id: string; token: string };
    const bearer = { authorization: `Bearer ${token}` };
    const stranger = one.visitor();

    const me = await stranger.get('/api/v1/me', bearer);
    expect(me.status).toBe(200);
    expect(me.headers.getSetCookie()).toEqual([]);
    const listed = await stranger.get('/api/v1/tokens', bearer);
    expect(listed.body.tokens).toEqual([
      { id, name: 'backup script', createdAt: expect.any(String), lastUsedAt: expect.any(String) },
    ]);
    expect(JSON.stringify(listed.body)).not.toContain(token);
    const stored = await one.database.kysely
      .selectFrom('api_token')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(stored.hash).toBe(createHash('sha256').update(token).digest('hex'));
    expect(JSON.stringify(stored)).not.toContain(token);

    const other = one.visitor();
    await other.signIn('first@example.org');
    expect((await other.send('DELETE', `/api/v1/tokens/${id}`)).status).toBe(404);
    expect((await stranger.get('/api/v1/me', bearer)).status).toBe(200);
    expect((await visitor.send('DELETE', `/api/v1/tokens/${id}`)).status).toBe(204);
    const after = await stranger.get('/api/v1/me', bearer);
    expect(after.status).toBe(401);
    expect(after.body).toMatchObject({ code: 'invalid-token' });
    expect((await visitor.send('DELETE', `/api/v1/tokens/${id}`)).status).toBe(404);
    expect((await visitor.send('DELETE', '/api/v1/tokens/not-an-id')).status).toBe(404);
  });

  test('[A9] a token cannot make another token', async () => {
    const visitor = one.visitor();
    await visitor.signUp('leak@example.org');
    const { token } = (await visitor.post('/api/v1/tokens', { name: 'leaked' })).body;
    const answer = await one
      .visitor()
      .post('/api/v1/tokens', { name: 'more' }, { authorization: `Bearer ${String(token)}` });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'session-required' });
  });

  test('[A12] a bad Authorization header is refused even beside a good cookie', async () => {
    const visitor = one.visitor();
    await visitor.signIn('first@example.org');
    for (const authorization of ['Bearer hf_unknown', 'Bearer ', 'Basic YTpi']) {
      const answer = await visitor.get('/api/v1/me', { authorization });
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ code: 'invalid-token' });
    }
  });
});

test('[A16] a device is listed for its owner, and revoked by its owner only', async () => {
  const visitor = one.visitor();
  await visitor.signUp('devices@example.org');
  const { id: userId } = (await visitor.get('/api/v1/me')).body.user as { id: string };
  await seeDevice(one.database, { userId, deviceId: 'phone-1' }, 'Phone');
  const device = {
    id: 'phone-1',
    name: 'Phone',
    firstSeenAt: expect.any(String),
    lastSeenAt: expect.any(String),
  };
  expect((await visitor.get('/api/v1/devices')).body).toEqual({ devices: [device] });

  const other = one.visitor();
  await other.signIn('first@example.org');
  expect((await other.get('/api/v1/devices')).body).toEqual({ devices: [] });
  expect((await other.send('DELETE', '/api/v1/devices/phone-1')).status).toBe(404);
  expect((await visitor.get('/api/v1/devices')).body).toEqual({ devices: [device] });
  expect((await visitor.send('DELETE', '/api/v1/devices/phone-1')).status).toBe(204);
  expect((await visitor.get('/api/v1/devices')).body).toEqual({ devices: [] });
});

describe('requests of other sites', () => {
  test('[A10] a write that rides on a cookie is refused from elsewhere; a Bearer token is not asked', async () => {
    const visitor = one.visitor();
    await visitor.signUp('csrf@example.org');
    const { token } = (await visitor.post('/api/v1/tokens', { name: 'script' })).body;
    const evil = { origin: 'https://evil.example' };
    expect((await visitor.post('/api/v1/spaces', { name: 'planted' }, evil)).body).toMatchObject({
      status: 403,
      code: 'cross-origin',
    });
    expect(
      (await visitor.post('/api/v1/spaces', { name: 'planted' }, { 'sec-fetch-site': 'cross-site' })).status,
    ).toBe(403);
    expect(
      (await visitor.post('/api/v1/spaces', { name: 'planted' }, { 'sec-fetch-site': 'same-site' })).status,
    ).toBe(403);
    expect((await visitor.post('/api/auth/sign-out', undefined, evil)).status).toBe(403);
    expect((await visitor.get('/api/v1/me')).body.spaces).toHaveLength(1);
    const own = await visitor.post('/api/v1/spaces', { name: 'mine' }, { 'sec-fetch-site': 'same-origin' });
    expect(own.status).toBe(201);
    const bearer = { ...evil, authorization: `Bearer ${String(token)}` };
    expect((await one.visitor().post('/api/v1/spaces', { name: 'by script' }, bearer)).status).toBe(201);
  });
});

test('[A13] the migrated tables are those that the auth library expects', async () => {
  const library = createAuthLibrary({
    database: one.database,
    secret: AUTH_SECRET,
    logger: createLogger({ level: 'silent' }),
  });
  await expect(library.checkTables()).resolves.toBeUndefined();
});
