/**
 * Scenes of someone's week, played with a real server, its workers, two browsers and a network that is cut. The asleep phone
 * is played in notifications.test.ts, where time can be moved.
 */
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { startApp } from '../support/app.ts';
import type { App } from '../support/app.ts';
import { launchChromium } from '../support/chromium.ts';
import type { Browser } from '../support/chromium.ts';
import { openLine } from '../support/cuttable-line.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { PHONE, newAccount, newPerson, personAt } from './person.ts';
import type { Account, Person } from './person.ts';

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

interface Pair {
  readonly account: Account;
  readonly laptop: Person;
  readonly phone: Person;
}

/** Two devices of one person, with these tasks on both. */
async function laptopAndPhone(...titles: string[]): Promise<Pair> {
  const account = newAccount();
  const laptop = await newPerson(browser, app.url, { timeZone: 'Europe/Berlin' });
  people.push(laptop);
  await laptop.add(...titles);
  await laptop.createAccount(account);
  await laptop.untilSync(/^\s*All saved/);
  const phone = await newPerson(browser, app.url, { timeZone: 'Europe/Berlin', viewport: PHONE });
  people.push(phone);
  await phone.signIn(account);
  await phone.untilTitles(...titles);
  return { account, laptop, phone };
}

async function cut(...persons: Person[]): Promise<void> {
  for (const { context } of persons) await context.setOffline(true);
  for (const person of persons) await person.untilSync(/^\s*Offline/);
}

async function setDue(person: Person, title: string, words: string): Promise<void> {
  const task = await person.open(title);
  await task.getByRole('button', { name: 'Due', exact: true }).click();
  const field = task.getByRole('textbox', { name: 'In words' });
  await field.fill(words);
  await task.getByText('Enter takes it').waitFor();
  await field.press('Enter');
  await task.getByRole('button', { name: 'Close' }).click();
}

async function rename(person: Person, from: string, to: string): Promise<void> {
  const task = await person.open(from);
  await task.getByRole('textbox', { name: 'Title' }).fill(to);
  await task.getByRole('textbox', { name: 'Title' }).press('Enter');
  await task.getByRole('button', { name: 'Close' }).click();
  await person.row(to).waitFor();
}

test('[ST1] the tunnel: added, ticked and moved with no network and the app closed, it is on the laptop once the phone is back', async () => {
  const { laptop, phone } = await laptopAndPhone('Call Tom', 'Pay rent', 'Water the tomatoes');
  await cut(phone);
  await phone.quickAdd.fill('buy bread tomorrow 8am #errands');
  await phone.quickAdd.press('Enter');
  await phone.tick('Call Tom').click();
  await phone.tick('Pay rent').click();
  await setDue(phone, 'Water the tomatoes', 'next friday');
  await phone.untilSync(/^\s*Offline · \d+ edits? waiting, saved on this device/);
  await phone.page.close();
  await laptop.untilTitles('Call Tom', 'Pay rent', 'Water the tomatoes');

  await phone.context.setOffline(false);
  const page = await phone.context.newPage();
  await page.goto('/');
  const again = personAt(phone.context, page);
  await again.untilSync(/^\s*All saved/);
  await laptop.untilTitles('Water the tomatoes');
  await laptop.row('Water the tomatoes').getByText(/Fri/).waitFor();
  await laptop.page.getByRole('link', { name: 'errands' }).first().click();
  await laptop.page.getByRole('heading', { level: 1, name: 'errands' }).waitFor();
  await laptop.untilTitles('buy bread');
  await laptop
    .row('buy bread')
    .getByText(/tomorrow/i)
    .waitFor();
});

test('[ST2] two edits: the later title and the date stand on both, and the earlier title is one tap away', async () => {
  const { laptop, phone } = await laptopAndPhone('Call Tom');
  await cut(laptop, phone);
  await rename(phone, 'Call Tom', 'Call Tom about the boat');
  await rename(laptop, 'Call Tom', 'Call Tom about the cabin');
  await setDue(laptop, 'Call Tom about the cabin', 'tomorrow');
  // In either order: here the one that was edited later is back first.
  await laptop.context.setOffline(false);
  await laptop.untilSync(/^\s*All saved/);
  await phone.context.setOffline(false);
  for (const person of [laptop, phone]) {
    const row = person.row('Call Tom about the cabin');
    await row.getByText('Another value is kept').waitFor();
    await row.getByText(/tomorrow/i).waitFor();
  }
  const task = await phone.open('Call Tom about the cabin');
  await task.getByText('Call Tom about the boat').waitFor();
  await task.getByRole('button', { name: 'Use this instead' }).click();
  await phone.page.keyboard.press('Escape');
  await laptop.untilTitles('Call Tom about the boat');
  await laptop
    .row('Call Tom about the boat')
    .getByText(/tomorrow/i)
    .waitFor();
});

test('[ST3] the weekly bin: ticked twice with no network, there is one next one on both', async () => {
  const { laptop, phone } = await laptopAndPhone();
  await laptop.quickAdd.fill('Put out bins every tuesday 7pm remind me 1h before');
  await laptop.quickAdd.press('Enter');
  await phone.untilTitles('Put out bins');
  const dueOf = async (person: Person): Promise<string> =>
    (await person.row('Put out bins').getByText(/19:00/).first().textContent()) ?? '';
  const first = await dueOf(laptop);
  await cut(laptop, phone);
  const next: string[] = [];
  for (const person of [phone, laptop]) {
    await person.tick('Put out bins').click();
    await person.row('Put out bins').getByText(/19:00/).filter({ hasNotText: first }).waitFor();
    next.push(await dueOf(person));
  }
  for (const { context } of [laptop, phone]) await context.setOffline(false);
  for (const person of [laptop, phone]) {
    await person.untilSync(/^\s*All saved/);
    await person.untilTitles('Put out bins');
  }
  expect(next[0]).toBe(next[1]);
  expect(await dueOf(laptop)).toBe(next[0]);
  expect(await dueOf(phone)).toBe(next[0]);
});

