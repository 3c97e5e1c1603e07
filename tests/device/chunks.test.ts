/** Splitting an update, over random documents of several writers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { canonicalForm } from '@holdfast/core/canonical.ts';
import { chunkUpdate } from '../../web/src/lib/device/chunks.ts';

interface Step {
  readonly writer: number;
  readonly kind: 'set' | 'delete' | 'type' | 'array';
  readonly key: number;
  readonly text: string;
}

const steps = fc.array(
  fc.record<Step>({
    writer: fc.integer({ min: 0, max: 3 }),
    kind: fc.constantFrom('set', 'set', 'set', 'delete', 'type', 'array'),
    key: fc.integer({ min: 0, max: 5 }),
    text: fc.string({ maxLength: 40 }),
  }),
  { minLength: 1, maxLength: 80 },
);

/** Several replicas that see each other's edits, so that structs of one build on those of others. */
function documentOf(history: readonly Step[]): Y.Doc {
  const replicas = [1, 2, 3, 4].map((clientID) => Object.assign(new Y.Doc(), { clientID }));
  for (const { writer, kind, key, text } of history) {
    const doc = replicas[writer] as Y.Doc;
    const before = Y.encodeStateVector(doc);
    const map = doc.getMap<unknown>('tasks');
    doc.transact(() => {
      if (kind === 'set') map.set(`k${key}`, text);
      if (kind === 'delete') map.delete(`k${key}`);
      if (kind === 'type') {
        const note = map.get('note');
        if (note instanceof Y.Text) note.insert(Math.min(key, note.length), text);
        else map.set('note', new Y.Text(text));
      }
      if (kind === 'array') doc.getArray('list').insert(Math.min(key, doc.getArray('list').length), [text]);
    });
    const update = Y.encodeStateAsUpdate(doc, before);
    for (const other of replicas) Y.applyUpdate(other, update);
  }
  return replicas[0] as Y.Doc;
}

test('[V64] the pieces in order give what the whole gives, and no piece waits for a later one', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 400 }), (history, maxBytes) => {
      const doc = documentOf(history);
      const whole = Y.encodeStateAsUpdate(doc);
      const copy = new Y.Doc();
      for (const root of ['tasks'] as const) copy.getMap(root);
      copy.getArray('list');
      for (const piece of chunkUpdate(whole, maxBytes)) {
        Y.applyUpdate(copy, piece);
        expect(copy.store.pendingStructs).toBeNull();
      }
      expect(copy.store.pendingDs).toBeNull();
      expect(canonicalForm(copy)).toBe(canonicalForm(doc));
      expect(Y.encodeStateVector(copy)).toEqual(Y.encodeStateVector(doc));
    }),
    { numRuns: 200 },
  );
});

test('[V64] an update that is small enough is left as it is', () => {
  const update = Y.encodeStateAsUpdate(documentOf([{ writer: 0, kind: 'set', key: 1, text: 'a' }]));
  expect(chunkUpdate(update, update.length)).toEqual([update]);
});
