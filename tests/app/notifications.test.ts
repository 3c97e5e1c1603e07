/**
 * Reminders all the way: an edit in one Chromium, the log, the workers, a push service that decrypts, the service worker of
 * another Chromium, its notification, an edit from there, and back. The workers' clock is the test's.
 */
import { fileURLToPath } from 'node:url';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { createLogger } from '@holdfast/sync-server/logging.ts';
import { createSyncServer } from '@holdfast/sync-server/server.ts';
import type { SyncServer } from '@holdfast/sync-server/server.ts';
import { createWorkers } from '@holdfast/workers/workers.ts';
import type { Workers } from '@holdfast/workers/workers.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import webpush from 'web-push';
import { launchChromium } from '../support/chromium.ts';
import type { Browser } from '../support/chromium.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { startPushService } from '../support/push-service.ts';
import type { PushService, TestSubscription } from '../support/push-service.ts';
import { serviceWorkerOf } from '../support/service-worker.ts';
import type { ServiceWorkerHandle } from '../support/service-worker.ts';
import { newAccount, newPerson } from './person.ts';
import type { Account, Person } from './person.ts';
import { importTasks } from './prepared-tasks.ts';

const HOUR_MS = 60 * 60_000;
const vapid = { ...webpush.generateVAPIDKeys(), subject: 'mailto:operator@example.org' };
/**
 * What the test calls two o'clock: a full hour some hours ago, since a push is signed for a day at most by the real clock,
 * which the workers' must therefore not be ahead of.
 */
const two = Math.floor(Date.now() / HOUR_MS - 7) * HOUR_MS;

let browser: Browser;
let data: TestDatabase;
let database: Database;
let push: PushService;
let server: SyncServer;
let workers: Workers;
let url: string;
let workersNow = Date.now();
let heard = Promise.withResolvers<void>();
const people: Person[] = [];

beforeAll(async () => {
  [browser, data, push] = await Promise.all([
    launchChromium({ isWhole: true }),
    testDatabase(),
    startPushService(),
  ]);
  database = createDatabase({ url: data.url, onError: () => undefined });
  const logger = createLogger({ level: 'error', destination: { write: () => undefined } });
  workers = createWorkers({
    database,
    logger,
    now: () => workersNow,
    ca: push.ca,
    announce: (event) => {
      if (event.kind === 'notify') server.notify(event.spaceId);
    },
    config: { vapid, allowPrivateEndpoints: true },
  });
  server = createSyncServer({
    database,
    logger,
    config: {
      version: 'test',
      signup: 'open',
      authSecret: 'only-for-tests-3f9a1c77e0b24d5c8a6e',
      rateLimits: false,
      vapidPublicKey: vapid.publicKey,
      allowPrivateEndpoints: true,
    },
    webRoot: fileURLToPath(new URL('../../web/build', import.meta.url)),
    onEvent: (event) => {
      if (event.kind !== 'head') return;
      heard.resolve();
      heard = Promise.withResolvers();
    },
  });
  ({ url } = await server.listen({ host: '127.0.0.1', port: 0 }));
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await workers.close();
  await push.close();
  await database.close();
  await data.drop();
});
afterEach(async () => {
  const errors = people.flatMap((person) => person.errors);
  await Promise.all(people.splice(0).map((person) => person.close()));
  expect(errors).toEqual([]);
});

/** A browser whose push service is the test's, since Chromium never answers without its own. */
function withPush({ endpoint, keys }: TestSubscription): string {
  return `{
    const subscription = ${JSON.stringify({ endpoint, keys })};
    const made = (key) => ({
      endpoint: subscription.endpoint,
      options: { applicationServerKey: Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)).buffer },
      toJSON: () => subscription,
      unsubscribe: () => { localStorage.removeItem('subscribed'); return Promise.resolve(true); },
    });
    const current = () => { const key = localStorage.getItem('subscribed'); return key ? made(key) : null; };
    PushManager.prototype.getSubscription = () => Promise.resolve(current());
    PushManager.prototype.subscribe = ({ applicationServerKey }) => {
      localStorage.setItem('subscribed', applicationServerKey);
      return Promise.resolve(current());
    };
  }`;
}

