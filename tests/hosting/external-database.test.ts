/** A database at DATABASE_URL: waiting for it, being refused by it, and the roles of a split deployment on it. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataFolder } from '@holdfast/deploy/data-folder.ts';
import { openDatabase } from '@holdfast/deploy/open-database.ts';
import { expect, test } from 'vitest';
import { attemptStart, startApp } from '../support/app.ts';
import { testDatabase } from '../support/postgres.ts';
import { ownDataDir, signUp, statusOfMe } from './machine.ts';

test('[HO19] a database that does not answer is waited for, then told without its password', async () => {
  const reports: string[] = [];
  const folder = await openDataFolder(await ownDataDir());
  const opening = openDatabase({
    databaseUrl: 'postgres://someone:hush@127.0.0.1:1/tasks',
    dataFolder: folder,
    report: (sentence) => reports.push(sentence),
    onLost: () => undefined,
    waitMs: 300,
  });
  await expect(opening).rejects.toThrow(
    /^The database at 127\.0\.0\.1:1\/tasks did not answer within 0\.3 s \(.*ECONNREFUSED.*\): start it, correct/,
  );
  expect(reports).toEqual([expect.stringMatching(/^Waiting for the database at 127\.0\.0\.1:1\/tasks/)]);
});

test('[HO19] one that comes up while we wait is used', async () => {
  const database = await testDatabase({ migrated: false });
  const real = new URL(database.url);
  const port = await portThatIsFree();
  const late = new URL(`postgres://${real.username}:${real.password}@127.0.0.1:${port}${real.pathname}`);
  const folder = await openDataFolder(await ownDataDir());
  const line = createServer((socket) => {
    const onward = connectToSocket(real);
    socket.pipe(onward).pipe(socket);
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const opening = openDatabase({
    databaseUrl: late.href,
    dataFolder: folder,
    // The moment it says that it waits, the way to the database opens.
    report: () => void line.listen(port, '127.0.0.1'),
    onLost: () => undefined,
  });
  const opened = await opening;
  expect(await opened.database.run({ name: '', text: 'SELECT 1 AS one' }, [])).toEqual([{ one: 1 }]);
  await opened.close();
  line.close();
  await database.drop();
});

test('[HO19] a missing database and a wrong password are told at once', async () => {
  const database = await testDatabase({ migrated: false });
  const missing = new URL(database.url);
  missing.pathname = '/nothing_here';
  const wrong = new URL(database.url);
  wrong.password = 'hush-wrong';
  for (const [url, sentence] of [
    [missing, 'it has no database of that name. Correct DATABASE_URL.'],
    [wrong, 'it refuses the password. Correct DATABASE_URL.'],
  ] as const) {
    const attempt = await attemptStart({ databaseUrl: url.href });
    expect((await attempt.exited).code).toBe(1);
    expect(attempt.stderr()).toContain(sentence);
    expect(attempt.stderr()).not.toContain('hush');
    await attempt.cleanUp();
  }
  await database.drop();
});

test('[HO3] servers of one database share sessions, and a lost data folder ends none', async () => {
  const database = await testDatabase({ migrated: false });
  const start = async (env: Record<string, string> = {}) =>
    startApp({ databaseUrl: database.url, dataDir: await ownDataDir(), env });
  // At once, so that both want to make the keys.
  const [one, two] = await Promise.all([start(), start()]);
  const cookie = await signUp(one.url);
  expect(await statusOfMe(two.url, cookie)).toBe(200);
  expect(await one.stop()).toEqual({ code: 0, signal: null });
  expect(await two.stop()).toEqual({ code: 0, signal: null });
  const again = await start();
  expect(await statusOfMe(again.url, cookie)).toBe(200);
  expect(await readdir(again.dataDir)).not.toContain('keys.json');
  await again.stop();
  const own = await start({ AUTH_SECRET: 'a secret of the environment, which wins' });
  expect(await statusOfMe(own.url, cookie)).toBe(401);
  await own.stop();
  await database.drop();
});

test('[HO3] a data folder that has keys gives them to a database that has none', async () => {
  const database = await testDatabase();
  const folder = await openDataFolder(await ownDataDir());
  const { authSecret } = await folder.keys();
  const app = await startApp({ databaseUrl: database.url, dataDir: folder.path });
  const cookie = await signUp(app.url);
  await app.stop();
  // The same secret by another way: the session was signed with it.
  const set = await startApp({ databaseUrl: database.url, env: { AUTH_SECRET: authSecret } });
  expect(await statusOfMe(set.url, cookie)).toBe(200);
  await set.stop();
  const kept = await startApp({ databaseUrl: database.url });
  expect(await statusOfMe(kept.url, cookie)).toBe(200);
  await kept.stop();
  await database.drop();
});

test('[HO2] [HO28] the roles of a split deployment share a database, and each ends in order', async () => {
  const database = await testDatabase({ migrated: false });
  const workers = await attemptStart({
    databaseUrl: database.url,
    args: ['--role=workers'],
    env: { METRICS_TOKEN: 'only-for-metrics' },
  });
  const [one, two] = await Promise.all(
    [1, 2].map(() => startApp({ databaseUrl: database.url, args: ['--role=sync'] })),
  );
  const probes = (await workers.ready) ?? '';
  expect(probes).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await (await fetch(`${probes}/healthz`)).json()).toMatchObject({ status: 'alive' });
  expect((await fetch(`${probes}/readyz`)).status).toBe(200);
  expect((await fetch(`${probes}/metrics`)).status).toBe(401);
  const authorization = 'Bearer only-for-metrics';
  const metrics = await fetch(`${probes}/metrics`, { headers: { authorization } });
  expect(await metrics.text()).toContain('holdfast_job_turns_total');
  expect((await fetch(`${probes}/api/v1/me`)).status).toBe(404);
  const cookie = await signUp(one?.url ?? '');
  expect(await statusOfMe(two?.url ?? '', cookie)).toBe(200);
  workers.child.kill('SIGTERM');
  expect(await workers.exited).toEqual({ code: 0, signal: null });
  await workers.cleanUp();
  expect(await one?.stop()).toEqual({ code: 0, signal: null });
  expect(await two?.stop()).toEqual({ code: 0, signal: null });
  await database.drop();
});

test('[HO4] a role without DATABASE_URL, and a role that there is not, are told', async () => {
  for (const [role, sentence] of [
    ['sync', 'set DATABASE_URL'],
    ['cook', 'There is no role "cook": --role is one of all, sync, workers.'],
  ] as const) {
    const attempt = await attemptStart({ args: [`--role=${role}`] });
    expect((await attempt.exited).code).toBe(1);
    expect(attempt.stderr()).toContain(sentence);
    await attempt.cleanUp();
  }
});

async function portThatIsFree(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function connectToSocket(url: URL): Socket {
  const folder = url.searchParams.get('host');
  return folder === null
    ? connect(Number(url.port), url.hostname)
    : connect(join(folder, `.s.PGSQL.${url.port || '5432'}`));
}
