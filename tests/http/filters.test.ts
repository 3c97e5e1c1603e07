/** Rules [AP17] and [AP18] of sync-server/http/SPEC.md: saved filters, and tasks by a query. */
import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import type { HoldfastDocument, ListId, LocalDate, TagId, TaskId, When } from '@holdfast/core/document.ts';
import { queryNames, keptText } from '@holdfast/core/query/view.ts';
import { createReplica, must, START_MS } from '@holdfast/core/testing/replica.ts';
import { createSpace, setMember } from '@holdfast/db/spaces.ts';
import { appendBatch } from '@holdfast/db/update-log.ts';
import type { FilterJson, TaskJson } from '@holdfast/sync-server/replica/calls.ts';
import { answerView } from '../../web/src/lib/find/question.ts';
import { TaskStore } from '../../web/src/lib/tasks/task-store.svelte.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { runServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { openScript } from './script.ts';
import type { Script } from './script.ts';

/** Worlds of tasks; each is asked QUESTIONS questions. */
const runs = Math.ceil(Number(process.env['HOLDFAST_PROPERTY_RUNS'] ?? 100) / 10);
const seed = Number(process.env['HOLDFAST_PROPERTY_SEED'] ?? 20_261_130);
const QUESTIONS = 12;
const timeoutMs = 60_000 + runs * 5000;
const DAY_MS = 24 * 60 * 60_000;

let shared: TestDatabase;
let server: RunningServer;
let nowMs = START_MS;

beforeAll(async () => {
  shared = await testDatabase();
  server = await runServer({ databaseUrl: shared.url, now: () => nowMs });
});

afterAll(async () => {
  await server.close();
  await shared.drop();
});

interface Page {
  tasks: TaskJson[];
  nextCursor: string | null;
}

async function titles(script: Script, parameters: Record<string, string>): Promise<string[]> {
  const page = await script.get<Page>(`/tasks?${new URLSearchParams(parameters).toString()}`);
  expect(page.status, JSON.stringify(page.body)).toBe(200);
  return page.body.tasks.map(({ title }) => title);
}

test('[AP17] a filter is made, listed, read, changed, moved, trashed and restored', async () => {
  const script = await openScript(server, 'filters@example.org');
  await script.send('POST', '/lists', { name: 'Errands' });
  await script.send('POST', '/tags', { name: 'waiting' });
  const made = await script.send<FilterJson>('POST', '/filters', {
    name: ' Soon ',
    query: 'due   before next friday AND #errands and not @Waiting',
    color: '#c2410c',
  });
  expect(made).toMatchObject({
    status: 201,
    body: { name: 'Soon', query: 'due before next friday and #Errands and not @waiting', color: '#c2410c' },
  });
  const path = `/filters/${made.body.id}`;
  expect(made.headers.get('location')).toBe(`/api/v1/spaces/${script.spaceId}${path}`);
  expect((await script.get(path)).body).toEqual(made.body);
  const late = await script.send<FilterJson>('POST', '/filters', { name: 'Late', query: 'overdue' });
  await script.send('POST', '/filters', { name: 'First', query: 'p1', before: made.body.id });
  const names = async () =>
    (await script.get<{ filters: FilterJson[] }>('/filters')).body.filters.map(({ name }) => name);
  expect(await names()).toEqual(['First', 'Soon', 'Late']);
  expect((await script.send('PATCH', path, { after: late.body.id })).status).toBe(200);
  expect(await names()).toEqual(['First', 'Late', 'Soon']);
  expect((await script.send('PATCH', path, { query: 'overdue or p1', color: null })).body).toMatchObject({
    name: 'Soon',
    query: 'overdue or !urgent',
    color: null,
  });
  expect((await script.send('DELETE', path)).status).toBe(204);
  expect((await script.get(path)).status).toBe(404);
  expect(await names()).toEqual(['First', 'Late']);
  expect((await script.send('POST', `${path}/restore`)).body).toMatchObject({ query: 'overdue or !urgent' });
  const key = { 'idempotency-key': 'k' };
  const keyed = await script.send<FilterJson>('POST', '/filters', { name: 'Keyed', query: 'open' }, key);
  expect(await script.send('POST', '/filters', { name: 'Keyed', query: 'open' }, key)).toMatchObject({
    status: 200,
    body: { id: keyed.body.id },
  });
});

