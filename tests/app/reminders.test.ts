import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, Page } from '../support/chromium.ts';
import { serviceWorkerOf } from '../support/service-worker.ts';
import { violationsInBothThemes } from './axe.ts';
import { PHONE, newPerson } from './person.ts';
import type { Person, PersonOptions } from './person.ts';
import { importTasks } from './prepared-tasks.ts';
import { serveBuild } from './static-site.ts';
import type { StaticSite } from './static-site.ts';

const TWO = new Date('2026-11-23T14:00:00Z');
const MINUTE_MS = 60_000;

/** Draws pages for a third of the processor, and has neither notifications nor a service worker that gets pushes. */
let shell: Browser;
let browser: Browser;
let site: StaticSite;
const people: Person[] = [];

beforeAll(async () => {
  [shell, browser, site] = await Promise.all([
    launchChromium(),
    launchChromium({ isWhole: true }),
    serveBuild(),
  ]);
});
afterAll(async () => {
  await Promise.all([shell.close(), browser.close()]);
  await site.close();
});
afterEach(async () => {
  const errors = people.flatMap((person) => person.errors);
  await Promise.all(people.splice(0).map((person) => person.close()));
  expect(errors).toEqual([]);
});

/** With the app installed, where notifications are. */
async function arrive(options: PersonOptions = {}): Promise<Person> {
  const person = await newPerson(browser, site.url, { timeZone: 'UTC', ...options });
  people.push(person);
  return person;
}

/** For what happens in the open page alone. */
async function arriveInPage(options: PersonOptions = {}): Promise<Person> {
  const person = await newPerson(shell, site.url, { timeZone: 'UTC', isNotInstalled: true, ...options });
  people.push(person);
  return person;
}

/** As when the window is behind another one. */
async function hide(page: Page, isHidden = true): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (hidden ? 'hidden' : 'visible'),
    });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);
}

/** Changes a setting and waits until it is said to be saved; the same words twice differ in a space. */
async function saved(person: Person, change: () => Promise<unknown>): Promise<void> {
  const spoken = person.page.locator('[aria-live].unseen');
  const before = await spoken.allTextContents();
  await change();
  await vi.waitUntil(
    async () => {
      const said = await spoken.allTextContents();
      return said.join() !== before.join() && said.some((text) => text.trim() === 'Saved');
    },
    { timeout: 60_000 },
  );
}

const reminders = (person: Person) => person.page.getByRole('region', { name: 'Reminders' });
const card = (person: Person, title: string) =>
  reminders(person).getByRole('article', { name: `Reminder: ${title}` });

test('[N6] a reminder shows in the open app with no network and no server, is spoken, and can be completed', async () => {
  const anna = await arriveInPage({ at: TWO });
  await importTasks(anna, [{ title: 'Call Tom', due: '2026-11-23 15:00', remind: ['PT15M'] }]);
  await anna.context.setOffline(true);
  await anna.page.clock.fastForward(44 * MINUTE_MS);
  expect(await reminders(anna).count()).toBe(0);
  await anna.page.clock.fastForward(MINUTE_MS);
  await card(anna, 'Call Tom').getByText('Due today 15:00').waitFor();
  await anna.page
    .getByText('Reminder: Call Tom')
    .and(anna.page.locator('[aria-live]'))
    .waitFor({ state: 'attached' });
  await card(anna, 'Call Tom').getByRole('button', { name: 'Complete' }).click();
  await anna.untilTitles();
  expect(await reminders(anna).count()).toBe(0);
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles('Call Tom');
});

test('[N6] Snooze 1 hour brings it back in an hour, and Open shows the task', async () => {
  const anna = await arriveInPage({ at: TWO });
  await importTasks(anna, [{ title: 'Call Tom', due: '2026-11-23 14:10', remind: ['PT0M'] }]);
  await anna.page.clock.fastForward(10 * MINUTE_MS);
  await card(anna, 'Call Tom').getByRole('button', { name: 'Snooze 1 hour' }).click();
  await anna.page.getByText('Snoozed until 15:10').first().waitFor();
  await anna.page.clock.fastForward(59 * MINUTE_MS);
  expect(await reminders(anna).count()).toBe(0);
  await anna.page.clock.fastForward(2 * MINUTE_MS);
  await card(anna, 'Call Tom').getByRole('button', { name: 'Call Tom' }).click();
  await anna.task.getByRole('textbox', { name: 'Title' }).waitFor();
  expect(await anna.task.getByRole('textbox', { name: 'Title' }).inputValue()).toBe('Call Tom');
});

