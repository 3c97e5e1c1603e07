/**
 * The whole of it: two Chromium windows with the real app and one stock y-websocket client, on one space of one
 * real server. Each goes offline in turn; all edit, create, delete and reorder; then all three must hold the same
 * content, compared as documents and as what a person sees.
 *
 * The windows reach the server through lines that are cut, so offline means no network and not an emulation.
 */
import { openDocument, type EpochMs, type HoldfastDocument, type TaskId } from '@holdfast/core/document.ts';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { newAccount, newPerson, type Person } from '../app/person.ts';
import { signIn } from '../support/account.ts';
import { startApp, type App } from '../support/app.ts';
import { launchChromium, type Browser } from '../support/chromium.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { connectStockClient, untilDoc, type StockClient } from '../support/stock-client.ts';
import { openLine, type CuttableLine } from '../support/cuttable-line.ts';
import { readField, taskIds, writeField, writeTask } from './foreign-writer.ts';

let browser: Browser;
let database: TestDatabase;
let app: App;
let lines: CuttableLine[];
let people: Person[];
let stock: StockClient | undefined;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  database = await testDatabase();
  app = await startApp({ databaseUrl: database.url });
  lines = [await openLine(app.url), await openLine(app.url)];
  people = [];
});

afterEach(async () => {
  stock?.destroy();
  for (const person of people) await person.close();
  for (const line of lines) await line.close();
  await app.stop();
  await database.drop();
});

test('[PEER4] two windows and a stock client, each offline in turn, hold the same content; a conflict shows both values', async () => {
  const [laptopLine, phoneLine] = lines as [CuttableLine, CuttableLine];
  const account = newAccount();
  const laptop = await newPerson(browser, laptopLine.url);
  people.push(laptop);
  await laptop.createAccount(account);
  await laptop.add('Milk', 'Bread', 'Soap');
  await laptop.untilSync('All saved');

  const phone = await newPerson(browser, phoneLine.url);
  people.push(phone);
  await phone.signIn(account);
  await untilTitles(phone, 'Milk', 'Bread', 'Soap');

  const { token, spaceId } = await signIn(app.url, account);
  stock = connectStockClient({ url: app.url, spaceId, token });
  await stock.synced();
  const { doc } = stock;
  const idOf = (title: string): string => {
    const id = taskIds(doc).find((each) => readField(doc, each, 'title').value === title);
    if (id === undefined) throw new Error(`The stock client has no task ${title}`);
    return id;
  };
  const [milk, bread] = [idOf('Milk'), idOf('Bread')];

  // The laptop is offline. Both windows edit the same title, the phone later; the others edit other fields.
  await laptopLine.cut();
  await laptop.untilSync(/^\s*Offline/);
  await retitle(laptop, 'Milk', 'Oat milk');
  await laptop.add('Eggs');
  const soap = await laptop.open('Soap');
  await soap.getByRole('button', { name: 'Move to trash' }).click();
  await laptop.untilSync(/^\s*Offline · \d+ edits waiting/);
  await retitle(phone, 'Milk', 'Two litres of milk');
  await phone.open('Bread');
  await phone.task.getByRole('combobox', { name: 'Priority' }).selectOption('High');
  await phone.untilSync('All saved');
  writeField(doc, milk, 'due', { date: '2027-01-31' });
  writeTask(doc, 'fromOutside', { title: 'Salt', order: 'c000' });
  await phone.row('Salt').waitFor();
  await laptopLine.mend();
  await laptop.row('Salt').waitFor();
  await laptop.untilSync('All saved');
  await untilTitles(laptop, 'Two litres of milk', 'Bread', 'Eggs', 'Salt');
  await untilTitles(phone, 'Two litres of milk', 'Bread', 'Eggs', 'Salt');
  await untilDoc(doc, () => readField(doc, milk, 'title').others.length === 1);

  // The later value stands, and both are shown, on both.
  expect(readField(doc, milk, 'title')).toEqual({ value: 'Two litres of milk', others: ['Oat milk'] });
  for (const window of [laptop, phone]) {
    const task = await window.open('Two litres of milk');
    const note = task.getByRole('region', { name: 'Two values for title' });
    await note.getByText('Two litres of milk').waitFor();
    await note.getByText('Oat milk').waitFor();
  }

  // The phone is offline: it reorders and completes, while the stock client and the laptop go on.
  await phoneLine.cut();
  await phone.untilSync(/^\s*Offline/);
  await phone.row('Eggs').getByRole('button', { name: 'Eggs' }).focus();
  await phone.page.keyboard.press('Alt+ArrowUp');
  await phone.page.keyboard.press('Alt+ArrowUp');
  await untilTitles(phone, 'Eggs', 'Two litres of milk', 'Bread', 'Salt');
  await phone.tick('Bread').click();
  await untilTitles(phone, 'Eggs', 'Two litres of milk', 'Salt');
  writeField(doc, bread, 'title', 'Rye bread');
  await laptop.add('Tea');
  await laptop.untilSync('All saved');
  await phoneLine.mend();
  await phone.row('Tea').waitFor();
  await phone.untilSync('All saved');
  await untilTitles(laptop, 'Eggs', 'Two litres of milk', 'Salt', 'Tea');
  await untilTitles(phone, 'Eggs', 'Two litres of milk', 'Salt', 'Tea');

  // The stock client is offline: it creates, edits and trashes, while the laptop settles the conflict.
  await stock.goOffline();
  writeTask(doc, 'alsoFromOutside', { title: 'Pepper', order: 'c001' });
  writeField(doc, 'fromOutside', 'title', 'Sea salt');
  writeField(doc, idOf('Tea'), 'trashed', { at: Date.now() });
  await laptop.task.getByRole('button', { name: 'Use this instead' }).click();
  await phone.row('Oat milk').waitFor();
  await stock.goOnline();
  const titles = ['Eggs', 'Oat milk', 'Sea salt', 'Pepper'];
  await untilTitles(laptop, ...titles);
  await untilTitles(phone, ...titles);
  await untilDoc(doc, () => readField(doc, milk, 'title').value === 'Oat milk');
  await laptop.untilSync('All saved');
  await phone.untilSync('All saved');

  // All three, and a client that never was there, hold the same: by content hash, and field by field.
  const fresh = connectStockClient({ url: app.url, spaceId, token });
  await fresh.synced();
  const held = [
    open(doc),
    open(await storedDocument(laptop)),
    open(await storedDocument(phone)),
    open(fresh.doc),
  ];
  const hashes = await Promise.all(held.map((document) => document.contentHash()));
  expect(new Set(hashes).size).toBe(1);
  const [here] = held as [HoldfastDocument];
  expect(
    here
      .tasksIn(null)
      .filter(({ status }) => status === 'open')
      .map(({ title }) => title),
  ).toEqual(titles);
  expect(here.task(milk as TaskId)).toMatchObject({ title: 'Oat milk', due: { date: '2027-01-31' } });
  expect(here.task(bread as TaskId)).toMatchObject({ title: 'Rye bread', priority: 'high', status: 'done' });
  const trashed = [...here.tasks()].filter(({ trashedAt }) => trashedAt !== null).map(({ title }) => title);
  expect(trashed.sort()).toEqual(['Soap', 'Tea']);
  expect(here.conflicts()).toEqual([]);
  fresh.destroy();
  expect([...laptop.errors, ...phone.errors]).toEqual([]);
}, 120_000);

