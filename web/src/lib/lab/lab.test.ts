import type { TaskId } from '@holdfast/core/document.ts';
import { seededRandom } from '@holdfast/core/testing/random.ts';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { expect, test } from 'vitest';
import { messageYjsSyncStep1, readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync';
import * as Y from 'yjs';
import { MESSAGE, SYNC, numberFrame, readReceipt, syncFrame } from '../device/wire.ts';
import { createLab, FIRST_TASKS, type Lab, taskCalled } from './lab.ts';
import type { LabDevice } from './lab-device.ts';
import { LESSONS } from './lessons.ts';
import { createRelay } from './relay.ts';

const NOON_MS = Date.UTC(2026, 10, 23, 12);
const HOUR_MS = 60 * 60_000;

/** Frames wait until the test lets them travel. */
function createPost() {
  const underWay: (() => void)[] = [];
  return {
    post: (run: () => void) => void underWay.push(run),
    /** All of them, or so many; what is sent meanwhile travels too. */
    travel(count = Infinity) {
      for (let i = 0; i < count; i++) {
        const next = underWay.shift();
        if (!next) return;
        next();
      }
    },
  };
}

function newLab(seed = 1): { lab: Lab; travel: (count?: number) => void } {
  const { post, travel } = createPost();
  const lab = createLab({ now: () => NOON_MS, random: seededRandom(seed), post });
  travel();
  return { lab, travel };
}

const titles = ({ document }: LabDevice): string[] => document.tasksIn(null).map(({ title }) => title);

test('[AL1] both devices begin with the same tasks, joined, with nothing to send', () => {
  const { lab } = newLab();
  for (const device of lab.devices) {
    expect(titles(device)).toEqual([...FIRST_TASKS]);
    expect(device.status).toMatchObject({ connection: 'online', waiting: 0, clockSkewMs: null });
  }
  expect(lab.areAlike()).toBe(true);
});

/** One click of someone who does not look. */
function click({ lab, travel, random }: { lab: Lab; travel: (n?: number) => void; random: () => number }) {
  const device = lab.devices[random() < 0.5 ? 0 : 1];
  const { document } = device;
  const rows = document.tasksIn(null);
  const trashed = [...document.tasks()].filter(({ trashedAt }) => trashedAt !== null);
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const id = (pick(rows)?.id ?? 'none') as TaskId;
  const deeds: (() => unknown)[] = [
    () => document.createTask({ title: `Task ${String(Math.floor(random() * 1000))}` }),
    () => document.editTask(id, { title: `Title ${String(Math.floor(random() * 1000))}` }),
    () => (document.task(id)?.status === 'open' ? document.completeTask(id) : document.reopenTask(id)),
    () => document.moveTask(id, { before: rows[0]?.id ?? id }),
    () => document.trashTask(id),
    () => document.restoreTask(pick(trashed)?.id ?? id),
    () => document.undo(),
    () => document.redo(),
    () => {
      const conflict = pick(document.conflicts());
      const other = conflict?.others[0];
      if (conflict && other)
        document.resolveConflict(conflict, random() < 0.5 ? 'keep' : { take: other.writer });
    },
    () => {
      if (device.isJoined) device.cut();
      else device.join();
    },
    () => (device.clockOffsetMs = Math.round((random() - 0.5) * 48) * HOUR_MS),
    () => {
      travel(Math.floor(random() * 6));
    },
  ];
  pick(deeds)?.();
}

test('[AL2] whatever is clicked and cut, joined devices become alike, and nothing is left to send', () => {
  for (let seed = 1; seed <= 25; seed++) {
    const { lab, travel } = newLab(seed);
    const random = seededRandom(seed * 7919);
    for (let i = 0; i < 60; i++) click({ lab, travel, random });
    for (const device of lab.devices) device.join();
    travel();
    expect([seed, lab.areAlike()]).toEqual([seed, true]);
    for (const { status } of lab.devices) {
      expect([seed, status.waiting, status.saving]).toEqual([seed, 0, false]);
      expect(status.seenBy).toMatchObject([{ current: true, connected: true }]);
    }
    lab.close();
  }
});

test('[AL3] an edit waits until a receipt covers it, and what was under way when the wire was cut is sent again', () => {
  const { lab, travel } = newLab();
  const { phone, laptop } = lab;
  phone.document.createTask({ title: 'Bread' });
  expect(phone.status).toMatchObject({ connection: 'online', waiting: 1, saving: true });
  phone.cut();
  travel();
  phone.document.createTask({ title: 'Eggs' });
  expect(phone.status).toMatchObject({ connection: 'offline', waiting: 2, saving: false });
  expect(titles(laptop)).toEqual([...FIRST_TASKS]);
  phone.join();
  // Greeted and asked by the server, but nothing of it has come back.
  travel(2);
  expect(phone.status.waiting).toBe(2);
  travel();
  expect(phone.status).toMatchObject({ connection: 'online', waiting: 0, saving: false });
  expect(titles(laptop)).toEqual([...FIRST_TASKS, 'Bread', 'Eggs']);
});

test('[AL3] a receipt covers what was made before it was asked for, and not what came after', () => {
  const { lab, travel } = newLab();
  lab.phone.document.createTask({ title: 'Bread' });
  lab.phone.document.createTask({ title: 'Eggs' });
  const seen = [lab.phone.status.waiting];
  while (seen.at(-1) !== 0 && seen.length < 40) {
    travel(1);
    seen.push(lab.phone.status.waiting);
  }
  expect([...new Set(seen)]).toEqual([2, 1, 0]);
});

test('[AL3] a clock that is wrong is told by the server alone, and by how much', () => {
  const { lab, travel } = newLab();
  const { phone } = lab;
  phone.cut();
  phone.clockOffsetMs = -HOUR_MS;
  expect(phone.status.clockSkewMs).toBe(null);
  phone.join();
  travel();
  expect(Math.round((phone.status.clockSkewMs ?? 0) / 1000)).toBe(3600);
  phone.clockOffsetMs = 0;
  travel();
  expect(phone.status.clockSkewMs).toBe(null);
});

test('[AL4] the relay speaks with a stock y-protocols client, and asks anew for what has a gap before it', () => {
  const { post, travel } = createPost();
  const relay = createRelay({ now: () => NOON_MS, post });
  const stock = new Y.Doc();
  const received: Uint8Array[] = [];
  const line = relay.connect((frame) => {
    received.push(frame);
    const decoder = decoding.createDecoder(frame);
    if (decoding.readVarUint(decoder) !== MESSAGE.sync) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, MESSAGE.sync);
    const step = readSyncMessage(decoder, encoder, stock, null);
    if (step === messageYjsSyncStep1) line.send(encoding.toUint8Array(encoder));
  });
  const asked = encoding.createEncoder();
  encoding.writeVarUint(asked, MESSAGE.sync);
  writeSyncStep1(asked, stock);
  line.send(encoding.toUint8Array(asked));
  travel();
  expect(relay.head).toBe(0);

  const updates: Uint8Array[] = [];
  stock.on('update', (update: Uint8Array) => updates.push(update));
  stock.getMap('tasks').set('a', 1);
  stock.getMap('tasks').set('b', 2);
  const [first, second] = updates as [Uint8Array, Uint8Array];
  received.length = 0;
  line.send(syncFrame(SYNC.update, second));
  travel(2);
  // Not taken: asked for by another step 1, which the client answers with all that is missing.
  expect(relay.head).toBe(0);
  expect(received.map((frame) => [frame[0], frame[1]])).toEqual([[MESSAGE.sync, SYNC.step1]]);
  travel();
  expect(relay.head).toBe(1);

  const other: Uint8Array[] = [];
  const second_ = relay.connect((frame) => other.push(frame));
  const plain = encoding.createEncoder();
  encoding.writeVarUint(plain, MESSAGE.sync);
  writeUpdate(plain, first);
  line.send(encoding.toUint8Array(plain));
  received.length = 0;
  line.send(numberFrame(MESSAGE.receipt, 7));
  travel();
  const answers = received.filter((frame) => frame[0] === MESSAGE.receipt);
  expect(answers).toHaveLength(1);
  const decoder = decoding.createDecoder(answers[0] as Uint8Array);
  decoding.readVarUint(decoder);
  expect(readReceipt(decoder)).toEqual({ ticket: 7, isCommitted: true, text: '' });
  const copy = new Y.Doc();
  Y.applyUpdate(copy, relay.state());
  expect(copy.getMap('tasks').toJSON()).toEqual({ a: 1, b: 2 });
  second_.cut();
});

