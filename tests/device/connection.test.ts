/**
 * The connection, against the real server: networks that go, servers that die, storage that fails.
 */
import { describe, expect, test } from 'vitest';
import { reconnectDelayMs } from '../../web/src/lib/device/connection.ts';
import { openHarness } from './harness.ts';
import { newPerson, openTab, tabOf } from './tab.ts';
import type { Person, Tab } from './tab.ts';
import { world } from './support.ts';
import type { BrowserContext, Page } from '../support/chromium.ts';
import type { Harness } from './harness.ts';

declare const harness: Harness;

const w = world({ withServer: true });

/** Two devices of one new account, both online and empty. */
async function pair(): Promise<{
  ada: Person;
  laptop: BrowserContext;
  phone: BrowserContext;
  a: Tab;
  b: Tab;
}> {
  const ada = newPerson();
  const [laptop, phone] = [await w.newDevice(), await w.newDevice()];
  const [a, b] = [await openTab(laptop, w.url), await openTab(phone, w.url)];
  await a.signUp(ada);
  await b.signIn(ada);
  await Promise.all([a.uploaded(), b.uploaded()]);
  return { ada, laptop, phone, a, b };
}

/** Keeps what every socket of the page sends from now on. */
async function recordFrames(tab: Tab): Promise<void> {
  await tab.page.evaluate(() => {
    const frames: Uint8Array[] = [];
    const original = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
      frames.push(data as Uint8Array);
      original.call(this, data);
    };
    harness.kept['frames'] = frames;
  });
}

/** From now on every socket that the page asks for is kept. Before the device opens: y-websocket takes the class then. */
async function countSockets(page: Page): Promise<void> {
  await page.evaluate(() => {
    const sockets: WebSocket[] = [];
    const Native = WebSocket;
    globalThis.WebSocket = class extends Native {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        sockets.push(this);
        (harness.kept['onSocket'] as ((socket: WebSocket) => void) | undefined)?.(this);
      }
    };
    harness.kept['sockets'] = sockets;
  });
}

function attempts(page: Page): Promise<number> {
  return page.evaluate(() => (harness.kept['sockets'] as WebSocket[]).length);
}

/** Lets the event happen, or that much time pass, and resolves when the attempt that follows has failed. */
async function failAttempt(page: Page, event: string | null, runForMs = 0): Promise<void> {
  await page.evaluate((name) => {
    harness.kept['failed'] = new Promise<void>((resolve) => {
      harness.kept['onSocket'] = (socket: WebSocket) => socket.addEventListener('close', () => resolve());
    });
    if (name === 'visibilitychange') document.dispatchEvent(new Event(name));
    else if (name !== null) dispatchEvent(new Event(name));
  }, event);
  if (runForMs > 0) await page.clock.runFor(runForMs);
  await page.evaluate(() => harness.kept['failed'] as Promise<void>);
}

