/**
 * Accounts on a device, against the real server: attaching, resuming, signing out, clearing.
 */
import { describe, expect, test } from 'vitest';
import { newPerson, openTab } from './tab.ts';
import { world } from './support.ts';
import type { Harness } from './harness.ts';

declare const harness: Harness;

const w = world({ withServer: true });

describe('attaching', () => {
  test('[V20] without an account everything works and nothing is sent', async () => {
    const device = await w.newDevice();
    const before = w.harness.upgrades;
    const tab = await openTab(device, w.url);
    await tab.add('Milk');
    const status = await tab.saved();
    expect(status).toMatchObject({ connection: 'none', storage: 'ok', unsaved: 0, waiting: 0 });
    await tab.page.reload();
    await tab.page.evaluate(() => harness.open());
    expect(await tab.titles()).toEqual(['Milk']);
    expect(w.harness.upgrades).toBe(before);
    await device.close();
  });

  test('[V21] signing up and signing in merge what both devices have, with no import step', async () => {
    const ada = newPerson();
    const [laptop, phone] = [await w.newDevice(), await w.newDevice()];
    const [a, b] = [await openTab(laptop, w.url), await openTab(phone, w.url)];
    await a.add('from the laptop');
    await b.add('from the phone');
    expect(await a.signUp(ada)).toEqual({ ok: true });
    await a.uploaded();
    expect(await b.signIn(ada)).toEqual({ ok: true });
    await Promise.all([a.untilTask('from the phone'), b.untilTask('from the laptop')]);
    await Promise.all([a.uploaded(), b.uploaded()]);
    expect(await a.titles()).toEqual(['from the laptop', 'from the phone']);
    expect(await b.titles()).toEqual(await a.titles());
    expect(await a.contentHash()).toBe(await b.contentHash());
    const compared = await a.page.evaluate(() => harness.device.compareWithServer());
    expect(compared).toMatchObject({ same: true });
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V22] the other device is named in the status, and is current once it has stored everything', async () => {
    const ada = newPerson();
    const [laptop, phone] = [await w.newDevice(), await w.newDevice()];
    const [a, b] = [await openTab(laptop, w.url), await openTab(phone, w.url)];
    await b.page.evaluate(() => harness.device.rename('Phone'));
    await a.signUp(ada);
    await b.signIn(ada);
    await a.add('Milk');
    await b.untilTask('Milk');
    const status = await a.until(
      (s) => s.waiting === 0 && s.seenBy.some((other) => other.name === 'Phone' && other.current),
    );
    expect(status.seenBy).toHaveLength(1);
    await Promise.all([laptop.close(), phone.close()]);
  });

  test('[V19] a second device of one kind gets a number, and a new name is seen at once', async () => {
    const ada = newPerson();
    const [laptop, other] = [await w.newDevice(), await w.newDevice()];
    const [a, b] = [await openTab(laptop, w.url), await openTab(other, w.url)];
    const behind = await openTab(other, w.url);
    const guessed = await a.page.evaluate(() => harness.device.self.name);
    expect(await b.page.evaluate(() => harness.device.self.name)).toBe(guessed);
    await a.signUp(ada);
    await a.uploaded();
    await b.signIn(ada);
    const numbered = await a.until((s) => s.seenBy.some((device) => device.name.endsWith(' 2')));
    expect(numbered.seenBy.map((device) => device.name)).toEqual([`${guessed} 2`]);
    // It knows so itself, in each of its windows.
    for (const tab of [b, behind]) {
      await tab.page.evaluate(async () => {
        while (!harness.device.self.name.endsWith(' 2')) await new Promise((resolve) => setTimeout(resolve));
      });
    }
    // From the window that does not hold the socket.
    expect(await behind.page.evaluate(() => harness.device.rename('Kitchen'))).toEqual({ ok: true });
    await a.until((s) => s.seenBy.some((device) => device.name === 'Kitchen'));
    // A name that is taken gets a number as well.
    await b.page.evaluate((name) => harness.device.rename(name), guessed);
    await a.until((s) => s.seenBy.some((device) => device.name.endsWith(' 2')));
    await Promise.all([laptop.close(), other.close()]);
  });

  test('[V23] a second account is refused as long as the first one is attached; nothing is mixed', async () => {
    const [ada, bob] = [newPerson('Ada'), newPerson('Bob')];
    const [laptop, other] = [await w.newDevice(), await w.newDevice()];
    const [a, b] = [await openTab(laptop, w.url), await openTab(other, w.url)];
    await b.signUp(bob);
    await a.signUp(ada);
    await a.add('for Ada only');
    await a.uploaded();
    expect(await a.signIn(bob)).toMatchObject({ ok: false, code: 'other-account' });
    expect(await b.titles()).toEqual([]);
    expect(await a.page.evaluate(() => harness.device.account?.email)).toBe(ada.email);
    await Promise.all([laptop.close(), other.close()]);
  });

  test('[V24] wrong credentials, and a server that cannot be reached, are values with words', async () => {
    const device = await w.newDevice();
    const tab = await openTab(device, w.url);
    await tab.add('Milk');
    const wrong = await tab.signIn(newPerson('Nobody'));
    expect(wrong).toMatchObject({ ok: false, code: 'wrong-credentials' });
    w.harness.cut();
    const unreachable = await tab.signIn(newPerson('Nobody'));
    w.harness.restore();
    expect(unreachable).toMatchObject({ ok: false, code: 'unreachable' });
    expect(await tab.titles()).toEqual(['Milk']);
    await device.close();
  });
});