test('[N7] a reload repeats nothing, and what came due while the app was closed is told once', async () => {
  const anna = await arriveInPage({ at: TWO });
  await importTasks(anna, [
    { title: 'Call Tom', due: '2026-11-23 14:10', remind: ['PT0M'] },
    { title: 'Buy bread', due: '2026-11-23 15:00', remind: ['PT0M'] },
  ]);
  await anna.page.clock.fastForward(10 * MINUTE_MS);
  await card(anna, 'Call Tom').getByRole('button', { name: 'Dismiss reminder' }).click();
  await anna.page.goto('about:blank');
  await anna.page.clock.fastForward(120 * MINUTE_MS);
  await anna.page.goto(site.url);
  await reminders(anna).getByText('While this device was off: 1 reminder').waitFor();
  await reminders(anna)
    .getByRole('button', { name: /Buy bread/ })
    .waitFor();
  expect(await reminders(anna).getByText('Call Tom').count()).toBe(0);
  await reminders(anna).getByRole('button', { name: 'Dismiss' }).click();
  await anna.page.reload();
  await anna.untilTitles('Call Tom', 'Buy bread');
  await anna.page.clock.fastForward(2 * MINUTE_MS);
  expect(await reminders(anna).count()).toBe(0);
});

test('[N8] nobody looks: of two tabs one shows one notification, which goes when the task is done', async () => {
  const anna = await arrive({ at: TWO });
  await anna.context.grantPermissions(['notifications']);
  const worker = await serviceWorkerOf(anna.context, anna.page);
  await importTasks(anna, [{ title: 'Call Tom', due: '2026-11-23 14:10', remind: ['PT0M'] }]);
  await anna.go('Settings');
  await anna.page.getByRole('button', { name: 'Turn on' }).click();
  await anna.page.getByText('On while Holdfast is open').waitFor();
  await anna.go('Inbox');
  const second = await anna.context.newPage();
  await second.clock.install({ time: TWO });
  await second.goto(site.url);
  await second.getByRole('checkbox', { name: 'Call Tom' }).waitFor();
  await Promise.all([hide(anna.page), hide(second)]);
  await Promise.all([anna.page.clock.fastForward(11 * MINUTE_MS), second.clock.fastForward(11 * MINUTE_MS)]);
  const [shown] = await worker.untilShown(1);
  expect(shown).toMatchObject({ title: 'Call Tom', actions: ['complete', 'snooze'] });
  expect(await reminders(anna).count()).toBe(0);
  await second.getByRole('checkbox', { name: 'Call Tom' }).click();
  await worker.untilShown(0);
});

test('[N9] a push without text shows the title that this device knows, once, and no push shows nothing', async () => {
  const anna = await arrive();
  await anna.context.grantPermissions(['notifications']);
  const ids = await importTasks(anna, [{ title: 'Call Tom' }]);
  const worker = await serviceWorkerOf(anna.context, anna.page);
  await anna.page.goto('about:blank');
  const push = payload(ids['Call Tom'] ?? '');
  await worker.push(push);
  expect(await worker.untilShown(1)).toMatchObject([
    { title: 'Call Tom', tag: push.tag, actions: ['complete', 'snooze'] },
  ]);
  await worker.push(push);
  await worker.push({ ...payload('unknown-here'), tag: 'other' });
  const shown = await worker.untilShown(2);
  expect(shown.map(({ title }) => title).sort()).toEqual(['A task is due', 'Call Tom']);
  await worker.push('not json at all');
  expect((await worker.untilShown(3)).map(({ title }) => title)).toContain('Holdfast');
});

test('[N10] what is done or snoozed here is not shown again, and a close takes the notification down', async () => {
  const anna = await arrive();
  await anna.context.grantPermissions(['notifications']);
  const ids = await importTasks(anna, [{ title: 'Call Tom' }, { title: 'Buy bread' }, { title: 'Pay rent' }]);
  const worker = await serviceWorkerOf(anna.context, anna.page);
  await anna.tick('Call Tom').click();
  await anna.untilTitles('Buy bread', 'Pay rent');
  await anna.page.goto('about:blank');
  const bread = payload(ids['Buy bread'] ?? '');
  await worker.push(bread);
  await worker.untilShown(1);
  await worker.push(payload(ids['Call Tom'] ?? ''));
  await worker.push({ ...payload(ids['Pay rent'] ?? ''), tag: 'pay' });
  // Pushes are answered in their order, so the one for what is done has been answered by now.
  expect((await worker.untilShown(2)).map(({ title }) => title).sort()).toEqual(['Buy bread', 'Pay rent']);
  await worker.push({ ...bread, kind: 'close' });
  expect((await worker.untilShown(1)).map(({ title }) => title)).toEqual(['Pay rent']);
});

