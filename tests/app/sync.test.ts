import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import type { App } from '../support/app.ts';
import { launchChromium } from '../support/chromium.ts';
import type { Browser } from '../support/chromium.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { PHONE, newAccount, newPerson } from './person.ts';
import type { Person, PersonOptions } from './person.ts';

let browser: Browser;
let database: TestDatabase;
let app: App;
const people: Person[] = [];

beforeAll(async () => {
  [browser, database] = await Promise.all([launchChromium(), testDatabase()]);
  app = await startApp({ databaseUrl: database.url, env: { RATE_LIMITS: 'off' } });
});
afterAll(async () => {
  await browser.close();
  await app.stop();
  await database.drop();
});
afterEach(async () => {
  const errors = people.flatMap((person) => person.errors);
  await Promise.all(people.splice(0).map((person) => person.close()));
  expect(errors).toEqual([]);
});

async function arrive(options?: PersonOptions): Promise<Person> {
  const person = await newPerson(browser, app.url, { isNotInstalled: true, ...options });
  people.push(person);
  return person;
}

async function laptopAndPhone(): Promise<{ laptop: Person; phone: Person }> {
  const account = newAccount();
  const laptop = await arrive();
  await laptop.add('Call Tom');
  await laptop.createAccount(account);
  await laptop.untilSync(/^\s*All saved/);
  const phone = await arrive({ viewport: PHONE });
  await phone.signIn(account);
  await phone.untilTitles('Call Tom');
  await laptop.untilSync(/All saved · seen on/);
  return { laptop, phone };
}

async function rename(person: Person, from: string, to: string): Promise<void> {
  const task = await person.open(from);
  await task.getByRole('textbox', { name: 'Title' }).fill(to);
  await task.getByRole('textbox', { name: 'Title' }).press('Enter');
  await task.getByRole('button', { name: 'Close' }).click();
  await person.row(to).waitFor();
}

test('[P17] the sync line says where the edits are: here, on the server, waiting', async () => {
  const { laptop, phone } = await laptopAndPhone();
  await phone.add('Buy bread');
  await laptop.untilTitles('Call Tom', 'Buy bread');
  await laptop.context.setOffline(true);
  await laptop.untilSync('Offline · everything is saved on this device');
  await laptop.add('Water the tomatoes', 'Pay rent');
  await laptop.untilSync('Offline · 2 edits waiting, saved on this device');
  await laptop.sync.getByRole('link').click();
  await laptop.page
    .getByText(/This device has no network\. .*2 edits not on the server yet, the oldest from/)
    .waitFor();
  await laptop.context.setOffline(false);
  await laptop.untilSync(/^\s*All saved/);
  await laptop.page.getByText('The server has every edit of this device').waitFor();
  await laptop.page.getByRole('button', { name: 'Compare with the server' }).click();
  await laptop.page.getByText('hold exactly the same').waitFor();
  await phone.untilTitles('Call Tom', 'Buy bread', 'Water the tomatoes', 'Pay rent');
});

test('[P18] of two renames made apart the later stands, the other is shown, and one tap swaps it in', async () => {
  const { laptop, phone } = await laptopAndPhone();
  await Promise.all([laptop.context.setOffline(true), phone.context.setOffline(true)]);
  await Promise.all([laptop.untilSync(/^\s*Offline/), phone.untilSync(/^\s*Offline/)]);
  await rename(phone, 'Call Tom', 'Call Tom about the boat');
  await rename(laptop, 'Call Tom', 'Call Tom about the cabin');
  await Promise.all([laptop.context.setOffline(false), phone.context.setOffline(false)]);

  for (const person of [laptop, phone]) {
    await person.row('Call Tom about the cabin').getByText('Another value is kept').waitFor();
  }
  const task = await phone.open('Call Tom about the cabin');
  await task.getByText('Title was changed in two places').waitFor();
  await task.getByText('Call Tom about the boat').waitFor();
  await task.getByRole('button', { name: 'Use this instead' }).click();
  await task.getByText('Title was changed in two places').waitFor({ state: 'detached' });
  expect(await task.getByRole('textbox', { name: 'Title' }).inputValue()).toBe('Call Tom about the boat');
  await laptop.untilTitles('Call Tom about the boat');
  await laptop.page.getByText('Another value is kept').waitFor({ state: 'detached' });
});

