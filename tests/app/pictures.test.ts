/**
 * Every page with much in it, and what opens over it, on a desktop and a phone, in light and in dark: looked at for what is cut off
 * by the test, and for all else by a person. The pictures are left in `test-results/pictures`, or in HOLDFAST_PICTURES.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser } from '../support/chromium.ts';
import { turnTo } from './axe.ts';
import { cutOff } from './cut-off.ts';
import { fillHousehold } from './household.ts';
import { SCREENS, pagesBut } from './pages.ts';
import { newPerson } from './person.ts';
import { serveBuild } from './static-site.ts';
import type { StaticSite } from './static-site.ts';

const FOLDER =
  process.env['HOLDFAST_PICTURES'] ?? fileURLToPath(new URL('../../test-results/pictures', import.meta.url));

let browser: Browser;
let site: StaticSite;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchChromium(), serveBuild()]);
  mkdirSync(FOLDER, { recursive: true });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

/** What stands out of the row or card that holds it. Runs in the page. */
function outOfRows(): string[] {
  return [...document.querySelectorAll<HTMLElement>('[role="listitem"]')].flatMap((row) => {
    const { left, right } = row.getBoundingClientRect();
    return [...row.querySelectorAll<HTMLElement>('span, time, button')].flatMap((part) => {
      const box = part.getBoundingClientRect();
      const isOut = box.width > 2 && (box.right > right + 8 || box.left < left - 8);
      return isOut && !part.closest('.unseen, .grip') ? [`“${part.textContent}” stands out of its row`] : [];
    });
  });
}

test.each(SCREENS)(
  '[P32] with much in it no page is cut off, and each has its pictures, on a $name',
  async ({ name, viewport }) => {
    // A Thursday morning.
    const anna = await newPerson(browser, site.url, {
      viewport,
      isNotInstalled: true,
      now: '2026-11-26T08:10:00Z',
      timeZone: 'Europe/Berlin',
    });
    const { page } = anna;
    const faults: Record<string, string[]> = {};
    const look = async (what: string): Promise<void> => {
      const found = [...(await page.evaluate(cutOff)), ...(await page.evaluate(outOfRows))];
      if (found.length > 0) faults[what] = found;
      for (const theme of ['dark', 'light'] as const) {
        await turnTo(page, theme);
        const path = join(FOLDER, `${what}-${name}-${theme}.png`);
        await page.screenshot({ path, animations: 'disabled', fullPage: what === 'settings' });
      }
    };
    const visit = async (path: string): Promise<void> => {
      await anna.visit(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await anna.untilSync('On this device only');
    };

    await anna.untilSync('On this device only');
    await look('first-start');
    await fillHousehold(anna);
    await look('view');
    // The search is looked at below, with an answer.
    for (const path of pagesBut('/search')) {
      await visit(path);
      await look(path === '/' ? 'inbox' : path.slice(1));
    }

    await visit('/lists');
    await page
      .getByRole('link', { name: /^House/ })
      .last()
      .click();
    await page.getByRole('heading', { level: 1, name: 'House' }).waitFor();
    await look('list');
    await page.getByRole('button', { name: 'Show as a board' }).click();
    await page.getByRole('group', { name: 'Board' }).waitFor();
    await look('board');
    await visit('/tags');
    await page
      .getByRole('link', { name: /errands/ })
      .last()
      .click();
    await page.getByRole('heading', { level: 1, name: 'errands' }).waitFor();
    await look('tag');
    await visit('/search');
    await page.getByRole('searchbox', { name: 'Search' }).fill('bred');
    await anna.row('Buy bread and oat milk').waitFor();
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.getByRole('combobox', { name: 'Priority' }).waitFor();
    await look('search');

    await visit('/');
    const task = await anna.open('Find a name for the boat');
    await look('task');
    for (const field of ['Due', 'Repeat', 'Reminders']) {
      const button = task.getByRole('button', { name: field, exact: true }).first();
      await button.click();
      await look(`task-${field.toLowerCase()}`);
      await button.click();
    }
    await task.getByRole('button', { name: 'Close' }).click();
    await anna.quickAdd.fill('Call Tom next friday 9am #Cabin @calls !high');
    await page
      .getByText('#Cabin')
      .or(page.getByText('Cabin', { exact: true }))
      .first()
      .waitFor();
    await look('quick-add');
    await anna.quickAdd.fill('');
    await anna.tick('Buy bread and oat milk').click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await look('completed-one');
    await page.keyboard.press('j');
    await page.keyboard.press('v');
    await page.getByRole('region', { name: 'Selection' }).waitFor();
    await look('selection');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Commands' }).waitFor();
    await look('commands');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await look('keys');

    expect(faults).toEqual({});
    expect(anna.errors).toEqual([]);
    await anna.close();
  },
);