describe('without network', () => {
  test('[V60] edits are counted with their age, and go up when the network is back', async () => {
    const { laptop, phone, a, b } = await pair();
    w.harness.cut();
    await a.until((status) => status.connection === 'offline');
    const before = Date.now();
    await a.add('one');
    await a.add('two');
    const waiting = await a.until((status) => status.waiting === 2 && status.unsaved === 0);
    expect(waiting.oldestWaitingAt).toBeGreaterThanOrEqual(before);
    // The count is stored, not remembered: a reload offline gives the same.
    await a.page.evaluate(() => harness.device.close());
    await a.page.reload();
    await a.page.evaluate(() => harness.open());
    const again = await a.status();
    expect(again).toMatchObject({ waiting: 2, oldestWaitingAt: waiting.oldestWaitingAt });
    w.harness.restore();
    await a.page.evaluate(() => void dispatchEvent(new Event('online')));
    await a.uploaded();
    await Promise.all([b.untilTask('one'), b.untilTask('two')]);
    expect((await a.status()).oldestWaitingAt).toBeNull();
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V61] the browser says offline and online: the status follows at once', async () => {
    const { laptop, phone, a } = await pair();
    await laptop.setOffline(true);
    await a.until((status) => status.connection === 'offline');
    await a.add('Milk');
    expect(await a.saved()).toMatchObject({ connection: 'offline', waiting: 1 });
    await laptop.setOffline(false);
    await a.uploaded();
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V62] the time between attempts doubles up to 30 s, 5 s while looked at, and no two devices keep step', () => {
    const delays = (isSeen: boolean): number[][] =>
      [1, 2, 3, 10, 50].map((failures) => [
        reconnectDelayMs(failures, () => 0, isSeen),
        reconnectDelayMs(failures, () => 1, isSeen),
      ]);
    const first = [
      [100, 200],
      [200, 400],
      [400, 800],
    ];
    expect(delays(false)).toEqual([...first, [15_000, 30_000], [15_000, 30_000]]);
    expect(delays(true)).toEqual([...first, [2_500, 5_000], [2_500, 5_000]]);
  });

  test('[V62] [V68] whoever looks on is tried for at once and often; attempts never pile up', async () => {
    const device = await w.newDevice();
    const page = await openHarness(device, w.url);
    await countSockets(page);
    await page.clock.install();
    await page.evaluate(() => harness.open());
    const tab = tabOf(page);
    await tab.signUp(newPerson());
    await tab.uploaded();
    await page.clock.pauseAt(Date.now() + 1_000);
    w.harness.cut();
    await tab.until((status) => status.connection === 'connecting');
    // Offline is who cannot come back: that is known after the first attempt.
    await failAttempt(page, null, 200);
    await tab.until((status) => status.connection === 'offline');

    // The clock stands: what is tried now is tried because of what happened.
    let expected = await attempts(page);
    for (const event of ['focus', 'online', 'focus', 'visibilitychange', 'online', 'focus', 'focus']) {
      await failAttempt(page, event);
      expected += 1;
      expect(await attempts(page)).toBe(expected);
    }
    // Only the last of them is followed by another attempt, after 2.5 to 5 s.
    await page.clock.runFor(2_499);
    expect(await attempts(page)).toBe(expected);
    await failAttempt(page, null, 2_501);
    expect(await attempts(page)).toBe(expected + 1);

    // Nobody looks: 12.8 s at least after so many failures. Then somebody does.
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    });
    await failAttempt(page, 'online');
    await page.clock.runFor(12_000);
    expect(await attempts(page)).toBe(expected + 2);
    await page.evaluate(() => void Reflect.deleteProperty(document, 'visibilityState'));
    await failAttempt(page, 'visibilitychange');
    expect(await attempts(page)).toBe(expected + 3);

    w.harness.restore();
    await page.clock.runFor(5_000);
    await tab.uploaded();

    // Asked for in the very moment of the loss, when the socket is not quite gone: the planned attempt stays.
    await page.evaluate(() => {
      harness.device.onStatus((status) => {
        if (status.connection === 'connecting') harness.device.reconnect();
      });
    });
    const before = await attempts(page);
    w.harness.cut();
    await tab.until((status) => status.connection === 'connecting');
    w.harness.restore();
    await page.clock.runFor(5_000);
    expect(await attempts(page)).toBe(before + 1);
    await tab.uploaded();
    await device.close();
  });

  test('[V62] a window that is looked at keeps one in the background trying', async () => {
    const { laptop, phone, a } = await pair();
    const seen = await openTab(laptop, w.url);
    await seen.until((status) => status.connection === 'online');
    await seen.page.clock.install();
    await seen.page.clock.pauseAt(Date.now() + 1_000);
    // The one that holds the socket is in the background, where browsers all but stop the clock.
    await a.page.clock.install();
    await a.page.clock.pauseAt(Date.now() + 1_000);
    w.harness.cut();
    await seen.until((status) => status.connection === 'connecting');
    w.harness.restore();
    await seen.page.clock.runFor(5_000);
    await Promise.all([a, seen].map((tab) => tab.until((status) => status.connection === 'online')));
    await Promise.all([laptop.close(), phone.close()]);
  });
});

describe('a server that dies', () => {
  test('[V63] killed and started again: devices come back by themselves with every edit', async () => {
    const { ada, laptop, phone, a, b } = await pair();
    await a.add('before');
    await b.untilTask('before');
    // Waited for from before it happens: they find the new server soon.
    const offline = Promise.all([a, b].map((tab) => tab.until((status) => status.connection === 'offline')));
    await Promise.all([a, b].map((tab) => tab.status()));
    const restarted = w.restartServer('SIGKILL');
    await offline;
    await Promise.all([a.add('by a'), b.add('by b')]);
    await restarted;
    await Promise.all([a, b].map((tab) => tab.page.evaluate(() => harness.device.reconnect())));
    await Promise.all([a.untilTask('by b'), b.untilTask('by a')]);
    await Promise.all([a.uploaded(), b.uploaded()]);
    const other = await w.newDevice();
    const fresh = await openTab(other, w.url);
    await fresh.signIn(ada);
    await fresh.uploaded();
    expect(await fresh.titles()).toEqual(['before', 'by a', 'by b']);
    await Promise.all([laptop, phone, other].map((device) => device.close()));
  });
});

