/**
 * The shape is frozen, and docs/document.md tells the truth about it: its example client runs here against the real one.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { openDocument, type EpochMs, type LocalDate, type TaskId } from './document.ts';
import { STAMP_LIMIT } from './stamp.ts';
import { seededRandom } from './testing/random.ts';
import { createReplica, must, START_MS, sync } from './testing/replica.ts';

const CORE = dirname(fileURLToPath(import.meta.url));

/** One hash per version of the shape, and one for each addition to it; the same table stands at the end of core/SPEC.md. */
const SHAPE_VERSIONS: readonly { version: number; hash: string }[] = [
  { version: 1, hash: '7c6ca3b0570f666126a307fa9056b940' },
  { version: 1, hash: '7afd71c375a315acfea95f95cfaa0509' },
];

test('[D1] the same commands give the same bytes, in the frozen shape', () => {
  const [one, two] = [
    createReplica(1, { name: 'Phone', seed: 1 }),
    createReplica(2, { name: 'Laptop', seed: 2 }),
  ];
  const [a, b] = [one.document, two.document];
  const list = must(a.createList({ name: 'Home', color: 'teal' })).id;
  const tag = must(a.createTag({ name: 'errands' })).id;
  const due = { date: '2026-12-01' as LocalDate, time: '08:00', timeZone: 'Europe/Berlin' };
  const bread = must(
    a.createTask({ title: 'Bread', notes: 'rye', due, priority: 'high', tags: [tag], listId: list }),
  ).id;
  const slice = must(a.createTask({ title: 'Slice', parentId: bread })).id;
  sync(one, two);
  one.clock.ms += 1000;
  two.clock.ms += 2000;
  must(
    a.editTask(bread, { title: 'Rye bread', notes: 'dark rye', start: { date: '2026-11-30' as LocalDate } }),
  );
  must(b.editTask(bread, { title: 'Spelt bread', priority: null }));
  must(b.completeTask(slice));
  sync(one, two);
  const [conflict] = a.conflicts();
  if (conflict === undefined) throw new Error('no conflict');
  must(a.resolveConflict(conflict, { take: one.writer }));
  must(a.undo());
  must(a.untagTask(bread, tag));
  must(a.reopenTask(slice));
  must(a.cancelTask(slice));
  must(a.moveTask(slice, { listId: list }));
  must(a.trashTask(slice));
  const gone = must(a.createTask({ title: 'Gone' })).id;
  must(a.trashTask(gone));
  must(a.purgeTask(gone));
  must(a.trashTag(tag));
  sync(one, two);

  const hash = createHash('sha256').update(Y.encodeStateAsUpdate(one.doc)).digest('hex').slice(0, 32);
  expect(hash).toBe(SHAPE_VERSIONS.at(-1)?.hash);
  const spec = readFileSync(join(CORE, 'SPEC.md'), 'utf8');
  for (const { version, hash: frozen } of SHAPE_VERSIONS) {
    expect(spec).toMatch(new RegExp(`\\| ${version} +\\| \`${frozen}\``));
  }
});

interface ExampleClient {
  read(doc: Y.Doc, id: string, field: string): unknown;
  write(doc: Y.Doc, id: string, fields: object): void;
  create(doc: Y.Doc, fields: object): string;
  stamp(doc: Y.Doc): number;
}

test('[D3] the example client of docs/document.md, with nothing but yjs, is a full peer', async () => {
  const [client, use] = examplesOf(readFileSync(join(CORE, '../docs/document.md'), 'utf8'));
  if (client === undefined || use === undefined) throw new Error('docs/document.md has lost its examples');
  // Beside the source, so that its import of yjs is the same yjs.
  const folder = mkdtempSync(join(CORE, 'testing/example-'));
  try {
    const file = join(folder, 'client.mjs');
    writeFileSync(file, `${client}\nexport const use = (doc) => {\n${use}\nreturn id;\n};\n`);
    const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as ExampleClient & {
      use(doc: Y.Doc): string;
    };

    const theirs = new Y.Doc();
    theirs.clientID = 4242;
    const id = module.use(theirs) as TaskId;
    const doc = new Y.Doc();
    const ours = openDocument({ doc, now: () => Date.now() as EpochMs, random: seededRandom(1) });
    sync({ doc: theirs }, { doc });
    expect(ours.task(id)).toMatchObject({
      title: 'Buy bread',
      due: { date: '2026-11-24', time: '08:00' },
      priority: 'high',
      status: 'done',
      faults: [],
      conflicts: [],
    });

    must(ours.editTask(id, { title: 'Buy rye bread', notes: 'dark' }));
    sync({ doc: theirs }, { doc });
    expect(module.read(theirs, id, 'title')).toBe('Buy rye bread');
    module.write(theirs, id, { title: 'Buy spelt bread' });
    must(ours.editTask(id, { title: 'Buy white bread' }));
    sync({ doc: theirs }, { doc });
    expect(module.read(theirs, id, 'title')).toBe(ours.task(id)?.title);
    expect(ours.conflicts()).toHaveLength(1);
    module.write(theirs, id, { title: 'Bread' });
    sync({ doc: theirs }, { doc });
    expect(ours.task(id)).toMatchObject({ title: 'Bread', notes: 'dark', conflicts: [] });
    // A poisoned stamp neither blocks nor drags it along.
    doc.getMap('tasks').set(`${id}/title@zz`, { v: 'poison', t: STAMP_LIMIT - 1 });
    sync({ doc: theirs }, { doc });
    expect(module.stamp(theirs)).toBeLessThan((Date.now() + 86_400_000) * 1024);
    module.write(theirs, id, { title: 'Bread' });
    sync({ doc: theirs }, { doc });
    expect(ours.task(id)).toMatchObject({ title: 'Bread', conflicts: [] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('[D3] what docs/document.md says of the limits is so', () => {
  const text = readFileSync(join(CORE, '../docs/document.md'), 'utf8');
  expect(text).toContain('`Date.UTC(2200, 0, 1) * 1024`');
  expect(STAMP_LIMIT).toBe(Date.UTC(2200, 0, 1) * 1024);
  const replica = createReplica(7, { startMs: START_MS });
  const { id } = must(replica.document.createTask({ title: 'x' }));
  expect(id).toMatch(/^[0-9a-zA-Z]{16}$/);
  expect(replica.doc.getMap('tasks').get(`${id}/born`)).toEqual({ t: START_MS * 1024, by: '7' });
});

/** The JavaScript blocks of a page. */
function examplesOf(markdown: string): string[] {
  return [...markdown.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
}
