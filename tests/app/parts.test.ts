/** What is long is drawn in parts, and comes again where it was. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, Page } from '../support/chromium.ts';
import { manyTasksFile, titlesFile } from '../support/many-tasks.ts';
import { newPerson } from './person.ts';
import type { Person, PersonOptions } from './person.ts';
import { serveBuild } from './static-site.ts';
import type { StaticSite } from './static-site.ts';

let browser: Browser;
let site: StaticSite;
const people: Person[] = [];

beforeAll(async () => {
  [browser, site] = await Promise.all([launchChromium(), serveBuild()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
afterEach(async () => {
  const errors = people.flatMap((person) => person.errors);
  await Promise.all(people.splice(0).map((person) => person.close()));
  expect(errors).toEqual([]);
});

/** Someone with these tasks, looking at the settings. */
async function arriveWith(file: string, options?: PersonOptions): Promise<Person> {
  const person = await newPerson(browser, site.url, { isNotInstalled: true, ...options });
  people.push(person);
  await person.go('Settings');
  await person.page.getByLabel('File to import').setInputFiles({
    name: 'tasks.json',
    mimeType: 'application/json',
    buffer: Buffer.from(file),
  });
  await person.page.getByText('tasks added').waitFor();
  await person.untilSync('On this device only');
  return person;
}

/** How many of them there were after each drawing, from now on. */
async function watchCount(page: Page, selector: string): Promise<() => Promise<number[]>> {
  await page.evaluate((sought) => {
    const counts: number[] = [];
    Object.assign(globalThis, { counts });
    new MutationObserver(() => {
      const count = document.querySelectorAll(sought).length;
      if (count > 0 && count !== counts.at(-1)) counts.push(count);
    }).observe(document.body, { childList: true, subtree: true });
  }, selector);
  return () => page.evaluate(() => (globalThis as unknown as { counts: number[] }).counts);
}

const titles = (count: number): string[] => Array.from({ length: count }, (_, n) => `Task ${String(n + 1)}`);

function firstSeen(page: Page): Promise<string> {
  return page.evaluate(() => {
    const rows = [...document.querySelectorAll('[data-list] [data-task]')];
    return rows.find((row) => row.getBoundingClientRect().top >= 0)?.textContent.trim() ?? '';
  });
}

test('[P35] a reload comes back to where the page was, another address begins at its top', async () => {
  const anna = await arriveWith(titlesFile(titles(600)));
  const { page } = anna;
  await anna.go('Inbox');
  await anna.row('Task 1').waitFor();
  for (const y of [600, 9_000]) {
    await page.evaluate((top) => {
      scrollTo(0, top);
    }, y);
    await expect.poll(() => firstSeen(page)).not.toBe('');
    await page.waitForFunction((top) => Math.abs(scrollY - top) < 200, y);
    const [before, place] = [await page.evaluate(() => scrollY), await firstSeen(page)];
    await page.reload();
    await anna.sync.filter({ hasText: 'On this device only' }).waitFor();
    await expect.poll(() => firstSeen(page)).toBe(place);
    expect(Math.abs((await page.evaluate(() => scrollY)) - before)).toBeLessThan(40);
  }
  await page.goto('about:blank');
  await page.goto(site.url);
  await anna.row('Task 1').waitFor();
  expect(await page.evaluate(() => scrollY)).toBe(0);
});

test('[P35] who has moved on meanwhile is not taken back', async () => {
  const anna = await arriveWith(titlesFile(titles(600)));
  const { page } = anna;
  await anna.go('Inbox');
  await anna.row('Task 1').waitFor();
  await page.evaluate(() => {
    scrollTo(0, 3_000);
  });
  await page.addInitScript(() => {
    const isDrawn = new MutationObserver(() => {
      if (!document.querySelector('[data-list] [data-task]')) return;
      isDrawn.disconnect();
      dispatchEvent(new WheelEvent('wheel'));
      scrollTo(0, 100);
    });
    isDrawn.observe(document, { childList: true, subtree: true });
  });
  await page.reload();
  await anna.sync.filter({ hasText: 'On this device only' }).waitFor();
  await anna.row('Task 4').waitFor();
  expect(await page.evaluate(() => scrollY)).toBeLessThan(200);
});

