/**
 * The causality oracle: what must be left of all edits, from who knew of what, without looking at how the document does it.
 *
 * Each edit of a field is an event. An event knows the events that its replica had integrated when it happened, told by Yjs
 * state vectors alone. What must be left in a field are exactly the events that no other event of that field knew; of
 * these the one with the highest (stamp, author) must stand.
 */
import * as Y from 'yjs';

export interface Edit {
  /** `<root>/<id>/<field>` */
  readonly path: string;
  readonly value: string;
  readonly t: number;
  readonly author: string;
}

interface Event extends Edit {
  readonly client: number;
  /** The clock of its client after it. */
  readonly end: number;
  isKnown: boolean;
}

export interface Oracle {
  /** Edits that one transaction of this replica made; `before` is its state vector before it. */
  happened(doc: Y.Doc, before: ReadonlyMap<number, number>, edits: readonly Edit[]): void;
  paths(): Iterable<string>;
  /** The edits that nobody who edited later had seen, the standing one first. */
  left(path: string): readonly Edit[];
  forget(prefix: string): void;
}

export function createOracle(): Oracle {
  const events = new Map<string, Event[]>();
  return {
    happened(doc, before, edits) {
      const client = doc.clientID;
      const end = Y.getState(doc.store, client);
      const byPath = Map.groupBy(edits, (edit) => edit.path);
      for (const [path, made] of byPath) {
        const known = events.get(path) ?? [];
        for (const event of known) if ((before.get(event.client) ?? 0) >= event.end) event.isKnown = true;
        events.set(path, [...known, ...made.map((edit) => ({ ...edit, client, end, isKnown: false }))]);
      }
    },
    paths: () => events.keys(),
    left(path) {
      return (events.get(path) ?? [])
        .filter((event) => !event.isKnown)
        .sort((a, b) => b.t - a.t || (a.author < b.author ? 1 : -1));
    },
    forget(prefix) {
      for (const path of [...events.keys()]) if (path.startsWith(prefix)) events.delete(path);
    },
  };
}

export function stateVector(doc: Y.Doc): Map<number, number> {
  return Y.decodeStateVector(Y.encodeStateVector(doc));
}
