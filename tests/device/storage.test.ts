/**
 * The storage and the opening of a device, without any server.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, BrowserContext, Page } from '../support/chromium.ts';
import { openHarness, serveHarness } from './harness.ts';
import type { Harness, HarnessServer } from './harness.ts';
import { openTab, tabOf } from './tab.ts';

declare const harness: Harness;

let browser: Browser;
let server: HarnessServer;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchChromium(), serveHarness()]);
  context = await browser.newContext();
  page = await openHarness(context, server.url);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

describe('the format', () => {
  test('[V14] a database of y-indexeddb opens, and y-indexeddb opens ours', async () => {
    const found = await page.evaluate(async () => {
      const { Y, IndexeddbPersistence } = harness;
      const doc = new Y.Doc();
      const stock = new IndexeddbPersistence('both', doc);
      await stock.whenSynced;
      doc.getMap('tasks').set('by stock', 1);
      await stock.set('a custom key', 'kept');
      await stock.destroy();

      const { storage } = await harness.openStore('both');
      storage.doc.getMap('tasks').set('by us', 1);
      const ours = storage.doc.getMap('tasks').toJSON();
      await storage.close();

      const again = new Y.Doc();
      const reopened = new IndexeddbPersistence('both', again);
      await reopened.whenSynced;
      const theirs = again.getMap('tasks').toJSON();
      const custom: unknown = await reopened.get('a custom key');
      await reopened.destroy();
      return { ours, theirs, custom };
    });
    const both = { 'by stock': 1, 'by us': 1 };
    expect(found).toEqual({ ours: both, theirs: both, custom: 'kept' });
  });

  test('[V71] a large row is divided once it is quiet, y-indexeddb reads the parts, and they are not divided again', async () => {
    const found = await page.evaluate(async () => {
      const { storage } = await harness.openStore('parts', { quietMs: 50, minTrimBytes: 2_000_000 });
      storage.doc.transact(() => {
        for (let n = 0; n < 3000; n++) storage.doc.getMap('tasks').set(`${n}/title`, `${n}`.padEnd(200));
      });
      await storage.settled();
      const atFirst = (await harness.rawRows('parts', 'updates')).length;
      await new Promise<void>((resolve) => storage.onTrim(() => resolve()));
      storage.doc.getMap('tasks').set('0/title', 'edited');
      await storage.settled();
      await storage.close();
      const divided = await harness.rawRows('parts', 'updates');

      const again = await harness.openStore('parts', { quietMs: 50 });
      again.storage.doc.getMap('tasks').set('1/title', 'edited too');
      await again.storage.settled();
      await again.storage.close();
      const after = (await harness.rawRows('parts', 'updates')).length;

      const stock = new harness.Y.Doc();
      const persistence = new harness.IndexeddbPersistence('parts', stock);
      await persistence.whenSynced;
      const titles = stock.getMap('tasks');
      await persistence.destroy();
      return {
        atFirst,
        rows: divided.length,
        largest: Math.max(...divided.map((row) => (row.value as Uint8Array).length)),
        added: after - divided.length,
        titles: [
          titles.size,
          titles.get('0/title'),
          titles.get('1/title'),
          String(titles.get('2999/title')).trim(),
        ],
      };
    });
    expect(found).toMatchObject({ atFirst: 1, added: 1, titles: [3000, 'edited', 'edited too', '2999'] });
    expect(found.rows).toBeGreaterThan(8);
    expect(found.largest).toBeLessThan(80_000);
  });

  test('[V15] one edit is one row and one unsent entry with an account, and one row without', async () => {
    const found = await page.evaluate(async () => {
      const { storage } = await harness.openStore('entries');
      const count = async () => [
        (await harness.rawRows('entries', 'updates')).length,
        (await harness.rawRows('entries', 'unsent')).length,
        storage.state.unsent,
      ];
      storage.doc.getMap('tasks').set('a', 1);
      await storage.settled();
      const without = await count();
      await storage.attach();
      storage.doc.getMap('tasks').set('b', 1);
      await storage.settled();
      const attached = await count();
      await storage.close();
      return { without, attached };
    });
    // What was made before the account counts as unsent too: all of it has to be compared with the server.
    expect(found).toEqual({ without: [1, 0, 1], attached: [2, 1, 2] });
  });

  test('[V15] what came from the server is stored and is nobody to send', async () => {
    const found = await page.evaluate(async () => {
      const { Y } = harness;
      const elsewhere = new Y.Doc();
      elsewhere.getMap('tasks').set('a', 1);
      const update = Y.encodeStateAsUpdate(elsewhere);
      // Two windows that are both connected get the same frame.
      const [one, two] = [await harness.openStore('remote'), await harness.openStore('remote')];
      for (const { storage } of [one, two]) {
        Y.applyUpdate(storage.doc, update, harness.SERVER_ORIGIN);
        await storage.settled();
      }
      const rows = (await harness.rawRows('remote', 'updates')).length;
      const { unsent, unsaved } = two.storage.state;
      await Promise.all([one.storage.close(), two.storage.close()]);
      return { rows, unsent, unsaved };
    });
    expect(found).toEqual({ rows: 1, unsent: 0, unsaved: 0 });
  });
});

describe('damage', () => {
  test('[V1] an unsent edit whose row went bad is still there, from its unsent entry', async () => {
    const found = await page.evaluate(async () => {
      const { storage, database } = await harness.openStore('rescued');
      await storage.attach();
      storage.doc.getMap('tasks').set('a', 1);
      await storage.settled();
      await database.run(['updates'], { mode: 'readwrite' }, async (stores) => {
        stores('updates').put(new Uint8Array([7, 7, 7]), 1);
      });
      await storage.close();
      const again = await harness.openStore('rescued');
      const value = again.storage.doc.getMap('tasks').get('a');
      await again.storage.close();
      return value;
    });
    expect(found).toBe(1);
  });

  test('[V1] rows that are no bytes, empty, cut off or garbage are set aside, whatever lies between them', async () => {
    const found = await page.evaluate(async () => {
      const { Y } = harness;
      const { storage, database } = await harness.openStore('garbage');
      for (let edit = 0; edit < 5; edit += 1) {
        storage.doc.getMap('tasks').set(`${edit}`, edit);
        await storage.settled();
      }
      const bad: unknown[] = [
        'a text',
        new Uint8Array(),
        Y.encodeStateAsUpdate(storage.doc).slice(0, -3),
        new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        null,
      ];
      await database.run(['updates'], { mode: 'readwrite' }, async (stores) => {
        for (const row of bad) stores('updates').add(row);
      });
      await storage.close();
      const again = await harness.openStore('garbage');
      const tasks = again.storage.doc.getMap('tasks').toJSON();
      again.storage.doc.getMap('tasks').set('after', 1);
      await again.storage.settled();
      await again.storage.close();
      const rows = (await harness.rawRows('garbage', 'updates')).length;
      const quarantined = (await harness.rawRows('garbage', 'quarantine')).length;
      return { tasks, rows, quarantined };
    });
    expect(found.tasks).toEqual({ 0: 0, 1: 1, 2: 2, 3: 3, 4: 4 });
    expect(found).toMatchObject({ rows: 6, quarantined: 5 });
  });

  test('[V59] after damage the old client id is not written with', async () => {
    const device = await browser.newContext();
    const tab = await openTab(device, server.url);
    const id = await tab.writer();
    await tab.add('one');
    await tab.add('two');
    await tab.saved();
    await tab.page.evaluate(async () => {
      await harness.device.close();
      const { name } =
        (await indexedDB.databases()).find((found) => found.name?.startsWith('holdfast-doc-')) ?? {};
      const database = harness.createDatabase({
        name: () => Promise.resolve(name ?? ''),
        stores: harness.DOCUMENT_STORES,
      });
      await database.run(['updates'], { mode: 'readwrite' }, async (stores) => {
        stores('updates').put(new Uint8Array([7, 7, 7]), 1);
      });
      database.close();
      await harness.open();
    });
    const fresh = await tab.writer();
    expect(fresh).not.toBe(id);
    await tab.add('three');
    await tab.saved();
    await tab.page.evaluate(async () => {
      await harness.device.close();
      await harness.open();
    });
    // Not later either; the new one is as good as any.
    expect(await tab.writer()).toBe(fresh);
    await device.close();
  });

  test('[V69] an edit that was asked to be stored is kept without its window', async () => {
    const device = await browser.newContext();
    const [writing, reading] = [await openHarness(device, server.url), await openHarness(device, server.url)];
    await writing.evaluate(async () => {
      harness.kept['storage'] = (await harness.openStore('stuck')).storage;
    });
    // Once all has been asked, of which counting is the last, the window answers nobody any more.
    writing
      .evaluate(() => {
        const { count } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.count = function (...args) {
          queueMicrotask(() => {
            for (;;);
          });
          return count.apply(this, args);
        };
        (harness.kept['storage'] as Awaited<ReturnType<Harness['openStore']>>['storage']).doc
          .getMap('tasks')
          .set('a', 1);
      })
      .catch(() => undefined);
    await expect
      .poll(() => reading.evaluate(async () => (await harness.rawRows('stuck', 'updates')).length), {
        timeout: 30_000,
      })
      .toBe(1);
    const found = await reading.evaluate(async () => {
      const { storage } = await harness.openStore('stuck');
      return { tasks: storage.doc.getMap('tasks').toJSON(), unsent: storage.state.unsent };
    });
    expect(found).toEqual({ tasks: { a: 1 }, unsent: 1 });
    const crash = await device.newCDPSession(writing);
    crash.send('Page.crash').catch(() => undefined);
    await device.close();
  });

  test.each(['without an account', 'with an account'])(
    '[V70] what a window that goes has not stored is stored by the next one, once, %s',
    async (account) => {
      const device = await browser.newContext();
      const going = await openHarness(device, server.url);
      await going.evaluate(async (isAttached) => {
        const { storage } = await harness.openStore('going');
        if (isAttached) await storage.attach();
        storage.doc.getMap('tasks').set('before', 1);
        await storage.settled();
        addEventListener('pagehide', storage.leave);
        harness.kept['storage'] = { storage };
      }, account === 'with an account');
      // In one turn with the edits, so that none of them was even asked to be stored.
      await Promise.all([
        going.waitForEvent('load'),
        going.evaluate(() => {
          const { storage } = harness.kept['storage'] as Awaited<ReturnType<Harness['openStore']>>;
          for (const key of ['a', 'b', 'c']) storage.doc.getMap('tasks').set(key, 1);
          location.reload();
          const until = performance.now() + 300;
          while (performance.now() < until);
        }),
      ]);
      const next = await openHarness(device, server.url);
      const found = await next.evaluate(async () => {
        const open = async () => {
          const { storage } = await harness.openStore('going');
          await storage.settled();
          const state = { tasks: storage.doc.getMap('tasks').toJSON(), unsent: storage.state.unsent };
          await storage.close();
          return state;
        };
        return [await open(), await open(), Object.keys(localStorage)];
      });
      const all = { tasks: { before: 1, a: 1, b: 1, c: 1 }, unsent: 4 };
      expect(found).toEqual([all, all, []]);
      await device.close();
    },
  );

  test('[V70] what lies beside a document is of it alone, goes with it, and is nothing where it cannot be read', async () => {
    const found = await page.evaluate(() => {
      const bytes = Uint8Array.from({ length: 300 }, (_, n) => n % 256);
      const [one, other] = [harness.createLeftBehind('one'), harness.createLeftBehind('other')];
      one.write([bytes, bytes.slice(0, 3)]);
      other.write([bytes]);
      localStorage.setItem('holdfast:left:one:broken', '["%", ');
      const read = harness
        .createLeftBehind('one')
        .read()
        .map((update) => [...update].join());
      harness.forgetLeftBehind('one');
      const left = [
        harness.createLeftBehind('one').read().length,
        harness.createLeftBehind('other').read().length,
      ];
      harness.forgetLeftBehind('other');
      const keys = Object.keys(localStorage);
      Object.defineProperty(globalThis, 'localStorage', {
        get: () => {
          throw new DOMException('The user is denied access.', 'SecurityError');
        },
      });
      const blocked = harness.createLeftBehind('blocked');
      blocked.write([bytes]);
      blocked.clear();
      left.push(blocked.read().length);
      return { isRead: read.join(' ') === `${[...bytes].join()} 0,1,2`, left, keys };
    });
    expect(found).toEqual({ isRead: true, left: [0, 1, 0], keys: [] });
  });

  test('[V16] a storage that cannot be opened at first: the window works, says so, and merges once it can', async () => {
    const found = await page.evaluate(async () => {
      const { storage: before } = await harness.openStore('late');
      before.doc.getMap('tasks').set('stored earlier', 1);
      await before.close();

      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = () => {
        throw new DOMException('Internal error opening backing store', 'UnknownError');
      };
      const { storage } = await harness.openStore('late');
      const failing = storage.state.failing ?? '';
      storage.doc.getMap('tasks').set('made meanwhile', 1);
      await storage.settled();
      const { unsaved } = storage.state;
      IDBFactory.prototype.open = open;

      const back = new Promise<void>((resolve) =>
        storage.onState(() => {
          if (storage.state.failing === null && storage.state.unsaved === 0) resolve();
        }),
      );
      storage.retryNow();
      await back;
      const tasks = storage.doc.getMap('tasks').toJSON();
      await storage.close();
      const again = await harness.openStore('late');
      const stored = again.storage.doc.getMap('tasks').toJSON();
      await again.storage.close();
      return { failing, unsaved, tasks, stored };
    });
    expect(found.failing).toContain('could not write to its storage');
    expect(found.unsaved).toBe(1);
    const both = { 'stored earlier': 1, 'made meanwhile': 1 };
    expect(found).toMatchObject({ tasks: both, stored: both });
  });

  test('[V16] a browser that stores nothing at all: the window works from memory and says so', async () => {
    const device = await browser.newContext();
    await device.addInitScript(() => {
      Object.defineProperty(globalThis, 'indexedDB', { value: undefined });
    });
    const tab = await openTab(device, server.url);
    await tab.add('Milk');
    const status = await tab.until((s) => s.storage === 'failing');
    expect(status.unsaved).toBe(1);
    expect(status.storageError).toContain('store nothing');
    expect(await tab.titles()).toEqual(['Milk']);
    await device.close();
  });

  test('[V4] a transaction that the browser aborts is tried again, and nothing of it is lost or doubled', async () => {
    const found = await page.evaluate(async () => {
      const { storage } = await harness.openStore('aborted');
      await storage.attach();
      storage.doc.getMap('tasks').set('a', 1);
      await storage.settled();
      const { transaction } = IDBDatabase.prototype;
      let aborts = 2;
      IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...given) {
        const made = transaction.apply(this, given);
        if (given[1] === 'readwrite' && aborts > 0) {
          aborts -= 1;
          queueMicrotask(() => made.abort());
        }
        return made;
      };
      storage.doc.getMap('tasks').set('b', 1);
      await storage.settled();
      const { failing, unsaved } = storage.state;
      storage.retryNow();
      await storage.settled();
      IDBDatabase.prototype.transaction = transaction;
      const back = new Promise<void>((resolve) =>
        storage.onState(() => {
          if (storage.state.unsaved === 0) resolve();
        }),
      );
      storage.retryNow();
      await back;
      await storage.close();
      const rows = (await harness.rawRows('aborted', 'updates')).length;
      const entries = (await harness.rawRows('aborted', 'unsent')).length;
      return { isFailing: failing !== null, unsaved, rows, entries };
    });
    expect(found).toEqual({ isFailing: true, unsaved: 1, rows: 2, entries: 2 });
  });
});

describe('opening', () => {
  test('[V17] edits made before the document is loaded are queued, and made and stored afterwards', async () => {
    const device = await browser.newContext();
    const early = await openHarness(device, server.url);
    const found = await early.evaluate(async () => {
      const start = harness.startDevice();
      start.edit((document) => void document.createTask({ title: 'early' }));
      start.edit((document) => void document.createTask({ title: 'and second' }));
      const { queued } = start;
      const told: number[] = [];
      start.onQueued((count) => told.push(count));
      const opened = await start.device;
      harness.kept['device'] = opened;
      await harness.deviceUntil(opened, (status) => status.unsaved === 0);
      return { queued, told, titles: [...opened.document.tasks()].map((task) => task.title).sort() };
    });
    expect(found).toEqual({ queued: 2, told: [0], titles: ['and second', 'early'] });
    await early.reload();
    await early.evaluate(() => harness.open());
    expect(await tabOf(early).titles()).toEqual(['and second', 'early']);
    await device.close();
  });

  test('[V18] the first paint has the open tasks of last time, and does not wait for the document', async () => {
    const device = await browser.newContext();
    const tab = await openTab(device, server.url);
    await tab.add('open');
    await tab.page.evaluate(async () => {
      const made = harness.device.document.createTask({ title: 'done' });
      if (made.ok) harness.device.document.completeTask(made.id);
      await harness.device.close();
    });
    const found = await tab.page.evaluate(async () => {
      const start = harness.startDevice();
      const first = await Promise.race([
        start.firstPaint,
        start.device.then(() => 'the document came first'),
      ]);
      await (await start.device).close();
      return first;
    });
    expect(found).toMatchObject({ tasks: [{ title: 'open', tags: [], hasNotes: false }] });
    await device.close();
  });

  test('[V18] a first paint that is behind, or missing, is made anew by the next opening', async () => {
    const device = await browser.newContext();
    const tab = await openTab(device, server.url);
    await tab.add('open');
    await tab.page.evaluate(() => harness.device.close());
    const titlesInCache = (act: 'take' | 'look'): Promise<string[] | null> =>
      tab.page.evaluate(async (how) => {
        const databases = await indexedDB.databases();
        const name = databases.find((each) => each.name?.startsWith('holdfast-doc'))?.name ?? '';
        const database = await new Promise<IDBDatabase>((resolve, reject) => {
          const opening = indexedDB.open(name);
          opening.onsuccess = () => resolve(opening.result);
          opening.onerror = () => reject(opening.error ?? new Error('not opened'));
        });
        const store = database.transaction('view', 'readwrite').objectStore('view');
        const found = await new Promise<{ tasks: { title: string }[] }[]>((resolve) => {
          const asked = store.getAll();
          asked.onsuccess = () => resolve(asked.result as { tasks: { title: string }[] }[]);
        });
        if (how === 'take') store.clear();
        database.close();
        return found[0]?.tasks.map(({ title }) => title) ?? null;
      }, act);
    expect(await titlesInCache('take')).toEqual(['open']);
    expect(await titlesInCache('look')).toBeNull();
    await tab.page.evaluate(() => harness.open());
    await expect.poll(() => titlesInCache('look'), { timeout: 30_000 }).toEqual(['open']);
    await device.close();
  });

  test('[V19] a device is named so that its owner knows it, keeps its name, and can be given another', async () => {
    const device = await browser.newContext();
    const tab = await openTab(device, server.url);
    const first = await tab.page.evaluate(() => harness.device.self);
    expect(first.name).toMatch(/^Chrome on \w+$/);
    await tab.page.evaluate(async () => {
      await harness.device.rename('  Kitchen tablet ');
      await harness.device.close();
      await harness.open();
    });
    const second = await tab.page.evaluate(() => harness.device.self);
    expect(second).toEqual({ id: first.id, name: 'Kitchen tablet' });
    await device.close();
  });
});
