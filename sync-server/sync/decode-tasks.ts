/**
 * The few things for which bytes of a document must be understood: a difference, a union, the part of an
 * update that can be integrated, a content hash.
 *
 * Promise: pure; the same bytes give the same answer in a thread or here.
 * Limits: `diff` and `merge` work on encoded updates and build no document; `integrable` and `hash`
 * build one.
 */
import { contentHash } from '@holdfast/core/canonical.ts';
import * as Y from 'yjs';

export type DecodeTask =
  | { readonly kind: 'diff'; readonly update: Uint8Array; readonly stateVector: Uint8Array }
  | { readonly kind: 'merge'; readonly updates: readonly Uint8Array[] }
  | {
      readonly kind: 'integrable';
      readonly updates: readonly Uint8Array[];
      readonly update: Uint8Array;
      readonly stateVector: Uint8Array;
    }
  | { readonly kind: 'hash'; readonly updates: readonly Uint8Array[] };

export type DecodeResult = Uint8Array | string;

export async function runDecode(task: DecodeTask): Promise<DecodeResult> {
  switch (task.kind) {
    case 'diff':
      return Y.diffUpdate(task.update, task.stateVector);
    case 'merge':
      return Y.mergeUpdates([...task.updates]);
    case 'integrable': {
      // What builds on structs that nobody has stays pending in the document, and is left out of the answer.
      const doc = new Y.Doc();
      try {
        doc.transact(() => {
          for (const update of [...task.updates, task.update]) Y.applyUpdate(doc, update);
        });
        doc.store.pendingStructs = null;
        doc.store.pendingDs = null;
        return Y.encodeStateAsUpdate(doc, task.stateVector);
      } finally {
        doc.destroy();
      }
    }
    case 'hash': {
      const doc = new Y.Doc();
      try {
        doc.transact(() => {
          for (const update of task.updates) Y.applyUpdate(doc, update);
        });
        return await contentHash(doc);
      } finally {
        doc.destroy();
      }
    }
  }
}
