/**
 * The faults of the stock libraries, each shown first on them and then handled by ours. They are why the
 * device has a storage layer of its own over y-indexeddb's format (rules: web/SPEC.md, section Device).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, BrowserContext, Page } from '../support/chromium.ts';
import { openHarness, serveHarness } from './harness.ts';
import type { Harness, HarnessServer } from './harness.ts';

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
  await browser?.close();
  await server?.close();
});

describe('a corrupt row', () => {
  test('[V1] stock: one corrupt row and whenSynced never resolves', async () => {
    const outcome = await page.evaluate(async () => {
      const { Y, IndexeddbPersistence } = harness;
      const doc = new Y.Doc();
      const first = new IndexeddbPersistence('stock-corrupt', doc);
      await first.whenSynced;
      doc.getMap('tasks').set('a', 1);
      await first.set('flush', 1);
      const transaction = (first.db as IDBDatabase).transaction(['updates'], 'readwrite');
      transaction.objectStore('updates').add(new Uint8Array([9, 9, 9]));
      await new Promise((resolve) => (transaction.oncomplete = resolve));
      await first.destroy();

      // The error escapes as an unhandled rejection; nothing else ever happens.
      const failed = new Promise<string>((resolve) => {
        addEventListener(
          'unhandledrejection',
          (event) => {
            event.preventDefault();
            resolve('unhandled rejection');
          },
          { once: true },
        );
      });
      const again = new IndexeddbPersistence('stock-corrupt', new Y.Doc());
      return Promise.race([again.whenSynced.then(() => 'synced'), failed]);
    });
    expect(outcome).toBe('unhandled rejection');
  });

  test('[V1] ours: the corrupt row is set aside and the rest loads', async () => {
    const found = await page.evaluate(async () => {
      const { storage } = await harness.openStore('stock-corrupt');
      const value = storage.doc.getMap('tasks').get('a');
      const { isDamaged } = storage;
      await storage.close();
      const quarantined = await harness.rawRows('stock-corrupt', 'quarantine');
      // y-indexeddb can read the same database again.
      const doc = new harness.Y.Doc();
      const stock = new harness.IndexeddbPersistence('stock-corrupt', doc);
      await stock.whenSynced;
      const stockValue = doc.getMap('tasks').get('a');
      await stock.destroy();
      return { value, isDamaged, quarantined: quarantined.length, stockValue };
    });
    expect(found).toEqual({ value: 1, isDamaged: true, quarantined: 1, stockValue: 1 });
  });
});

describe('a connection that is closed by others', () => {
  test('[V2] stock: after versionchange an edit throws inside Y.Map.set, and nothing is stored any more', async () => {
    const outcome = await page.evaluate(async () => {
      const { Y, IndexeddbPersistence } = harness;
      const doc = new Y.Doc();
      const stock = new IndexeddbPersistence('stock-closed', doc);
      await stock.whenSynced;
      doc.getMap('tasks').set('before', 1);
      await stock.set('flush', 1);
      await harness.bumpVersion('stock-closed');
      let thrown = 'nothing';
      try {
        doc.getMap('tasks').set('after', 1);
      } catch (error) {
        thrown = (error as DOMException).name;
      }
      const again = new Y.Doc();
      const reopened = new IndexeddbPersistence('stock-closed', again);
      await reopened.whenSynced;
      const stored = again.getMap('tasks').toJSON();
      await reopened.destroy();
      return { thrown, stored };
    });
    expect(outcome).toEqual({ thrown: 'InvalidStateError', stored: { before: 1 } });
  });

  test('[V2] ours: after versionchange it opens again and goes on', async () => {
    const outcome = await page.evaluate(async () => {
      const { storage } = await harness.openStore('ours-closed');
      storage.doc.getMap('tasks').set('before', 1);
      await storage.settled();
      await harness.bumpVersion('ours-closed');
      storage.doc.getMap('tasks').set('after', 1);
      await storage.settled();
      const { failing, unsaved } = storage.state;
      await storage.close();
      const again = await harness.openStore('ours-closed');
      const stored = again.storage.doc.getMap('tasks').toJSON();
      await again.storage.close();
      return { failing, unsaved, stored };
    });
    expect(outcome).toEqual({ failing: null, unsaved: 0, stored: { before: 1, after: 1 } });
  });

  test('[V3] ours: a database that the browser cleared under an open window is written anew, whole', async () => {
    const other = await browser.newContext();
    const cleared = await openHarness(other, server.url);
    await cleared.evaluate(async () => {
      const { storage, database } = await harness.openStore('ours-cleared');
      storage.doc.getMap('tasks').set('before', 1);
      await storage.settled();
      harness.kept['storage'] = storage;
      harness.kept['lost'] = new Promise<void>((resolve) => database.onLost(resolve));
    });
    const cdp = await other.newCDPSession(cleared);
    await cdp.send('Storage.clearDataForOrigin', {
      origin: new URL(server.url).origin,
      storageTypes: 'indexeddb',
    });
    const stored = await cleared.evaluate(async () => {
      const storage = harness.kept['storage'] as Awaited<ReturnType<Harness['openStore']>>['storage'];
      await harness.kept['lost'];
      storage.doc.getMap('tasks').set('after', 1);
      await storage.settled();
      await storage.close();
      const again = await harness.openStore('ours-cleared');
      return again.storage.doc.getMap('tasks').toJSON();
    });
    expect(stored).toEqual({ before: 1, after: 1 });
    await other.close();
  });
});

describe('a write error', () => {
  /** A real one: the origin's quota is half a megabyte. */
  async function withoutQuota(run: (full: Page, lift: () => Promise<void>) => Promise<void>): Promise<void> {
    const other = await browser.newContext();
    const full = await openHarness(other, server.url);
    const cdp = await other.newCDPSession(full);
    const { origin } = new URL(server.url);
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 500_000 });
    await run(full, async () => {
      await cdp.send('Storage.overrideQuotaForOrigin', { origin });
    });
    await other.close();
  }

  test('[V4] stock: a full disk is told to nobody who could show it', async () => {
    await withoutQuota(async (full) => {
      const outcome = await full.evaluate(async () => {
        const { Y, IndexeddbPersistence } = harness;
        const doc = new Y.Doc();
        const stock = new IndexeddbPersistence('stock-full', doc);
        await stock.whenSynced;
        let heard = 0;
        stock.on('error', () => (heard += 1));
        addEventListener('unhandledrejection', () => (heard += 1));
        addEventListener('error', () => (heard += 1));
        const ended = harness.nextTransactionEnd();
        doc.getMap('tasks').set('a', 'x'.repeat(1_000_000));
        const how = await ended;
        await stock.set('after', 1).catch(() => undefined);
        const again = new Y.Doc();
        const reopened = new IndexeddbPersistence('stock-full', again);
        await reopened.whenSynced;
        return { how, heard, isStored: again.getMap('tasks').has('a') };
      });
      expect(outcome).toEqual({ how: 'abort', heard: 0, isStored: false });
    });
  });

  test('[V4] ours: a full disk shows in the status; the edit stays in memory and is stored when there is room', async () => {
    await withoutQuota(async (full, lift) => {
      const failing = await full.evaluate(async () => {
        const { storage } = await harness.openStore('ours-full');
        harness.kept['storage'] = storage;
        storage.doc.getMap('tasks').set('a', 'x'.repeat(1_000_000));
        await storage.settled();
        return { ...storage.state, unstored: storage.unstored().length };
      });
      expect(failing.failing).toContain('no room left');
      expect(failing.unsaved).toBe(1);
      expect(failing.unstored).toBe(1);
      await lift();
      const after = await full.evaluate(async () => {
        const storage = harness.kept['storage'] as Awaited<ReturnType<Harness['openStore']>>['storage'];
        const isBack = new Promise<void>((resolve) =>
          storage.onState(() => {
            if (storage.state.failing === null && storage.state.unsaved === 0) resolve();
          }),
        );
        storage.retryNow();
        await isBack;
        await storage.close();
        const again = await harness.openStore('ours-full');
        return String(again.storage.doc.getMap('tasks').get('a')).length;
      });
      expect(after).toBe(1_000_000);
    });
  });
});

