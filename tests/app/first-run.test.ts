/** The first minutes in a browser, and what can be chosen in it. No server is needed for any of it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser } from '../support/chromium.ts';
import { PHONE, newPerson } from './person.ts';
import { serveBuild } from './static-site.ts';
import type { StaticSite } from './static-site.ts';

let browser: Browser;
let site: StaticSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchChromium(), serveBuild()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

test('[W9] the first page says what matters, lets a line be tried, and is never shown again', async () => {
  const anna = await newPerson(browser, site.url);
  const { page } = anna;
  const welcome = page.getByRole('region', { name: 'Write down the first thing on your mind' });
  await welcome.getByText('No account is needed').waitFor();
  await welcome.getByRole('link', { name: 'Create an account or sign in' }).waitFor();
  await welcome.getByRole('button', { name: /^Try “Pay rent/ }).click();
  expect(await anna.quickAdd.inputValue()).toBe('Pay rent tomorrow 9am #home');
  await anna.quickAdd.press('Enter');
  await page.getByRole('heading', { name: 'Good. That is all it takes.' }).waitFor();
  await anna.go('Today');
  await anna.go('Inbox');
  await page.getByText('Nothing to do yet').waitFor();
  expect(await page.getByText('That is all it takes').count()).toBe(0);
  await anna.go('Settings');
  // What the example made is there, and nothing else came or went.
  await page.getByText('1 task would be gone for ever, with 1 list').waitFor();
  expect(anna.errors).toEqual([]);
  await anna.close();
});

test('[W9] hidden, the welcome stays hidden', async () => {
  const anna = await newPerson(browser, site.url);
  await anna.page.getByRole('button', { name: 'Hide this' }).click();
  await anna.page.getByText('Nothing to do yet').waitFor();
  await anna.page.reload();
  await anna.page.getByText('Nothing to do yet').waitFor();
  expect(await anna.page.getByText('Write down the first thing').count()).toBe(0);
  await anna.close();
});

test('[W10] [W12] [W13] [W14] what is chosen for this browser holds at once, and from the first moment after a reload', async () => {
  const anna = await newPerson(browser, site.url, { now: '2026-11-23T12:00:00' });
  const { page } = anna;
  await anna.quickAdd.fill('Call Tom today 15:00 #Home');
  await anna.quickAdd.press('Enter');
  await page.getByRole('link', { name: 'Home' }).waitFor();
  await anna.go('Settings');
  await page.getByLabel('Clock', { exact: true }).selectOption({ label: '12 hours (2:30 pm)' });
  await page.getByLabel('Weeks begin on').selectOption({ label: 'Sunday' });
  await page.getByLabel('New tasks go to').selectOption({ label: 'Home' });
  await page.getByRole('radio', { name: 'Compact' }).check({ force: true });
  await page.getByRole('radio', { name: 'Plum' }).check({ force: true });
  await anna.go('Today');
  await anna.row('Call Tom').getByText('3:00 pm').waitFor();
  await anna.add('Buy bread');
  await anna.row('Buy bread').getByText('Home').waitFor();

  // As it is when the body begins: before anything is drawn, and before any module of the app has run.
  await page.addInitScript(() => {
    new MutationObserver((_records, observer) => {
      if (!document.body) return;
      observer.disconnect();
      sessionStorage.setItem('first paint', JSON.stringify(document.documentElement.dataset));
    }).observe(document, { childList: true, subtree: true });
  });
  await page.reload();
  expect(JSON.parse((await page.evaluate(() => sessionStorage.getItem('first paint'))) ?? '')).toEqual({
    theme: 'light',
    accent: 'plum',
    density: 'compact',
  });
  await anna.row('Call Tom').getByText('3:00 pm').waitFor();
  expect((await anna.row('Call Tom').boundingBox())?.height).toBeLessThan(48);
  const task = await anna.open('Call Tom');
  await task.getByRole('button', { name: 'Due', exact: true }).click();
  expect(await task.getByRole('columnheader').first().getAttribute('aria-label')).toBe('Sunday');

  await page.goto('/');
  await anna.add('Water the tomatoes');
  expect(await anna.row('Water the tomatoes').getByText('Home').count()).toBe(0);
  await anna.close();
});

test('[W17] on a phone two lines say what the time zone is for, in English and in German', async () => {
  const anna = await newPerson(browser, site.url, { viewport: PHONE, isNotInstalled: true });
  const { page } = anna;
  await page.goto('/settings');
  const linesOf = (text: string): Promise<number> =>
    page.getByText(text, { exact: true }).evaluate((hint) => {
      const text = document.createRange();
      text.selectNodeContents(hint);
      return new Set([...text.getClientRects()].map(({ top }) => Math.round(top))).size;
    });
  expect(await linesOf('Today and reminders go by its clock.')).toBeLessThanOrEqual(2);
  await page.getByLabel('Language', { exact: true }).selectOption('de');
  await page.getByRole('heading', { level: 1, name: 'Einstellungen' }).waitFor();
  expect(await linesOf('Heute und Erinnerungen richten sich danach.')).toBeLessThanOrEqual(2);
  expect(anna.errors).toEqual([]);
  await anna.close();
});

test('[W17] a zone that was chosen decides what is today, what every clock says and when reminders ring; the worker is left it', async () => {
  // 20:30 on Monday in New York, 10:30 on Tuesday in Tokyo.
  const anna = await newPerson(browser, site.url, {
    now: '2026-11-24T01:30:00Z',
    timeZone: 'America/New_York',
  });
  const { page } = anna;
  await anna.quickAdd.fill('Call Tom 2026-11-24 15:00');
  await anna.quickAdd.press('Enter');
  await anna.row('Call Tom').waitFor();
  await anna.go('Today');
  await page.getByText('Monday 23 November').first().waitFor();
  expect(await anna.row('Call Tom').count()).toBe(0);

  await anna.go('Settings');
  const zone = page.getByLabel('Time zone');
  expect(await zone.locator('option:checked').textContent()).toBe('Device: New York');
  await Promise.all([page.waitForEvent('load'), zone.selectOption('Asia/Tokyo')]);
  expect(await page.getByLabel('Time zone').locator('option:checked').textContent()).toBe('Tokyo');
  await page.getByText('Tuesday, 24 November 2026, 10:30').waitFor();
  // A time that is set from now on is one of there.
  await anna.go('Today');
  await page.getByText('Tuesday 24 November').first().waitFor();
  await anna.quickAdd.fill('Feed the cat today 18:00');
  await anna.quickAdd.press('Enter');
  const task = await anna.open('Feed the cat');
  await task.getByRole('button', { name: 'Due', exact: true }).click();
  await task
    .getByLabel('Where')
    .locator('option:checked', { hasText: 'Here, Tokyo' })
    .waitFor({ state: 'attached' });
  await page.waitForFunction(async () => {
    const left = (await (await caches.match('/choices'))?.json()) as { timeZone?: string } | undefined;
    return left?.timeZone === 'Asia/Tokyo';
  });
  // What was made at home keeps its moment: 15:00 in New York is 05:00 of Wednesday.
  await anna.go('Upcoming');
  await anna.row('Call Tom').getByText('05:00 (15:00 New York)').waitFor();

  await anna.go('Settings');
  await Promise.all([page.waitForEvent('load'), page.getByLabel('Time zone').selectOption('')]);
  await anna.go('Today');
  await page.getByText('Monday 23 November').first().waitFor();
  expect(anna.errors).toEqual([]);
  await anna.close();
});
