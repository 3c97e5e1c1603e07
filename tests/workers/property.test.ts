/**
 * Random histories of replicas behind a bad line: whatever order, batches and repetitions their rows come in, and however the
 * projection is cut into turns and processes, its tables equal a fresh reading of the merged document (rule PJ13).
 *
 * HOLDFAST_PROPERTY_RUNS sets the number of histories, HOLDFAST_PROPERTY_SEED repeats a run; a failure prints the smallest
 * history that still fails. One database serves all: each history has a space of its own.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { HoldfastDocument, TagId, TaskId } from '@holdfast/core/document.ts';
import { createReplica, START_MS, sync, type Replica } from '@holdfast/core/testing/replica.ts';
import { verifyAudit } from '@holdfast/workers/audit/verify.ts';
import { compareSpace } from '@holdfast/workers/projection/reconcile.ts';
import { readingOf, readingOfTables, storedDocument } from './reading.ts';
import { openSpace, recordUpdates, type Space, type Workers } from './space.ts';

const DEFAULT_RUNS = 12;
/** A history here takes a hundred times as long as one in memory: of the runs that are asked for, a tenth. */
const runs = Math.ceil(Number(process.env['HOLDFAST_PROPERTY_RUNS'] ?? DEFAULT_RUNS * 10) / 10);
const seed = Number(process.env['HOLDFAST_PROPERTY_SEED'] ?? 20_261_123);
const timeoutMs = 60_000 + runs * 5000;
const HOUR_MS = 3_600_000;

const KINDS = [
  'create',
  'create',
  'title',
  'title',
  'notes',
  'due',
  'complete',
  'complete',
  'skip',
  'reopen',
  'rule',
  'override',
  'trash',
  'restore',
  'purge',
  'tag',
  'nest',
  'list',
  'section',
  'filter',
  'settle',
  'undo',
  'meet',
  'upload',
  'upload',
  'upload',
  'merged',
  'again',
  'project',
  'project',
] as const;

interface Happening {
  readonly replica: number;
  readonly kind: (typeof KINDS)[number];
  readonly a: number;
}

interface History {
  readonly skewsHours: readonly number[];
  readonly maxRows: number;
  readonly happenings: readonly Happening[];
}

const histories: fc.Arbitrary<History> = fc.record({
  skewsHours: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 3, size: 'max' }),
  maxRows: fc.constantFrom(1, 3, 1000),
  happenings: fc.array(fc.record({ replica: fc.nat(2), kind: fc.constantFrom(...KINDS), a: fc.nat(999) }), {
    minLength: 20,
    maxLength: 70,
    size: 'max',
  }),
});

let space: Space;

beforeAll(async () => {
  space = await openSpace();
});

afterAll(() => space.stop());

test(
  '[PJ13] [AU3] [PJ4] [PJ5] any history, in any order, is projected as the merged document reads, and audited once',
  async () => {
    await fc.assert(fc.asyncProperty(histories, runHistory), {
      numRuns: runs,
      interruptAfterTimeLimit: timeoutMs - 20_000,
      markInterruptAsFailure: true,
      seed,
    });
  },
  timeoutMs,
);

async function runHistory(history: History): Promise<void> {
  const spaceId = await space.another();
  const peers = history.skewsHours.map((hours, i) => {
    const replica = createReplica(100 + i, { startMs: START_MS + hours * HOUR_MS, seed: 5 + i });
    return { replica, updates: recordUpdates(replica.doc), sent: [] as Uint8Array[] };
  });
  const workers: Workers[] = [space.workers({ maxRows: history.maxRows }), space.workers()];
  const append = (bodies: readonly Uint8Array[], i: number): Promise<void> =>
    space.appendTo(spaceId, bodies, { userId: `user${i}`, deviceId: `device${i}` }, new Date(space.clock.ms));

  for (const { replica: n, kind, a } of history.happenings) {
    const i = n % peers.length;
    const peer = peers[i];
    const other = peers[a % peers.length];
    if (peer === undefined || other === undefined) continue;
    switch (kind) {
      case 'meet':
        // By a line of their own: rows of one may come to the server before those of the other that they build on. What
        // arrives is recorded as if it were one's own, which is how rows are repeated.
        if (other !== peer) sync(peer.replica, other.replica);
        break;
      case 'upload':
      case 'merged': {
        const rows = peer.updates.take();
        const some = kind === 'merged' && rows.length > 1 ? [Y.mergeUpdates(rows)] : rows;
        peer.sent.push(...some);
        await append(some, i);
        break;
      }
      case 'again': {
        const row = peer.sent[a % Math.max(1, peer.sent.length)];
        if (row !== undefined) await append([row], i);
        break;
      }
      case 'project':
        await workers[a % 2]?.runOnce();
        break;
      default:
        act(peer.replica, kind, a);
    }
  }
  for (const [i, { updates }] of peers.entries()) await append(updates.take(), i);
  // What still waits is set aside, comes again when what it waits for is there, and is told then.
  for (let turn = 0; turn < 4; turn++) {
    for (const each of workers) await each.runOnce();
    space.clock.ms += 61_000;
  }
  for (const each of workers) await each.close();

  const document = await storedDocument(space.database, spaceId);
  sync(...peers.map(({ replica }) => replica), { doc: document });
  const [first] = peers;
  if (first === undefined) throw new Error('a history without replicas');
  expect(await readingOfTables(space.database, spaceId)).toEqual(readingOf(first.replica.doc));
  expect(await compareSpace(space.database, spaceId, space.clock.ms)).toBe(0);
  expect(await verifyAudit(space.database, spaceId)).toMatchObject({ broken: null });
  await checkAudit(first.replica, spaceId);
}