describe('growth', () => {
  test('[V6] stock: every opening adds a row', async () => {
    const counts = await page.evaluate(async () => {
      const { Y, IndexeddbPersistence } = harness;
      const rows: number[] = [];
      for (let opening = 0; opening < 4; opening += 1) {
        const stock = new IndexeddbPersistence('stock-growth', new Y.Doc());
        await stock.whenSynced;
        await stock.destroy();
        rows.push((await harness.rawRows('stock-growth', 'updates')).length);
      }
      return rows;
    });
    expect(counts).toEqual([1, 2, 3, 4]);
  });

  test('[V6] ours: opening writes nothing', async () => {
    const counts = await page.evaluate(async () => {
      const rows: number[] = [];
      for (let opening = 0; opening < 4; opening += 1) {
        const { storage } = await harness.openStore('ours-growth');
        if (opening === 0) storage.doc.getMap('tasks').set('a', 1);
        await storage.close();
        rows.push((await harness.rawRows('ours-growth', 'updates')).length);
      }
      return rows;
    });
    expect(counts).toEqual([1, 1, 1, 1]);
  });

  test('[V7] stock: trimming counts rows, so 300 large ones stay for ever', async () => {
    const bytes = await page.evaluate(async () => {
      const { Y, IndexeddbPersistence } = harness;
      const doc = new Y.Doc();
      const stock = new IndexeddbPersistence('stock-trim', doc);
      await stock.whenSynced;
      for (let edit = 0; edit < 300; edit += 1) doc.getMap('tasks').set('a', `${edit}`.padEnd(10_000));
      await stock.set('flush', 1);
      // What its timer would do once it is due.
      await stock.destroy();
      const rows = await harness.rawRows('stock-trim', 'updates');
      return rows.reduce((sum, row) => sum + (row.value as Uint8Array).length, 0);
    });
    expect(bytes).toBeGreaterThan(300 * 10_000);
  });

  test('[V7] ours: trimming goes by bytes, and unsent edits are all still there', async () => {
    const found = await page.evaluate(async () => {
      const { storage } = await harness.openStore('ours-trim', { minTrimBytes: 100_000 });
      await storage.attach();
      for (let edit = 0; edit < 300; edit += 1) {
        storage.doc.getMap('tasks').set('a', `${edit}`.padEnd(10_000));
        await storage.settled();
      }
      await storage.close();
      const rows = await harness.rawRows('ours-trim', 'updates');
      const again = await harness.openStore('ours-trim');
      const value = String(again.storage.doc.getMap('tasks').get('a')).trim();
      const { entries } = await again.storage.readUnsent(0);
      // The unsent entries alone make the same document: nothing of them went with the trimmed rows.
      const rebuilt = new harness.Y.Doc();
      for (const entry of entries) harness.Y.applyUpdate(rebuilt, entry.update);
      return {
        bytes: rows.reduce((sum, row) => sum + (row.value as Uint8Array).length, 0),
        value,
        unsent: again.storage.state.unsent,
        rebuilt: String(rebuilt.getMap('tasks').get('a')).trim(),
      };
    });
    expect(found.bytes).toBeLessThan(300_000);
    expect(found).toMatchObject({ value: '299', unsent: 300, rebuilt: '299' });
  });
});

