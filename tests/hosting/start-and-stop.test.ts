/** Starting, stopping, and starting again after the worst: the whole server as a child process. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { attemptStart, postmasterPid, startApp } from '../support/app.ts';
import { HANG_MS, appears, isAlive, madeDataDir, ownDataDir, signUp, statusOfMe } from './machine.ts';

test('[HO1] one line says that it is ready, and the address in it answers', async () => {
  const app = await startApp();
  expect(app.logs().match(/^holdfast ready .*$/gm)).toEqual([`holdfast ready ${app.url}`]);
  expect((await fetch(`${app.url}/readyz`)).status).toBe(200);
  await app.stop();
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`[HO2] ${signal} ends the server with 0, its database with it, and gives the folder back`, async () => {
    const dir = await madeDataDir();
    const app = await startApp({ dataDir: dir });
    expect(await postmasterPid(dir)).toBeGreaterThan(0);
    expect(await app.kill(signal)).toEqual({ code: 0, signal: null });
    // Postgres removes its own file only on an orderly end.
    expect(await postmasterPid(dir)).toBeUndefined();
    await expect(stat(join(dir, 'server.json'))).rejects.toThrow('ENOENT');
  });
}

test('[HO2] a signal during the start also ends it with 0', async () => {
  const attempt = await attemptStart();
  // The folder appears before the database is made, so this is well before it is ready.
  await appears(join(attempt.dataDir, 'keys.json'));
  attempt.child.kill('SIGTERM');
  expect(await attempt.exited).toEqual({ code: 0, signal: null });
  expect(attempt.stdout()).toBe('');
  expect(await postmasterPid(attempt.dataDir)).toBeUndefined();
  // A database that was being made was given up, and nothing half made is left.
  const left = await readdir(join(attempt.dataDir, 'postgres')).catch(() => []);
  expect(left.filter((name) => name.startsWith('new-'))).toEqual([]);
  await attempt.cleanUp();
});

test('[HO3] keys are made once, are kept, and are readable by their owner alone', async () => {
  const dir = await madeDataDir();
  const first = await startApp({ dataDir: dir });
  const cookie = await signUp(first.url);
  await first.stop();
  expect((await stat(join(dir, 'keys.json'))).mode & 0o777).toBe(0o600);
  const second = await startApp({ dataDir: dir });
  expect(await statusOfMe(second.url, cookie)).toBe(200);
  await second.stop();
});

test('[HO10] after kill -9 the orphaned Postgres is taken over and nothing is lost', async () => {
  const dir = await madeDataDir();
  const first = await startApp({ dataDir: dir });
  const cookie = await signUp(first.url);
  await first.kill('SIGKILL');
  const orphan = await postmasterPid(dir);
  expect(isAlive(orphan)).toBe(true);

  const second = await startApp({ dataDir: dir });
  expect(isAlive(orphan)).toBe(false);
  expect(second.logs()).toContain('left behind');
  expect(await statusOfMe(second.url, cookie)).toBe(200);
  await second.stop();
});

test('[HO10] a server and its Postgres killed together come back by themselves', async () => {
  const dir = await madeDataDir();
  const first = await startApp({ dataDir: dir });
  const cookie = await signUp(first.url);
  const postgres = (await postmasterPid(dir)) ?? 0;
  const ended = first.kill('SIGKILL');
  process.kill(postgres, 'SIGKILL');
  await ended;
  const second = await startApp({ dataDir: dir });
  expect(await statusOfMe(second.url, cookie)).toBe(200);
  await second.stop();
});

test('[HO11] a Postgres that dies under a running server is started again', async () => {
  const dir = await madeDataDir();
  const app = await startApp({ dataDir: dir });
  const cookie = await signUp(app.url);
  const before = (await postmasterPid(dir)) ?? 0;
  process.kill(before, 'SIGKILL');
  await vi.waitFor(
    async () => {
      expect(await statusOfMe(app.url, cookie)).toBe(200);
      expect(await postmasterPid(dir)).not.toBe(before);
    },
    { timeout: HANG_MS, interval: 50 },
  );
  expect(app.logs()).toContain('started again');
  expect(await app.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('[HO12] a second server on one data folder is refused with the address of the first', async () => {
  const dir = await madeDataDir();
  const first = await startApp({ dataDir: dir });
  const second = await attemptStart({ dataDir: dir });
  expect((await second.exited).code).toBe(1);
  expect(second.stderr()).toMatch(/^holdfast: Another Holdfast \(process \d+, at .*\) is using .* DATA_DIR/);
  expect(second.stderr()).toContain(first.url);
  expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
  await first.stop();
});

test('[HO12] of four servers started at once on one folder exactly one serves', async () => {
  const dir = await ownDataDir();
  const attempts = await Promise.all(Array.from({ length: 4 }, () => attemptStart({ dataDir: dir })));
  const urls = await Promise.all(attempts.map((attempt) => attempt.ready));
  expect(urls.filter((url) => url !== undefined)).toHaveLength(1);
  for (const [index, attempt] of attempts.entries()) {
    if (urls[index] === undefined) expect((await attempt.exited).code).toBe(1);
    else attempt.child.kill('SIGTERM');
  }
  await Promise.all(attempts.map((attempt) => attempt.exited));
});