/** Every register that is left in the document was told, once, with its value. */
async function checkAudit({ doc }: Replica, spaceId: string): Promise<void> {
  const rows = await space.database.kysely
    .selectFrom('audit')
    .selectAll()
    .where('space_id', '=', spaceId)
    .orderBy('seq')
    .execute();
  expect(rows.map((row) => row.seq)).toEqual(rows.map((_, i) => i + 1));
  const told = new Map(
    rows.map((row) => [
      `${row.entity_id}${row.ordinal === null ? '' : `#${row.ordinal}`}/${row.field}@${row.writer} ${row.stamp}`,
      row.after,
    ]),
  );
  for (const root of ['tasks', 'lists', 'sections', 'tags', 'filters']) {
    for (const [key, raw] of doc.getMap<{ v: unknown; t: number }>(root)) {
      const at = key.lastIndexOf('@');
      if (at === -1) continue;
      const author = key.slice(key.lastIndexOf('.') > at ? key.lastIndexOf('.') + 1 : at + 1);
      const name = `${key.slice(0, at)}@${author} ${raw.t}`;
      expect(told.has(name), `${root} ${name}`).toBe(true);
      if (!key.includes('/notes@')) expect(told.get(name)).toEqual(raw.v);
    }
  }
}

function act({ document, clock }: Replica, kind: Happening['kind'], a: number): void {
  clock.ms += (a % 7) * 700;
  const tasks = [...document.tasks()].sort((x, y) => (x.id < y.id ? -1 : 1)).slice(0, 4);
  const task = tasks[a % Math.max(1, tasks.length)];
  const other = tasks[(a >> 3) % Math.max(1, tasks.length)];
  if (kind === 'create') document.createTask({ title: `t${a}`, ...(a % 2 ? { notes: `n${a}` } : {}) });
  if (kind === 'list') changeLists(document, a);
  if (kind === 'section') changeSections(document, a);
  if (kind === 'filter') changeFilters(document, a);
  if (kind === 'undo') document.undo();
  if (kind === 'settle') {
    const [conflict] = document.conflicts();
    const take = conflict?.others[0]?.writer;
    if (conflict !== undefined)
      document.resolveConflict(conflict, take === undefined || a % 2 === 0 ? 'keep' : { take });
  }
  if (task === undefined) return;
  const id: TaskId = task.id;
  const date = `2026-12-${String(10 + (a % 20))}` as never;
  switch (kind) {
    case 'title':
      return void document.editTask(id, { title: `t${a}` });
    case 'notes':
      return void document.editTask(id, { notes: `${task.notes} w${a}` });
    case 'due':
      return void document.editTask(id, { due: a % 5 === 0 ? null : { date } });
    case 'complete':
      return void document.completeTask(id);
    case 'skip':
      return void document.cancelTask(id);
    case 'reopen':
      return void document.reopenTask(id);
    case 'rule':
      return void document.setRule(id, {
        rrule: a % 2 ? 'FREQ=DAILY' : 'FREQ=WEEKLY;COUNT=4',
        missed: a % 3 ? 'skip' : 'catch-up',
        start: '2026-11-23',
      });
    case 'override':
      return void document.editOccurrence(id, task.ordinal ?? 0, { title: `o${a}`, due: { date } });
    case 'trash':
      return void document.trashTask(id);
    case 'restore':
      return void document.restoreTask(id);
    case 'purge':
      if (task.trashedAt !== null && a % 3 === 0) document.purgeTask(id);
      return;
    case 'tag': {
      const [tag] = [...document.tags()];
      if (tag === undefined) document.createTag({ name: `tag${a}` });
      else if (a % 7 === 0) document.editTag(tag.id as TagId, { name: `tag${a}` });
      else if (task.tags.includes(tag.id)) document.untagTask(id, tag.id);
      else document.tagTask(id, tag.id);
      return;
    }
    case 'nest':
      return void document.moveTask(id, { parentId: other?.id ?? null });
    default:
      return;
  }
}

function changeLists(document: HoldfastDocument, a: number): void {
  const [first, second] = [...document.lists()].sort((x, y) => (x.id < y.id ? -1 : 1));
  if (first === undefined || a % 3 === 0) document.createList({ name: `l${a}` });
  else if (a % 3 === 1) document.editList(first.id, { name: `l${a}`, archived: a % 2 === 0, icon: 'home' });
  else if (second !== undefined) document.moveList(first.id, { after: second.id });
  else if (first.trashedAt === null) document.trashList(first.id);
  else document.restoreList(first.id);
}

function changeSections(document: HoldfastDocument, a: number): void {
  const lists = [...document.lists()].sort((x, y) => (x.id < y.id ? -1 : 1));
  const list = lists[a % Math.max(1, lists.length)];
  if (list === undefined) return;
  const [first, second] = document.sections(list.id);
  const [gone] = document.trashedSections();
  if (first === undefined || a % 4 === 0) document.createSection({ listId: list.id, name: `s${a}` });
  else if (a % 4 === 1) document.editSection(first.id, { name: `s${a}` });
  else if (a % 4 === 2 && second !== undefined) document.moveSection(second.id, { before: first.id });
  else if (gone !== undefined) document.restoreSection(gone.id);
  else document.trashSection(first.id);
}

function changeFilters(document: HoldfastDocument, a: number): void {
  const [first] = [...document.filters()].sort((x, y) => (x.id < y.id ? -1 : 1));
  if (first === undefined || a % 4 === 0) document.createFilter({ name: `f${a}`, query: `t${a}` });
  else if (a % 4 === 1) document.editFilter(first.id, { query: `t${a}`, color: a % 2 ? 'red' : null });
  else if (first.trashedAt === null) document.trashFilter(first.id);
  else document.restoreFilter(first.id);
}
