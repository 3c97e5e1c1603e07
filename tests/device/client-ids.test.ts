/**
 * The pool of client ids: reused where that is safe, and never where another replica may have it.
 */
import { describe, expect, test } from 'vitest';
import type { BrowserContext } from '../support/chromium.ts';
import { newPerson, openTab, tabOf } from './tab.ts';
import type { Tab } from './tab.ts';
import { world } from './support.ts';
import { openHarness } from './harness.ts';
import type { Harness } from './harness.ts';

declare const harness: Harness;

const w = world({ withServer: true });

type Dump = Record<string, Record<string, [unknown, unknown][]>>;

/** Everything that the browser stores, as a backup of the profile would take it. Bytes as arrays. */
async function backUp(tab: Tab): Promise<string> {
  return tab.page.evaluate(async () => {
    const dump: Dump = {};
    for (const { name } of await indexedDB.databases()) {
      if (name === undefined) continue;
      const database = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
      });
      const stores: Dump[string] = {};
      for (const store of database.objectStoreNames) {
        const rows = await harness.rawRows(name, store);
        stores[store] = rows.map(({ key, value }) => [key, value]);
      }
      database.close();
      dump[name] = stores;
    }
    return JSON.stringify(dump, (_key, value: unknown) =>
      value instanceof Uint8Array ? { bytes: [...value] } : value,
    );
  });
}

/** Puts a backup in place of whatever this page's browser stores. The device must be closed. */
async function restore(tab: Tab, backup: string): Promise<void> {
  await tab.page.evaluate(async (text) => {
    const dump = JSON.parse(text, (_key, value: unknown) =>
      value !== null && typeof value === 'object' && 'bytes' in value
        ? new Uint8Array(value.bytes as number[])
        : value,
    ) as Dump;
    for (const { name } of await indexedDB.databases()) if (name) await harness.deleteDatabase(name);
    for (const [name, stores] of Object.entries(dump)) {
      const definitions =
        name === 'holdfast' ? Object.keys(stores).map((store) => ({ name: store })) : harness.DOCUMENT_STORES;
      const database = harness.createDatabase({ name: () => Promise.resolve(name), stores: definitions });
      await database.run(Object.keys(stores), { mode: 'readwrite' }, async (open) => {
        for (const [store, rows] of Object.entries(stores)) {
          for (const [key, value] of rows) {
            const isInline = open(store).keyPath !== null;
            const put = isInline ? open(store).put(value) : open(store).put(value, key as IDBValidKey);
            await new Promise((resolve) => (put.onsuccess = resolve));
          }
        }
      });
      database.close();
    }
  }, backup);
}

async function reopen(tab: Tab): Promise<void> {
  await tab.page.evaluate(async () => {
    await harness.device.close();
    await harness.open();
  });
}

/** A device that has an account and one id in its pool, used and known to the server. */
async function settledDevice(): Promise<{
  device: BrowserContext;
  tab: Tab;
  ada: ReturnType<typeof newPerson>;
}> {
  const ada = newPerson();
  const device = await w.newDevice();
  const tab = await openTab(device, w.url);
  await tab.add('first');
  await tab.signUp(ada);
  await tab.uploaded();
  return { device, tab, ada };
}

/** Resolves once the tab writes with that id. */
async function untilWriter(tab: Tab, id: number): Promise<void> {
  await tab.page.evaluate(async (wanted) => {
    // Adopting an id is an event of no interface; it follows the hello, which the status shows.
    await harness.deviceUntil(harness.device, (status) => status.connection === 'online');
    while (harness.device.document.doc.clientID !== wanted) await new Promise(requestAnimationFrame);
  }, id);
}

