import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { canonicalForm, canonicalJson, contentHash } from './canonical.ts';
import { createReplica, must, sync } from './testing/replica.ts';

test('[C7] the order of insertion does not show, neither of keys nor within a value', async () => {
  const [one, two] = [new Y.Doc(), new Y.Doc()];
  one.getMap('tasks').set('a/title@1', { v: 'A', t: 1 });
  one.getMap('tasks').set('b/title@1', { v: 'B', t: 2 });
  two.getMap('tasks').set('b/title@1', { t: 2, v: 'B' });
  two.getMap('tasks').set('a/title@1', { t: 1, v: 'A' });
  expect(canonicalForm(one)).toBe(canonicalForm(two));
  expect(await contentHash(one)).toBe(createHash('sha256').update(canonicalForm(one)).digest('hex'));
});

test('[C7] how a text was typed does not show', () => {
  const [one, two] = [new Y.Doc(), new Y.Doc()];
  const typed = new Y.Text();
  one.getMap('tasks').set('a/notes', typed);
  for (const [i, letter] of [...'bread'].entries()) typed.insert(i, letter);
  typed.insert(0, 'xx');
  typed.delete(0, 2);
  two.getMap('tasks').set('a/notes', new Y.Text('bread'));
  expect(canonicalForm(one)).toBe(canonicalForm(two));
});

test('[C7] a replica that opened none of the roots computes the same', async () => {
  const replica = createReplica(1);
  must(replica.document.createTask({ title: 'Bread', notes: 'rye' }));
  replica.doc.getMap('habits').set('h/name@1', { v: 'run', t: 1 });
  replica.doc.getArray('log').push(['a', { b: 1 }, new Uint8Array([1, 2])]);
  replica.doc.getText('page').insert(0, 'words');
  const bare = new Y.Doc();
  Y.applyUpdate(bare, Y.encodeStateAsUpdate(replica.doc));
  expect(canonicalForm(bare)).toBe(canonicalForm(replica.doc));
  // Opening a root that holds nothing is no content either.
  bare.getMap('nothing');
  expect(await contentHash(bare)).toBe(await replica.document.contentHash());
});

test('[C7] a difference anywhere gives another hash', async () => {
  const hashes = new Set<string>();
  const replica = createReplica(1);
  const { id } = must(replica.document.createTask({ title: 'Bread' }));
  const note = async (): Promise<void> => void hashes.add(await replica.document.contentHash());
  await note();
  replica.document.editTask(id, { notes: 'x' });
  await note();
  replica.doc.getMap('unknown').set('k', 1);
  await note();
  replica.doc.getMap('unknown').set('k', '1');
  await note();
  replica.doc.getMap('unknown').delete('k');
  replica.document.trashTask(id);
  await note();
  expect(hashes.size).toBe(5);
});

test('[C7] replicas that synced hold the same hash', async () => {
  const [one, two] = [createReplica(1), createReplica(2)];
  must(one.document.createTask({ title: 'Bread' }));
  must(two.document.createTask({ title: 'Milk' }));
  sync(one, two);
  expect(await one.document.contentHash()).toBe(await two.document.contentHash());
});

test('[C7] values that JSON would confuse are told apart', () => {
  const values = [
    null,
    undefined,
    'null',
    0,
    '0',
    Number.NaN,
    'NaN',
    1n,
    '1',
    1,
    new Uint8Array([1]),
    [1],
    { 0: 1 },
  ];
  expect(new Set(values.map(canonicalJson)).size).toBe(values.length);
});