test('[AP17] a query is asked in German as well, and is kept in English for everyone', async () => {
  const script = await openScript(server, 'deutsch@example.org');
  await script.send('POST', '/lists', { name: 'Einkauf' });
  await script.send('POST', '/tags', { name: 'warten' });
  await script.send('POST', '/tasks', { title: 'Brot', priority: 'high' });
  await script.send('POST', '/tasks', { title: 'Milch', notes: 'fettarm' });
  expect(await titles(script, { query: 'Priorität mindestens mittel' })).toEqual(['Brot']);
  expect(await titles(script, { query: 'ohne Datum und hat Notizen' })).toEqual(['Milch']);
  expect(await titles(script, { query: 'offen sortiert nach Titel absteigend' })).toEqual(['Milch', 'Brot']);
  const made = await script.send<FilterJson>('POST', '/filters', {
    name: 'Bald',
    query: 'fällig vor nächstem Freitag und #einkauf und nicht @warten',
  });
  expect(made).toMatchObject({
    status: 201,
    body: { query: 'due before next friday and #Einkauf and not @warten' },
  });
});

test('[AP17] a query names lists and tags by id, so renaming them changes nothing', async () => {
  const script = await openScript(server, 'renamed@example.org');
  const list = (await script.send<{ id: string }>('POST', '/lists', { name: 'Errands' })).body.id;
  await script.send('POST', '/tasks', { title: 'there', listId: list });
  await script.send('POST', '/tasks', { title: 'elsewhere' });
  const { id } = (await script.send<FilterJson>('POST', '/filters', { name: 'F', query: '#errands' })).body;
  await script.send('PATCH', `/lists/${list}`, { name: 'Shopping tour' });
  expect((await script.get(`/filters/${id}`)).body).toMatchObject({ query: '#"Shopping tour"' });
  expect(await titles(script, { filter: id })).toEqual(['there']);
  // What is gone stays in it, finds nothing, and comes back.
  await script.send('DELETE', `/lists/${list}`);
  expect((await script.get(`/filters/${id}`)).body).toMatchObject({ query: `#[${list}]` });
  expect(await titles(script, { filter: 'f' })).toEqual([]);
  await script.send('POST', `/lists/${list}/restore`);
  expect(await titles(script, { filter: 'f' })).toEqual(['there']);
});

test('[AP17] a query that cannot be understood is refused with each place, and nothing is written', async () => {
  const script = await openScript(server, 'wrong@example.org');
  const { id } = (await script.send<FilterJson>('POST', '/filters', { name: 'Good', query: 'open' })).body;
  const wrong = 'bread and due before nxt and #nowhere';
  const errors = [
    {
      field: 'query',
      message: '“nxt” is no date. To look for the word “due”, put it in quotation marks.',
      start: 21,
      end: 24,
    },
    { field: 'query', message: 'There is no list “nowhere”.', start: 29, end: 37 },
  ];
  const refusal = { status: 400, body: { code: 'invalid-input', errors } };
  expect(await script.send('POST', '/filters', { name: 'Bad', query: wrong })).toMatchObject(refusal);
  const patched = await script.send('PATCH', `/filters/${id}`, { name: 'Bad', query: wrong });
  expect(patched).toMatchObject(refusal);
  expect(patched.body['detail']).toMatch(/^query, at character 22: “nxt” is no date/);
  expect(await script.get(`/tasks?query=${encodeURIComponent(wrong)}`)).toMatchObject(refusal);
  const meant = await script.get('/tasks?query=due%20tomorow');
  expect(meant.body).toMatchObject({ errors: [{ start: 4, end: 11, suggestion: 'tomorrow' }] });
  for (const query of ['', '  ', '-', 'x'.repeat(2_001)]) {
    expect(await script.send('POST', '/filters', { name: 'Bad', query })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'query' }] },
    });
  }
  for (const [body, field] of [
    [{ before: 'nobody' }, 'before'],
    [{ after: id }, 'after'],
    [{ icon: 'home' }, 'icon'],
  ] as const) {
    const answer = await script.send('PATCH', `/filters/${id}`, body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  }
  const { filters } = (await script.get<{ filters: FilterJson[] }>('/filters')).body;
  expect(filters).toMatchObject([{ id, name: 'Good', query: 'open' }]);
  const log = await server.database.kysely
    .selectFrom('update_log')
    .select(['user_id', 'device_id'])
    .where('space_id', '=', script.spaceId)
    .execute();
  expect(log).toEqual([{ user_id: script.userId, device_id: `api:${script.tokenId}` }]);
});

