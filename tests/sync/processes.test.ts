/**
 * Two server processes on one database: what one commits reaches the clients of the other, hints or not, and whatever the hints
 * travel by: each test runs with Postgres alone, with Redis and with NATS, all of them real.
 */
import { appendBatch, readLog } from '@holdfast/db/update-log.ts';
import type { Fanout } from '@holdfast/sync-server/sync/fanout.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { openTestEvents, TRANSPORTS } from '../support/transports.ts';
import type { TestTransport } from '../support/transports.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { connectStockClient } from '../support/stock-client.ts';
import { author } from './authors.ts';
import { manualClock } from './manual-clock.ts';
import type { ManualClock } from './manual-clock.ts';
import { openSocket } from './raw-socket.ts';
import type { RawSocket } from './raw-socket.ts';
import { startSyncProcess } from './sync-process.ts';
import type { SyncProcess, SyncProcessOptions } from './sync-process.ts';

let transport: TestTransport;
let database: TestDatabase;
let clock: ManualClock;
let one: SyncProcess;
let two: SyncProcess;
let spaceId: string;
let sockets: RawSocket[] = [];
/** While set, nothing that one process announces reaches the other. */
let deaf = false;

async function startTwo(): Promise<void> {
  deaf = false;
  database = await testDatabase();
  clock = manualClock();
  const fanout = (real: Fanout): Fanout => ({
    ...real,
    subscribe: (listener) => real.subscribe((event) => (deaf ? undefined : listener(event))),
  });
  const events: SyncProcessOptions['events'] = (real) => openTestEvents(transport, real);
  one = await startSyncProcess({ databaseUrl: database.url, clock, fanout, events });
  two = await startSyncProcess({ databaseUrl: database.url, clock, fanout, events });
  spaceId = await one.createSpace();
}

async function stopTwo(): Promise<void> {
  for (const socket of sockets) socket.terminate();
  sockets = [];
  await Promise.all([one.stop(), two.stop()]);
  await database.drop();
}

async function connect(server: SyncProcess, user: string): Promise<RawSocket> {
  const socket = await openSocket(server, spaceId, user);
  sockets.push(socket);
  await socket.next('step1');
  return socket;
}