test('[N11] Complete and Snooze of a notification are written with no window open, and no network', async () => {
  const anna = await arrive();
  await anna.context.grantPermissions(['notifications']);
  const ids = await importTasks(anna, [
    { title: 'Water the plants', due: '2026-11-23 09:00', rrule: 'FREQ=DAILY' },
    { title: 'Call Tom' },
  ]);
  const worker = await serviceWorkerOf(anna.context, anna.page);
  const plants = payload(ids['Water the plants'] ?? '');
  const tom = { ...payload(ids['Call Tom'] ?? ''), tag: 'tom' };
  await anna.page.goto('about:blank');
  await worker.push(plants);
  await worker.push(tom);
  await worker.untilShown(2);
  await anna.context.setOffline(true);
  await worker.press(plants.tag, 'complete');
  await worker.press(tom.tag, 'snooze');
  await worker.untilShown(0);
  await worker.settled();
  await anna.page.goto(site.url);
  await anna.untilSync('On this device only');
  await anna.untilTitles('Water the plants', 'Call Tom');
  const plantsTask = await anna.open('Water the plants');
  // Of a series the next occurrence is open, and only that.
  await plantsTask
    .getByText(/24 Nov|tomorrow|today|\d days ago|yesterday/i)
    .first()
    .waitFor();
  const stored = await anna.page.evaluate(readSnoozes);
  expect(stored).toEqual([expect.stringMatching(new RegExp(`^${ids['Call Tom'] ?? ''}#0/snooze@`))]);
  // A snoozed one is not shown again by the push that it had before.
  await anna.page.goto('about:blank');
  await worker.push(tom);
  await worker.push({ ...plants, tag: 'next', ordinal: 1 });
  expect((await worker.untilShown(1)).map(({ tag }) => tag)).toEqual(['next']);
});

test('[N11] while a window is open it makes the edit itself, with a way back', async () => {
  const anna = await arrive();
  await anna.context.grantPermissions(['notifications']);
  const ids = await importTasks(anna, [{ title: 'Call Tom' }, { title: 'Buy bread' }]);
  const worker = await serviceWorkerOf(anna.context, anna.page);
  const tom = payload(ids['Call Tom'] ?? '');
  await worker.push(tom);
  await worker.untilShown(1);
  await worker.press(tom.tag, 'complete');
  await anna.untilTitles('Buy bread');
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles('Call Tom', 'Buy bread');
});

test('[N12] what could not be stored comes back as a notification that says so', async () => {
  const anna = await arrive();
  await anna.context.grantPermissions(['notifications']);
  const ids = await importTasks(anna, [{ title: 'Call Tom' }]);
  const worker = await serviceWorkerOf(anna.context, anna.page);
  const tom = payload(ids['Call Tom'] ?? '');
  await anna.page.goto('about:blank');
  await worker.push(tom);
  await worker.untilShown(1);
  await worker.worker.evaluate(() => {
    const { add } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.add = function (...values: Parameters<typeof add>) {
      if (this.name === 'updates') throw new DOMException('full', 'QuotaExceededError');
      return add.apply(this, values);
    };
  });
  await worker.press(tom.tag, 'complete');
  await worker.settled();
  const [again] = await worker.untilShown(1);
  expect(again).toMatchObject({ title: 'Call Tom', actions: ['complete', 'snooze'] });
  expect(again?.body).toMatch(/^Not completed: There is no room left/);
});

test('[N13] pressing a notification opens the app at its task', async () => {
  const anna = await arrive();
  await anna.context.grantPermissions(['notifications']);
  const ids = await importTasks(anna, [{ title: 'Call Tom' }, { title: 'Buy bread' }]);
  const worker = await serviceWorkerOf(anna.context, anna.page);
  const tom = payload(ids['Call Tom'] ?? '');
  await worker.push(tom);
  await worker.untilShown(1);
  await worker.press(tom.tag, '');
  await anna.task.getByRole('textbox', { name: 'Title' }).waitFor();
  expect(await anna.task.getByRole('textbox', { name: 'Title' }).inputValue()).toBe('Call Tom');
  await worker.untilShown(0);
});

test('[N14] nobody is asked unasked, and each state of this device is said in plain words', async () => {
  const asks = `window.asked = 0; window.answer = 'default';
    Object.defineProperty(Notification, 'permission', { get: () => window.answer });
    Notification.requestPermission = () => { window.asked += 1; window.answer = 'denied'; return Promise.resolve('denied'); };`;
  const anna = await arrive({ before: asks });
  await anna.go('Settings');
  const device = anna.page.getByRole('group', { name: /This device/ });
  await device.getByText('Off on this device').waitFor();
  expect(await anna.page.evaluate('window.asked')).toBe(0);
  await device.getByRole('button', { name: 'Turn on' }).click();
  await device.getByText('Blocked in the browser').waitFor();
  await device.getByText('set Notifications to Allow').waitFor();
  expect(await anna.page.evaluate('window.asked')).toBe(1);
});

