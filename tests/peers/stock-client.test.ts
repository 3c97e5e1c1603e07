/**
 * The stock y-websocket client, unmodified and ignorant of receipts, beside a replica that is read and written
 * through core/document.ts: any Yjs program is a peer.
 */
import { openDocument, type EpochMs, type HoldfastDocument, type TaskId } from '@holdfast/core/document.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAccount, type TestAccount } from '../support/account.ts';
import { startApp, type App } from '../support/app.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { connectStockClient, untilDoc, type StockClient } from '../support/stock-client.ts';
import { readField, taskIds, writeField, writeTask } from './foreign-writer.ts';

let database: TestDatabase;
let app: App;
let account: TestAccount;
const clients: StockClient[] = [];
const documents: HoldfastDocument[] = [];

beforeEach(async () => {
  database = await testDatabase();
  app = await startApp({ databaseUrl: database.url });
  account = await createAccount(app.url);
});

afterEach(async () => {
  for (const document of documents.splice(0)) document.close();
  for (const client of clients.splice(0)) client.destroy();
  await app.stop();
  await database.drop();
});

async function join(): Promise<StockClient> {
  const client = connectStockClient({ url: app.url, spaceId: account.spaceId, token: account.token });
  clients.push(client);
  await client.synced();
  return client;
}

function open(client: StockClient): HoldfastDocument {
  const document = openDocument({
    doc: client.doc,
    now: () => Date.now() as EpochMs,
    random: Math.random,
    device: { id: `device-${clients.indexOf(client)}`, name: `Device ${clients.indexOf(client)}` },
  });
  documents.push(document);
  return document;
}

function created(result: ReturnType<HoldfastDocument['createTask']>): TaskId {
  if (!result.ok) throw new Error(result.message);
  return result.id;
}

test('[PEER1] what a stock client writes in the documented shape is a task to everyone else, and the other way', async () => {
  const foreign = await join();
  const ours = await join();
  const document = open(ours);

  writeTask(foreign.doc, 'fromOutside', {
    title: 'Water the plants',
    due: { date: '2026-12-01', time: '09:30', timeZone: 'Europe/Berlin' },
    priority: 'high',
    order: 'a0',
    colour: 'a field of a later version',
  });
  await untilDoc(ours.doc, () => document.task('fromOutside' as TaskId) !== undefined);
  expect(document.task('fromOutside' as TaskId)).toMatchObject({
    title: 'Water the plants',
    due: { date: '2026-12-01', time: '09:30', timeZone: 'Europe/Berlin' },
    priority: 'high',
    status: 'open',
    faults: [],
  });

  const id = created(document.createTask({ title: 'Call the dentist', priority: 'low' }));
  document.editTask('fromOutside' as TaskId, { title: 'Water all the plants' });
  document.completeTask('fromOutside' as TaskId);
  await untilDoc(
    foreign.doc,
    () =>
      taskIds(foreign.doc).includes(id) && readField(foreign.doc, 'fromOutside', 'done').value !== undefined,
  );
  expect(readField(foreign.doc, id, 'title')).toEqual({ value: 'Call the dentist', others: [] });
  expect(readField(foreign.doc, 'fromOutside', 'title')).toEqual({
    value: 'Water all the plants',
    others: [],
  });
  expect(readField(foreign.doc, 'fromOutside', 'done').value).toMatchObject({ kind: 'done' });
  expect(readField(foreign.doc, 'fromOutside', 'colour').value).toBe('a field of a later version');
});

test('[PEER2] peers that are offline in turn converge: no edit lost, the later value stands, the other is kept', async () => {
  const foreign = await join();
  const ours = await join();
  const document = open(ours);
  const milk = created(document.createTask({ title: 'Milk' }));
  const bread = created(document.createTask({ title: 'Bread' }));
  const soap = created(document.createTask({ title: 'Soap' }));
  await untilDoc(foreign.doc, () => taskIds(foreign.doc).length === 3);

  // The stock client goes offline, and both edit: different fields, and the same one, the foreign edit first.
  await foreign.goOffline();
  writeField(foreign.doc, milk, 'title', 'Oat milk');
  writeField(foreign.doc, bread, 'priority', 'urgent');
  writeTask(foreign.doc, 'eggs', { title: 'Eggs', order: 'Zz' });
  await nextMillisecond();
  document.editTask(milk, { title: 'Two litres of milk' });
  document.editTask(bread, { due: { date: '2026-12-24' as never } });
  document.moveTask(soap, { before: milk });
  await foreign.goOnline();
  await untilDoc(ours.doc, () => document.task('eggs' as TaskId) !== undefined);
  await untilDoc(foreign.doc, () => readField(foreign.doc, milk, 'title').others.length === 1);

  expect(document.task(milk)?.title).toBe('Two litres of milk');
  expect(readField(foreign.doc, milk, 'title')).toEqual({
    value: 'Two litres of milk',
    others: ['Oat milk'],
  });
  expect(document.task(bread)).toMatchObject({ priority: 'urgent', due: { date: '2026-12-24' } });
  const conflict = document.conflicts().find(({ id, field }) => id === milk && field === 'title');
  expect(conflict?.standing.value).toBe('Two litres of milk');
  expect(conflict?.others.map(({ value }) => value)).toEqual(['Oat milk']);

  // Now the other side goes offline.
  await ours.goOffline();
  document.trashTask(bread);
  document.moveTask('eggs' as TaskId, { after: milk });
  if (conflict !== undefined) document.resolveConflict(conflict, 'keep');
  writeField(foreign.doc, soap, 'title', 'Soap and brushes');
  writeTask(foreign.doc, 'salt', { title: 'Salt', order: 'a9' });
  await ours.goOnline();
  await untilDoc(ours.doc, () => document.task('salt' as TaskId) !== undefined);
  await untilDoc(foreign.doc, () => readField(foreign.doc, bread, 'trashed').value !== undefined);

  // A third that never was there reads the same.
  const fresh = open(await join());
  const foreignView = open(foreign);
  const hashes = await Promise.all([document, foreignView, fresh].map((each) => each.contentHash()));
  expect(new Set(hashes).size).toBe(1);
  expect(fresh.conflicts()).toEqual([]);
  expect(fresh.tasksIn(null).map(({ title }) => title)).toEqual(
    document.tasksIn(null).map(({ title }) => title),
  );
  expect(fresh.tasksIn(null).map(({ title }) => title)).toEqual(
    expect.arrayContaining(['Soap and brushes', 'Two litres of milk', 'Eggs', 'Salt']),
  );
  expect(fresh.task(bread)?.trashedAt).not.toBeNull();
});

test('[PEER3] what a stock client wrote is on the server when the server was killed and started again', async () => {
  const foreign = await join();
  const witness = await join();
  for (let n = 0; n < 50; n++) writeTask(foreign.doc, `task${n}`, { title: `Task ${n}` });
  await untilDoc(witness.doc, () => taskIds(witness.doc).length === 50);
  await app.kill('SIGKILL');
  for (const client of clients.splice(0)) client.destroy();

  app = await startApp({ databaseUrl: database.url });
  const fresh = await join();
  expect(taskIds(fresh.doc)).toHaveLength(50);
});

/** The later of two edits must be so by the clock: waits for it to move on, which is no more than a millisecond. */
async function nextMillisecond(): Promise<void> {
  const before = Date.now();
  while (Date.now() <= before) await new Promise((resolve) => setImmediate(resolve));
}