async function untilTitles(person: Person, ...titles: string[]): Promise<void> {
  await person.untilTitles(...titles).catch(async (cause: unknown) => {
    throw new Error(`Shown: ${(await person.titles()).join(', ')}; expected: ${titles.join(', ')}`, {
      cause,
    });
  });
}

async function retitle(person: Person, from: string, to: string): Promise<void> {
  const task = await person.open(from);
  await task.getByRole('textbox', { name: 'Title' }).fill(to);
  await task.getByRole('textbox', { name: 'Title' }).press('Enter');
  await person.row(to).waitFor();
}

function open(doc: Y.Doc): HoldfastDocument {
  return openDocument({ doc, now: () => Date.now() as EpochMs, random: Math.random });
}

/** What the browser has stored of its document, read from its database as any y-indexeddb reader would. */
async function storedDocument(person: Person): Promise<Y.Doc> {
  const rows = await person.page.evaluate(async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name ?? '');
    const all: number[][] = [];
    for (const name of names.filter((each) => each.startsWith('holdfast-doc-'))) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const updates = await new Promise<Uint8Array[]>((resolve, reject) => {
        const request = database.transaction('updates').objectStore('updates').getAll();
        request.onsuccess = () => resolve(request.result as Uint8Array[]);
        request.onerror = () => reject(request.error);
      });
      for (const update of updates) all.push([...update]);
      database.close();
    }
    return all;
  });
  const doc = new Y.Doc();
  for (const row of rows) Y.applyUpdate(doc, Uint8Array.from(row));
  return doc;
}
