/** Devices, second values, receipts and what happened while nobody looked: one laptop and one phone of one person. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import type { App } from '../support/app.ts';
import { launchChromium } from '../support/chromium.ts';
import type { Browser } from '../support/chromium.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { PHONE, newAccount, newPerson, personAt } from './person.ts';
import type { Person } from './person.ts';

const HOUR_MS = 60 * 60_000;

let browser: Browser;
let database: TestDatabase;
let app: App;
let laptop: Person;
let phone: Person;

// The tests tell one story: each goes on from where the one before ended.
beforeAll(async () => {
  [browser, database] = await Promise.all([launchChromium(), testDatabase()]);
  app = await startApp({ databaseUrl: database.url, env: { RATE_LIMITS: 'off' } });
  const account = newAccount();
  laptop = await newPerson(browser, app.url);
  await laptop.add('Call Tom', 'Pay rent');
  await laptop.createAccount(account);
  await laptop.untilSync(/^\s*All saved/);
  phone = await newPerson(browser, app.url, { viewport: PHONE });
  await phone.signIn(account);
  await phone.untilTitles('Call Tom', 'Pay rent');
});
afterAll(async () => {
  await Promise.all([laptop, phone].map((person) => person.close()));
  await browser.close();
  await app.stop();
  await database.drop();
});

async function rename(person: Person, from: string, to: string): Promise<void> {
  const task = await person.open(from);
  await task.getByRole('textbox', { name: 'Title' }).fill(to);
  await task.getByRole('textbox', { name: 'Title' }).press('Enter');
  await task.getByRole('button', { name: 'Close' }).click();
  await person.row(to).waitFor();
}

test('[W3] devices are listed with their names; one gets another name, and the list stays readable offline', async () => {
  const { page } = laptop;
  await laptop.sync.getByRole('link').click();
  await page.getByRole('link', { name: 'Devices', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Devices' }).waitFor();
  await page.getByText('connected now').waitFor();
  await page.getByLabel('Name of this device').fill('Study');
  await page.getByRole('button', { name: 'Save name' }).click();
  await page.getByText('Name saved').first().waitFor();
  await phone.page.goto('/devices');
  await phone.page.getByRole('heading', { level: 3, name: 'Study' }).waitFor();

  await laptop.context.setOffline(true);
  await page.getByText(/^As of .*; the server cannot be asked now/).waitFor();
  expect(await page.getByRole('button', { name: /^Revoke/ }).isDisabled()).toBe(true);
  await laptop.context.setOffline(false);
  await laptop.untilSync(/^\s*All saved/);
  await phone.go('Inbox');
  await laptop.go('Inbox');
});

test('[W6] second values are decided on a page: where each was written, all kept at once, undone, and swapped', async () => {
  const both = [laptop, phone];
  await Promise.all(both.map((person) => person.context.setOffline(true)));
  await Promise.all(both.map((person) => person.untilSync(/^\s*Offline/)));
  await rename(phone, 'Call Tom', 'Call Tom about the boat');
  await rename(phone, 'Pay rent', 'Pay the rent');
  await rename(laptop, 'Call Tom', 'Call Tom about the cabin');
  await rename(laptop, 'Pay rent', 'Pay rent on Friday');
  await Promise.all(both.map((person) => person.context.setOffline(false)));

  const { page } = laptop;
  await page.getByRole('link', { name: '2 kept values to look at' }).click();
  await page.getByRole('heading', { level: 1, name: 'Kept values' }).waitFor();
  await page.getByText('Call Tom about the boat').waitFor();
  await page
    .getByText(/on this device, /)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Keep what stands in all 2' }).click();
  await page.getByText('Nothing to decide').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Call Tom about the boat').waitFor();
  await page.getByText('Pay the rent').waitFor();
  const boat = page
    .getByRole('listitem')
    .filter({ has: page.getByText('Call Tom about the boat') })
    .getByRole('button', { name: 'Use this instead' });
  await boat.click();
  await boat.waitFor({ state: 'detached' });
  // The Undo takes back what it says, whatever has followed: a move by keys has none in sight.
  const undo = page.getByRole('region', { name: 'Last change' }).getByRole('button', { name: 'Undo' });
  await laptop.go('Inbox');
  const rent = laptop.row('Pay rent on Friday').getByRole('button', { name: 'Pay rent on Friday' });
  await rent.focus();
  await page.keyboard.press('Alt+ArrowUp');
  await laptop.untilTitles('Pay rent on Friday', 'Call Tom about the boat');
  await undo.click();
  await laptop.untilTitles('Pay rent on Friday', 'Call Tom about the cabin');
  await page.keyboard.press('ControlOrMeta+Shift+z');
  await laptop.untilTitles('Pay rent on Friday', 'Call Tom about the boat');
  await rent.focus();
  await page.keyboard.press('Alt+ArrowDown');
  await laptop.untilTitles('Call Tom about the boat', 'Pay rent on Friday');
  await page.goBack();
  await page.getByRole('button', { name: 'Keep what stands' }).click();
  await page.getByText('Nothing to decide').waitFor();
  await laptop.go('Inbox');
  await laptop.untilTitles('Call Tom about the boat', 'Pay rent on Friday');
  await phone.untilTitles('Call Tom about the boat', 'Pay rent on Friday');
});

test('[W7] an open task says where its last change is', async () => {
  const task = await laptop.open('Pay rent on Friday');
  await task.getByText(/On this device · on the server · seen on /).waitFor();
  await laptop.context.setOffline(true);
  await laptop.untilSync(/^\s*Offline/);
  await task.getByRole('combobox', { name: 'Priority' }).selectOption('High');
  await task.getByText('On this device · not known to be on the server yet').waitFor();
  await laptop.context.setOffline(false);
  await task.getByText(/On this device · on the server/).waitFor();
});

test('[W8] after an absence Today tells what was changed elsewhere, also offline, until it is dismissed', async () => {
  const { context } = laptop;
  await laptop.page.close();
  await phone.go('Search');
  await phone.page.getByRole('searchbox', { name: 'Search' }).fill('cat');
  await phone.page.getByRole('button', { name: 'Save as view' }).click();
  await phone.page.getByRole('textbox', { name: 'Name of the view' }).fill('Pets');
  await phone.page.keyboard.press('Enter');
  await phone.page.getByRole('heading', { level: 1, name: 'Pets' }).waitFor();
  await phone.go('Inbox');
  await phone.add('Feed the cat');
  await phone.untilSync(/^\s*All saved/);
  const { request } = phone.context;
  const me = (await (await request.get('/api/v1/me')).json()) as { spaces: { id: string }[] };
  // The history is written a moment after the edit.
  await expect
    .poll(async () => (await request.get(`/api/v1/spaces/${me.spaces[0]?.id ?? ''}/audit?limit=50`)).text(), {
      timeout: 60_000,
    })
    .toContain('Feed the cat');

  const page = await context.newPage();
  await page.clock.install({ time: Date.now() + 2 * HOUR_MS });
  laptop = personAt(context, page);
  await page.goto('/today');
  const card = page.getByRole('region', { name: 'While you were away' });
  await card.getByRole('button', { name: 'Feed the cat' }).waitFor();
  await card.getByText('Anna added the task').waitFor();
  await card.getByText('Pets', { exact: true }).waitFor();
  await card.getByText('Anna added the view').waitFor();
  await context.setOffline(true);
  await card.getByRole('link', { name: /^(All|Show in full)/ }).click();
  await page.getByText(/^As of .*; the server cannot be asked now/).waitFor();
  await page.getByRole('button', { name: 'Feed the cat' }).waitFor();
  // What this device did itself is no news.
  expect(await page.getByText(/the priority/).count()).toBe(0);
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Got it' }).click();
  await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
  await card.waitFor({ state: 'detached' });
});

test('[W5] revoking says what could be lost, ends the other device’s session, and leaves its tasks', async () => {
  const { page } = laptop;
  await page.goto('/devices');
  await page.getByRole('button', { name: /^Revoke/ }).click();
  const dialog = page.getByRole('alertdialog', { name: /^Revoke .*\?$/ });
  await dialog.getByText(/nothing is deleted anywhere/).waitFor();
  await dialog.getByRole('button', { name: /^Revoke/ }).click();
  await page.getByText('None yet.').waitFor();
  await phone.untilSync(/^\s*Signed out/);
  await phone.untilTitles('Call Tom about the boat', 'Pay rent on Friday', 'Feed the cat');
  expect([...laptop.errors, ...phone.errors]).toEqual([]);
});