test('[P18] the sync page lists every kept value, and keeping what stands dismisses it', async () => {
  const { laptop, phone } = await laptopAndPhone();
  await Promise.all([laptop.context.setOffline(true), phone.context.setOffline(true)]);
  await Promise.all([laptop.untilSync(/^\s*Offline/), phone.untilSync(/^\s*Offline/)]);
  await rename(phone, 'Call Tom', 'One');
  await rename(laptop, 'Call Tom', 'Two');
  await Promise.all([laptop.context.setOffline(false), phone.context.setOffline(false)]);
  await laptop.row('Two').getByText('Another value is kept').waitFor();
  await laptop.sync.getByRole('link').click();
  await laptop.page.getByRole('button', { name: 'Keep what stands' }).click();
  await laptop.page.getByRole('button', { name: 'Keep what stands' }).waitFor({ state: 'detached' });
  await phone.untilTitles('Two');
  await phone.page.getByText('Another value is kept').waitFor({ state: 'detached' });
});

test('[P19] signing out is refused while edits are unsent, and says what would be lost', async () => {
  const { laptop } = await laptopAndPhone();
  await laptop.context.setOffline(true);
  await laptop.untilSync(/^\s*Offline/);
  await laptop.add('Only here');
  await laptop.untilSync('Offline · 1 edit waiting');
  await laptop.go('Settings');
  await laptop.page.getByRole('button', { name: 'Sign out' }).click();
  const dialog = laptop.page.getByRole('alertdialog', { name: '1 edit would be lost' });
  await dialog.getByRole('button', { name: 'Sign out and lose 1 edit' }).waitFor();
  await dialog.getByRole('button', { name: 'Keep everything' }).click();
  await laptop.go('Inbox');
  await laptop.untilTitles('Call Tom', 'Only here');
  await laptop.context.setOffline(false);
  await laptop.untilSync(/^\s*All saved/);
  await laptop.go('Settings');
  await laptop.page.getByRole('button', { name: 'Sign out' }).click();
  await laptop.page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
  await laptop.untilSync('On this device only');
  expect(await laptop.titles()).toEqual([]);
});

test('[P19] clearing names the tasks that exist nowhere else', async () => {
  const anna = await arrive();
  await anna.add('Only here', 'This one too');
  await anna.go('Settings');
  await anna.page.getByText('2 tasks would be gone for ever').waitFor();
  await anna.page.getByRole('button', { name: 'Clear this browser' }).click();
  await anna.page.getByRole('alertdialog').getByRole('button', { name: 'Keep everything' }).click();
  await anna.go('Inbox');
  await anna.untilTitles('Only here', 'This one too');
  await anna.go('Settings');
  await anna.page.getByRole('button', { name: 'Clear this browser' }).click();
  await anna.page.getByRole('button', { name: 'Delete 2 tasks for ever' }).click();
  await anna.page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
  await anna.page.getByText('Nothing to do yet').waitFor();
});

test('[P20] a wrong password is answered by a sentence, and what was typed stays', async () => {
  const anna = await arrive();
  await anna.go('Settings');
  await anna.page.getByRole('button', { name: 'Sign in' }).click();
  await anna.page.getByLabel('Email').fill('nobody@example.org');
  await anna.page.getByLabel('Password').fill('wrong horse battery');
  await anna.page.getByRole('button', { name: 'Sign in' }).click();
  await anna.page.getByRole('alert').waitFor();
  expect(await anna.page.getByLabel('Email').inputValue()).toBe('nobody@example.org');
});