describe('leaving', () => {
  test('[V30] signing out is refused while edits are unsent, with their number', async () => {
    const device = await w.newDevice();
    const tab = await openTab(device, w.url);
    await tab.signUp(newPerson());
    await tab.uploaded();
    w.harness.cut();
    await tab.until((status) => status.connection === 'offline');
    await tab.add('Milk');
    await tab.add('Bread');
    const refused = await tab.page.evaluate(() => harness.device.signOut());
    w.harness.restore();
    expect(refused).toMatchObject({ ok: false, code: 'unsent', count: 2 });
    expect(await tab.titles()).toEqual(['Bread', 'Milk']);
    await device.close();
  });

  test('[V30] edits that another tab cannot store count too', async () => {
    const device = await w.newDevice();
    const [first, second] = [await openTab(device, w.url), await openTab(device, w.url)];
    await second.page.evaluate(() => {
      const { transaction } = IDBDatabase.prototype;
      IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...given) {
        if (given[1] === 'readwrite') throw new DOMException('no disk', 'UnknownError');
        return transaction.apply(this, given);
      };
    });
    await second.add('only in memory');
    await second.until((status) => status.storage === 'failing');
    const refused = await first.page.evaluate(() => harness.device.clear());
    expect(refused).toMatchObject({ ok: false, code: 'unsent', count: 1 });
    await device.close();
  });

  test('[V31] after signing out nothing of the account is left in this browser, and every tab is told', async () => {
    const device = await w.newDevice();
    const [first, second] = [await openTab(device, w.url), await openTab(device, w.url)];
    await first.signUp(newPerson());
    await second.until((status) => status.connection === 'online');
    await first.add('Milk');
    await first.uploaded();
    await second.page.evaluate(() => {
      harness.kept['closed'] = new Promise((resolve) => harness.device.onClosed(resolve));
    });
    expect(await first.page.evaluate(() => harness.device.signOut())).toEqual({ ok: true });
    expect(await second.page.evaluate(() => harness.kept['closed'])).toBe('signed-out');
    await first.page.evaluate(() => harness.open());
    expect(await first.titles()).toEqual([]);
    expect(await first.status()).toMatchObject({ connection: 'none' });
    // The old database is deleted as soon as the other tab has let go of it.
    await first.page.evaluate(async () => {
      const documents = async () =>
        (await indexedDB.databases()).filter(({ name }) => name?.startsWith('holdfast-doc-'));
      while ((await documents()).length !== 1);
    });
    expect(await first.page.evaluate(async () => (await fetch('/api/v1/me')).status)).toBe(401);
    await device.close();
  });

  test('[V32] whoever insists may sign out with unsent edits, even with no network', async () => {
    const device = await w.newDevice();
    const tab = await openTab(device, w.url);
    await tab.signUp(newPerson());
    await tab.uploaded();
    w.harness.cut();
    await tab.until((status) => status.connection === 'offline');
    await tab.add('lost on purpose');
    expect(await tab.page.evaluate(() => harness.device.signOut({ insist: true }))).toEqual({ ok: true });
    w.harness.restore();
    // The server could not be told; the next start does it.
    await tab.page.evaluate(() => harness.open());
    await tab.page.evaluate(async () => {
      while ((await fetch('/api/v1/me')).status !== 401);
    });
    expect(await tab.titles()).toEqual([]);
    await device.close();
  });

  test('[V33] clearing a device without an account is refused while it is the only place of its tasks', async () => {
    const device = await w.newDevice();
    const tab = await openTab(device, w.url);
    await tab.add('Milk');
    const refused = await tab.page.evaluate(() => harness.device.clear());
    expect(refused).toMatchObject({ ok: false, code: 'unsent', count: 1 });
    expect(await tab.page.evaluate(() => harness.device.clear({ insist: true }))).toEqual({ ok: true });
    await tab.page.evaluate(() => harness.open());
    expect(await tab.titles()).toEqual([]);
    await device.close();
  });

  test('[V34] a session that ended says so; edits are kept and go up after the next sign-in', async () => {
    const ada = newPerson();
    const device = await w.newDevice();
    const tab = await openTab(device, w.url);
    await tab.signUp(ada);
    await tab.uploaded();
    await tab.page.evaluate(() => fetch('/api/auth/sign-out', { method: 'POST' }));
    await tab.until((status) => status.connection === 'signed-out');
    await tab.add('Milk');
    const waiting = await tab.saved();
    expect(waiting).toMatchObject({ connection: 'signed-out', waiting: 1, unsaved: 0 });
    expect(await tab.signIn(ada)).toEqual({ ok: true });
    await tab.uploaded();
    const other = await w.newDevice();
    const fresh = await openTab(other, w.url);
    await fresh.signIn(ada);
    await fresh.untilTask('Milk');
    await Promise.all([device.close(), other.close()]);
  });
});
