/** Rules [AP12], [AP13] and [AP16] of sync-server/http/SPEC.md: lists, sections, tags, members and the history of a space. */
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

interface Listed extends Named {
  icon: string | null;
  archived: boolean;
  order: string | null;
}

interface Sectioned {
  id: string;
  name: string;
  listId: string;
  order: string | null;
}

interface Placed {
  id: string;
  listId: string | null;
  sectionId: string | null;
  parentId: string | null;
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

test('[AP12] lists have an icon, a place, and an archive', async () => {
  const script = await openScript(server, 'icons@example.org');
  const all = async () => (await script.get<{ lists: Listed[] }>('/lists')).body.lists;
  const make = async (name: string, more: object = {}) =>
    (await script.send<Listed>('POST', '/lists', { name, ...more })).body;
  const home = await make('Home', { icon: 'home', archived: true });
  expect(home).toMatchObject({
    icon: 'home',
    archived: true,
    color: null,
    order: expect.any(String) as string,
  });
  const work = await make('Work');
  const first = await make('First', { before: home.id });
  expect((await all()).map(({ name }) => name)).toEqual(['First', 'Home', 'Work']);
  expect((await all()).map(({ order }) => order)).toEqual((await all()).map(({ order }) => order).toSorted());
  expect(
    (await script.send('PATCH', `/lists/${first.id}`, { after: work.id, icon: 'star' })).body,
  ).toMatchObject({
    icon: 'star',
    archived: false,
  });
  expect((await all()).map(({ name }) => name)).toEqual(['Home', 'Work', 'First']);
  expect(
    (await script.send('PATCH', `/lists/${home.id}`, { archived: false, icon: null })).body,
  ).toMatchObject({
    archived: false,
    icon: null,
  });
  const rows = () =>
    server.database.kysely.selectFrom('space').select('head').where('id', '=', script.spaceId).execute();
  const before = await rows();
  await script.send('PATCH', `/lists/${first.id}`, { after: work.id, icon: 'star', archived: false });
  expect(await rows()).toEqual(before);
  for (const [fields, field] of [
    [{ icon: 'dragon' }, 'icon'],
    [{ archived: 'yes' }, 'archived'],
    [{ before: 'nobody' }, 'before'],
    [{ before: work.id, after: work.id }, 'after'],
    [{ query: 'open' }, 'query'],
    [{ order: 'a0' }, 'order'],
  ] as const) {
    const answer = await script.send('PATCH', `/lists/${home.id}`, fields);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  }
});

test('[AP16] sections of a list: made, renamed, ordered, deleted and restored, with their tasks following', async () => {
  const script = await openScript(server, 'sections@example.org');
  const list = (await script.send<Named>('POST', '/lists', { name: 'House' })).body.id;
  const garden = (await script.send<Named>('POST', '/lists', { name: 'Garden' })).body.id;
  const make = async (name: string, listId: string, more: object = {}) =>
    (await script.send<Sectioned>('POST', '/sections', { name, listId, ...more })).body;
  const roof = await make('Roof', 'house');
  expect(roof).toMatchObject({ name: 'Roof', listId: list, order: expect.any(String) as string });
  const beds = await make('Beds', garden);
  await make('Cellar', list, { before: roof.id });
  const names = async (query = '') =>
    (await script.get<{ sections: Sectioned[] }>(`/sections${query}`)).body.sections.map(({ name }) => name);
  expect(await names()).toEqual(['Cellar', 'Roof', 'Beds']);
  expect(await names('?list=GARDEN')).toEqual(['Beds']);
  expect(await names('?list=nowhere')).toEqual([]);
  const path = `/sections/${roof.id}`;
  expect(
    (await script.send('PATCH', path, { name: 'Attic', before: await idOf('Cellar') })).body,
  ).toMatchObject({
    name: 'Attic',
    listId: list,
  });
  expect(await names()).toEqual(['Attic', 'Cellar', 'Beds']);
  async function idOf(name: string): Promise<string> {
    const { sections } = (await script.get<{ sections: Sectioned[] }>('/sections')).body;
    return sections.find((each) => each.name === name)?.id ?? '';
  }
  const task = (await script.send<Placed>('POST', '/tasks', { title: 't', sectionId: roof.id })).body;
  expect(task).toMatchObject({ listId: list, sectionId: roof.id });
  const placed = async () => {
    const { listId, sectionId } = (await script.get<Placed>(`/tasks/${task.id}`)).body;
    return [listId, sectionId];
  };
  expect((await script.send('DELETE', path)).status).toBe(204);
  expect([await names(), (await script.get(path)).status]).toEqual([['Cellar', 'Beds'], 404]);
  expect(await placed()).toEqual([list, null]);
  expect((await script.send('POST', `${path}/restore`)).body).toMatchObject({ name: 'Attic' });
  expect(await placed()).toEqual([list, roof.id]);
  // It is there as long as its list is.
  await script.send('DELETE', `/lists/${list}`);
  expect([await names(), (await script.get(path)).status, await placed()]).toEqual([
    ['Beds'],
    404,
    [null, null],
  ]);
  await script.send('POST', `/lists/${list}/restore`);
  expect(await placed()).toEqual([list, roof.id]);
  const key = { 'idempotency-key': 'k' };
  const keyed = await script.send<Named>('POST', '/sections', { name: 'Keyed', listId: list }, key);
  expect(await script.send('POST', '/sections', { name: 'Keyed', listId: list }, key)).toMatchObject({
    status: 200,
    body: { id: keyed.body.id },
  });
  for (const [method, at, fields, field] of [
    ['POST', '/sections', { name: 'x' }, 'listId'],
    ['POST', '/sections', { name: 'x', listId: 'nowhere' }, 'listId'],
    ['POST', '/sections', { name: ' ', listId: list }, 'name'],
    ['POST', '/sections', { name: 'x', listId: list, after: beds.id }, 'after'],
    ['PATCH', path, { after: beds.id }, 'after'],
    ['PATCH', path, { listId: garden }, 'listId'],
    ['PATCH', path, { color: 'red' }, 'color'],
  ] as const) {
    const answer = await script.send(method, at, fields);
    expect(answer, JSON.stringify(fields)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  }
});

test('[AP16] a task is put into a section, by id or by name in its list, and out of it', async () => {
  const script = await openScript(server, 'placed@example.org');
  const made = async (path: string, fields: object) =>
    (await script.send<Named>('POST', path, fields)).body.id;
  const house = await made('/lists', { name: 'House' });
  const garden = await made('/lists', { name: 'Garden' });
  const roof = await made('/sections', { name: 'Now', listId: house });
  const beds = await made('/sections', { name: 'Now', listId: garden });
  const task = (
    await script.send<Placed>('POST', '/tasks', { title: 't', listId: 'garden', sectionId: 'NOW' })
  ).body;
  expect(task).toMatchObject({ listId: garden, sectionId: beds });
  const path = `/tasks/${task.id}`;
  const patched = async (fields: object) => {
    const { status, body } = await script.send<Placed>('PATCH', path, fields);
    return [status, body.listId, body.sectionId];
  };
  expect(await patched({ sectionId: roof })).toEqual([200, house, roof]);
  expect(await patched({ title: 'other' })).toEqual([200, house, roof]);
  expect(await patched({ sectionId: null })).toEqual([200, house, null]);
  expect(await patched({ sectionId: 'now' })).toEqual([200, house, roof]);
  expect(await patched({ listId: garden })).toEqual([200, garden, null]);
  expect(await patched({ listId: 'house', sectionId: 'now' })).toEqual([200, house, roof]);
  expect(await patched({ listId: 'inbox', sectionId: null })).toEqual([200, null, null]);
  expect(await patched({ sectionId: beds })).toEqual([200, garden, beds]);
  await script.send('POST', '/tasks', { title: 'besides', listId: garden });
  const titles = async (query: string) =>
    (await script.get<{ tasks: { title: string }[] }>(`/tasks?${query}`)).body.tasks.map(
      ({ title }) => title,
    );
  expect(await titles(`section=${beds}`)).toEqual(['other']);
  expect(await titles('section=now&list=garden')).toEqual(['other']);
  expect(await titles('section=later')).toEqual([]);
  const child = (await script.send<Placed>('POST', '/tasks', { title: 'c', parentId: task.id })).body;
  expect(child).toMatchObject({ listId: garden, sectionId: null });
  const refusedAt = async (at: string, fields: object) =>
    (await script.send('PATCH', at, fields)).body['errors'];
  const wrong = [{ field: 'sectionId' }];
  expect(await refusedAt(`/tasks/${child.id}`, { sectionId: beds })).toMatchObject(wrong);
  expect(await refusedAt(path, { sectionId: 'later' })).toMatchObject(wrong);
  expect(await refusedAt(path, { listId: house, sectionId: beds, title: 'x' })).toMatchObject(wrong);
  expect(await refusedAt(path, { listId: null, sectionId: 'now' })).toMatchObject(wrong);
  expect((await script.get(path)).body).toMatchObject({ title: 'other', sectionId: beds });
  // Out from below its parent it may be put where one likes.
  const out = await script.send<Placed>('PATCH', `/tasks/${child.id}`, { parentId: null, sectionId: 'now' });
  expect(out.body).toMatchObject({ parentId: null, listId: garden, sectionId: beds });
  const head = () =>
    server.database.kysely.selectFrom('space').select('head').where('id', '=', script.spaceId).execute();
  const before = await head();
  await script.send('PATCH', path, { sectionId: beds });
  expect(await head()).toEqual(before);
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
  const insert = (seq: number, entity: 'task' | 'section' | 'filter', entityId: string) =>
    server.database.kysely
      .insertInto('audit')
      .values({
        space_id: script.spaceId,
        seq,
        log_seq: seq,
        entity,
        entity_id: entityId,
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
  for (let seq = 1; seq <= 5; seq++) await insert(seq, 'task', seq === 3 ? 'other' : 'task');
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
  // Ids are of their kind: a section may have that of a task.
  await insert(6, 'section', 'task');
  await insert(7, 'filter', 'f');
  expect(await seqs('?limit=3')).toEqual([7, 6, 5]);
  expect(await seqs('?task=task')).toEqual([5, 4, 2, 1]);
  expect(await seqs('?entity=task&entityId=other')).toEqual([3]);
  expect(await seqs('?entity=section')).toEqual([6]);
  expect(await seqs('?entity=section&entityId=task&after=5')).toEqual([6]);
  expect(await seqs('?entity=filter&entityId=task')).toEqual([]);
  expect(await seqs('?entityId=task')).toEqual([6, 5, 4, 2, 1]);
  for (const query of [
    'after=never',
    'cursor=x',
    'limit=0',
    'who=me',
    'entity=space',
    'task=t&entity=list',
  ]) {
    const field = query.split('=')[0];
    expect(await script.get(`/audit?${query}`)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  }
});