describe('sending', () => {
  test('[V9] ours: nothing is sent before IndexedDB has committed it', async () => {
    const { laptop, phone, a, b } = await pair();
    await recordFrames(a);
    // A transaction of another connection that is kept alive: the device's own writes have to wait for it.
    await a.page.evaluate(async () => {
      const { name } =
        (await indexedDB.databases()).find((found) => found.name?.startsWith('holdfast-doc-')) ?? {};
      const database = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open(name ?? '');
        opening.onsuccess = () => resolve(opening.result);
      });
      let isHeld = true;
      const store = database
        .transaction(['updates', 'unsent', 'meta', 'clients'], 'readwrite')
        .objectStore('meta');
      const hold = () => {
        if (isHeld) store.get('nothing').onsuccess = hold;
        else database.close();
      };
      hold();
      harness.kept['release'] = () => (isHeld = false);
    });
    await a.add('held back');
    // A whole round trip of the socket meanwhile, so that there was every occasion to send.
    await b.add('from b');
    await a.untilTask('from b');
    const sentEarly = await a.page.evaluate(() =>
      (harness.kept['frames'] as Uint8Array[]).some((frame) =>
        new TextDecoder().decode(frame).includes('held back'),
      ),
    );
    expect(sentEarly).toBe(false);
    expect(await a.status()).toMatchObject({ unsaved: 1 });
    await a.page.evaluate(() => (harness.kept['release'] as () => void)());
    await a.uploaded();
    await b.untilTask('held back');
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V5] where storing fails for good, edits are sent all the same and shown as not saved', async () => {
    const ada = newPerson();
    const [laptop, phone] = [await w.newDevice(), await w.newDevice()];
    // Before anything is stored: the browser does not look at the quota again for every write.
    const cdp = await laptop.newCDPSession(await laptop.newPage());
    const { origin } = new URL(w.url);
    await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
    const [a, b] = [await openTab(laptop, w.url), await openTab(phone, w.url)];
    await a.signUp(ada);
    await b.signIn(ada);
    await Promise.all([a.uploaded(), b.uploaded()]);
    // One edit of more than that.
    await a.page.evaluate(() => {
      const { document } = harness.device;
      document.batch('many', () => {
        for (let i = 0; i < 150; i += 1) document.createTask({ title: `${i} ${'x'.repeat(9000)}` });
        document.createTask({ title: 'the last of them' });
      });
    });
    const status = await a.until((s) => s.storage === 'failing');
    expect(status.unsaved).toBe(1);
    expect(status.storageError).toContain('no room left');
    await b.untilTask('the last of them');
    // Room again: stored too, and nothing is sent twice for it.
    await cdp.send('Storage.overrideQuotaForOrigin', { origin });
    await a.page.evaluate(() => harness.device.reconnect());
    await a.until((s) => s.storage === 'ok' && s.unsaved === 0 && s.waiting === 0);
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V64] a large first upload goes in pieces, and arrives whole', async () => {
    const ada = newPerson();
    const [laptop, phone] = [await w.newDevice(), await w.newDevice()];
    const a = await openTab(laptop, w.url);
    await a.page.evaluate(() => {
      const { document } = harness.device;
      document.batch('many', () => {
        for (let i = 0; i < 3000; i += 1) document.createTask({ title: `task ${i}`, notes: `notes of ${i}` });
      });
      for (const task of [...document.tasks()].slice(0, 500))
        document.editTask(task.id, { priority: 'high' });
    });
    await a.saved();
    await recordFrames(a);
    await a.signUp(ada);
    await a.uploaded();
    const sizes = await a.page.evaluate(() =>
      (harness.kept['frames'] as Uint8Array[]).map((frame) => frame.length),
    );
    expect(Math.max(...sizes)).toBeLessThan(200_000);
    expect(sizes.length).toBeGreaterThan(10);
    const b = await openTab(phone, w.url);
    await b.signIn(ada);
    await b.uploaded();
    expect(await b.contentHash()).toBe(await a.contentHash());
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V64] a piece that was refused leaves its upload waiting, whatever is said of the pieces after it', async () => {
    const { laptop, phone, a, b } = await pair();
    await laptop.setOffline(true);
    await a.until((status) => status.connection === 'offline');
    await a.page.evaluate(() => {
      const native = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
      let receipts = 0;
      Object.defineProperty(WebSocket.prototype, 'onmessage', {
        set(this: WebSocket, listener: (event: MessageEvent) => void) {
          native?.set?.call(this, (event: MessageEvent<ArrayBuffer>) => {
            const bytes = new Uint8Array(event.data);
            if (bytes[0] !== 100) return listener(event);
            receipts += 1;
            harness.kept['receipts'] = receipts;
            // Status 1 and the text "no" instead of status 0.
            const refusal = new Uint8Array([...bytes.subarray(0, -1), 1, 2, 110, 111]);
            listener(receipts === 1 ? new MessageEvent('message', { data: refusal.buffer }) : event);
          });
        },
      });
      for (let index = 0; index < 12; index += 1) {
        harness.device.document.createTask({ title: `Task ${index}`, notes: 'x'.repeat(70_000) });
      }
    });
    await a.saved();
    await laptop.setOffline(false);
    await b.untilTask('Task 11');
    await a.page.waitForFunction(() => Number(harness.kept['receipts']) >= 2);
    expect(await a.status()).toMatchObject({ waiting: 12, connection: 'refused' });
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V67] a server that asks anew in the middle of an upload gets all of it', async () => {
    const { ada, laptop, phone, a } = await pair();
    // What a server does that met a gap: it takes nothing more, holds its receipts, and asks.
    await a.page.evaluate(() => {
      const original = WebSocket.prototype.send;
      WebSocket.prototype.send = function (data) {
        const isReceipt = (data as Uint8Array)[0] === 100;
        if (!isReceipt) return;
        WebSocket.prototype.send = original;
        const [sync, step1, length, emptyVector] = [0, 0, 1, 0];
        const frame = Uint8Array.of(sync, step1, length, emptyVector).buffer;
        this.dispatchEvent(new MessageEvent('message', { data: frame }));
      };
    });
    // More than may go ahead of the receipts.
    await a.page.evaluate(() => {
      const { document } = harness.device;
      document.batch('many', () => {
        for (let i = 0; i < 80; i++) document.createTask({ title: `${i} ${'x'.repeat(9_000)}` });
      });
    });
    await a.uploaded();
    const fresh = await openTab(await w.newDevice(), w.url);
    await fresh.signIn(ada);
    await fresh.uploaded();
    expect(await fresh.titles()).toHaveLength(80);
    expect(await fresh.contentHash()).toBe(await a.contentHash());
    await fresh.close();
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V65] a space that this account may not open is refused in words; the tasks stay', async () => {
    const { laptop, phone, a } = await pair();
    await a.add('Milk');
    await a.uploaded();
    await a.page.evaluate(async () => {
      await harness.device.close();
      const database = harness.createDatabase({
        name: () => Promise.resolve('holdfast'),
        stores: [{ name: 'registration' }],
      });
      await database.run(['registration'], { mode: 'readwrite' }, async (stores) => {
        const store = stores('registration');
        const asked = store.get('this-device');
        await new Promise((resolve) => (asked.onsuccess = resolve));
        const record = asked.result as { account: object };
        const account = { ...record.account, spaceId: crypto.randomUUID() };
        store.put({ ...record, account }, 'this-device');
      });
      database.close();
      await harness.open();
    });
    const refused = await a.until((status) => status.connection === 'refused');
    expect(refused.refusal).toContain('may not open');
    expect(await a.titles()).toEqual(['Milk']);
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V66] a clock that is far off is told, in milliseconds; one that is near is not', async () => {
    const { laptop, phone, a } = await pair();
    expect((await a.status()).clockSkewMs).toBeNull();
    await a.page.evaluate(async () => {
      await harness.device.close();
      await harness.open({ now: () => (Date.now() - 600_000) as never });
    });
    const status = await a.until((s) => s.connection === 'online');
    expect(status.clockSkewMs).toBeGreaterThan(590_000);
    expect(status.clockSkewMs).toBeLessThan(610_000);
    await Promise.all([laptop.close(), phone.close()]);
  });
});
