/** Rule [V71] of web/SPEC.md, the part of reading: the same document as Yjs makes. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { applyQuickly } from './update-decoder.ts';

/** Not the name that sets a prototype in place of a property: comparing would fail at what it set, not at what was read. */
const text = fc
  .oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('', 'ß', '\u{feff}bom', '\u0080\u009f', 'x'.repeat(300), 'ü'.repeat(300)),
  )
  .filter((found) => found !== '__proto__');
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.uint8Array({ maxLength: 8 }),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(text, tie('any'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;
const edit = fc.record({ writer: fc.integer({ min: 0, max: 2 }), key: text, value, note: text });

test('[V71] read quickly, an update is what Yjs reads in it: any values, keys, notes and deletions', () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 12 }), (edits) => {
      const writers = [1, 2, 3].map((id) => Object.assign(new Y.Doc(), { clientID: id }));
      for (const { writer, key, value: set, note } of edits) {
        const doc = writers[writer] as Y.Doc;
        doc.getMap('tasks').set(key, set);
        doc.getMap('meta').set(`notes ${key}`, new Y.Text(note));
        doc.getText('log').insert(0, note);
        doc.getText('log').delete(0, Math.min(2, note.length));
        const other = writers[(writer + 1) % 3] as Y.Doc;
        Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
      }
      const whole = Y.mergeUpdates(writers.map((doc) => Y.encodeStateAsUpdate(doc)));
      const [ours, stock] = [new Y.Doc(), new Y.Doc()];
      applyQuickly(ours, whole, null);
      Y.applyUpdate(stock, whole);
      expect(ours.getMap('tasks').toJSON()).toEqual(stock.getMap('tasks').toJSON());
      expect(ours.getText('log').toJSON()).toBe(stock.getText('log').toJSON());
      expect(Y.encodeStateAsUpdate(ours)).toEqual(Y.encodeStateAsUpdate(stock));
    }),
    { seed: 20_261_201 },
  );
});

test('[V71] what Yjs refuses is refused: cut off at any byte, or damaged', () => {
  const doc = Object.assign(new Y.Doc(), { clientID: 1 });
  doc.getMap('tasks').set('a/title', { v: 'Müll hinaustragen', t: 1 });
  doc.getMap('tasks').set('b/title', { v: 'bins', t: 2 });
  const whole = Y.encodeStateAsUpdate(doc);
  for (let at = 0; at < whole.length; at++) {
    const damaged = whole.slice();
    damaged[at] = 0xff;
    for (const update of [whole.slice(0, at), damaged]) {
      expect(outcome(applyQuickly, update), `byte ${at}`).toEqual(outcome(Y.applyUpdate, update));
    }
  }
});

function outcome(
  apply: (doc: Y.Doc, update: Uint8Array, origin: unknown) => void,
  update: Uint8Array,
): unknown {
  const doc = new Y.Doc();
  try {
    apply(doc, update, null);
    return doc.getMap('tasks').toJSON();
  } catch {
    return 'refused';
  }
}
