/** Rules [AP11] and [AP14] of sync-server/http/SPEC.md: what goes wrong below the API, and how much it bears. */
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs } from '@holdfast/core/document.ts';
import { createDatabase } from '@holdfast/db/database.ts';
import { appendBatch } from '@holdfast/db/update-log.ts';
import type { TaskJson } from '@holdfast/sync-server/replica/calls.ts';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { connectStockClient } from '../support/stock-client.ts';
import { runServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { openScript } from './script.ts';
import type { Script } from './script.ts';

let shared: TestDatabase;
let server: RunningServer;
let script: Script;

beforeEach(async () => {
  shared = await testDatabase();
  server = await runServer({ databaseUrl: shared.url });
  script = await openScript(server, 'faults@example.org');
});

afterEach(async () => {
  await server.close();
  await shared.drop();
});

interface Page {
  tasks: TaskJson[];
  nextCursor: string | null;
}

async function titles(at: Script = script): Promise<string[]> {
  return (await at.get<Page>('/tasks?sort=title&limit=200')).body.tasks.map(({ title }) => title);
}

/** What a device that connects now gets. */
async function deviceTitles(at: RunningServer = server): Promise<string[]> {
  const client = connectStockClient({ url: at.url, spaceId: script.spaceId, token: script.token });
  await client.synced();
  const document = openDocument({ doc: client.doc, now: () => Date.now() as EpochMs, random: Math.random });
  const found = [...document.tasks()].map(({ title }) => title).sort();
  client.destroy();
  return found;
}

test('[AP11] an edit that the database refuses leaves nothing: not in answers, not on devices, not beneath the next', async () => {
  await script.send('POST', '/tasks', { title: 'before' });
  const db = server.database.kysely;
  await sql`ALTER TABLE update_log ADD CONSTRAINT no_more CHECK (seq <= 1)`.execute(db);
  const refused = await Promise.all(['x', 'y', 'z'].map((title) => script.send('POST', '/tasks', { title })));
  for (const answer of refused) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(answer.body.detail).toContain('Nothing was changed');
  }
  expect(await titles()).toEqual(['before']);
  await sql`ALTER TABLE update_log DROP CONSTRAINT no_more`.execute(db);
  expect((await script.send('POST', '/tasks', { title: 'after' })).status).toBe(201);
  expect(await titles()).toEqual(['after', 'before']);
  expect(await deviceTitles()).toEqual(['after', 'before']);
  const other = await runServer({ databaseUrl: shared.url });
  expect(await titles(script.at({ url: other.url }))).toEqual(['after', 'before']);
  await other.close();
});

test('[AP11] while the database is away nothing is promised, and afterwards all is as it was answered', async () => {
  await script.send('POST', '/tasks', { title: 'before' });
  const url = new URL(shared.url);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const outside = createDatabase({ url: url.href, onError: () => undefined, maxConnections: 1 });
  const order = (text: string) => sql.raw(text).execute(outside.kysely);
  // Its connections are ended, and under its name nothing is found, as while a database is being restored.
  await order(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await order(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${name}'`);
  await order(`ALTER DATABASE ${name} RENAME TO ${name}_away`);
  const away = await script.send('POST', '/tasks', { title: 'during' });
  expect(away).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(away.headers.get('retry-after')).toBe('5');
  expect((await script.get('/tasks')).status).toBe(503);
  await order(`ALTER DATABASE ${name}_away RENAME TO ${name}`);
  await order(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  await outside.close();
  expect(await titles()).toEqual(['before']);
  expect((await script.send('POST', '/tasks', { title: 'after' })).status).toBe(201);
  expect(await deviceTitles()).toEqual(['after', 'before']);
});

test('[AP11] a server that restarts goes on from what is committed, under a client id of its own', async () => {
  const id = 'kept';
  await script.send('POST', '/tasks', { id, title: 'first' });
  await server.close();
  server = await runServer({ databaseUrl: shared.url });
  const again = script.at({ url: server.url });
  expect((await again.send('PATCH', `/tasks/${id}`, { notes: 'second' })).status).toBe(200);
  expect((await again.get(`/tasks/${id}`)).body).toMatchObject({ title: 'first', notes: 'second' });
  const client = connectStockClient({ url: server.url, spaceId: script.spaceId, token: script.token });
  await client.synced();
  expect([...Y.decodeStateVector(Y.encodeStateVector(client.doc)).keys()]).toHaveLength(2);
  client.destroy();
});

test('[AP14] ten thousand tasks are filtered, sorted and paged through, and one is changed', async () => {
  const doc = new Y.Doc();
  const document = openDocument({ doc, now: () => Date.now() as EpochMs, random: Math.random });
  document.batch('many', () => {
    const tag = document.createTag({ name: 'rare' });
    for (let i = 0; i < 10_000; i++) {
      document.createTask({
        title: `Task ${String(i).padStart(5, '0')}`,
        notes: i % 1000 === 7 ? 'the needle' : '',
        due: { date: `2026-${String(1 + (i % 12)).padStart(2, '0')}-15` } as never,
        ...(i % 500 === 0 && tag.ok ? { tags: [tag.id] } : {}),
      });
    }
  });
  const entries = [{ body: Y.encodeStateAsUpdate(doc), userId: script.userId, deviceId: null }];
  await appendBatch(server.database, crypto.randomUUID(), [{ spaceId: script.spaceId, entries }], 60_000);
  expect((await script.get<Page>('/tasks?q=needle')).body.tasks).toHaveLength(10);
  expect((await script.get<Page>('/tasks?tag=rare&due_before=2026-06-01&sort=due')).body.tasks).toHaveLength(
    13,
  );
  const seen = new Set<string>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Page = (
      await script.get<Page>(`/tasks?sort=title&limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`)
    ).body;
    for (const { id } of page.tasks) seen.add(id);
    cursor = page.nextCursor;
  }
  expect(seen.size).toBe(10_000);
  const [first] = [...seen];
  expect((await script.send('PATCH', `/tasks/${first ?? ''}`, { priority: 'high' })).status).toBe(200);
  expect((await script.get<Page>('/tasks?priority=high')).body.tasks).toHaveLength(1);
});
