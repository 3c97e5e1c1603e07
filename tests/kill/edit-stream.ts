/**
 * A stream of edits straight into the log, as several devices make them, and the book of what was done.
 *
 * Each device is a replica behind core's public door; what it writes is appended as the sync server appends it, announced, and
 * written down: every register with its stamp, from the device's own document and not from any table. The database may go
 * away: then the same rows are appended again until it took them, so some lie there twice, which must change nothing.
 */
import type * as Y from 'yjs';
import type { TaskId } from '@holdfast/core/document.ts';
import { createReplica, sync, type Replica } from '@holdfast/core/testing/replica.ts';
import type { Database } from '@holdfast/db/database.ts';
import { announceOnce } from '@holdfast/db/space-events.ts';
import { createSpace } from '@holdfast/db/spaces.ts';
import { appendBatch } from '@holdfast/db/update-log.ts';

export interface EditStream {
  readonly spaceIds: readonly string[];
  /** Of a space: `<id>/<field>@<writer> <stamp>` of everything that was written. */
  written(spaceId: string): ReadonlySet<string>;
  /** Makes and appends so many edits. */
  run(edits: number): Promise<void>;
}

interface Device {
  readonly replica: Replica;
  readonly author: { readonly userId: string; readonly deviceId: string };
  /** Not appended yet. */
  outgoing: Uint8Array[];
}

const DEVICES_PER_SPACE = 3;
const FROM_OTHERS = 'from others';

export async function createEditStream(
  database: Database,
  spaces: number,
  random: () => number,
): Promise<EditStream> {
  const devices = new Map<string, Device[]>();
  const books = new Map<string, Set<string>>();
  for (let n = 0; n < spaces; n++) {
    const { id } = await createSpace(database, { name: `Space ${n}`, kind: 'shared', ownerId: 'ann' });
    const book = new Set<string>();
    books.set(id, book);
    devices.set(
      id,
      Array.from({ length: DEVICES_PER_SPACE }, (_, i) => createDevice(1000 + n * 10 + i, book)),
    );
  }

  function createDevice(clientId: number, book: Set<string>): Device {
    const replica = createReplica(clientId, { startMs: Date.now() });
    const author = { userId: `user-${clientId}`, deviceId: `device-${clientId}` };
    const device: Device = { replica, author, outgoing: [] };
    replica.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== FROM_OTHERS && origin !== null) device.outgoing.push(update);
    });
    for (const root of ['tasks', 'lists', 'tags']) {
      replica.doc.getMap(root).observe((event: Y.YMapEvent<unknown>, transaction: Y.Transaction) => {
        if (!transaction.local) return;
        for (const key of event.keysChanged) note(book, key, event.target.get(key), replica.writer);
      });
    }
    return device;
  }

  async function append(spaceId: string, device: Device): Promise<void> {
    const bodies = device.outgoing;
    device.outgoing = [];
    if (bodies.length === 0) return;
    const entries = bodies.map((body) => ({ body, ...device.author }));
    for (;;) {
      try {
        const batch = crypto.randomUUID();
        const [seq] = (await appendBatch(database, batch, [{ spaceId, entries }], 10_000)).values();
        await announceOnce(database, { kind: 'head', spaceId, ...(seq === undefined ? {} : { seq }) });
        return;
      } catch {
        await answers(database);
      }
    }
  }

  return {
    spaceIds: [...devices.keys()],
    written: (spaceId) => books.get(spaceId) ?? new Set(),
    async run(edits) {
      for (let n = 0; n < edits; n++) {
        for (const [spaceId, crew] of devices) {
          const device = crew[Math.floor(random() * crew.length)];
          const other = crew[Math.floor(random() * crew.length)];
          if (device === undefined || other === undefined) continue;
          edit(device.replica, random);
          if (random() < 0.7) await append(spaceId, device);
          // Only what is in the log reaches others, as by the server's relay.
          if (device !== other && device.outgoing.length + other.outgoing.length === 0) {
            sync(device.replica, other.replica);
          }
        }
      }
      for (const [spaceId, crew] of devices) for (const device of crew) await append(spaceId, device);
    },
  };
}

/** Resolves when the database answers; the test's own time limit ends it otherwise. */
export async function answers(database: Database): Promise<void> {
  for (;;) {
    try {
      await database.run({ name: '', text: 'SELECT 1' }, [], 5000);
      return;
    } catch {
      for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function note(book: Set<string>, key: string, raw: unknown, writer: string): void {
  if (typeof raw !== 'object' || raw === null) return;
  const { t } = raw as { t?: number };
  if (key.endsWith(`@${writer}`)) book.add(`${key} ${t}`);
  else if (/\/(born|purged)$/.test(key)) book.add(`${key}@${writer} ${t}`);
}

function edit({ document, clock }: Replica, random: () => number): void {
  clock.ms = Math.max(clock.ms + 1, Date.now());
  const choose = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const task = choose([...document.tasks()]);
  const kind = random();
  if (task === undefined || kind < 0.25) {
    const made = document.createTask({ title: `task ${random()}`, due: { date: '2026-11-23' as never } });
    if (made.ok && random() < 0.3) document.setRule(made.id, { rrule: 'FREQ=DAILY', missed: 'catch-up' });
    return;
  }
  const id: TaskId = task.id;
  if (kind < 0.45) document.editTask(id, { title: `title ${random()}` });
  else if (kind < 0.55) document.editTask(id, { notes: `${task.notes} word` });
  else if (kind < 0.8) document.completeTask(id);
  else if (kind < 0.85) document.reopenTask(id);
  else if (kind < 0.9) document.trashTask(id);
  else if (kind < 0.95) document.restoreTask(id);
  else document.createTag({ name: `tag ${random()}` });
}
