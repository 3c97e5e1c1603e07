/**
 * A replica for tests: a document with a clock that is set by hand and randomness from a seed, and ways to bring two together.
 */
import * as Y from 'yjs';
import { openDocument, type EpochMs, type HoldfastDocument } from '../document.ts';
import { writerOf, type Writer } from '../ids.ts';
import { seededRandom } from './random.ts';

export interface Replica {
  readonly name: string;
  readonly document: HoldfastDocument;
  readonly doc: Y.Doc;
  readonly writer: Writer;
  /** Milliseconds; the test moves it. */
  clock: { ms: number };
}

/** 2026-11-23T08:00Z */
export const START_MS = Date.UTC(2026, 10, 23, 8);

export function createReplica(
  clientId: number,
  options: { name?: string; startMs?: number; from?: Uint8Array; seed?: number } = {},
): Replica {
  const name = options.name ?? `Device ${clientId}`;
  const doc = new Y.Doc();
  doc.clientID = clientId;
  if (options.from !== undefined) Y.applyUpdate(doc, options.from);
  const clock = { ms: options.startMs ?? START_MS };
  const document = openDocument({
    doc,
    now: () => clock.ms as EpochMs,
    random: seededRandom(options.seed ?? clientId),
    device: { id: `device-${clientId}`, name },
  });
  return { name, document, doc, writer: writerOf(clientId), clock };
}

/** Bring all of them to the same state. */
export function sync(...replicas: readonly { readonly doc: Y.Doc }[]): void {
  for (let round = 0; round < 2; round++) {
    for (const from of replicas) {
      for (const to of replicas) {
        if (from !== to) Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc, Y.encodeStateVector(to.doc)));
      }
    }
  }
}

/** The value of a success; a failure fails the test with its sentence. */
export function must<T extends { readonly ok: boolean }>(result: T): Extract<T, { readonly ok: true }> {
  if (!result.ok) throw new Error((result as unknown as { message: string }).message);
  return result as Extract<T, { readonly ok: true }>;
}