test('[AP17] a viewer reads filters and their tasks, and changes none', async () => {
  const owner = await openScript(server, 'filter-owner@example.org');
  const guest = await openScript(server, 'filter-guest@example.org');
  await setMember(server.database, owner.spaceId, guest.userId, 'viewer');
  const viewer = guest.at({ spaceId: owner.spaceId });
  await owner.send('POST', '/tasks', { title: 't' });
  const { id } = (await owner.send<FilterJson>('POST', '/filters', { name: 'F', query: 'open' })).body;
  expect((await viewer.get(`/filters/${id}`)).status).toBe(200);
  expect(await titles(viewer, { filter: id })).toEqual(['t']);
  expect((await viewer.send('DELETE', `/filters/${id}`)).status).toBe(403);
  expect((await viewer.send('POST', '/filters', { name: 'G', query: 'open' })).status).toBe(403);
});

test('[AP18] a filter or a query is of open tasks in its own order, unless the request says otherwise', async () => {
  nowMs = START_MS;
  const script = await openScript(server, 'asked@example.org');
  const make = (fields: object) => script.send<TaskJson>('POST', '/tasks', fields);
  await make({ title: 'b', due: '2026-11-25' });
  await make({ title: 'c', due: '2026-11-24', priority: 'high' });
  await make({ title: 'a', due: '2026-11-24', priority: 'urgent' });
  const done = (await make({ title: 'd', due: '2026-11-23' })).body.id;
  await script.send('POST', `/tasks/${done}/complete`);
  const query = 'due this week';
  expect(await titles(script, { query })).toEqual(['a', 'c', 'b']);
  expect(await titles(script, { query: `${query} sort by title desc` })).toEqual(['c', 'b', 'a']);
  expect(await titles(script, { query: `${query} sort by title desc`, sort: 'title' })).toEqual([
    'a',
    'b',
    'c',
  ]);
  expect(await titles(script, { query, status: 'done' })).toEqual(['d']);
  expect(await titles(script, { query: `${query} done` })).toEqual(['d']);
  expect(await titles(script, { query, priority: 'high', q: 'c' })).toEqual(['c']);
  const first = (await script.get<Page>(`/tasks?query=${encodeURIComponent(query)}&limit=2`)).body;
  const next = { query, limit: '2', cursor: first.nextCursor ?? '' };
  expect(await titles(script, next)).toEqual(['b']);
  for (const [parameters, field] of [
    [{ ...next, query: `${query} sort by title` }, 'cursor'],
    [{ query, filter: 'x' }, 'query'],
    [{ filter: 'nobody' }, 'filter'],
    [{ query, order: 'desc' }, 'order'],
  ] as const) {
    const answer = await script.get(`/tasks?${new URLSearchParams(parameters).toString()}`);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  }
});

test('[AP18] a day is that of the person: of the request, else of the preferences', async () => {
  const script = await openScript(server, 'zones@example.org');
  // Tuesday in Berlin, still Monday in New York.
  nowMs = Date.UTC(2026, 10, 24, 1);
  await script.send('POST', '/tasks', { title: 'monday', due: '2026-11-23' });
  await script.send('POST', '/tasks', { title: 'tuesday', due: '2026-11-24' });
  expect(await titles(script, { query: 'due today' })).toEqual(['tuesday']);
  expect(await titles(script, { query: 'due today', timeZone: 'America/New_York' })).toEqual(['monday']);
  await server.database.kysely
    .insertInto('notification_preferences')
    .values({ user_id: script.userId, body: JSON.stringify({ timeZone: 'America/New_York' }) })
    .execute();
  expect(await titles(script, { query: 'due today' })).toEqual(['monday']);
  expect(await titles(script, { query: 'due today', timeZone: 'Europe/Berlin' })).toEqual(['tuesday']);
});

// --- the app and the server

const ZONES = ['Europe/Berlin', 'America/Los_Angeles', 'Pacific/Kiritimati', 'Asia/Kolkata', 'UTC'] as const;
const WORDS = ['bread', 'Bréad', 'rye', 'milk', 'Zahnärztin', 'no', 'due', '東京'] as const;
const LISTS = ['Errands', 'Home improvement', 'Put away', 'Thrown away', 'Twin', 'twin'] as const;
const TAGS = ['waiting', 'next', 'thrown'] as const;

interface Sown {
  readonly words: readonly string[];
  readonly notes: boolean;
  readonly due: When | null;
  readonly start: When | null;
  readonly priority: 'low' | 'medium' | 'high' | 'urgent' | null;
  readonly list: number;
  readonly tags: readonly number[];
  readonly fate: 'open' | 'open' | 'done' | 'cancelled' | 'trashed' | 'repeats' | 'repeated' | 'below';
  readonly laterMs: number;
}

const day = fc
  .oneof({ weight: 3, arbitrary: fc.integer({ min: -2, max: 3 }) }, fc.integer({ min: -40, max: 40 }))
  .map((days) => new Date(START_MS + days * DAY_MS).toISOString().slice(0, 10) as LocalDate);
