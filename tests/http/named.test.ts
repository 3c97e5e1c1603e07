/** Rules [AP12] and [AP13] of sync-server/http/SPEC.md: lists, tags, members and the history of a space. */
import { setMember } from '@holdfast/db/spaces.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { runServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { openScript } from './script.ts';

interface Named {
  id: string;
  name: string;
  color: string | null;
}

let shared: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  shared = await testDatabase();
  server = await runServer({ databaseUrl: shared.url });
});

afterAll(async () => {
  await server.close();
  await shared.drop();
});

test('[AP12] lists are made, changed, trashed and restored; their tasks go to the Inbox and back', async () => {
  const script = await openScript(server, 'lists@example.org');
  const work = await script.send<Named>('POST', '/lists', { name: ' Work ', color: '#c2410c' });
  expect(work).toMatchObject({ status: 201, body: { name: 'Work', color: '#c2410c' } });
  const path = `/lists/${work.body.id}`;
  await script.send('POST', '/lists', { name: 'Home' });
  const names = async () =>
    (await script.get<{ lists: Named[] }>('/lists')).body.lists.map(({ name }) => name);
  expect(await names()).toEqual(['Work', 'Home']);
  expect((await script.send('PATCH', path, { name: 'Office' })).body).toMatchObject({
    name: 'Office',
    color: '#c2410c',
  });
  expect((await script.send('PATCH', path, { color: null })).body).toMatchObject({
    name: 'Office',
    color: null,
  });
  const task = (await script.send<{ id: string }>('POST', '/tasks', { title: 't', listId: 'office' })).body;
  const listOf = async () => (await script.get(`/tasks/${task.id}`)).body.listId;
  expect(await listOf()).toBe(work.body.id);
  expect((await script.send('DELETE', path)).status).toBe(204);
  expect(await names()).toEqual(['Home']);
  expect((await script.get(path)).status).toBe(404);
  expect(await listOf()).toBeNull();
  expect((await script.send('POST', `${path}/restore`)).status).toBe(200);
  expect(await listOf()).toBe(work.body.id);
  expect(await script.send('POST', '/lists', { name: '' })).toMatchObject({
    status: 400,
    body: { errors: [{ field: 'name' }] },
  });
  const key = { 'idempotency-key': 'k' };
  const made = await script.send<Named>('POST', '/lists', { name: 'Keyed' }, key);
  expect(await script.send('POST', '/lists', { name: 'Keyed' }, key)).toMatchObject({
    status: 200,
    body: { id: made.body.id },
  });
});

test('[AP12] a tag of a name is one tag, however it is written and whoever makes it', async () => {
  const script = await openScript(server, 'tags@example.org');
  const made = await script.send<Named>('POST', '/tags', { name: 'Café' });
  expect(made.status).toBe(201);
  expect(await script.send('POST', '/tags', { name: 'cafe' })).toMatchObject({
    status: 200,
    body: { id: made.body.id, name: 'Café' },
  });
  const task = await script.send<{ id: string; tags: string[] }>('POST', '/tasks', {
    title: 't',
    tags: ['CAFE', made.body.id, 'two words'],
  });
  expect(task.body.tags).toEqual(['Café', 'two words']);
  const all = (await script.get<{ tags: Named[] }>('/tags')).body.tags;
  expect(all.map(({ name }) => name)).toEqual(['Café', 'two words']);
  const path = `/tags/${encodeURIComponent(made.body.id)}`;
  expect((await script.send('PATCH', path, { name: 'coffee' })).status).toBe(200);
  expect((await script.get(`/tasks/${task.body.id}`)).body.tags).toEqual(['coffee', 'two words']);
  expect((await script.send('DELETE', path)).status).toBe(204);
  expect((await script.get(`/tasks/${task.body.id}`)).body.tags).toEqual(['two words']);
  expect((await script.send('POST', `${path}/restore`)).body).toMatchObject({ name: 'coffee' });
  expect((await script.get(`/tasks/${task.body.id}`)).body.tags).toEqual(['coffee', 'two words']);
});

test('[AP13] the members of a space, by name and role', async () => {
  const owner = await openScript(server, 'owner@example.org');
  const guest = await openScript(server, 'guest@example.org');
  await setMember(server.database, owner.spaceId, guest.userId, 'viewer');
  const members = [
    { id: owner.userId, name: 'Some One', role: 'owner' },
    { id: guest.userId, name: 'Some One', role: 'viewer' },
  ];
  expect((await owner.get('/members')).body).toEqual({ members });
  expect((await guest.at({ spaceId: owner.spaceId }).get('/members')).body).toEqual({ members });
});

test('[AP13] the history, newest first, of a task or of all, a page at a time, with names', async () => {
  const script = await openScript(server, 'history@example.org');
  await server.database.kysely
    .insertInto('device')
    .values({ user_id: script.userId, id: 'phone', name: 'Phone' })
    .execute();
  const at = (seq: number) => new Date(Date.UTC(2026, 10, 24, 9, seq));
  for (let seq = 1; seq <= 5; seq++) {
    await server.database.kysely
      .insertInto('audit')
      .values({
        space_id: script.spaceId,
        seq,
        log_seq: seq,
        entity: 'task',
        entity_id: seq === 3 ? 'other' : 'task',
        ordinal: seq === 4 ? 2 : null,
        field: 'title',
        before: JSON.stringify(seq === 1 ? null : `v${String(seq - 1)}`),
        after: JSON.stringify(`v${String(seq)}`),
        user_id: script.userId,
        device_id: seq % 2 === 0 ? 'phone' : `api:${script.tokenId}`,
        writer: 'w',
        stamp: seq,
        claimed_at: at(seq),
        received_at: at(seq),
        hash: Buffer.from('x'),
      })
      .execute();
  }
  interface History {
    entries: Record<string, unknown>[];
    nextCursor: string | null;
  }
  const first = (await script.get<History>('/audit?limit=2')).body;
  expect(first.entries).toEqual([
    {
      seq: 5,
      entity: 'task',
      entityId: 'task',
      ordinal: null,
      field: 'title',
      before: 'v4',
      after: 'v5',
      userId: script.userId,
      userName: 'Some One',
      deviceId: `api:${script.tokenId}`,
      deviceName: 'Script of history@example.org',
      writer: 'w',
      claimedAt: at(5).toISOString(),
      receivedAt: at(5).toISOString(),
    },
    expect.objectContaining({ seq: 4, ordinal: 2, deviceName: 'Phone' }),
  ]);
  const seqs = async (query: string) =>
    (await script.get<History>(`/audit${query}`)).body.entries.map(({ seq }) => seq);
  expect(await seqs(`?limit=2&cursor=${first.nextCursor ?? ''}`)).toEqual([3, 2]);
  expect(await seqs('?task=task')).toEqual([5, 4, 2, 1]);
  expect(await seqs('?after=3')).toEqual([5, 4]);
  expect(await seqs(`?after=${at(2).toISOString()}`)).toEqual([5, 4, 3]);
  expect((await script.get<History>('/audit')).body.nextCursor).toBeNull();
  for (const query of ['after=never', 'cursor=x', 'limit=0', 'who=me']) {
    const field = query.split('=')[0];
    expect(await script.get(`/audit?${query}`)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  }
});
