/**
 * Several tabs of one browser: one socket, one row for each edit, and a dead tab's edits are taken over.
 */
import { describe, expect, test } from 'vitest';
import { newPerson, openTab, tabOf } from './tab.ts';
import { openHarness } from './harness.ts';
import { world } from './support.ts';
import type { Harness } from './harness.ts';

declare const harness: Harness;

const w = world({
  withServer: true,
  // A name that is this machine and no secure context: plain http on a home network.
  args: ['--host-resolver-rules=MAP holdfast.home.test 127.0.0.1'],
});

describe('two tabs', () => {
  test('[V10] stock: two tabs store every edit twice', async () => {
    const device = await w.newDevice();
    const [a, b] = [await openHarness(device, w.url), await openHarness(device, w.url)];
    for (const page of [a, b]) {
      await page.evaluate(async () => {
        const { Y, IndexeddbPersistence, WebsocketProvider } = harness;
        const doc = new Y.Doc();
        const stock = new IndexeddbPersistence('stock-tabs', doc);
        await stock.whenSynced;
        const provider = new WebsocketProvider('ws://127.0.0.1:1', 'room', doc, { connect: false });
        provider.connectBc();
        Object.assign(harness.kept, { doc, stock });
      });
    }
    const before = await a.evaluate(async () => (await harness.rawRows('stock-tabs', 'updates')).length);
    const arrived = b.evaluate(() => {
      const doc = harness.kept['doc'] as InstanceType<Harness['Y']['Doc']>;
      return new Promise<void>((resolve) => doc.getMap('tasks').observe(() => resolve()));
    });
    await a.evaluate(() => {
      (harness.kept['doc'] as InstanceType<Harness['Y']['Doc']>).getMap('tasks').set('a', 1);
    });
    await arrived;
    const after = await b.evaluate(async () => {
      await (harness.kept['stock'] as InstanceType<Harness['IndexeddbPersistence']>).set('flush', 1);
      return (await harness.rawRows('stock-tabs', 'updates')).length;
    });
    expect(after - before).toBe(2);
    await device.close();
  });

  test('[V10] ours: each edit is one row and one unsent entry, whichever tab made it', async () => {
    const device = await w.newDevice();
    const [a, b] = [await openTab(device, w.url), await openTab(device, w.url)];
    await Promise.all(
      [a, b].map((tab, n) =>
        tab.page.evaluate((who) => {
          for (let i = 0; i < 20; i += 1) harness.device.document.createTask({ title: `${who}-${i}` });
        }, n),
      ),
    );
    await Promise.all([a.saved(), b.saved()]);
    await Promise.all([a.untilTask('1-19'), b.untilTask('0-19')]);
    expect(await a.titles()).toEqual(await b.titles());
    expect(await a.rows('updates')).toHaveLength(40);
    await device.close();
  });

  test('[V10] what comes from the server is stored once, and there is one socket', async () => {
    const ada = newPerson();
    const [laptop, phone] = [await w.newDevice(), await w.newDevice()];
    const c = await openTab(phone, w.url);
    await c.signUp(ada);
    const a = await openTab(laptop, w.url);
    await a.signIn(ada);
    await a.uploaded();
    const upgrades = w.harness.upgrades;
    const b = await openTab(laptop, w.url);
    // The second tab knows the state of the connection although it has none.
    await b.until((status) => status.connection === 'online');
    await c.add('Milk');
    await Promise.all([a.untilTask('Milk'), b.untilTask('Milk')]);
    await b.add('Bread');
    await Promise.all([b.uploaded(), c.untilTask('Bread')]);
    expect(w.harness.upgrades).toBe(upgrades);
    expect(await a.rows('updates')).toHaveLength(2);
    expect(await a.rows('unsent')).toHaveLength(0);
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V11] unsent edits of a tab that died are sent by any tab that lives', async () => {
    const ada = newPerson();
    const [laptop, phone] = [await w.newDevice(), await w.newDevice()];
    const [first, second] = [await openTab(laptop, w.url), await openTab(laptop, w.url)];
    await first.signUp(ada);
    await Promise.all([first.uploaded(), second.until((status) => status.connection === 'online')]);
    w.harness.cut();
    await Promise.all([first, second].map((tab) => tab.until((status) => status.connection === 'offline')));
    await first.add('from the tab that dies');
    await first.saved();
    // The leader's renderer crashes: no handler runs in it.
    const crashed = new Promise<void>((resolve) => first.page.once('crash', () => resolve()));
    const cdp = await laptop.newCDPSession(first.page);
    void cdp.send('Page.crash').catch(() => undefined);
    await crashed;
    w.harness.restore();
    await second.page.evaluate(() => harness.device.reconnect());
    const status = await second.uploaded();
    expect(status.waiting).toBe(0);
    const fresh = await openTab(phone, w.url);
    await fresh.signIn(ada);
    await fresh.untilTask('from the tab that dies');
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V11] a leader that is frozen is unseated by a tab that is looked at', async () => {
    const laptop = await w.newDevice();
    const first = await openTab(laptop, w.url);
    await first.signUp(newPerson());
    await first.uploaded();
    // Frozen as a browser freezes a tab in the background: it holds its lock and answers nobody.
    const cdp = await laptop.newCDPSession(first.page);
    const frozen = new Promise<void>((resolve) => cdp.once('Debugger.paused', () => resolve()));
    await cdp.send('Debugger.enable');
    await cdp.send('Debugger.pause');
    const halted = first.page.evaluate(() => 'runs again');
    await frozen;
    const second = await openTab(laptop, w.url);
    await second.add('Milk');
    const status = await second.uploaded();
    expect(status).toMatchObject({ connection: 'online', waiting: 0 });
    await cdp.send('Debugger.disable');
    expect(await halted).toBe('runs again');
    // It follows now, and knows what the new leader knows.
    await first.untilTask('Milk');
    await first.add('Bread');
    await Promise.all([first.uploaded(), second.untilTask('Bread')]);
    await laptop.close();
  });

  test('[V12] without BroadcastChannel rows of other tabs are read again from the database', async () => {
    const device = await w.newDevice();
    await device.addInitScript(() => {
      Reflect.deleteProperty(globalThis, 'BroadcastChannel');
    });
    const [a, b] = [await openTab(device, w.url), await openTab(device, w.url)];
    await a.add('Milk');
    await b.untilTask('Milk');
    expect(await a.rows('updates')).toHaveLength(1);
    await device.close();
  });

  test('[V12] without Web Locks each tab has its own socket, and what both get is stored once', async () => {
    const ada = newPerson();
    const [laptop, phone] = [await w.newDevice(), await w.newDevice()];
    await laptop.addInitScript(() => {
      Object.defineProperty(navigator, 'locks', { value: undefined });
    });
    const c = await openTab(phone, w.url);
    await c.signUp(ada);
    const a = await openTab(laptop, w.url);
    await a.signIn(ada);
    const b = await openTab(laptop, w.url);
    await Promise.all([a.uploaded(), b.uploaded()]);
    await c.add('Milk');
    await Promise.all([a.untilTask('Milk'), b.untilTask('Milk')]);
    await b.add('Bread');
    await Promise.all([b.uploaded(), c.untilTask('Bread'), a.untilTask('Bread')]);
    await Promise.all([laptop, phone].map((device) => device.close()));
    const again = await w.newDevice();
    const fresh = await openTab(again, w.url);
    await fresh.signIn(ada);
    await Promise.all([fresh.untilTask('Milk'), fresh.untilTask('Bread')]);
    await again.close();
  });
});

test('[V40] plain http: what is missing is said in plain words, and all else works', async () => {
  const device = await w.newDevice();
  const page = await device.newPage();
  await page.goto(`http://holdfast.home.test:${w.harness.port}/`);
  const found = await page.evaluate(async () => {
    await harness.open();
    return { isSecure: isSecureContext, missing: harness.device.missing };
  });
  expect(found.isSecure).toBe(false);
  expect(found.missing.map(({ feature }) => feature).sort()).toEqual([
    'offline-start',
    'persistent-storage',
    'push',
    'tab-locks',
  ]);
  for (const { reason } of found.missing) expect(reason).toContain('plain http');
  const tab = tabOf(page);
  await tab.add('Milk');
  await tab.saved();
  await page.reload();
  await page.evaluate(() => harness.open());
  expect(await tab.titles()).toEqual(['Milk']);
  await device.close();
});