const when: fc.Arbitrary<When> = fc.oneof(
  fc.record({ date: day }),
  fc.record({ date: day, time: fc.constantFrom('00:00', '08:30', '14:00', '23:59') }),
  fc.record({
    date: day,
    time: fc.constantFrom('00:00', '09:00', '23:30'),
    timeZone: fc.constantFrom<string[]>(...ZONES),
  }),
);
const sown: fc.Arbitrary<Sown> = fc.record({
  words: fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 }),
  notes: fc.boolean(),
  due: fc.option(when),
  start: fc.option(when, { freq: 1 }),
  priority: fc.option(fc.constantFrom('low', 'medium', 'high', 'urgent')),
  list: fc.nat(LISTS.length + 1),
  tags: fc.uniqueArray(fc.nat(TAGS.length - 1), { maxLength: 2 }),
  fate: fc.constantFrom('open', 'open', 'done', 'cancelled', 'trashed', 'repeats', 'repeated', 'below'),
  laterMs: fc.constantFrom(0, 1, 60_000, DAY_MS, 3 * DAY_MS),
});

const DATES = [
  'today',
  'tomorrow',
  'yesterday',
  'friday',
  'next week',
  'this month',
  'last 7 days',
  'next 3 days',
  '2026-11-30',
  'in 2 hours',
  'today 14:00',
  '3 days ago',
  'in december',
  'nxt',
];
const term = fc.oneof(
  fc.constantFrom('bread', 'brea', 'milk', 'zahn', '"rye bread"', '東京', 'errands', '"due"', 'nothing'),
  fc.constantFrom('#errands', '#"home improvement"', '#inbox', 'no list', '#"put away"', '#twin', '#gone'),
  fc.constantFrom('@waiting', 'tag:next', 'has tags', '@thrown'),
  fc.constantFrom('!high', 'p1', 'priority >= medium', 'no priority', 'priority < high'),
  fc.constantFrom('open', 'done', 'cancelled', 'overdue', 'recurring'),
  fc.constantFrom('no due date', 'has start', 'has notes', 'has reminder', 'no repeat'),
  // Dates are what zones and clocks matter for.
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom('due', 'due', 'start', 'created', 'done'),
        fc.constantFrom('', 'before ', 'by ', 'after ', 'since ', 'on '),
        fc.constantFrom(...DATES),
      )
      .map(([field, operator, date]) => `${field} ${operator}${date}`),
  },
);
const { asked } = fc.letrec<{ asked: string; inner: string }>((tie) => ({
  asked: fc.oneof({ maxDepth: 3 }, { weight: 2, arbitrary: term }, { weight: 3, arbitrary: tie('inner') }),
  inner: fc.oneof(
    tie('asked').map((part) => `not (${part})`),
    fc
      .tuple(fc.constantFrom(' and ', ' or ', ' '), fc.array(tie('asked'), { minLength: 2, maxLength: 3 }))
      .map(([between, parts]) => parts.join(between)),
    tie('asked').map((part) => `(${part})`),
  ),
}));
const order = fc
  .subarray(['due', 'start desc', 'priority', 'created desc', 'done', 'title', 'title desc'], {
    maxLength: 3,
  })
  .map((keys) => (keys.length === 0 ? '' : ` sort by ${keys.join(', ')}`));
const question = fc.record({
  text: fc.tuple(asked, order).map((parts) => parts.join('')),
  timeZone: fc.constantFrom(...ZONES),
  isSaved: fc.boolean(),
});
const world = fc.record({
  tasks: fc.array(sown, { minLength: 15, maxLength: 40, size: 'max' }),
  questions: fc.array(question, { minLength: QUESTIONS, maxLength: QUESTIONS, size: 'max' }),
  laterMs: fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }),
});

test(
  '[AP18] a query finds the same tasks in the same order in the app and on the server',
  async () => {
    const script = await openScript(server, 'same@example.org');
    let found = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(world, async ({ tasks, questions, laterMs }) => {
        const { document, doc, clock } = createReplica(9);
        sow(document, clock, tasks);
        nowMs = Math.max(clock.ms, START_MS) + laterMs;
        const here = script.at({ spaceId: await spaceOf(script, doc) });
        for (const each of questions) {
          const { app, isRefused } = await ask(here, document, each);
          found += app.length;
          refused += Number(isRefused);
        }
      }),
      { numRuns: runs, seed, interruptAfterTimeLimit: timeoutMs - 20_000, markInterruptAsFailure: true },
    );
    // The questions are worth asking: they find something, and some are wrong.
    expect(found).toBeGreaterThan(runs * QUESTIONS);
    expect(refused).toBeGreaterThan(0);
  },
  timeoutMs,
);

