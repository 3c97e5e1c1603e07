/**
 * Every page, and what opens in it, looked at by axe: on a desktop and a phone, and each in light and in dark (see axe.ts).
 * The walk from page to page goes by links; only where it begins is the app loaded anew, so that nothing of before is left.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser } from '../support/chromium.ts';
import { violationsInBothThemes } from './axe.ts';
import { PAGES, SCREENS, pagesBut } from './pages.ts';
import { newPerson } from './person.ts';
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

test('[P27] every page of the app is among those that are looked at', () => {
  const routes = fileURLToPath(new URL('../../web/src/routes/', import.meta.url));
  const found = readdirSync(routes, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('+page.svelte') && !file.includes('['))
    .map((file) => `/${file.replaceAll('\\', '/').replace(/\/?\+page\.svelte$/, '')}`);
  expect(found.sort()).toEqual([...PAGES].sort());
});

test.each(SCREENS)('[P27] no page has a violation that axe can find, on a $name', async ({ viewport }) => {
  const anna = await newPerson(browser, site.url, { viewport, isNotInstalled: true });
  const seen: Record<string, string[]> = { 'empty inbox': await violationsInBothThemes(anna.page) };
  await anna.add('Buy bread', 'Call Tom', 'Donaudampfschifffahrtsgesellschaftskapitänsmütze abholen');
  const task = await anna.open('Call Tom');
  await task.getByRole('button', { name: 'Due', exact: true }).click();
  await task.getByRole('button', { name: 'Today', exact: true }).click();
  await task.getByRole('combobox', { name: 'Priority' }).selectOption('Urgent');
  await task.getByRole('combobox', { name: 'Tags' }).fill('errands');
  await task.getByRole('combobox', { name: 'Tags' }).press('Enter');
  await task.getByRole('button', { name: 'Remove tag errands' }).waitFor();
  await task.getByRole('button', { name: 'Due', exact: true }).click();
  seen['task'] = await violationsInBothThemes(anna.page);
  await task.getByRole('button', { name: 'Close' }).click();
  seen['inbox'] = await violationsInBothThemes(anna.page);
  await anna.tick('Buy bread').click();
  await anna.page.getByRole('button', { name: 'Undo' }).waitFor();
  seen['completed'] = await violationsInBothThemes(anna.page);
  await anna.page.keyboard.press('j');
  await anna.page.keyboard.press('v');
  await anna.page.getByRole('region', { name: 'Selection' }).waitFor();
  seen['selection'] = await violationsInBothThemes(anna.page);
  await anna.page.keyboard.press('Control+k');
  await anna.page.getByRole('combobox', { name: 'Commands' }).waitFor();
  seen['commands'] = await violationsInBothThemes(anna.page);
  await anna.page.goto('/');
  await anna.untilSync('On this device only');
  // Those left out come below, with something in them.
  for (const place of pagesBut('/', '/calendar', '/search', '/tags', '/completed')) {
    await anna.visit(place);
    await anna.sync.filter({ hasText: 'On this device only' }).waitFor();
    seen[place] = await violationsInBothThemes(anna.page);
  }
  await anna.page.goto('/lab');
  await anna.page.getByRole('button', { name: 'One title, two edits' }).click();
  const next = anna.page.getByRole('button', { name: 'Do it' });
  while ((await next.count()) > 0) await next.click();
  await anna.page.getByRole('button', { name: 'Use this instead' }).first().waitFor();
  await anna.page.getByRole('button', { name: 'Cut the wire: Phone' }).click();
  seen['lab with two titles'] = await violationsInBothThemes(anna.page);
  await anna.page.goto('/search');
  const field = anna.page.getByRole('searchbox', { name: 'Search' });
  await anna.page.getByRole('button', { name: 'Filter', exact: true }).click();
  await field.fill('call or @errands');
  await anna.page.getByRole('button', { name: 'Save as view' }).click();
  await anna.page.getByRole('textbox', { name: 'Name of the view' }).fill('Out and about');
  await field.pressSequentially(' or due to');
  await field.press('ArrowDown');
  await anna.page.getByRole('option', { name: 'today', selected: true }).waitFor();
  seen['/search'] = await violationsInBothThemes(anna.page);
  await field.fill('call or @errands');
  await anna.page.getByRole('button', { name: 'Save', exact: true }).click();
  await anna.page.getByRole('heading', { level: 1, name: 'Out and about' }).waitFor();
  await anna.page.getByRole('button', { name: 'Edit this view' }).click();
  await anna.page.getByRole('textbox', { name: 'What it looks for' }).fill('call or due nxt');
  await anna.page.getByText('is no date').waitFor();
  seen['view'] = await violationsInBothThemes(anna.page);
  await anna.close();
  expect(Object.fromEntries(Object.entries(seen).filter(([, found]) => found.length > 0))).toEqual({});
});

test.each(SCREENS)(
  '[P27] nor has a list, a board, the calendar, the tags or notes, on a $name',
  async ({ viewport }) => {
    const anna = await newPerson(browser, site.url, { viewport, isNotInstalled: true });
    const seen: Record<string, string[]> = {};
    await anna.quickAdd.fill('Bread today @errands');
    await anna.quickAdd.press('Enter');
    await anna.row('Bread').waitFor();
    await anna.untilSync('On this device only');
    for (const place of ['/calendar', '/completed', '/tags']) {
      await anna.visit(place);
      await anna.sync.filter({ hasText: 'On this device only' }).waitFor();
      seen[place] = await violationsInBothThemes(anna.page);
    }
    await anna.page.goto('/lists');
    await anna.untilSync('On this device only');
    await anna.page.getByRole('textbox', { name: 'New list' }).fill('House');
    await anna.page.getByRole('textbox', { name: 'New list' }).press('Enter');
    await anna.page.getByRole('button', { name: 'Add a section' }).click();
    await anna.page.getByRole('textbox', { name: 'Name of the new section' }).fill('Garden');
    await anna.page.keyboard.press('Enter');
    await anna.page.getByRole('button', { name: 'Add a task in Garden' }).click();
    await anna.quickAdd.fill('Rake');
    await anna.quickAdd.press('Enter');
    await anna.row('Rake').waitFor();
    seen['list'] = await violationsInBothThemes(anna.page);
    await anna.page.getByRole('button', { name: 'Show as a board' }).click();
    await anna.page.getByRole('group', { name: 'Board' }).waitFor();
    await anna.open('Rake');
    const notes = anna.task.getByRole('textbox', { name: 'Notes' });
    await notes.fill('# Tools\n- [ ] the [rake](https://example.org)');
    await notes.blur();
    await anna.task.getByRole('checkbox', { name: 'the rake' }).waitFor();
    seen['board and notes'] = await violationsInBothThemes(anna.page);
    await anna.close();
    expect(Object.fromEntries(Object.entries(seen).filter(([, found]) => found.length > 0))).toEqual({});
  },
);