test('[P36] of a page that is come to, the upper half comes with its heading', async () => {
  const anna = await arriveWith(manyTasksFile({ count: 2_500 }), { viewport: { width: 1440, height: 900 } });
  const { page } = anna;
  const rows = await watchCount(page, 'main [data-list] [data-task]');
  await anna.go('Upcoming');
  const days = page.locator('[data-list] > [data-zone]');
  await expect.poll(() => days.count()).toBeGreaterThan(20);
  expect((await rows())[0]).toBe(10);
  await expect.poll(async () => (await rows()).at(-1)).toBeGreaterThan(10);

  await anna.go('Calendar');
  const entries = await watchCount(page, '.month .cell, .month .entry');
  await anna.go('Settings');
  await anna.go('Calendar');
  await expect.poll(async () => (await entries()).at(-1)).toBeGreaterThan(60);
  // Days alone.
  expect((await entries())[0]).toBeLessThanOrEqual(42);
});

test('[P36] a list is drawn from what fits the window on, and a short one whole', async () => {
  const anna = await arriveWith(titlesFile(titles(150)));
  const counts = await watchCount(anna.page, '[data-list] [data-task]');
  await anna.go('Inbox');
  await anna.row('Task 150').waitFor();
  const found = await counts();
  expect(found[0]).toBeLessThanOrEqual(30);
  expect(found.at(-1)).toBe(150);
  const steps = found.slice(1).map((count, index) => count - (found[index] ?? 0));
  expect(Math.max(...steps)).toBeLessThanOrEqual(10);

  await anna.go('Settings');
  await anna.go('Inbox');
  await anna.row('Task 150').waitFor();
  await anna.tick('Task 140').click();
  await anna.row('Task 140').waitFor({ state: 'detached' });
  expect(await anna.titles()).toHaveLength(149);
});

test('[P36] a board is drawn in parts, and a key goes on past what it shows', async () => {
  const anna = await arriveWith(manyTasksFile({ count: 2_500 }), { viewport: { width: 1440, height: 900 } });
  const { page } = anna;
  await page.locator('nav a[href^="/list/"]').first().click();
  await page.getByRole('button', { name: 'Show as a board' }).click();
  await page.getByText('By priority').waitFor();
  const counts = await watchCount(page, '[data-zone="none"] [data-task]');
  await page.getByText('By priority').click();
  const column = page.getByRole('region', { name: 'No priority' });
  await column.getByRole('button', { name: 'Show more' }).waitFor();
  await expect.poll(async () => (await counts()).at(-1)).toBe(60);
  expect((await counts())[0]).toBeLessThanOrEqual(24);

  await column.locator('[data-opener]').nth(59).focus();
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => column.locator('[data-task]').count()).toBe(61);
  await expect
    .poll(() =>
      column
        .locator('[data-opener]')
        .nth(60)
        .evaluate((opener) => opener === document.activeElement),
    )
    .toBe(true);
});

test('[P36] a month with hundreds of tasks is drawn in parts, and turned over while it comes', async () => {
  const anna = await arriveWith(manyTasksFile({ count: 2_500 }), { viewport: { width: 1440, height: 900 } });
  const { page } = anna;
  const counts = await watchCount(page, '.month .entry');
  await page.getByRole('link', { name: 'Calendar' }).click();
  const cells = page.getByRole('gridcell');
  await cells.first().waitFor();
  await page.getByRole('button', { name: 'Next month' }).click();
  await page.getByRole('button', { name: 'Previous month' }).click();
  // Around today every day has more than it has room for.
  const today = page.locator('.cell:has([aria-current="date"])');
  await expect.poll(() => today.locator('.entry').count()).toBe(3);
  await expect.poll(async () => (await counts()).at(-1)).toBeGreaterThan(60);
  expect((await counts())[0]).toBeLessThanOrEqual(24 + 21);
});
