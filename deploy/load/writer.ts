/**
 * Who writes in a load test: the tasks that a space begins with, and the edits of one device, in the shape of docs/document.md.
 *
 * Promise: seven of ten edits set a field of a task over what stood there, two make a task, one completes one. What an edit
 * replaces it deletes, as the app does, so that no conflicts pile up.
 * Limits: a device does not read what others write; so that it never replaces what it has not seen, each of a space's devices
 * has a share of the tasks of its own.
 */
import { encodeUpdate } from './frames.ts';
import type { Deletion, Json, MapEntry } from './frames.ts';

export interface Writer {
  /** The next edit, as one Yjs update. */
  edit(): Uint8Array;
  /** How much of it is written, for its state vector. */
  clock(): number;
  readonly clientId: number;
}

export interface WriterOptions {
  /** Used by no other device of the space, ever. */
  readonly clientId: number;
  /** How many tasks the space was given by `seedUpdates`, at least as many as it has devices. */
  readonly seedTasks: number;
  /** Which of the space's devices this is, from 0, and how many there are. */
  readonly device: number;
  readonly devices: number;
  readonly random: () => number;
  /** Parts of a millisecond are left out. */
  readonly nowMs: () => number;
}

export const SEED_CLIENT_ID = 1000;
const TASKS_PER_UPDATE = 200;
const STAMPS_PER_MS = 1024;
const PRIORITIES = ['low', 'medium', 'high', 'urgent'];
const WORDS =
  'water the plants call about invoice book train tickets milk review draft plan garden fix lamp'.split(' ');
/** In this order in a task that is made, so that the clock of each is known. */
const FIELDS = ['born', 'title', 'order', 'priority', 'due', 'tag'] as const;
type Field = (typeof FIELDS)[number];

/** A space's first tasks: the same bytes for the same arguments. */
export function seedUpdates(tasks: number, nowMs: number): Uint8Array[] {
  const random = randomFrom(1);
  const updates: Uint8Array[] = [];
  for (let first = 0; first < tasks; first += TASKS_PER_UPDATE) {
    const entries: MapEntry[] = [];
    for (let n = first; n < Math.min(tasks, first + TASKS_PER_UPDATE); n++) {
      const stamp = Math.floor(nowMs) * STAMPS_PER_MS + n;
      entries.push(...taskEntries(seedTaskId(n), SEED_CLIENT_ID, stamp, random));
    }
    updates.push(encodeUpdate(SEED_CLIENT_ID, first * FIELDS.length, entries));
  }
  return updates;
}

/** The clock of the seed's writer once all of it is there. */
export function seedClock(tasks: number): number {
  return tasks * FIELDS.length;
}

export function createWriter(options: WriterOptions): Writer {
  const { clientId, seedTasks, device, devices, random } = options;
  const nowMs = (): number => Math.floor(options.nowMs());
  const name = clientId.toString(36);
  const ownClocks = new Map<string, number>();
  const isSeedReplaced = new Set<string>();
  let clock = 0;
  let lastStamp = 0;
  let made = 0;

  const stamp = (): number => (lastStamp = Math.max(nowMs() * STAMPS_PER_MS, lastStamp + 1));

  function make(): Uint8Array {
    const entries = taskEntries(`${name}x${made.toString(36)}`, clientId, stamp(), random);
    made += 1;
    const update = encodeUpdate(clientId, clock, entries);
    clock += entries.length;
    return update;
  }

  function set(task: number, field: Field | 'done', value: Json): Uint8Array {
    const key = `${seedTaskId(task)}/${field}@${name}`;
    const deletions: Deletion[] = [];
    const follows = ownClocks.get(key);
    if (follows !== undefined) deletions.push({ clientId, clock: follows });
    const place = FIELDS.indexOf(field as Field);
    if (place >= 0 && !isSeedReplaced.has(key)) {
      isSeedReplaced.add(key);
      deletions.push({ clientId: SEED_CLIENT_ID, clock: task * FIELDS.length + place });
    }
    const entry = { key, value: { v: value, t: stamp() }, ...(follows === undefined ? {} : { follows }) };
    const update = encodeUpdate(clientId, clock, [entry], deletions);
    ownClocks.set(key, clock);
    clock += 1;
    return update;
  }

  return {
    clientId,
    clock: () => clock,
    edit() {
      const share = Math.max(1, Math.floor(seedTasks / devices));
      const kind = random();
      if (kind < 0.2 || seedTasks < devices) return make();
      const task = device + devices * Math.floor(random() * share);
      if (kind < 0.3) return set(task, 'done', { kind: 'done', at: nowMs() });
      if (kind < 0.5) return set(task, 'priority', PRIORITIES[Math.floor(random() * 4)] ?? 'low');
      return set(task, 'title', sentence(random));
    },
  };
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function seedTaskId(n: number): string {
  return `seed${n.toString(36)}`;
}

function taskEntries(id: string, clientId: number, stamp: number, random: () => number): MapEntry[] {
  const writer = clientId.toString(36);
  const register = (field: string, v: Json): MapEntry => ({
    key: `${id}/${field}@${writer}`,
    value: { v, t: stamp },
  });
  return [
    { key: `${id}/born`, value: { t: stamp, by: writer } },
    register('title', sentence(random)),
    register('order', `a${Math.floor(random() * 1e9).toString(36)}`),
    register('priority', 'medium'),
    register('due', { date: `2026-12-${String(10 + Math.floor(random() * 19))}` }),
    register('tag/errands', true),
  ];
}

function sentence(random: () => number): string {
  const words: string[] = [];
  for (let n = 3 + Math.floor(random() * 4); n > 0; n--) {
    words.push(WORDS[Math.floor(random() * WORDS.length)] ?? '');
  }
  return words.join(' ');
}
