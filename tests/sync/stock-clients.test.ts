/** Stock y-websocket clients, which know nothing of Holdfast, through a real endpoint on a real Postgres. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type * as Y from 'yjs';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { connectStockClient } from '../support/stock-client.ts';
import type { StockClient } from '../support/stock-client.ts';
import { startSyncProcess } from './sync-process.ts';
import type { SyncProcess } from './sync-process.ts';

let database: TestDatabase;
let server: SyncProcess;
let spaceId: string;
const clients: StockClient[] = [];

beforeEach(async () => {
  database = await testDatabase();
  server = await startSyncProcess({ databaseUrl: database.url });
  spaceId = await server.createSpace();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server.stop();
  await database.drop();
});

function connect(user: string, doc?: Y.Doc): StockClient {
  const client = connectStockClient({ url: server.url, spaceId, token: user, ...(doc ? { doc } : {}) });
  clients.push(client);
  return client;
}

/** Resolves once the document holds the value, however it came. */
function holds(doc: Y.Doc, key: string, value: unknown): Promise<void> {
  const map = doc.getMap('tasks');
  return new Promise((resolve) => {
    const look = (): void => {
      if (map.get(key) !== value) return;
      doc.off('update', look);
      resolve();
    };
    doc.on('update', look);
    look();
  });
}

describe('stock clients', () => {
  test('[SY1] two clients converge, online and after both were offline', async () => {
    const ann = connect('ann');
    const ben = connect('ben');
    await Promise.all([ann.synced(), ben.synced()]);
    ann.doc.getMap('tasks').set('a', 1);
    await holds(ben.doc, 'a', 1);
    ben.doc.getMap('tasks').set('b', 2);
    await holds(ann.doc, 'b', 2);

    await Promise.all([ann.goOffline(), ben.goOffline()]);
    ann.doc.getMap('tasks').set('c', 3);
    ben.doc.getMap('tasks').set('d', 4);
    ben.doc.getMap('tasks').delete('a');
    await Promise.all([ann.goOnline(), ben.goOnline()]);
    await Promise.all([holds(ann.doc, 'd', 4), holds(ben.doc, 'c', 3), holds(ann.doc, 'a', undefined)]);
    expect(ann.doc.getMap('tasks').toJSON()).toEqual({ b: 2, c: 3, d: 4 });
    expect(ben.doc.getMap('tasks').toJSON()).toEqual({ b: 2, c: 3, d: 4 });
  });

  test('[SY2] a fresh client gets everything before it is synced', async () => {
    const ann = connect('ann');
    await ann.synced();
    const ben = connect('ben');
    await ben.synced();
    for (let i = 0; i < 50; i++) ann.doc.getMap('tasks').set(`k${i}`, i);
    await holds(ben.doc, 'k49', 49);
    const cleo = connect('cleo');
    await cleo.synced();
    expect(cleo.doc.getMap('tasks').size).toBe(50);
  });

  test('[SY3] presence is seen, and goes with its socket', async () => {
    const ann = connect('ann');
    const ben = connect('ben');
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
    expect([...ben.provider.awareness.getStates().values()]).toContainEqual({ name: 'Ann' });
    ann.provider.ws?.close();
    ann.provider.shouldConnect = false;
    await seen(1);
  });
});
