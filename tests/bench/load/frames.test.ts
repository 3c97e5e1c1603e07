/** The load test's own bytes, against Yjs and the app's document. */
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs } from '@holdfast/core/document.ts';
import {
  encodeStateVector,
  encodeUpdate,
  readFrame,
  step1Frame,
  step2Frame,
  updateFrame,
} from '@holdfast/deploy/load/frames.ts';
import {
  createWriter,
  randomFrom,
  seedClock,
  seedUpdates,
  SEED_CLIENT_ID,
} from '@holdfast/deploy/load/writer.ts';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import * as wire from '../../support/wire.ts';

const NOW_MS = Date.UTC(2026, 10, 30, 12);
const TASKS = 250;

interface Change {
  readonly key: string;
  readonly isDeleted: boolean;
  readonly value: unknown;
}

/** The same keys, set and deleted by Yjs itself under the same client id. */
function asYjsWrites(doc: Y.Doc, changes: readonly Change[], clientId: number): Uint8Array {
  doc.clientID = clientId;
  let update = new Uint8Array();
  const keep = (bytes: Uint8Array): void => void (update = new Uint8Array(bytes));
  doc.on('update', keep);
  const map = doc.getMap('tasks');
  doc.transact(() => {
    for (const { key, isDeleted } of changes) if (isDeleted) map.delete(key);
    for (const { key, isDeleted, value } of changes) if (!isDeleted) map.set(key, value);
  });
  doc.off('update', keep);
  return update;
}

test('[LT1] the tasks of a space and the edits of a device are byte for byte what Yjs makes of them', () => {
  const received = new Y.Doc();
  const written = new Y.Doc();
  let changes: Change[] = [];
  received.getMap('tasks').observe(({ changes: { keys }, target }) => {
    changes = [...keys].map(([key, { action }]) => ({
      key,
      isDeleted: action === 'delete',
      value: target.get(key),
    }));
  });
  const compare = (update: Uint8Array, clientId: number): void => {
    Y.applyUpdate(received, update);
    expect(Buffer.from(update)).toEqual(Buffer.from(asYjsWrites(written, changes, clientId)));
  };
  for (const update of seedUpdates(TASKS, NOW_MS)) compare(update, SEED_CLIENT_ID);
  const devices = [0, 1].map((device) =>
    createWriter({
      clientId: 700_000_000 + device,
      seedTasks: TASKS,
      device,
      devices: 2,
      random: randomFrom(device + 1),
      nowMs: () => NOW_MS,
    }),
  );
  for (let n = 0; n < 1500; n++) {
    for (const writer of devices) compare(writer.edit(), writer.clientId);
  }
  for (const writer of devices) expect(Y.getState(received.store, writer.clientId)).toBe(writer.clock());
  expect(Y.getState(received.store, SEED_CLIENT_ID)).toBe(seedClock(TASKS));
  const clocks = Y.decodeStateVector(Y.encodeStateVector(received));
  expect(Buffer.from(encodeStateVector(clocks))).toEqual(Buffer.from(Y.encodeStateVector(received)));
});

test('[LT1] every kind of value is written as Yjs writes it, in any script', () => {
  const value = { a: [true, false, null, 63, 64, 8191, 8192, 0x7fffffff, 0x80000000], ü: 'Käse 🧀 茶 %' };
  const doc = new Y.Doc();
  doc.clientID = 0x7fffffff;
  doc.getMap('tasks').set('id/title@x', value);
  // Yjs puts 2^31 into four bytes because they hold it exactly; eight say the same.
  const mine = new Y.Doc();
  Y.applyUpdate(mine, encodeUpdate(0x7fffffff, 0, [{ key: 'id/title@x', value }]));
  expect(mine.getMap('tasks').toJSON()).toEqual(doc.getMap('tasks').toJSON());
  expect(Y.getState(mine.store, 0x7fffffff)).toBe(1);
});

test('[LT1] the app reads them as tasks, and no edit of one device is in conflict with another', () => {
  const doc = new Y.Doc();
  // A clock for latencies counts parts of a millisecond; a stamp is a whole number.
  for (const update of seedUpdates(TASKS, NOW_MS + 0.0005)) Y.applyUpdate(doc, update);
  let made = 0;
  for (const device of [0, 1, 2]) {
    const writer = createWriter({
      clientId: 700_000_000 + device,
      seedTasks: TASKS,
      device,
      devices: 3,
      random: randomFrom(device + 1),
      nowMs: () => NOW_MS + 1.0005,
    });
    for (let n = 0; n < 300; n++) Y.applyUpdate(doc, writer.edit());
    made += [...doc.getMap('tasks').keys()].filter((key) =>
      key.startsWith(`${writer.clientId.toString(36)}x`) ? key.endsWith('/born') : false,
    ).length;
  }
  const document = openDocument({ doc, now: () => (NOW_MS + 2) as EpochMs, random: randomFrom(1) });
  const tasks = [...document.tasks()];
  expect(tasks).toHaveLength(TASKS + made);
  expect(made).toBeGreaterThan(100);
  expect(tasks.filter(({ title }) => title.length > 5)).toHaveLength(tasks.length);
  expect(tasks.filter(({ status }) => status === 'done').length).toBeGreaterThan(20);
  expect(document.conflicts()).toEqual([]);
  expect([...document.fragments()]).toEqual([]);
  document.close();
});

test('[LT1] frames are those of the wire, and what the server says is read', () => {
  const update = Uint8Array.from({ length: 300 }, (_, n) => n % 256);
  expect(Buffer.from(step1Frame(update))).toEqual(Buffer.from(wire.step1Frame(update)));
  expect(Buffer.from(step2Frame(update))).toEqual(Buffer.from(wire.step2Frame(update)));
  expect(Buffer.from(updateFrame(update))).toEqual(Buffer.from(wire.updateFrame(update)));
  expect(readFrame(wire.step1Frame(update))).toEqual({ kind: 'step1' });
  expect(readFrame(wire.step2Frame(update))).toEqual({ kind: 'step2', bytes: 300 });
  expect(readFrame(wire.updateFrame(update))).toEqual({ kind: 'update', bytes: 300 });
  expect(readFrame(Uint8Array.from([100, 0x80, 1, 1]))).toEqual({ kind: 'receipt', ticket: 128, status: 1 });
  expect(readFrame(Uint8Array.from([102, 5]))).toEqual({ kind: 'other' });
});