test('[N15] without an account the choices are kept on this device and hold', async () => {
  const anna = await arriveInPage({ at: TWO });
  await anna.go('Settings');
  const standard = anna.page.getByLabel('Default reminder');
  await saved(anna, () => standard.selectOption({ label: '5 minutes before' }));
  await saved(anna, () => anna.page.getByRole('switch', { name: 'Quiet hours' }).check());
  await saved(anna, () => anna.page.getByLabel('From', { exact: true }).fill('14:20'));
  await saved(anna, () => anna.page.getByLabel('to', { exact: true }).fill('14:40'));
  await anna.page.reload();
  // Before the choices have been read nothing can be chosen.
  await anna.page.locator('select:enabled').and(standard).waitFor();
  expect(await standard.inputValue()).toBe('PT5M');
  expect(await anna.page.getByLabel('From', { exact: true }).inputValue()).toBe('14:20');
  expect(await anna.page.getByLabel('to', { exact: true }).inputValue()).toBe('14:40');
  await importTasks(anna, [
    { title: 'Call Tom', due: '2026-11-23 14:15' },
    { title: 'Buy bread', due: '2026-11-23 14:30' },
  ]);
  await anna.page.clock.fastForward(15 * MINUTE_MS);
  await card(anna, 'Call Tom').waitFor();
  await anna.page.clock.fastForward(20 * MINUTE_MS);
  expect(await card(anna, 'Buy bread').count()).toBe(0);
  await anna.page.clock.fastForward(10 * MINUTE_MS);
  await card(anna, 'Buy bread').waitFor();
});

test('[N16] the badge counts what is due today and before', async () => {
  const anna = await arriveInPage({
    at: TWO,
    before: `window.badges = []; navigator.setAppBadge = (count) => { window.badges.push(count); return Promise.resolve(); };`,
  });
  await importTasks(anna, [
    { title: 'Overdue', due: '2026-11-20' },
    { title: 'Today', due: '2026-11-23 18:00' },
    { title: 'Later', due: '2026-11-25' },
  ]);
  await anna.page.waitForFunction('window.badges.at(-1) === 2');
  await anna.tick('Today').click();
  await anna.page.waitForFunction('window.badges.at(-1) === 1');
});

test('[N17] the cards of reminders and the settings hold on a phone too, in light and dark, as far as axe can find', async () => {
  const anna = await arriveInPage({ at: TWO, viewport: PHONE });
  await importTasks(anna, [
    {
      title: 'Donaudampfschifffahrtsgesellschaftskapitänsmütze abholen',
      due: '2026-11-23 14:10',
      remind: ['PT0M'],
    },
    { title: 'Call Tom', due: '2026-11-23 14:09', remind: ['PT0M', 'PT5M'] },
  ]);
  await anna.page.clock.fastForward(10 * MINUTE_MS);
  await card(anna, 'Call Tom').first().waitFor();
  await anna.page.getByRole('button', { name: /^Show \d more/ }).click();
  await card(anna, 'Donau').waitFor();
  expect(await violationsInBothThemes(anna.page, 'everything')).toEqual([]);
});

function payload(taskId: string): {
  v: 1;
  id: null;
  kind: 'reminder';
  tag: string;
  spaceId: string;
  taskId: string;
  ordinal: number;
  at: number;
} {
  const at = Date.now();
  return {
    v: 1,
    id: null,
    kind: 'reminder',
    tag: `${taskId}#0/r/${String(at)}`,
    spaceId: 'here',
    taskId,
    ordinal: 0,
    at,
  };
}

/** Keys of snoozes in the document's rows, read from what is stored. */
async function readSnoozes(): Promise<string[]> {
  const databases = await indexedDB.databases();
  const name = databases.find((database) => database.name?.startsWith('holdfast-doc-'))?.name ?? '';
  const rows = await new Promise<Uint8Array[]>((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = () => reject(new Error('not opened'));
    opening.onsuccess = () => {
      const all = opening.result.transaction('updates').objectStore('updates').getAll() as IDBRequest<
        Uint8Array[]
      >;
      all.onsuccess = () => {
        opening.result.close();
        resolve(all.result);
      };
    };
  });
  const text = rows.map((row) => new TextDecoder('latin1').decode(row)).join(' ');
  return [...new Set([...text.matchAll(/[\w-]+#0\/snooze@/g)].map(([key]) => key))];
}
