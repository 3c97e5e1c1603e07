/**
 * Convergence under everything that a network, clocks and restarts do (rules C in core/SPEC.md).
 *
 * HOLDFAST_PROPERTY_RUNS sets the number of random histories, HOLDFAST_PROPERTY_SEED repeats a run; a failure prints its
 * seed and the smallest history that still fails. Such a history is then kept below under a name.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { openDocument, openInSteps, type EpochMs, type HoldfastDocument } from '@holdfast/core/document.ts';
import type { ListId, Task, TaskId } from '@holdfast/core/document.ts';
import { canonicalJson, contentHash } from '@holdfast/core/canonical.ts';
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { START_MS } from '@holdfast/core/testing/replica.ts';
import { chunkUpdate } from '../../web/src/lib/device/chunks.ts';
import { histories, rawRegisters, runHistory, type History, type RawEdit, type World } from './world.ts';

const DEFAULT_RUNS = 150;
const runs = Number(process.env['HOLDFAST_PROPERTY_RUNS'] ?? DEFAULT_RUNS);
/** The same in every run, so that a red one is about the change and can be repeated; the full counts try many more. */
const seed = Number(process.env['HOLDFAST_PROPERTY_SEED'] ?? 20_261_123);
/** A history takes some tens of milliseconds; shrinking a failure takes hundreds of them. */
const timeoutMs = 60_000 + runs * 400;

test(
  '[C1] [C2] [C3] [C4] [C5] [C6] [D16] [U2] [X1] [X2] any history ends alike everywhere, with no edit lost and the later one standing',
  async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => checkWorld(runHistory(history))),
      {
        numRuns: runs,
        // Also while a failure is being made smaller: what was found so far is then reported.
        interruptAfterTimeLimit: timeoutMs - 20_000,
        markInterruptAsFailure: true,
        seed,
      },
    );
  },
  timeoutMs,
);

/** Histories that once failed. */
const KEPT: readonly { readonly name: string; readonly history: History }[] = [
  {
    name: 'an undo, while the name that was there is gone and the one that replaced it has not arrived whole, unsets it',
    history: {
      skewsHours: [-5, 0, 0, 0],
      seed: 0,
      happenings: [
        { replica: 0, kind: 'list', a: 0, b: 0 },
        { replica: 0, kind: 'create', a: 0, b: 0 },
        { replica: 3, kind: 'list', a: 0, b: 0 },
        { replica: 0, kind: 'deliver', a: 0, b: 0 },
        { replica: 0, kind: 'list', a: 0, b: 291 },
        { replica: 3, kind: 'deliver', a: 0, b: 0 },
        { replica: 3, kind: 'deliver', a: 15, b: 0 },
        { replica: 3, kind: 'list', a: 0, b: 57 },
        { replica: 3, kind: 'undo', a: 0, b: 0 },
      ],
    },
  },
];

test.each(KEPT)('[C1] kept: $name', async ({ history }) => checkWorld(runHistory(history)));