async function arrive(options: { subscription?: TestSubscription } = {}): Promise<Person> {
  const { subscription } = options;
  const person = await newPerson(browser, url, {
    timeZone: 'UTC',
    ...(subscription ? { before: withPush(subscription) } : {}),
  });
  people.push(person);
  if (subscription) await person.context.grantPermissions(['notifications']);
  return person;
}

async function turnOn(person: Person): Promise<void> {
  await person.go('Settings');
  const device = person.page.getByRole('group', { name: /This device/ });
  await device.getByRole('button', { name: 'Turn on' }).click();
  await device.getByText('Reminders reach this device, also while Holdfast is closed').waitFor();
  await person.go('Inbox');
}

async function phoneWithTask(
  title: string,
  due: string,
): Promise<{ phone: Person; worker: ServiceWorkerHandle; account: Account }> {
  const account = newAccount();
  const phone = await arrive({ subscription: push.subscribe() });
  await phone.createAccount(account);
  await turnOn(phone);
  await importTasks(phone, [{ title, due, remind: ['PT0M'] }]);
  await phone.untilSync(/^\s*All saved/);
  return { phone, worker: await serviceWorkerOf(phone.context, phone.page), account };
}

/** The workers do what is to be done at that instant; gives what was pushed. */
async function at(instant: number): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const before = push.messages.length;
  workersNow = instant;
  // What came meanwhile came by the clock of the test.
  await database.kysely
    .updateTable('update_log')
    .set({ received_at: new Date(instant) })
    .where('received_at', '>', new Date(instant))
    .execute();
  await workers.runOnce();
  await workers.runOnce();
  // A close is for other devices that show it, and says nothing here.
  return push.messages
    .slice(before)
    .map(({ payload }) => payload)
    .filter(({ kind }) => kind !== 'close');
}

const oclock = (hours: number, minutes = 0): number => two + (hours - 14) * HOUR_MS + minutes * 60_000;
const dueAt = (instant: number): string => new Date(instant).toISOString().slice(0, 16).replace('T', ' ');

test('[N22] the asleep phone: snoozed with no network, it comes again in an hour; completed there, it is done everywhere', async () => {
  const { phone, worker, account } = await phoneWithTask('Call Tom', dueAt(oclock(14)));
  const laptop = await arrive();
  await laptop.signIn(account);
  await laptop.untilTitles('Call Tom');
  await phone.page.goto('about:blank');

  expect(await at(oclock(13, 30))).toEqual([]);
  const [first, ...more] = await at(oclock(14));
  expect(more).toEqual([]);
  expect(first).toMatchObject({ kind: 'reminder' });
  // Whatever a push service reads of it, it is no text of the task.
  expect(JSON.stringify(first)).not.toContain('Tom');
  await worker.push(first ?? {});
  expect(await worker.untilShown(1)).toMatchObject([
    { title: 'Call Tom', body: expect.stringContaining(dueAt(oclock(14)).slice(-5)) as string },
  ]);

  await phone.context.setOffline(true);
  await worker.worker.evaluate((now) => {
    Date.now = () => now;
  }, oclock(14));
  await worker.press(String(first?.['tag']), 'snooze');
  await worker.untilShown(0);
  await worker.settled();

  // Back by half past two; the browser says so to what waits for it.
  await phone.context.setOffline(false);
  const arrived = heard.promise;
  await worker.sync('holdfast-send');
  await arrived;
  expect(await at(oclock(14, 59))).toEqual([]);
  const [again] = await at(oclock(15));
  expect(again).toMatchObject({ kind: 'reminder', taskId: first?.['taskId'] });
  expect(again?.['tag']).not.toBe(first?.['tag']);
  await worker.push(again ?? {});
  await worker.untilShown(1);
  await worker.press(String(again?.['tag']), 'complete');
  await laptop.untilTitles();
  await worker.untilShown(0);
  expect(await at(oclock(17))).toEqual([]);
});