describe('reuse', () => {
  test('[V50] without an account a device writes with one id for ever, over many openings', async () => {
    const device = await w.newDevice();
    const tab = await openTab(device, w.url);
    for (let opening = 0; opening < 5; opening += 1) {
      await tab.add(`task ${opening}`);
      await tab.saved();
      await reopen(tab);
    }
    expect(await tab.writers()).toHaveLength(1);
    await device.close();
  });

  test('[V72] a service worker has ids of its own, and uses them again', async () => {
    const device = await w.newDevice();
    const tab = await openTab(device, w.url);
    const [window, worker, workerAgain, windowAgain] = await tab.page.evaluate(async () => {
      const openAs = async (isWorker: boolean): Promise<number> => {
        const ids = { current: null as ReturnType<typeof harness.createClientIds> | null };
        const { database, storage } = await harness.openStore('own-ids', {
          recordOf: (writer) => ids.current?.recordOf(writer) ?? { id: writer },
        });
        ids.current = harness.createClientIds({
          database,
          doc: storage.doc,
          scope: 'own-ids',
          locks: navigator.locks,
          now: () => Date.now() as never,
          isWorker,
        });
        await ids.current.begin({ hasAccount: false, isDamaged: false });
        storage.doc.getMap('tasks').set('a', Math.random());
        await storage.settled();
        await storage.close();
        ids.current.close();
        return storage.doc.clientID;
      };
      return [await openAs(false), await openAs(true), await openAs(true), await openAs(false)];
    });
    expect(worker).not.toBe(window);
    expect([workerAgain, windowAgain]).toEqual([worker, window]);
    await device.close();
  });

  test('[V51] with an account the id is used again once the server confirmed it', async () => {
    const { device, tab } = await settledDevice();
    const id = await tab.writer();
    for (let opening = 0; opening < 3; opening += 1) {
      await reopen(tab);
      await untilWriter(tab, id);
      await tab.add(`task ${opening}`);
      await tab.uploaded();
    }
    expect(await tab.writers()).toEqual([id]);
    await device.close();
  });

  test('[V51] an id with unsent edits is confirmed as soon as they are sent', async () => {
    const { device, tab } = await settledDevice();
    const id = await tab.writer();
    w.harness.cut();
    await tab.until((status) => status.connection === 'offline');
    await tab.add('offline, with the confirmed id');
    await tab.saved();
    await tab.page.evaluate(() => harness.device.close());
    w.harness.restore();
    await tab.page.evaluate(() => harness.open());
    await tab.uploaded();
    await untilWriter(tab, id);
    await tab.add('online again');
    await tab.uploaded();
    expect(await tab.writers()).toEqual([id]);
    await device.close();
  });

  test('[V52] a start without network writes with a fresh id, and keeps it for the session', async () => {
    const { device, tab } = await settledDevice();
    const id = await tab.writer();
    w.harness.cut();
    await reopen(tab);
    const fresh = await tab.writer();
    expect(fresh).not.toBe(id);
    await tab.add('offline');
    await tab.saved();
    w.harness.restore();
    await tab.page.evaluate(() => harness.device.reconnect());
    await tab.uploaded();
    expect(await tab.writer()).toBe(fresh);
    await tab.add('online again');
    await tab.uploaded();
    expect(await tab.writers()).toEqual([id, fresh].sort());
    await device.close();
  });

  test('[V53] two tabs never write with one id', async () => {
    const device = await w.newDevice();
    const first = await openTab(device, w.url);
    await first.add('first');
    await first.saved();
    const second = await openTab(device, w.url);
    await second.add('second');
    await second.saved();
    expect(await second.writer()).not.toBe(await first.writer());
    // Both go, two come: they take the two that are there.
    const ids = [await first.writer(), await second.writer()].sort();
    await Promise.all([first.close(), second.close()]);
    const [third, fourth] = [await openTab(device, w.url), await openTab(device, w.url)];
    expect([await third.writer(), await fourth.writer()].sort()).toEqual(ids);
    await device.close();
  });

  test('[V54] without Web Locks every start takes a fresh id', async () => {
    const device = await w.newDevice();
    await device.addInitScript(() => {
      Object.defineProperty(navigator, 'locks', { value: undefined });
    });
    const tab = await openTab(device, w.url);
    const id = await tab.writer();
    await tab.add('Milk');
    await tab.saved();
    await reopen(tab);
    expect(await tab.writer()).not.toBe(id);
    await device.close();
  });
});