async function checkWorld(world: World): Promise<void> {
  const [first, ...others] = world.peers;
  if (first === undefined) throw new Error('a world without replicas');

  // [C1] the same content everywhere, by hash and by reading
  const hash = await contentHash(first.doc);
  const view = viewOf(first.document);
  for (const other of others) {
    expect(await contentHash(other.doc)).toBe(hash);
    expect(viewOf(other.document)).toEqual(view);
  }

  // [C6] what was kept up key by key is what a fresh start reads
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(first.doc));
  const reopened = openDocument({ doc: copy, now: () => START_MS as EpochMs, random: seededRandom(1) });
  expect(viewOf(reopened)).toEqual(view);
  expect(await contentHash(copy)).toBe(hash);

  // [D16] so does one that was opened in steps, while the rest of it arrived
  expect(viewOf(openWhileReceiving(first.doc))).toEqual(view);

  // [C2] exactly the edits that nobody knew of are left, [C3] and the latest of them stands
  for (const path of world.oracle.paths()) {
    const expected = world.oracle.left(path);
    const found = rawRegisters(first.doc, path);
    expect(new Set(found.map((edit) => edit.value)), path).toEqual(
      new Set(expected.map((edit) => edit.value)),
    );
    expect(found[0]?.value, path).toBe(expected[0]?.value);
    const read = readField(first.document, path);
    if (read !== undefined) {
      expect(canonicalJson(read.value), path).toBe(asRead(path, expected[0]?.value));
      const shown = withoutOutrun(found).map((edit) => edit.value);
      expect(new Set(read.others.map(canonicalJson)), path).toEqual(
        new Set(shown.filter((value) => value !== expected[0]?.value)),
      );
    }
  }

  // [C2] no word that was typed into notes is lost
  for (const [id, words] of world.words) {
    const notes = first.document.task(id)?.notes ?? '';
    for (const word of words) expect(notes.split(' '), `the notes of ${id}`).toContain(word);
  }

  // [C4] what a later version wrote is as it was
  for (const { root, key, value } of world.future) {
    // Occurrences of a recurring task are purged with it.
    const [id = ''] = key.slice(0, key.indexOf('/')).split('#');
    if (world.purged.has(id)) continue;
    expect(first.doc.getMap(root).get(key), key).toEqual(value);
  }

  // [C5] every task that is not in the trash is in exactly one place
  const visible = [...first.document.tasks()]
    .filter((task) => task.trashedAt === null)
    .map((task) => task.id);
  const placed = allPlaced(first.document);
  expect([...placed].sort()).toEqual(visible.sort());

  // [X1] a file is exact, [X2] and bringing it in twice changes nothing more
  const file = first.document.exportJson();
  const empty = openDocument({ doc: new Y.Doc(), now: () => START_MS as EpochMs, random: seededRandom(2) });
  expect(empty.importJson(JSON.parse(JSON.stringify(file))).ok).toBe(true);
  expect(empty.exportJson()).toEqual(file);
  for (const target of [empty, first.document]) {
    const before = Y.encodeStateVector(target.doc);
    target.importJson(file);
    expect(Y.encodeStateVector(target.doc)).toEqual(before);
  }

  // [U2] no undo or redo changed what its replica had not written
  expect(world.trespasses).toEqual([]);
}

/** A copy of which a part is there at first; some more arrives at each rest of the opening, and the last after it. */
function openWhileReceiving(doc: Y.Doc): HoldfastDocument {
  const copy = new Y.Doc();
  const pieces = chunkUpdate(Y.encodeStateAsUpdate(doc), 300);
  const receive = (share: number): void => {
    for (const piece of pieces.splice(0, Math.ceil(pieces.length * share))) Y.applyUpdate(copy, piece);
  };
  receive(1 / 3);
  const opening = openInSteps({ doc: copy, now: () => START_MS as EpochMs, random: seededRandom(3) });
  let step = opening.next();
  for (; step.done !== true; step = opening.next()) receive(1 / 8);
  receive(1);
  return step.value;
}

/** Without the copies that an undo brought back while their author had replaced them: docs/document.md, "Reading", 2. */
function withoutOutrun(found: readonly RawEdit[]): readonly RawEdit[] {
  return found.filter(
    (edit, i) =>
      !edit.isCarried ||
      !found.some(
        (other, j) =>
          other.author === edit.author &&
          (other.t > edit.t || (other.t === edit.t && (!other.isCarried || j < i))),
      ),
  );
}

/** What an unset name or title looks like to a reader: unset by undoing an edit made before the first value had arrived. */
function asRead(path: string, value: string | undefined): string | undefined {
  return value === 'null' && /\/(name|title)$/.test(path) ? '""' : value;
}

/** A field as the document reads it, with the versions it shows beside it; undefined: not there to be read. */
function readField(
  document: HoldfastDocument,
  path: string,
): { value: unknown; others: unknown[] } | undefined {
  const [root, id = '', field = ''] = path.split('/');
  const found = root === 'lists' ? document.list(id as ListId) : document.task(id as TaskId);
  if (found === undefined) return undefined;
  const conflict = document.conflicts().find((each) => each.id === id && each.field === field);
  return {
    value: (found as unknown as { [field: string]: unknown })[field],
    others: conflict?.others.map((other) => other.value) ?? [],
  };
}

/** All that a person could see, in a form that compares. */
function viewOf(document: HoldfastDocument): unknown {
  const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
  return {
    tasks: [...document.tasks()].sort(byId),
    lists: [...document.lists()].sort(byId),
    tags: [...document.tags()].sort(byId),
    fragments: document.fragments(),
    conflicts: document.conflicts(),
    order: allPlaced(document),
  };
}

function allPlaced(document: HoldfastDocument): string[] {
  const below = (tasks: readonly Task[]): string[] =>
    tasks.flatMap((task) => [task.id, ...below(document.subtasks(task.id))]);
  const lists = [...document.lists()].filter((list) => list.trashedAt === null).map((list) => list.id);
  return [null, ...lists.sort()].flatMap((list) => below(document.tasksIn(list)));
}