test('[N22] completed on the laptop before its time, nothing comes to the phone', async () => {
  const { phone, account } = await phoneWithTask('Pay rent', dueAt(oclock(15)));
  const laptop = await arrive();
  await laptop.signIn(account);
  await laptop.untilTitles('Pay rent');
  await phone.page.goto('about:blank');
  expect(await at(oclock(14, 49))).toEqual([]);
  await laptop.tick('Pay rent').click();
  await laptop.untilTitles();
  await laptop.untilSync(/^\s*All saved/);
  expect(await at(oclock(15))).toEqual([]);
});

test('[N18] a subscription is sent again at every start, and given up when someone signs out', async () => {
  const { phone } = await phoneWithTask('Call Tom', dueAt(oclock(14)));
  const sent = phone.page.waitForRequest(
    (request) => request.method() === 'POST' && request.url().endsWith('/api/v1/push-subscriptions'),
  );
  await phone.page.reload();
  expect((await sent).postDataJSON()).toMatchObject({ deviceId: expect.any(String) as string });
  await phone.untilSync(/^\s*All saved/);
  await phone.go('Settings');
  const given = phone.page.waitForResponse(
    (response) =>
      response.request().method() === 'DELETE' && response.url().endsWith('/api/v1/push-subscriptions'),
  );
  await phone.page.getByRole('button', { name: 'Sign out' }).click();
  expect((await given).ok()).toBe(true);
  await phone.untilSync('On this device only');
  expect(await phone.page.evaluate(() => localStorage.getItem('subscribed'))).toBeNull();
});

test('[N19] a test says what was sent and what was not, and the history keeps both, offline too', async () => {
  const { phone } = await phoneWithTask('Call Tom', dueAt(Date.now() + 2 * HOUR_MS));
  await at(Date.now());
  await phone.go('Settings');
  const email = phone.page.getByRole('switch', { name: 'By e-mail', exact: true });
  await email.click();
  await phone.page.waitForFunction(() =>
    [...document.querySelectorAll<HTMLInputElement>('input[role="switch"]')].some(
      (box) => box.labels?.[0]?.textContent === 'By e-mail' && box.checked,
    ),
  );
  await phone.page.getByRole('button', { name: 'Send a test' }).click();
  await phone.page.getByText('The server has no mail server').waitFor();
  const [message] = await at(Date.now());
  expect(message).toMatchObject({ kind: 'test' });
  // The server tells the open page, which asks what became of it.
  await phone.page
    .getByText(/Sent .*to a device/)
    .first()
    .waitFor();
  await phone.page.getByText('What was sent').click();
  await phone.page.getByText(/Planned for/).waitFor();
  await phone.context.setOffline(true);
  await phone.page.getByText('These choices are kept on the server').waitFor();
  expect(await email.isChecked()).toBe(true);
  expect(await email.isDisabled()).toBe(true);
  await phone.context.setOffline(false);
});

test('[N20] the history of a task tells each change, and puts an earlier value back as an edit that can be undone', async () => {
  const { phone } = await phoneWithTask('Call Tom', dueAt(oclock(14)));
  const task = await phone.open('Call Tom');
  await task.getByRole('textbox', { name: 'Title' }).fill('Call Tim');
  await task.getByRole('textbox', { name: 'Title' }).press('Enter');
  await phone.row('Call Tim').waitFor();
  await phone.untilSync(/^\s*All saved/);
  await at(Date.now());
  await task.getByText('History', { exact: true }).click();
  await task.getByText('Anna changed the title from “Call Tom” to “Call Tim”').waitFor();
  await task.getByRole('button', { name: 'Put this value back: Call Tom' }).click();
  await phone.row('Call Tom').waitFor();
  await phone.page.getByRole('button', { name: 'Undo' }).click();
  await phone.row('Call Tim').waitFor();
});

test('[N7] what was missed while every device was off is told by the server, once', async () => {
  const { phone } = await phoneWithTask('Call Tom', dueAt(oclock(14)));
  expect(await at(oclock(13))).toEqual([]);
  // The server was away at two, and back at eight.
  expect(await at(oclock(20))).toEqual([]);
  const notices = phone.page.getByRole('region', { name: 'Reminders' });
  await notices.getByText('While this device was off: 1 reminder').waitFor();
  await notices.getByRole('button', { name: 'Dismiss' }).click();
  await phone.page.reload();
  await phone.untilSync(/^\s*All saved/);
  expect(await notices.count()).toBe(0);
});