test('[ST5] the power cut: what was shown as saved on the server is there after it, and what was not arrives by itself', async () => {
  const { laptop, phone } = await laptopAndPhone('Call Tom');
  await laptop.add('Saved before');
  await laptop.untilSync(/^\s*All saved/);
  await app.kill('SIGKILL');
  await laptop.untilSync(/^\s*Offline/);
  await laptop.add('Written meanwhile');
  await laptop.untilSync(/^\s*Offline · 1 edit waiting/);
  app = await startApp({
    databaseUrl: database.url,
    lasting: true,
    env: { RATE_LIMITS: 'off', PORT: String(app.port) },
  });
  await laptop.untilSync(/^\s*All saved/);
  await phone.untilTitles('Call Tom', 'Saved before', 'Written meanwhile');
});

test('[ST7] the new phone: everything is there after signing in; the old one is revoked, what it may not have sent is named, and it keeps it', async () => {
  const { account, laptop, phone } = await laptopAndPhone('Call Tom');
  const fresh = await newPerson(browser, app.url, { viewport: PHONE, timeZone: 'Europe/Berlin' });
  people.push(fresh);
  await fresh.signIn(account);
  await fresh.untilTitles('Call Tom');
  await cut(phone);
  await phone.add('Never sent');
  await laptop.page.goto('/devices');
  await laptop.untilSync(/^\s*All saved/);
  await laptop.page.getByRole('listitem').filter({ hasText: 'connected now' }).waitFor();
  const old = laptop.page
    .getByRole('listitem')
    .filter({ hasText: 'What was changed on it since is on it alone' });
  await old.getByRole('button', { name: /^Revoke/ }).click();
  const dialog = laptop.page.getByRole('alertdialog', { name: /^Revoke .*\?$/ });
  await dialog.getByText(/what was changed on it since has not reached the server/).waitFor();
  await dialog.getByRole('button', { name: /^Revoke/ }).click();
  await old.waitFor({ state: 'detached' });
  await phone.context.setOffline(false);
  await phone.untilSync(/^\s*Signed out/);
  await phone.untilTitles('Call Tom', 'Never sent');
  await fresh.add('Goes on');
  await fresh.untilSync(/^\s*All saved/);
});

test('[ST8] the update: every server and the workers are replaced while two devices work, and neither shows a sign of it', async () => {
  const start = (role: 'sync' | 'workers'): Promise<App> =>
    startApp({
      databaseUrl: database.url,
      args: [`--role=${role}`],
      env: { RATE_LIMITS: 'off' },
    });
  const servers = await Promise.all([start('sync'), start('sync')]);
  const workers = await start('workers');
  const lines = await Promise.all(servers.map(({ url }) => openLine(url)));
  onTestFinished(async () => {
    for (const line of lines) await line.close();
  });
  const account = newAccount();
  const [laptop, phone] = (await Promise.all(
    lines.map(({ url }, n) => newPerson(browser, url, n === 0 ? {} : { viewport: PHONE })),
  )) as [Person, Person];
  people.push(laptop, phone);
  await laptop.createAccount(account);
  await phone.signIn(account);
  for (const person of [laptop, phone]) await person.untilSync(/^\s*All saved/);
  const shown = await Promise.all([laptop, phone].map((person) => recordSync(person)));
  await phone.quickAdd.fill('half a thou');

  let isOver = false;
  let done = 0;
  // Each sees what the other did, or this goes no further.
  const working = (async () => {
    for (; !isOver; done++) {
      const title = `Task ${done}`;
      await laptop.add(title);
      await phone.tick(title).click();
      for (const person of [laptop, phone]) await person.row(title).waitFor({ state: 'detached' });
    }
  })();
  /** Whatever has just happened, two more tasks go from one to the other and back. */
  const goesOn = async (): Promise<void> => {
    const before = done;
    await Promise.race([working, vi.waitUntil(() => done >= before + 2, { timeout: 60_000 })]);
  };
  await goesOn();
  // As Kubernetes does it: the new one is ready, new connections go there, and then the old one is told to end.
  for (const [n, old] of servers.entries()) {
    const next = await start('sync');
    lines[n]?.leadTo(next.url);
    expect(await old.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await goesOn();
  }
  await start('workers');
  expect(await workers.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  await goesOn();
  isOver = true;
  await working;

  await laptop.untilSync(/^\s*All saved/);
  for (const person of [laptop, phone]) {
    await person.untilTitles();
    await person.page.getByRole('button', { name: `Completed ${done}` }).waitFor();
  }
  expect(await phone.quickAdd.inputValue()).toBe('half a thou');
  for (const texts of shown) {
    expect((await texts()).filter((text) => !/^(All saved|Saving)/.test(text))).toEqual([]);
  }
});

/** Every text that the sync status shows from now on, however shortly. */
async function recordSync({ sync }: Person): Promise<() => Promise<string[]>> {
  const texts = await sync.evaluateHandle((element) => {
    const seen: string[] = [];
    const note = (): void => {
      const text = element.textContent.trim();
      if (seen.at(-1) !== text) seen.push(text);
    };
    note();
    new MutationObserver(note).observe(element, { childList: true, subtree: true, characterData: true });
    return seen;
  });
  return () => texts.jsonValue();
}