async function spaceOf({ userId }: Script, doc: Y.Doc): Promise<string> {
  const { id } = await createSpace(server.database, { name: 'World', kind: 'shared', ownerId: userId });
  const entries = [{ body: Buffer.from(Y.encodeStateAsUpdate(doc)), userId, deviceId: 'phone' }];
  await appendBatch(server.database, randomUUID(), [{ spaceId: id, entries }], 10_000);
  return id;
}

async function ask(
  script: Script,
  document: HoldfastDocument,
  { text, timeZone, isSaved }: { text: string; timeZone: string; isSaved: boolean },
): Promise<{ app: readonly string[]; isRefused: boolean }> {
  const names = queryNames(document);
  const store = new TaskStore();
  await store.open(document);
  const present = {
    now: nowMs,
    timeZone,
    today: new Date(nowMs).toLocaleDateString('en-CA', { timeZone }),
    time: '',
  };
  // Where the answer hangs on the day alone the app asks the clock itself.
  const clock = vi.spyOn(Date, 'now').mockReturnValue(nowMs);
  const view = answerView(isSaved ? keptText(text, names) : text, store, present);
  const app = view.rows.map(({ id }) => id);
  const completed = view.completed().map(({ id }) => id);
  const { faults } = answerView(text, store, present);
  clock.mockRestore();

  const parameters: Record<string, string> = { timeZone };
  if (isSaved) {
    const saved = await script.send<FilterJson>('POST', '/filters', { name: 'Saved', query: text });
    if (faults.length > 0) return refusedAlike(saved, faults);
    expect(saved.status, `${text}\n${JSON.stringify(saved.body)}`).toBe(201);
    parameters['filter'] = saved.body.id;
  } else {
    parameters['query'] = text;
    if (faults.length > 0) return refusedAlike(await script.get(`/tasks?${search(parameters)}`), faults);
  }
  expect(await pages(script, `/tasks?${search(parameters)}`), text).toEqual(app);
  if (completed.length > 0) {
    const closed = await pages(script, `/tasks?${search(parameters)}&status=done&status=cancelled`);
    expect(closed.toSorted(), text).toEqual(completed.toSorted());
  }
  return { app, isRefused: false };
}

function refusedAlike(
  answer: { readonly status: number; readonly body: object },
  faults: readonly object[],
): { app: string[]; isRefused: boolean } {
  const errors = faults.map((fault) => ({ field: 'query', ...fault }));
  expect(answer).toMatchObject({ status: 400, body: { errors } });
  return { app: [], isRefused: true };
}

function search(parameters: Record<string, string>): string {
  return new URLSearchParams(parameters).toString();
}

/** All of them, a few at a time. */
async function pages(script: Script, path: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { status: number; body: Page } = await script.get<Page>(
      `${path}&limit=5${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    expect(page.status, JSON.stringify(page.body)).toBe(200);
    ids.push(...page.body.tasks.map(({ id }) => id));
    cursor = page.body.nextCursor;
  }
  return ids;
}

function sow(document: HoldfastDocument, clock: { ms: number }, tasks: readonly Sown[]): void {
  const lists = LISTS.map((name) => must(document.createList({ name })).id);
  const tags = TAGS.map((name) => must(document.createTag({ name })).id);
  let last: TaskId | null = null;
  for (const { words, notes, due, start, priority, list, tags: wanted, fate, laterMs } of tasks) {
    const { id }: { id: TaskId } = must(
      document.createTask({
        title: words.join(' '),
        ...(notes ? { notes: 'with rye bread' } : {}),
        due,
        start,
        priority,
        listId: (lists[list] as ListId | undefined) ?? null,
        tags: wanted.flatMap((at) => (tags[at] as TagId | undefined) ?? []),
        ...(fate === 'below' && last !== null ? { parentId: last } : {}),
      }),
    );
    clock.ms += laterMs;
    if (notes) must(document.addReminder(id, { before: 'PT30M' }));
    const isSeries = due !== null && (fate === 'repeats' || fate === 'repeated');
    if (isSeries) must(document.setRule(id, { rrule: 'FREQ=DAILY;COUNT=2' }));
    if (fate === 'done' || fate === 'repeated') must(document.completeTask(id));
    if (fate === 'cancelled') must(document.cancelTask(id));
    if (fate === 'trashed') must(document.trashTask(id));
    else last = id;
  }
  must(document.editList(lists[2] as ListId, { archived: true }));
  must(document.trashList(lists[3] as ListId));
  must(document.trashTag(tags[2] as TagId));
}