test('[V8] stock leaves durability to the browser; ours asks for strict transactions for local edits', async () => {
  const asked = await page.evaluate(async () => {
    const { Y, IndexeddbPersistence } = harness;
    const stockModes: string[] = [];
    const ourModes: string[] = [];
    let into = stockModes;
    const original = Object.getOwnPropertyDescriptor(
      IDBDatabase.prototype,
      'transaction',
    ) as PropertyDescriptor;
    IDBDatabase.prototype.transaction = function (
      this: IDBDatabase,
      stores: string | string[],
      mode?: IDBTransactionMode,
      options?: IDBTransactionOptions,
    ) {
      if (mode === 'readwrite') into.push(options?.durability ?? 'the default');
      return (original.value as IDBDatabase['transaction']).call(this, stores, mode, options);
    };
    const doc = new Y.Doc();
    const stock = new IndexeddbPersistence('stock-durability', doc);
    await stock.whenSynced;
    doc.getMap('tasks').set('a', 1);
    await stock.set('flush', 1);
    into = ourModes;
    const { storage } = await harness.openStore('ours-durability');
    storage.doc.getMap('tasks').set('a', 1);
    await storage.settled();
    Object.defineProperty(IDBDatabase.prototype, 'transaction', original);
    await storage.close();
    return { stockModes: [...new Set(stockModes)], ourModes: [...new Set(ourModes)] };
  });
  expect(asked).toEqual({ stockModes: ['the default'], ourModes: ['strict'] });
});

describe('sending before storing', () => {
  test('[V9] stock: y-websocket sends while the edit is being made, and does not send what came from another tab', async () => {
    const outcome = await page.evaluate(async () => {
      const { Y, WebsocketProvider } = harness;
      const sockets = harness.fakeSockets();
      const connected = new Y.Doc();
      const online = new WebsocketProvider('ws://nowhere.test', 'room', connected, {
        WebSocketPolyfill: sockets.FakeSocket as never,
      });
      const socket = await sockets.opened;
      const before = socket.sent.length;
      connected.getMap('tasks').set('a', 1);
      const sentInTheSameTurn = socket.sent.length - before;

      // Another tab of the same browser that has no socket: its edit comes by BroadcastChannel.
      const offline = new Y.Doc();
      const other = new WebsocketProvider('ws://nowhere.test', 'room', offline, { connect: false });
      other.connectBc();
      const sentSoFar = socket.sent.length;
      const arrived = new Promise<void>((resolve) => {
        connected.getMap('tasks').observe((event) => {
          if (event.keysChanged.has('b')) resolve();
        });
      });
      offline.getMap('tasks').set('b', 1);
      await arrived;
      const uploaded = socket.sent.length - sentSoFar;
      online.destroy();
      other.destroy();
      return { sentInTheSameTurn, uploaded };
    });
    expect(outcome).toEqual({ sentInTheSameTurn: 1, uploaded: 0 });
  });
});
