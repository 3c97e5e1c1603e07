/** Rules [AP1] to [AP10] of sync-server/http/SPEC.md: tasks for scripts, through the door of a listening server. */
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs, HoldfastDocument, TaskId } from '@holdfast/core/document.ts';
import { removeMember, setMember } from '@holdfast/db/spaces.ts';
import { parse } from '@holdfast/sync-server/http/schemas.ts';
import type { Schema } from '@holdfast/sync-server/http/schemas.ts';
import * as named from '@holdfast/sync-server/http/named-schemas.ts';
import * as schemas from '@holdfast/sync-server/http/task-schemas.ts';
import type { TaskJson } from '@holdfast/sync-server/replica/calls.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { connectStockClient, untilDoc } from '../support/stock-client.ts';
import { runServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { openScript } from './script.ts';
import type { Reply, Script } from './script.ts';

interface Page {
  tasks: TaskJson[];
  nextCursor: string | null;
}

/** Tuesday 2026-11-24, 10:00 in Berlin. */
const NOON = Date.UTC(2026, 10, 24, 9);

let shared: TestDatabase;
let one: RunningServer;
let two: RunningServer;
let nowMs = NOON;
let people = 0;

beforeAll(async () => {
  shared = await testDatabase();
  one = await runServer({ databaseUrl: shared.url, now: () => nowMs });
  two = await runServer({ databaseUrl: shared.url, now: () => nowMs });
});

afterAll(async () => {
  await one.close();
  await two.close();
  await shared.drop();
});

function someone(): Promise<Script> {
  nowMs = NOON;
  return openScript(one, `script-${String(++people)}@example.org`);
}

async function make(script: Script, fields: Record<string, unknown>): Promise<TaskJson> {
  const made = await script.send<TaskJson>('POST', '/tasks', fields);
  expect(made).toMatchObject({ status: 201 });
  return made.body;
}

async function titles(script: Script, query: string): Promise<string[]> {
  const page = await script.get<Page>(`/tasks${query}`);
  expect(page.status, JSON.stringify(page.body)).toBe(200);
  return page.body.tasks.map(({ title }) => title);
}

async function logRows(spaceId: string): Promise<{ seq: number; userId: string; deviceId: string | null }[]> {
  return one.database.kysely
    .selectFrom('update_log')
    .select(['seq', 'user_id as userId', 'device_id as deviceId'])
    .where('space_id', '=', spaceId)
    .orderBy('seq')
    .execute();
}

/** The space's document as a device that connects now gets it. */
async function deviceOf(script: Script, server: RunningServer = one) {
  const client = connectStockClient({ url: server.url, spaceId: script.spaceId, token: script.token });
  await client.synced();
  const document = openDocument({ doc: client.doc, now: () => nowMs as EpochMs, random: Math.random });
  return { ...client, document };
}

describe('one task', () => {
  test('[AP1] what is made has every field, and only what was given differs from nothing', async () => {
    const script = await someone();
    const plain = await script.send<TaskJson>('POST', '/tasks', { title: '  Buy bread ' });
    expect(plain.status).toBe(201);
    expect(plain.headers.get('location')).toBe(`/api/v1/spaces/${script.spaceId}/tasks/${plain.body.id}`);
    expect(plain.body).toEqual({
      id: expect.stringMatching(/^[0-9a-zA-Z]{16}$/) as string,
      title: 'Buy bread',
      notes: '',
      status: 'open',
      priority: 'none',
      start: null,
      due: null,
      timeZone: null,
      isOverdue: false,
      tags: [],
      listId: null,
      sectionId: null,
      parentId: null,
      reminders: [],
      recurrence: null,
      seriesId: null,
      ordinal: null,
      createdAt: new Date(NOON).toISOString(),
      updatedAt: new Date(NOON).toISOString(),
      completedAt: null,
    });
    expect((await script.get(`/tasks/${plain.body.id}`)).body).toEqual(plain.body);
  });

  test('[AP1] everything that can be given comes back as it was given', async () => {
    const script = await someone();
    const list = (await script.send<{ id: string }>('POST', '/lists', { name: 'Home' })).body;
    const parent = await make(script, { title: 'Parent', listId: list.id });
    const given = {
      title: 'Put out bins',
      notes: 'The green one\nand the blue one',
      priority: 'urgent',
      start: '2026-11-30',
      due: '2026-12-01T19:00',
      timeZone: 'Europe/Berlin',
      tags: ['home', 'errands'],
      parentId: parent.id,
      reminders: [{ before: 'PT1H' }, { at: '2026-12-01T08:00:00+01:00' }],
      recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=TU' },
    };
    const made = await make(script, given);
    expect(made).toMatchObject({
      ...given,
      tags: ['errands', 'home'],
      reminders: expect.any(Array) as unknown[],
      listId: list.id,
      recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=TU', mode: 'schedule', missed: 'skip' },
      seriesId: made.id,
      ordinal: 0,
    });
    expect(made.reminders).toHaveLength(2);
    expect(made.reminders).toEqual(
      expect.arrayContaining([
        { id: expect.any(String) as string, before: 'PT1H' },
        { id: expect.any(String) as string, at: '2026-12-01T07:00:00.000Z' },
      ]),
    );
  });

  test('[AP1] a change changes what it names and nothing else', async () => {
    const script = await someone();
    const made = await make(script, {
      title: 'Call Tom',
      notes: 'about the boat',
      due: '2026-12-01T09:00',
      timeZone: 'Europe/Berlin',
      tags: ['phone'],
      reminders: [{ before: 'PT30M' }],
    });
    nowMs += 60_000;
    const patch = (fields: unknown) => script.send<TaskJson>('PATCH', `/tasks/${made.id}`, fields);
    const renamed = await patch({ title: 'Call Tim' });
    expect(renamed.status).toBe(200);
    expect(renamed.body).toEqual({ ...made, title: 'Call Tim', updatedAt: new Date(nowMs).toISOString() });

    expect((await patch({ due: '2026-12-02T10:30' })).body).toMatchObject({
      due: '2026-12-02T10:30',
      timeZone: 'Europe/Berlin',
    });
    expect((await patch({ timeZone: 'Asia/Tokyo' })).body).toMatchObject({
      due: '2026-12-02T10:30',
      timeZone: 'Asia/Tokyo',
    });
    expect((await patch({ due: '2026-12-03' })).body).toMatchObject({ due: '2026-12-03', timeZone: null });
    expect((await patch({ due: null })).body).toMatchObject({ due: null });
    expect((await patch({ tags: ['boat', 'phone'] })).body.tags).toEqual(['boat', 'phone']);
    expect((await patch({ tags: [] })).body.tags).toEqual([]);
    expect((await patch({ notes: '' })).body.notes).toBe('');

    const [reminder] = renamed.body.reminders;
    const kept = (await patch({ reminders: [{ before: 'PT30M' }, { before: 'P1D' }] })).body.reminders;
    expect(kept).toContainEqual(reminder);
    expect((await patch({ reminders: [{ id: reminder?.id, before: 'PT5M' }] })).body.reminders).toEqual([
      { id: reminder?.id, before: 'PT5M' },
    ]);
    const before = await logRows(script.spaceId);
    expect((await patch({ title: 'Call Tim', reminders: [{ before: 'PT5M' }], tags: [] })).status).toBe(200);
    expect(await logRows(script.spaceId)).toEqual(before);
  });

  test('[AP1] completing, cancelling and reopening, by their paths and by status', async () => {
    const script = await someone();
    const { id } = await make(script, { title: 'Read' });
    const post = (path: string, body?: unknown) =>
      script.send<TaskJson>('POST', `/tasks/${id}/${path}`, body);
    expect((await post('complete')).body).toMatchObject({
      status: 'done',
      completedAt: new Date(NOON).toISOString(),
    });
    nowMs += 1000;
    expect((await post('complete', {})).body.completedAt).toBe(new Date(NOON).toISOString());
    expect((await post('reopen')).body).toMatchObject({ status: 'open', completedAt: null });
    expect((await post('skip')).body).toMatchObject({ status: 'cancelled' });
    const patch = (status: string) => script.send<TaskJson>('PATCH', `/tasks/${id}`, { status });
    expect((await patch('open')).body).toMatchObject({ status: 'open' });
    expect((await patch('done')).body).toMatchObject({ status: 'done' });
    expect((await make(script, { title: 'Old', status: 'done' })).status).toBe('done');
  });

  test('[AP1] deleting moves to the trash with what is below, and restoring brings it back', async () => {
    const script = await someone();
    const parent = await make(script, { title: 'Parent' });
    nowMs += 1000;
    const child = await make(script, { title: 'Child', parentId: parent.id });
    const path = `/tasks/${parent.id}`;
    expect(await script.send('DELETE', path)).toMatchObject({ status: 204, body: null });
    expect((await script.send('DELETE', path)).status).toBe(204);
    expect(await titles(script, '')).toEqual([]);
    expect(await titles(script, '?status=trashed')).toEqual(['Parent', 'Child']);
    expect(await script.get(path)).toMatchObject({
      status: 404,
      body: { code: 'not-found', detail: expect.stringContaining('trash') as string },
    });
    expect((await script.send('PATCH', path, { title: 'x' })).status).toBe(404);
    expect((await script.send('POST', `${path}/complete`)).status).toBe(404);
    expect((await script.send('POST', `${path}/restore`)).body).toMatchObject({ title: 'Parent' });
    expect((await script.get(`/tasks/${child.id}`)).body).toMatchObject({ parentId: parent.id });
  });

  test('[AP1] overdue is judged in the zone of the task, else of the question, else of the person', async () => {
    const script = await someone();
    // 09:00 UTC, 10:00 in Berlin, 18:00 in Tokyo.
    const berlin = await make(script, { title: 'b', due: '2026-11-24T09:30', timeZone: 'Europe/Berlin' });
    expect(berlin.isOverdue).toBe(true);
    expect(
      (await make(script, { title: 'n', due: '2026-11-24T10:30', timeZone: 'Europe/Berlin' })).isOverdue,
    ).toBe(false);
    const floating = await make(script, { title: 'f', due: '2026-11-24T09:30' });
    expect(floating.isOverdue).toBe(false);
    const asked = async (zone: string) =>
      (await script.get<TaskJson>(`/tasks/${floating.id}?timeZone=${zone}`)).body.isOverdue;
    expect(await asked('Europe/Berlin')).toBe(true);
    expect(await asked('America/New_York')).toBe(false);
    const preferences = JSON.stringify({ timeZone: 'Asia/Tokyo' });
    await one.database.kysely
      .insertInto('notification_preferences')
      .values({ user_id: script.userId, body: preferences })
      .execute();
    expect((await script.get<TaskJson>(`/tasks/${floating.id}`)).body.isOverdue).toBe(true);
    const today = await make(script, { title: 'd', due: '2026-11-24' });
    expect(today.isOverdue).toBe(false);
    nowMs = Date.UTC(2026, 10, 24, 15);
    expect((await script.get<TaskJson>(`/tasks/${today.id}`)).body.isOverdue).toBe(true);
    expect((await script.send<TaskJson>('POST', `/tasks/${today.id}/complete`)).body.isOverdue).toBe(false);
  });
});

test('[AP1] answers are as described, with no field more', async () => {
  const script = await someone();
  const { id } = await make(script, {
    title: 'Described',
    due: '2026-12-01',
    reminders: [{ before: 'P1D' }, { at: '2026-11-30T08:00:00Z' }],
    recurrence: { rrule: 'FREQ=DAILY' },
    tags: ['t'],
  });
  const answers: [Reply, Schema][] = [
    [await script.get(`/tasks/${id}`), schemas.task],
    [await script.send('POST', `/tasks/${id}/complete`), schemas.task],
    [await script.get('/tasks'), schemas.tasks],
    [await script.send('POST', '/lists', { name: 'L' }), named.list],
    [await script.get('/lists'), named.lists],
    [await script.send('POST', '/sections', { name: 'S', listId: 'L' }), named.section],
    [await script.get('/sections'), named.sections],
    [await script.send('POST', '/tags', { name: 'T' }), named.tag],
    [await script.get('/tags'), named.tags],
    [await script.send('POST', '/filters', { name: 'F', query: 'open' }), named.filter],
    [await script.get('/filters'), named.filters],
    [await script.get('/members'), schemas.members],
    [await script.get('/audit'), schemas.audit],
  ];
  for (const [{ body }, schema] of answers) expect(parse(schema, body)).toEqual({ ok: true, value: body });
});

describe('lists of tasks', () => {
  test('[AP2] each filter, and all of them together', async () => {
    const script = await someone();
    const list = (await script.send<{ id: string }>('POST', '/lists', { name: 'Büro' })).body;
    await make(script, { title: 'Bread', due: '2026-11-24', priority: 'high', tags: ['Errands', 'food'] });
    nowMs += 1000;
    await make(script, { title: 'Boat', notes: 'the Übergabe', due: '2026-11-25T10:00', tags: ['errands'] });
    nowMs += 1000;
    await make(script, { title: 'Report', due: '2026-11-26', listId: list.id, priority: 'high' });
    nowMs += 1000;
    const done = await make(script, { title: 'Done', listId: 'buro' });
    await script.send('POST', `/tasks/${done.id}/complete`);
    expect(await titles(script, '')).toEqual(['Bread', 'Boat', 'Report', 'Done']);
    expect(await titles(script, '?status=done')).toEqual(['Done']);
    expect(await titles(script, '?status=open&status=done')).toHaveLength(4);
    expect(await titles(script, '?priority=high')).toEqual(['Bread', 'Report']);
    expect(await titles(script, '?priority=none&status=open')).toEqual(['Boat']);
    expect(await titles(script, '?tag=errands')).toEqual(['Bread', 'Boat']);
    expect(await titles(script, '?tag=errands&tag=FOOD')).toEqual(['Bread']);
    expect(await titles(script, '?tag=nothing')).toEqual([]);
    const [tag] = (await script.get<{ tags: { id: string }[] }>('/tags')).body.tags;
    expect(await titles(script, `?tag=${tag?.id ?? ''}`)).toEqual(['Bread', 'Boat']);
    expect(await titles(script, `?list=${list.id}`)).toEqual(['Report', 'Done']);
    expect(await titles(script, '?list=B%C3%BCro')).toEqual(['Report', 'Done']);
    expect(await titles(script, '?list=inbox')).toEqual(['Bread', 'Boat']);
    expect(await titles(script, '?due_after=2026-11-24')).toEqual(['Boat', 'Report']);
    expect(await titles(script, '?due_before=2026-11-26')).toEqual(['Bread', 'Boat']);
    expect(await titles(script, '?due_after=2026-11-24&due_before=2026-11-26')).toEqual(['Boat']);
    expect(await titles(script, '?due_after=2026-11-25T09:59&due_before=2026-11-25T10:01')).toEqual(['Boat']);
    expect(await titles(script, '?due_before=2026-11-25T09:00:01Z&timeZone=Europe/Berlin')).toEqual([
      'Bread',
      'Boat',
    ]);
    expect(await titles(script, '?q=ubergabe')).toEqual(['Boat']);
    expect(await titles(script, '?q=bo')).toEqual(['Boat']);
    expect(await titles(script, '?q=oat')).toEqual([]);
    expect(await titles(script, '?q=%23errands%20bread')).toEqual(['Bread']);
    expect(await titles(script, '?q=b&tag=errands&due_before=2026-11-25&priority=high')).toEqual(['Bread']);
  });

  test('[AP2] each order, both ways', async () => {
    const script = await someone();
    await make(script, { title: 'cherry', priority: 'low', due: '2026-11-25' });
    nowMs += 1000;
    await make(script, { title: 'Ähre', priority: 'urgent' });
    nowMs += 1000;
    await make(script, { title: 'banana', due: '2026-11-25T08:00' });
    nowMs += 1000;
    await make(script, { title: 'Date', priority: 'high', due: '2026-11-24' });
    expect(await titles(script, '?sort=due')).toEqual(['Date', 'banana', 'cherry', 'Ähre']);
    expect(await titles(script, '?sort=due&order=desc')).toEqual(['cherry', 'banana', 'Date', 'Ähre']);
    expect(await titles(script, '?sort=priority')).toEqual(['Ähre', 'Date', 'cherry', 'banana']);
    expect(await titles(script, '?sort=priority&order=asc')).toEqual(['banana', 'cherry', 'Date', 'Ähre']);
    expect(await titles(script, '?sort=created')).toEqual(['cherry', 'Ähre', 'banana', 'Date']);
    expect(await titles(script, '?sort=created&order=desc')).toEqual(['Date', 'banana', 'Ähre', 'cherry']);
    expect(await titles(script, '?sort=title')).toEqual(['Ähre', 'banana', 'cherry', 'Date']);
    expect(await titles(script, '?sort=title&order=desc')).toEqual(['Date', 'cherry', 'banana', 'Ähre']);
  });

  test('[AP2] by hand: as the app shows it, subtasks below their parents', async () => {
    const script = await someone();
    const list = (await script.send<{ id: string }>('POST', '/lists', { name: 'L' })).body;
    const a = await make(script, { title: 'a' });
    await make(script, { title: 'b' });
    await make(script, { title: 'in list', listId: list.id });
    await make(script, { title: 'a1', parentId: a.id });
    const device = await deviceOf(script);
    device.document.moveTask(a.id as TaskId, { after: idOf(device.document, 'b') });
    const raw = await connectRawClient({
      url: `${one.url.replace('http', 'ws')}/sync/${script.spaceId}`,
      token: script.token,
      doc: new Y.Doc(),
    });
    await raw.synced;
    await untilSeen(script, async () => (await titles(script, '?sort=order'))[0] === 'b');
    expect(await titles(script, '?sort=order')).toEqual(['b', 'a', 'a1', 'in list']);
    device.destroy();
    await raw.close();
  });

  test('[AP3] pages are stable while others edit: nothing twice, nothing left out', async () => {
    const script = await someone();
    for (let i = 0; i < 25; i++) await make(script, { title: `t${String(i).padStart(2, '0')}` });
    const seen: string[] = [];
    let query = '?sort=title&limit=7';
    for (let page = 0; ; page++) {
      const { tasks, nextCursor } = (await script.get<Page>(`/tasks${query}`)).body;
      seen.push(...tasks.map(({ title }) => title));
      if (nextCursor === null) break;
      query = `?sort=title&limit=7&cursor=${nextCursor}`;
      // Before and behind where the reader is: a new one, and the last of this page goes.
      await make(script, { title: `s${String(page)}` });
      await make(script, { title: `u${String(page)}` });
      await script.send('DELETE', `/tasks/${tasks.at(-1)?.id ?? ''}`);
    }
    expect(seen.filter((title) => title.startsWith('t'))).toEqual(
      Array.from({ length: 25 }, (_, i) => `t${String(i).padStart(2, '0')}`),
    );
    expect(seen.some((title) => title.startsWith('s'))).toBe(false);
    expect(new Set(seen).size).toBe(seen.length);
    const other = await script.get(`/tasks?sort=due&cursor=${query.split('cursor=')[1] ?? ''}`);
    expect(other).toMatchObject({ status: 400, body: { errors: [{ field: 'cursor' }] } });
  });
});

describe('what cannot be', () => {
  const WRONG: readonly [unknown, string, RegExp][] = [
    [{}, 'title', /missing/],
    [{ title: '   ' }, 'title', /empty/],
    [{ title: 7 }, 'title', /a text, not 7/],
    [{ title: 'a\0b' }, 'title', /U\+0000/],
    [{ title: 'x', colour: 'red' }, 'colour', /no such field/],
    [{ title: 'x', due: '2026-02-30' }, 'due', /"2026-02-30" is no date; write/],
    [{ title: 'x', due: 'tomorrow' }, 'due', /"tomorrow" is no date/],
    [{ title: 'x', due: '2026-12-01T25:00' }, 'due', /"2026-12-01T25:00"/],
    [{ title: 'x', due: '2026-12-01T09:00:00Z' }, 'due', /is an instant; write .*timeZone/],
    [{ title: 'x', start: '1.12.2026' }, 'start', /"1\.12\.2026"/],
    [
      { title: 'x', due: '2026-12-01T09:00', timeZone: 'Mars/Base' },
      'timeZone',
      /"Mars\/Base".*Europe\/Berlin/,
    ],
    [{ title: 'x', priority: 'huge' }, 'priority', /none, low, medium, high, urgent, not "huge"/],
    [{ title: 'x', status: 'closed' }, 'status', /open, done, cancelled, not "closed"/],
    [{ title: 'x', listId: 'nowhere' }, 'listId', /no list "nowhere"/],
    [{ title: 'x', parentId: 'nobody' }, 'parentId', /no task "nobody"/],
    [{ title: 'x', parentId: 'a#1' }, 'parentId', /"a#1" cannot be an id/],
    [{ title: 'x', id: 'a/b' }, 'id', /"a\/b" cannot be an id/],
    [{ title: 'x', tags: 'home' }, 'tags', /a list, not "home"/],
    [{ title: 'x', tags: [''] }, 'tags.0', /empty/],
    [{ title: 'x', reminders: [{ before: '1h' }] }, 'reminders.0.before', /"1h".*PT30M/],
    [{ title: 'x', reminders: [{ at: 'noon' }] }, 'reminders.0.at', /"noon" is no instant/],
    [{ title: 'x', recurrence: { rrule: 'FREQ=WEEKLY' } }, 'due', /needs a date/],
    [{ title: 'x', due: '2026-12-01', recurrence: { rrule: 'weekly' } }, 'recurrence.rrule', /"weekly"/],
    [
      { title: 'x', due: '2026-12-01', recurrence: { rrule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' } },
      'recurrence',
      /never falls/,
    ],
    [
      { title: 'x', due: '2026-12-01', recurrence: { rrule: 'FREQ=DAILY;BYDAY=MO', mode: 'completion' } },
      'recurrence',
      /./,
    ],
    [
      { title: 'x', due: '2026-12-01', recurrence: { rrule: 'FREQ=DAILY', mode: 'x' } },
      'recurrence.mode',
      /"x"/,
    ],
  ];

  test.for(WRONG)(
    '[AP4] %j is refused by name, value and mend, and changes nothing',
    async ([body, field, message]) => {
      const script = await someone();
      const refused = await script.send('POST', '/tasks', body);
      expect(refused).toMatchObject({
        status: 400,
        body: { status: 400, code: 'invalid-input', requestId: refused.headers.get('x-request-id') },
      });
      const [fault] = refused.body.errors as { field: string; message: string }[];
      expect(fault?.field).toBe(field);
      expect(fault?.message).toMatch(message);
      expect(refused.body.detail).toContain(fault?.message);
      expect(await titles(script, '')).toEqual([]);
      expect(await logRows(script.spaceId)).toEqual([]);
    },
  );

  test('[AP4] a change that cannot be changes nothing of what it also asked for', async () => {
    const script = await someone();
    const task = await make(script, {
      title: 'Water',
      due: '2026-12-01',
      recurrence: { rrule: 'FREQ=DAILY' },
    });
    const child = await make(script, { title: 'Child', parentId: task.id });
    const plain = await make(script, { title: 'Plain', due: '2026-12-01' });
    const never = { title: 'Other', recurrence: { rrule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' } };
    const refused: [string, unknown, string][] = [
      ['', { title: 'Other', due: null }, 'due'],
      ['', { title: 'Other', listId: 'nowhere' }, 'listId'],
      ['', { title: 'Other', parentId: child.id }, 'parentId'],
      ['', never, 'recurrence'],
      ['?scope=this', { title: 'Other', tags: ['x'] }, 'tags'],
      ['?scope=never', { title: 'Other' }, 'scope'],
    ];
    const before = await logRows(script.spaceId);
    for (const [query, body, field] of refused) {
      const answer = await script.send('PATCH', `/tasks/${task.id}${query}`, body);
      expect(answer, JSON.stringify(body)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
      expect((await script.get(`/tasks/${task.id}`)).body).toEqual(task);
    }
    // Here the new title was in the document before the rule was found to be none.
    expect((await script.send('PATCH', `/tasks/${plain.id}`, never)).status).toBe(400);
    expect((await script.get(`/tasks/${plain.id}`)).body).toEqual(plain);
    expect(await logRows(script.spaceId)).toEqual(before);
    // The document that a refused edit had begun is put away, and the next edit is as good as any.
    expect((await script.send('PATCH', `/tasks/${task.id}`, { title: 'Water plants' })).body).toMatchObject({
      title: 'Water plants',
    });
    const device = await deviceOf(script);
    expect(device.document.task(task.id as TaskId)?.title).toBe('Water plants');
    device.destroy();
  });

  test('[AP4] so are queries, unknown tasks and occurrences', async () => {
    const script = await someone();
    for (const [query, field] of [
      ['?limit=0', 'limit'],
      ['?limit=201', 'limit'],
      ['?limit=many', 'limit'],
      ['?sort=size', 'sort'],
      ['?sort=due&sort=title', 'sort'],
      ['?status=closed', 'status.0'],
      ['?due_after=soon', 'due_after'],
      ['?cursor=abc', 'cursor'],
      ['?timeZone=Nowhere', 'timeZone'],
      ['?colour=red', 'colour'],
    ] as const) {
      const answer = await script.get(`/tasks${query}`);
      expect(answer, query).toMatchObject({
        status: 400,
        body: { code: 'invalid-input', errors: [{ field }] },
      });
    }
    for (const [method, path] of [
      ['GET', '/tasks/nothing'],
      ['PATCH', '/tasks/nothing'],
      ['DELETE', '/tasks/nothing'],
      ['POST', '/tasks/nothing/complete'],
      ['POST', '/tasks/nothing/skip'],
      ['POST', '/tasks/nothing/reopen'],
      ['POST', '/tasks/nothing/restore'],
      ['GET', '/lists/nothing'],
      ['DELETE', '/tags/nothing'],
    ] as const) {
      const answer = await script.send(method, path, method === 'PATCH' ? {} : undefined);
      expect(answer, path).toMatchObject({ status: 404, body: { code: 'not-found' } });
    }
    const task = await make(script, { title: 'x', due: '2026-12-01', recurrence: { rrule: 'FREQ=DAILY' } });
    expect(await script.send('POST', `/tasks/${task.id}/complete`, { ordinal: 7 })).toMatchObject({
      status: 409,
      body: { code: 'conflict', errors: [{ field: 'ordinal' }] },
    });
    expect((await script.send('GET', '/invites')).status).toBe(404);
    expect((await script.send('PUT', `/tasks/${task.id}`, {})).status).toBe(405);
  });
});

describe('asking again', () => {
  test('[AP5] a create with an id of its own, or a key, makes one task on whatever server', async () => {
    const script = await someone();
    const id = crypto.randomUUID();
    const first = await script.send<TaskJson>('POST', '/tasks', { id, title: 'Once' });
    expect(first).toMatchObject({ status: 201, body: { id } });
    expect(await script.send('POST', '/tasks', { id, title: 'Twice' })).toMatchObject({
      status: 200,
      body: { id, title: 'Once' },
    });
    const key = { 'idempotency-key': 'import 7, row 12' };
    const elsewhere = script.at({ url: two.url });
    const answers = await Promise.all(
      [script, elsewhere, script, elsewhere].map((each) =>
        each.send<TaskJson>('POST', '/tasks', { title: 'Keyed', notes: 'n', tags: ['made'] }, key),
      ),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await titles(script, '?q=keyed')).toEqual(['Keyed']);
    expect(await titles(elsewhere, '?q=keyed')).toEqual(['Keyed']);
    expect((await script.get<{ tags: unknown[] }>('/tags')).body.tags).toHaveLength(1);
    expect(await script.send('POST', '/tasks', { title: 'Keyed' }, key)).toMatchObject({ status: 200 });
    const device = await deviceOf(script);
    expect(device.document.conflicts()).toEqual([]);
    device.destroy();
    await script.send('DELETE', `/tasks/${id}`);
    expect(await script.send('POST', '/tasks', { id, title: 'Again' })).toMatchObject({
      status: 409,
      body: { code: 'conflict', errors: [{ field: 'id' }] },
    });
    // Of another person the same key is another.
    const other = await someone();
    expect((await other.send<TaskJson>('POST', '/tasks', { title: 'K' }, key)).body.id).not.toBe(
      answers[0]?.body.id,
    );
  });
});

describe('who may', () => {
  test('[AP6] a viewer reads and does not write; a stranger learns nothing', async () => {
    const owner = await someone();
    const task = await make(owner, { title: 'Shared' });
    const guest = await someone();
    const there = guest.at({ spaceId: owner.spaceId });
    const stranger = { status: 404, body: { code: 'not-found' } };
    expect(await there.get('/tasks')).toMatchObject(stranger);
    expect(await there.send('POST', '/tasks', { title: 'x' })).toMatchObject(stranger);
    expect(await there.get('/members')).toMatchObject(stranger);
    expect(await there.get('/audit')).toMatchObject(stranger);
    expect(await guest.at({ spaceId: 'no-uuid' }).get('/tasks')).toMatchObject(stranger);
    expect(await guest.at({ spaceId: crypto.randomUUID() }).get('/tasks')).toMatchObject(stranger);

    await setMember(one.database, owner.spaceId, guest.userId, 'viewer');
    expect(await titles(there, '')).toEqual(['Shared']);
    for (const [method, path, body] of [
      ['POST', '/tasks', { title: 'x' }],
      ['PATCH', `/tasks/${task.id}`, { title: 'x' }],
      ['DELETE', `/tasks/${task.id}`, undefined],
      ['POST', `/tasks/${task.id}/complete`, undefined],
      ['POST', '/tags', { name: 'x' }],
      ['POST', '/lists', { name: 'x' }],
    ] as const) {
      expect(await there.send(method, path, body)).toMatchObject({
        status: 403,
        body: { code: 'read-only' },
      });
    }
    await setMember(one.database, owner.spaceId, guest.userId, 'editor');
    expect((await there.send('PATCH', `/tasks/${task.id}`, { title: 'Theirs' })).status).toBe(200);
    await removeMember(one.database, owner.spaceId, guest.userId);
    expect(await there.get('/tasks')).toMatchObject(stranger);
    expect((await fetch(`${one.url}/api/v1/spaces/${owner.spaceId}/tasks`)).status).toBe(401);
  });
});

describe('the same document', () => {
  test('[AP7] a connected Yjs client and a bare socket have a write by the time it is answered or soon after', async () => {
    const script = await someone();
    const device = await deviceOf(script);
    const updates: Uint8Array[] = [];
    let told = Promise.withResolvers<void>();
    const socket = await connectRawClient({
      url: `${one.url.replace('http', 'ws')}/sync/${script.spaceId}`,
      token: script.token,
      onUpdate: (update) => {
        if (update.length > 2) updates.push(update);
        told.resolve();
      },
    });
    await socket.synced;
    updates.length = 0;
    told = Promise.withResolvers();
    const task = await make(script, { title: 'From a script', tags: ['new'] });
    await untilDoc(device.doc, () => device.document.task(task.id as TaskId) !== undefined);
    expect(device.document.task(task.id as TaskId)?.title).toBe('From a script');
    await told.promise;
    // One write is one edit.
    expect(updates).toHaveLength(1);

    device.document.editTask(task.id as TaskId, { title: 'From a device' });
    await untilSeen(script, async () => (await titles(script, ''))[0] === 'From a device');
    await script.send('POST', `/tasks/${task.id}/complete`);
    await untilDoc(device.doc, () => device.document.task(task.id as TaskId)?.status === 'done');
    device.destroy();
    await socket.close();
  });

  test('[AP7] a device that was offline merges with it: both fields stand', async () => {
    const script = await someone();
    const task = await make(script, { title: 'Call Tom' });
    const device = await deviceOf(script);
    await device.goOffline();
    device.document.editTask(task.id as TaskId, { priority: 'high' });
    await script.send('PATCH', `/tasks/${task.id}`, { due: '2026-12-01' });
    await device.goOnline();
    const here = device.document.task(task.id as TaskId);
    expect(here).toMatchObject({ priority: 'high', due: { date: '2026-12-01' } });
    await untilSeen(
      script,
      async () => (await script.get<TaskJson>(`/tasks/${task.id}`)).body.priority === 'high',
    );
    expect((await script.get(`/tasks/${task.id}`)).body).toMatchObject({
      priority: 'high',
      due: '2026-12-01',
    });
    device.destroy();
  });

  test('[AP8] what one server answered every server knows, at once and in both directions', async () => {
    const script = await someone();
    const elsewhere = script.at({ url: two.url });
    for (let round = 0; round < 10; round++) {
      const task = await make(round % 2 === 0 ? script : elsewhere, { title: `r${String(round)}` });
      const other = round % 2 === 0 ? elsewhere : script;
      expect((await other.get(`/tasks/${task.id}`)).body).toEqual(task);
      expect((await other.send('PATCH', `/tasks/${task.id}`, { priority: 'low' })).status).toBe(200);
      expect((await script.get(`/tasks/${task.id}`)).body).toMatchObject({ priority: 'low' });
    }
    const many = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        (i % 2 === 0 ? script : elsewhere).send<TaskJson>('POST', '/tasks', { title: `m${String(i)}` }),
      ),
    );
    expect(many.every(({ status }) => status === 201)).toBe(true);
    for (const each of [script, elsewhere]) {
      expect(
        (await titles(each, '?limit=200&sort=title')).filter((title) => title.startsWith('m')),
      ).toHaveLength(40);
    }
  });

  test('[AP9] the log says whose edit it was and by which token; a process writes under one client id', async () => {
    const script = await someone();
    await make(script, { title: 'a' });
    await make(script, { title: 'b' });
    expect(await logRows(script.spaceId)).toEqual([
      { seq: 1, userId: script.userId, deviceId: `api:${script.tokenId}` },
      { seq: 2, userId: script.userId, deviceId: `api:${script.tokenId}` },
    ]);
    const device = await deviceOf(script);
    const [clientId, ...others] = Y.decodeStateVector(Y.encodeStateVector(device.doc)).keys();
    expect(others).toEqual([]);
    // Whoever writes under that id would make later edits of the API vanish.
    const forger = new Y.Doc();
    Y.applyUpdate(forger, Y.encodeStateAsUpdate(device.doc));
    device.destroy();
    forger.clientID = clientId ?? 0;
    const known = Y.encodeStateVector(forger);
    forger.getMap('tasks').set('forged/title@x', 'forged');
    const socket = await connectRawClient({
      url: `${one.url.replace('http', 'ws')}/sync/${script.spaceId}`,
      token: script.token,
    });
    await socket.answered;
    socket.sendUpdate(Y.encodeStateAsUpdate(forger, known));
    expect(await socket.receipt()).toMatchObject({ status: 1 });
    await socket.close();
    await make(script, { title: 'c' });
    expect(await titles(script, '?sort=title')).toEqual(['a', 'b', 'c']);
    expect(await logRows(script.spaceId)).toHaveLength(3);
  });
});

describe('recurring tasks', () => {
  const weekly = {
    title: 'Bins',
    due: '2026-11-24T19:00',
    timeZone: 'Europe/Berlin',
    recurrence: { rrule: 'FREQ=WEEKLY;BYDAY=TU' },
  };

  /** The same commands on a document that no server has seen. */
  function alone(run: (document: HoldfastDocument, id: TaskId) => void): Record<string, unknown> {
    const document = openDocument({
      doc: new Y.Doc(),
      now: () => nowMs as EpochMs,
      random: Math.random,
    });
    const made = document.createTask({
      title: 'Bins',
      due: { date: '2026-11-24', time: '19:00', timeZone: 'Europe/Berlin' } as never,
    });
    if (!made.ok) throw new Error(made.message);
    document.setRule(made.id, { rrule: 'FREQ=WEEKLY;BYDAY=TU' });
    run(document, made.id);
    const task = document.task(made.id);
    return {
      title: task?.title,
      due: task?.due ? `${task.due.date}T${task.due.time ?? ''}` : null,
      ordinal: task?.ordinal,
      status: task?.status,
    };
  }

  test('[AP10] completing goes to the next, by ordinal it is exactly once, skipping and reopening as in the app', async () => {
    const script = await someone();
    const { id } = await make(script, weekly);
    const post = async (path: string, body?: unknown) =>
      (await script.send<TaskJson>('POST', `/tasks/${id}/${path}`, body)).body;
    const completed = await post('complete');
    expect(completed).toMatchObject({ status: 'open', due: '2026-12-01T19:00', ordinal: 1, seriesId: id });
    expect(completed).toMatchObject(alone((document, own) => void document.completeTask(own)));
    // A repeat of the same request means the same occurrence, which is closed.
    expect(await post('complete', { ordinal: 0 })).toMatchObject({ ordinal: 1 });
    expect(await post('skip')).toMatchObject({ due: '2026-12-08T19:00', ordinal: 2 });
    expect(await post('reopen')).toMatchObject({ due: '2026-12-01T19:00', ordinal: 1 });
    expect(await post('complete', { ordinal: 1 })).toMatchObject({ due: '2026-12-08T19:00', ordinal: 2 });
    expect(await post('reopen', { ordinal: 0 })).toMatchObject({ ordinal: 2 });
    nowMs = Date.UTC(2026, 11, 30);
    expect(await post('complete', { ordinal: 2 })).toMatchObject({ due: '2027-01-05T19:00', ordinal: 3 });
  });

  test('[AP10] two servers that complete the same occurrence advance once', async () => {
    const script = await someone();
    const { id } = await make(script, weekly);
    const [a, b] = await Promise.all(
      [script, script.at({ url: two.url })].map((each) =>
        each.send<TaskJson>('POST', `/tasks/${id}/complete`, { ordinal: 0 }),
      ),
    );
    expect([a?.status, b?.status]).toEqual([200, 200]);
    expect((await script.get(`/tasks/${id}`)).body).toMatchObject({ ordinal: 1, due: '2026-12-01T19:00' });
  });

  test('[AP10] scope=this changes one, the default and scope=future all that come', async () => {
    const script = await someone();
    const { id } = await make(script, weekly);
    const patch = async (query: string, body: unknown) =>
      (await script.send<TaskJson>('PATCH', `/tasks/${id}${query}`, body)).body;
    expect(await patch('?scope=this', { title: 'Bins, early', due: '2026-11-24T12:00' })).toMatchObject({
      title: 'Bins, early',
      due: '2026-11-24T12:00',
      timeZone: 'Europe/Berlin',
    });
    expect((await script.send('POST', `/tasks/${id}/complete`)).body).toMatchObject({
      title: 'Bins',
      due: '2026-12-01T19:00',
    });
    const moved = await patch('', { title: 'All bins', due: '2026-12-02T18:00' });
    expect(moved).toMatchObject({ title: 'All bins', due: '2026-12-02T18:00', ordinal: 1 });
    expect(moved).toMatchObject(
      alone((document, own) => {
        document.completeTask(own);
        document.editTask(own, {
          title: 'All bins',
          due: { date: '2026-12-02', time: '18:00', timeZone: 'Europe/Berlin' } as never,
        });
      }),
    );
    expect(
      await patch('?scope=future', { recurrence: { rrule: 'FREQ=DAILY', missed: 'catch-up' } }),
    ).toMatchObject({
      recurrence: { rrule: 'FREQ=DAILY', mode: 'schedule', missed: 'catch-up' },
      due: '2026-12-02T18:00',
    });
    expect(await patch('', { recurrence: null })).toMatchObject({
      recurrence: null,
      seriesId: null,
      ordinal: null,
      due: '2026-12-02T18:00',
      status: 'open',
    });
  });

  test('[AP10] deleting this one skips it, deleting the future ends the series, deleting it all is the trash', async () => {
    const script = await someone();
    const { id } = await make(script, weekly);
    const remove = (query: string) => script.send('DELETE', `/tasks/${id}${query}`);
    expect((await remove('?scope=this')).status).toBe(204);
    expect((await script.get(`/tasks/${id}`)).body).toMatchObject({ ordinal: 1, due: '2026-12-01T19:00' });
    await script.send('POST', `/tasks/${id}/complete`);
    expect((await remove('?scope=future')).status).toBe(204);
    expect((await script.get(`/tasks/${id}`)).body).toMatchObject({ status: 'done' });
    expect((await remove('')).status).toBe(204);
    expect((await script.get(`/tasks/${id}`)).status).toBe(404);
  });

  test('[AP10] a snooze is kept for its occurrence', async () => {
    const script = await someone();
    const { id } = await make(script, weekly);
    expect((await script.send('POST', `/tasks/${id}/snooze`, { until: '2026-11-24T20:00:00Z' })).status).toBe(
      200,
    );
    const device = await deviceOf(script);
    expect(device.document.openOccurrences(id as TaskId)[0]?.snoozedUntil).toBe(Date.UTC(2026, 10, 24, 20));
    device.destroy();
  });
});

function idOf(document: HoldfastDocument, title: string): TaskId {
  for (const task of document.tasks()) if (task.title === title) return task.id;
  throw new Error(`There is no task ${title}`);
}

/** Looks again whenever something of the space was committed: a socket of its own hears of it. */
async function untilSeen(script: Script, holds: () => Promise<boolean>): Promise<void> {
  const doc = new Y.Doc();
  let heard = Promise.withResolvers<void>();
  const socket = await connectRawClient({
    url: `${one.url.replace('http', 'ws')}/sync/${script.spaceId}`,
    token: script.token,
    doc,
    onUpdate: () => heard.resolve(),
  });
  await socket.synced;
  for (;;) {
    heard = Promise.withResolvers();
    if (await holds()) break;
    await heard.promise;
  }
  await socket.close();
}