function run(id: string): Lab {
  const { lab, travel } = newLab();
  const lesson = LESSONS.find((each) => each.id === id);
  if (!lesson) throw new Error(`there is no lesson ${id}`);
  for (const step of lesson.steps) {
    step.run(lab);
    travel();
  }
  expect(lab.areAlike()).toBe(true);
  for (const { status } of lab.devices) expect(status).toMatchObject({ connection: 'online', waiting: 0 });
  return lab;
}

test('[AL5] with no network: both edits are on both devices', () => {
  const { laptop } = run('offline');
  expect(titles(laptop)).toEqual([...FIRST_TASKS, 'Buy bread']);
  expect(taskCalled(laptop, 'Call Tom')?.status).toBe('done');
});

test('[AL5] one title, two edits: the later stands and the other is kept', () => {
  const { phone } = run('title');
  expect(titles(phone)[0]).toBe('Buy soy milk');
  expect(phone.document.conflicts()).toMatchObject([
    { field: 'title', standing: { value: 'Buy soy milk' }, others: [{ value: 'Buy oat milk' }] },
  ]);
});

test('[AL5] two reorderings: both hold', () => {
  const { phone } = run('order');
  expect(titles(phone)).toEqual(['Water the plants', 'Call Tom', 'Book the ferry', 'Buy milk']);
});

test('[AL5] delete against edit: in the trash, under the new title', () => {
  const { laptop } = run('delete');
  expect(titles(laptop)).toEqual(['Buy milk', 'Call Tom', 'Water the plants']);
  const trashed = [...laptop.document.tasks()].filter(({ trashedAt }) => trashedAt !== null);
  expect(trashed.map(({ title }) => title)).toEqual(['Book the early ferry']);
});

test('[AL5] a wrong clock: it decides between edits made apart, and not against one that knows of the other', () => {
  const { lab, travel } = newLab();
  const steps = LESSONS.find(({ id }) => id === 'clock')?.steps ?? [];
  for (const step of steps.slice(0, -1)) {
    step.run(lab);
    travel();
  }
  expect(titles(lab.phone)[0]).toBe('Buy rice milk');
  steps.at(-1)?.run(lab);
  travel();
  expect(titles(lab.laptop)[0]).toBe('Buy goat milk');
  expect(lab.phone.document.conflicts()).toEqual([]);
  expect(lab.areAlike()).toBe(true);
});