for (const { name, isHere, start } of TRANSPORTS)
  describe.skipIf(!isHere)(`two processes by ${name}`, () => {
    beforeAll(async () => {
      transport = await start();
    });
    afterAll(() => transport.stop());
    beforeEach(startTwo);
    afterEach(stopTwo);

    test('[SF1] an edit taken by one is relayed by the other, once, in both directions', async () => {
      const [ann, ben] = [await connect(one, 'ann'), await connect(two, 'ben')];
      const { edit } = author();
      const update = edit('a', 1);
      ann.update(update);
      expect((await ben.next('update')).body).toEqual(update);
      const reply = author().edit('b', 2);
      ben.update(reply);
      expect((await ann.next('update')).body).toEqual(reply);
      await Promise.all([ann.settled(), ben.settled()]);
      expect(ann.frames.filter((frame) => frame.kind === 'update')).toHaveLength(1);
      expect(ben.frames.filter((frame) => frame.kind === 'update')).toHaveLength(1);
    });

    test('[SF2] when the announcement is lost, the poll of heads finds the edit', async () => {
      const [ann, ben] = [await connect(one, 'ann'), await connect(two, 'ben')];
      deaf = true;
      const update = author().edit('a', 1);
      ann.update(update);
      await ann.settled();
      clock.advance(2000);
      expect((await ben.next('update')).body).toEqual(update);
    });

    test('[SF3] both write at once: every sequence is there once, and both know all of it', async () => {
      const [ann, ben] = [await connect(one, 'ann'), await connect(two, 'ben')];
      await ann.hello({ protocol: 1, device: { id: 'a', name: 'A' }, clientIds: [], writing: null });
      await ben.hello({ protocol: 1, device: { id: 'b', name: 'B' }, clientIds: [], writing: null });
      const [a, b] = [author(), author()];
      for (let round = 0; round < 20; round++) {
        for (let i = 0; i < 5; i++) {
          ann.update(a.edit(`a${i}`, round));
          ben.update(b.edit(`b${i}`, round));
        }
        await Promise.all([ann.settled(), ben.settled()]);
      }
      const log = await readLog(one.database, spaceId, 0, 1000);
      expect(log.map((row) => row.seq)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
      for (const [socket, own] of [
        [ann, a],
        [ben, b],
      ] as const) {
        while (socket.frames.findLast((frame) => frame.kind === 'head')?.seq !== 200) {
          await socket.next('head');
        }
        const doc = new Y.Doc();
        Y.applyUpdate(doc, Y.encodeStateAsUpdate(own.doc));
        for (const frame of socket.frames) if (frame.kind === 'update') Y.applyUpdate(doc, frame.body);
        expect(doc.getMap('tasks').size).toBe(10);
      }
    });

    test('[SF4] a client that moves to a process that lags is not taken for one with a gap', async () => {
      const ann = await connect(one, 'ann');
      // Its room is open and knows nothing of what follows.
      await connect(two, 'ben');
      deaf = true;
      const { edit } = author();
      ann.update(edit('a', 1));
      await ann.settled();
      const moved = await connect(two, 'ann');
      moved.update(edit('b', 2));
      expect((await moved.receipt(1)).status).toBe(0);
      expect(moved.frames.filter((frame) => frame.kind === 'step1')).toHaveLength(1);
      expect(await readLog(one.database, spaceId, 0, 10)).toHaveLength(2);
    });

    test('[SF5] presence crosses processes and ends with its socket', async () => {
      const ann = connectStockClient({ url: one.url, spaceId, token: 'ann' });
      const ben = connectStockClient({ url: two.url, spaceId, token: 'ben' });
      await Promise.all([ann.synced(), ben.synced()]);
      const seen = (count: number): Promise<void> =>
        new Promise((resolve) => {
          const look = (): void => {
            if (ben.provider.awareness.getStates().size === count) resolve();
          };
          ben.provider.awareness.on('change', look);
          look();
        });
      ann.provider.awareness.setLocalState({ name: 'Ann' });
      await seen(2);
      ann.destroy();
      await seen(1);
      ben.destroy();
    });

    test('[SF6] a change of rights that one process hears of counts on the other at once', async () => {
      const ann = await connect(two, 'ann');
      two.signedOut.add('ann');
      one.endpoint.revalidate('ann');
      expect(await ann.closed).toMatchObject({ code: 4401 });
    });

    test('[SF7] an id registered on one process is protected on the other', async () => {
      const [ann, eve] = [await connect(one, 'ann'), await connect(two, 'eve')];
      await ann.hello({ protocol: 1, device: { id: 'phone', name: 'Phone' }, clientIds: [77], writing: 77 });
      // The news travels by the database; an edit of Ann's follows it on the same way.
      ann.update(author(77).edit('a', 1));
      await eve.next('update');
      const forged = author(77);
      forged.edit('a', 1);
      forged.edit('b', 2);
      eve.step2(Y.encodeStateAsUpdate(forged.doc));
      expect((await eve.receipt(1)).status).toBe(1);
    });

    test('[SF9] what else was lost with the news of an edit is looked up when the poll finds the edit', async () => {
      const [ann, eve] = [await connect(one, 'ann'), await connect(two, 'eve')];
      deaf = true;
      await ann.hello({ protocol: 1, device: { id: 'phone', name: 'Phone' }, clientIds: [77], writing: 77 });
      ann.update(author(77).edit('a', 1));
      await ann.settled();
      clock.advance(2000);
      await eve.next('update');
      const forged = author(77);
      forged.edit('a', 1);
      forged.edit('b', 2);
      eve.step2(Y.encodeStateAsUpdate(forged.doc));
      expect((await eve.receipt(1)).status).toBe(1);
    });

    test('[SF8] rows that no server wrote are found too', async () => {
      const ann = await connect(one, 'ann');
      const update = author().edit('a', 1);
      const entries = [{ body: update, userId: 'someone', deviceId: null }];
      await appendBatch(one.database, crypto.randomUUID(), [{ spaceId, entries }], 10_000);
      clock.advance(2000);
      expect((await ann.next('update')).body).toEqual(update);
    });
  });
