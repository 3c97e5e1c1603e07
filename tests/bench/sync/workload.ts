/**
 * The edits that are sent, built before anything is measured: the same bytes for every server and round.
 *
 * Shape: the flat document of docs/document.md, `<id>/<field>@<writer> = {v, t}`. Each writer is one Yjs
 * replica that holds the seed and makes its own edits: seven of ten set a field of a task (deleting the value
 * they replace), two create a task, one completes one. Every edit is one transaction and one update frame.
 * Deterministic by seed; no clock and no randomness from outside.
 */
import { seededRandom } from '@holdfast/core/testing/random.ts';
import * as Y from 'yjs';

export interface WriterPlan {
  clientId: number;
  updates: Uint8Array[];
  /** The writer's clock after each update: how a reader knows which updates a (merged) frame carries. */
  clocks: number[];
}

export interface SeedPlan {
  updates: Uint8Array[];
  /** The whole seed as one update, and its state vector. */
  state: Uint8Array;
  stateVector: Uint8Array;
}

const SEED_CLIENT_ID = 1_000;
const FIRST_STAMP_MS = Date.UTC(2026, 10, 1);
const WORDS =
  'water the plants call about invoice book train tickets milk review draft plan garden fix lamp'.split(' ');

export function planSeed(tasks: number, seed = 1): SeedPlan {
  const doc = new Y.Doc();
  doc.clientID = SEED_CLIENT_ID;
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  const random = seededRandom(seed * 0x9e3779b9);
  const stamp = stampFrom(FIRST_STAMP_MS);
  for (let n = 0; n < tasks; n++) {
    doc.transact(() => writeTask(doc, taskId('s', n), SEED_CLIENT_ID, stamp, random));
  }
  return { updates, state: Y.encodeStateAsUpdate(doc), stateVector: Y.encodeStateVector(doc) };
}

export function planWriter(
  seed: SeedPlan,
  seedTasks: number,
  writer: number,
  updateCount: number,
): WriterPlan {
  const clientId = 2_000 + writer;
  const doc = new Y.Doc();
  doc.clientID = clientId;
  Y.applyUpdate(doc, seed.state);
  const updates: Uint8Array[] = [];
  const clocks: number[] = [];
  doc.on('update', (update: Uint8Array) => {
    updates.push(update);
    clocks.push(Y.getState(doc.store, clientId));
  });
  const random = seededRandom((writer + 7) * 0x9e3779b9);
  const stamp = stampFrom(FIRST_STAMP_MS + 86_400_000 + writer * 1_000);
  const tasks = doc.getMap('tasks');
  for (let n = 0; n < updateCount; n++) {
    const kind = random();
    doc.transact(() => {
      if (kind < 0.2) {
        writeTask(doc, taskId(`w${writer}`, n), clientId, stamp, random);
        return;
      }
      const id = taskId('s', Math.floor(random() * seedTasks));
      const field = kind < 0.3 ? 'done' : kind < 0.5 ? 'priority' : 'title';
      const value =
        field === 'done'
          ? { kind: 'done', at: FIRST_STAMP_MS + n }
          : field === 'priority'
            ? ['low', 'medium', 'high', 'urgent'][Math.floor(random() * 4)]
            : sentence(random);
      const seedKey = `${id}/${field}@${SEED_CLIENT_ID.toString(36)}`;
      if (tasks.has(seedKey)) tasks.delete(seedKey);
      tasks.set(`${id}/${field}@${clientId.toString(36)}`, { v: value, t: stamp() });
    });
  }
  if (updates.length !== updateCount)
    throw new Error(`Built ${updates.length} updates instead of ${updateCount}`);
  return { clientId, updates, clocks };
}

/** The highest clock of each client that an update reaches, cheap for the frames this workload makes. */
export function reachedClocks(update: Uint8Array): Map<number, number> {
  return Y.parseUpdateMeta(update).to;
}

function writeTask(
  doc: Y.Doc,
  id: string,
  clientId: number,
  stamp: () => number,
  random: () => number,
): void {
  const tasks = doc.getMap('tasks');
  const writer = clientId.toString(36);
  const set = (field: string, v: unknown): void =>
    void tasks.set(`${id}/${field}@${writer}`, { v, t: stamp() });
  tasks.set(`${id}/born`, { t: stamp(), by: writer });
  set('title', sentence(random));
  set('order', `a${Math.floor(random() * 1e9).toString(36)}`);
  set('priority', 'medium');
  set('due', { date: `2026-12-${String(1 + Math.floor(random() * 28)).padStart(2, '0')}` });
  set('list', 'home');
  tasks.set(`${id}/tag/errands@${writer}`, { v: true, t: stamp() });
}

function taskId(prefix: string, n: number): string {
  return `${prefix}${n.toString(36).padStart(8, '0')}`;
}

function sentence(random: () => number): string {
  const words = 3 + Math.floor(random() * 4);
  return Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ');
}

function stampFrom(ms: number): () => number {
  let last = ms * 1024;
  return () => ++last;
}