describe('copies', () => {
  test('[V55] a database that was rolled back never writes with its old id again', async () => {
    const { device, tab } = await settledDevice();
    const id = await tab.writer();
    await tab.page.evaluate(() => harness.device.close());
    const backup = await backUp(tab);
    await tab.page.evaluate(() => harness.open());
    await untilWriter(tab, id);
    await tab.add('after the backup');
    await tab.uploaded();
    await tab.page.evaluate(() => harness.device.close());
    await restore(tab, backup);

    await tab.page.evaluate(() => harness.open());
    await tab.uploaded();
    await tab.untilTask('after the backup');
    expect(await tab.writer()).not.toBe(id);
    await tab.add('after the roll-back');
    await tab.uploaded();
    // Retired for ever: not at the next start either, when both sides are equal again.
    await reopen(tab);
    await tab.uploaded();
    expect(await tab.writer()).not.toBe(id);
    expect(await tab.titles()).toEqual(['after the backup', 'after the roll-back', 'first']);
    await device.close();
  });

  test('[V56] of a device and its clone only one writes with the id, and nothing is lost', async () => {
    const { device, tab, ada } = await settledDevice();
    const id = await tab.writer();
    await tab.page.evaluate(() => harness.device.close());
    const backup = await backUp(tab);

    const cloneDevice = await w.newDevice();
    await cloneDevice.addCookies(await device.cookies());
    const clonePage = await openHarness(cloneDevice, w.url);
    const clone = tabOf(clonePage);
    await restore(clone, backup);

    await tab.page.evaluate(() => harness.open());
    await untilWriter(tab, id);
    await clonePage.evaluate(() => harness.open());
    await clone.uploaded();
    expect(await clone.writer()).not.toBe(id);
    await Promise.all([tab.add('by the original'), clone.add('by the clone')]);
    await Promise.all([tab.untilTask('by the clone'), clone.untilTask('by the original')]);
    await Promise.all([tab.uploaded(), clone.uploaded()]);
    expect(await tab.contentHash()).toBe(await clone.contentHash());
    const other = await w.newDevice();
    const fresh = await openTab(other, w.url);
    await fresh.signIn(ada);
    await fresh.uploaded();
    expect(await fresh.contentHash()).toBe(await tab.contentHash());
    await Promise.all([device, cloneDevice, other].map((context) => context.close()));
  });

  test('[V57] copies made before signing in: the second one to attach is stopped before it sends anything', async () => {
    const ada = newPerson();
    const device = await w.newDevice();
    const tab = await openTab(device, w.url);
    await tab.add('first');
    await tab.saved();
    await tab.page.evaluate(() => harness.device.close());
    const backup = await backUp(tab);
    const cloneDevice = await w.newDevice();
    const clonePage = await openHarness(cloneDevice, w.url);
    const clone = tabOf(clonePage);
    await restore(clone, backup);
    await tab.page.evaluate(() => harness.open());
    await clonePage.evaluate(() => harness.open());
    // The same id, different edits, the same clocks: merged, they would differ for ever and nobody would know.
    await Promise.all([tab.add('by the original'), clone.add('by the clone')]);
    expect(await clone.writer()).toBe(await tab.writer());
    await tab.signUp(ada);
    await tab.uploaded();
    await clone.signIn(ada);
    const refused = await clone.until((status) => status.connection === 'refused');
    expect(refused.refusal).toContain('copy');
    expect(await clone.titles()).toEqual(['by the clone', 'first']);
    expect(await tab.titles()).toEqual(['by the original', 'first']);
    await Promise.all([device.close(), cloneDevice.close()]);
  });
});

test('[V58] an awareness clock begins from the time, so a restart is not ignored', async () => {
  const device = await w.newDevice();
  const page = await openHarness(device, w.url);
  const clocks = await page.evaluate(() => {
    const { Y, createAwareness } = harness;
    const doc = new Y.Doc();
    const now = 1_790_000_000_000;
    const before = createAwareness(doc, now as never);
    before.setLocalState({ a: 1 });
    const first = before.meta.get(doc.clientID)?.clock ?? 0;
    const after = createAwareness(doc, (now + 60_000) as never);
    after.setLocalState({ a: 1 });
    return [first, after.meta.get(doc.clientID)?.clock ?? 0];
  });
  expect(clocks[1]).toBeGreaterThan(clocks[0] ?? Infinity);
  await device.close();
});
