/**
 * One tab with an open device, driven from a test. Everything goes through the device's public door.
 */
import type { BrowserContext, Page } from '../support/chromium.ts';
import type { DeviceResult, SyncStatus } from '../../web/src/lib/device/device.ts';
import { openHarness } from './harness.ts';
import type { Harness } from './harness.ts';

declare const harness: Harness;

export interface Tab {
  readonly page: Page;
  add(title: string): Promise<void>;
  /** Titles of the tasks that are there, sorted. */
  titles(): Promise<string[]>;
  status(): Promise<SyncStatus>;
  /** Resolves with the status once it is as wanted. */
  until(isWanted: (status: SyncStatus) => boolean): Promise<SyncStatus>;
  /** Resolves once a task of that title is there. */
  untilTask(title: string): Promise<void>;
  /** Resolves once every edit is stored here. */
  saved(): Promise<SyncStatus>;
  /** Resolves once every edit is on the server. */
  uploaded(): Promise<SyncStatus>;
  signUp(who: Person): Promise<DeviceResult>;
  signIn(who: Person): Promise<DeviceResult>;
  /** The Yjs client id that it writes with now. */
  writer(): Promise<number>;
  /** Every Yjs client id that the document has seen. */
  writers(): Promise<number[]>;
  contentHash(): Promise<string>;
  /** Rows of a store of the document's database, read past the device's code. */
  rows(store: string): Promise<{ key: number; size: number }[]>;
  close(): Promise<void>;
}

export interface Person {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

let people = 0;

export function newPerson(name = 'Ada'): Person {
  people += 1;
  return {
    name,
    email: `${name.toLowerCase()}-${process.pid}-${Date.now()}-${people}@example.org`,
    password: 'correct horse battery staple',
  };
}

export async function openTab(context: BrowserContext, url: string): Promise<Tab> {
  const page = await openHarness(context, url);
  await page.evaluate(() => harness.open());
  return tabOf(page);
}

export function tabOf(page: Page): Tab {
  const until = (isWanted: (status: SyncStatus) => boolean): Promise<SyncStatus> =>
    page.evaluate((text) => {
      const wanted = (0, eval)(`(${text})`) as (status: SyncStatus) => boolean;
      return harness.deviceUntil(harness.device, wanted);
    }, isWanted.toString());
  return {
    page,
    until,
    async add(title) {
      await page.evaluate((text) => {
        const result = harness.device.document.createTask({ title: text });
        if (!result.ok) throw new Error(result.message);
      }, title);
    },
    titles: () => page.evaluate(() => [...harness.device.document.tasks()].map((task) => task.title).sort()),
    status: () => page.evaluate(() => harness.device.status),
    untilTask: (title) =>
      page.evaluate((wanted) => {
        const { document } = harness.device;
        const isThere = () => [...document.tasks()].some((task) => task.title === wanted);
        return new Promise<void>((resolve) => {
          if (isThere()) return resolve();
          const stop = document.subscribe(() => {
            if (!isThere()) return;
            stop();
            resolve();
          });
        });
      }, title),
    saved: () => until((status) => status.unsaved === 0),
    uploaded: () =>
      until((status) => status.connection === 'online' && status.unsaved === 0 && status.waiting === 0),
    signUp: (who) => page.evaluate((person) => harness.device.signUp(person), who),
    signIn: (who) => page.evaluate((person) => harness.device.signIn(person), who),
    writer: () => page.evaluate(() => harness.device.document.doc.clientID),
    writers: () => page.evaluate(() => [...harness.device.document.doc.store.clients.keys()].sort()),
    contentHash: () => page.evaluate(() => harness.device.document.contentHash()),
    rows: (store) =>
      page.evaluate(async (name) => {
        const databases = await indexedDB.databases();
        const found = databases.find((database) => database.name?.startsWith('holdfast-doc-'));
        const rows = await harness.rawRows(found?.name ?? '', name);
        return rows.map(({ key, value }) => ({
          key: Number(key),
          size: value instanceof Uint8Array ? value.length : 0,
        }));
      }, store),
    async close() {
      await page.evaluate(() => harness.device.close());
      await page.close();
    },
  };
}
