/**
 * The guide for people (docs/guide), walked through in the real app, in the order of its pages: what a page says is done here as
 * it says, and its pictures are taken on the way.
 *
 * Pictures go into a temporary folder; with HOLDFAST_UPDATE_GUIDE=1 into docs/guide/pictures. They are of one day that does
 * not pass, so a picture changes only when the app does.
 */
import { mkdtemp, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, Locator } from '../support/chromium.ts';
import { newPerson } from './person.ts';
import type { Person } from './person.ts';
import { serveBuild } from './static-site.ts';
import type { StaticSite } from './static-site.ts';

const GUIDE = fileURLToPath(new URL('../../docs/guide/', import.meta.url));
const ISSUED = join(GUIDE, 'pictures');
/** A Monday. */
const NOW = '2026-11-23T10:00:00+01:00';
const WINDOW = { width: 1080, height: 680 };
const HAND = { width: 390, height: 720 };

let browser: Browser;
let site: StaticSite;
let folder: string;
const isUpdating = process.env['HOLDFAST_UPDATE_GUIDE'] === '1';

beforeAll(async () => {
  folder = isUpdating ? ISSUED : await mkdtemp(join(tmpdir(), 'holdfast-guide-'));
  await mkdir(folder, { recursive: true });
  [browser, site] = await Promise.all([launchChromium(), serveBuild()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
  if (!isUpdating) await rm(folder, { recursive: true, force: true });
});

/** The pages, by the names of their files. */
async function guidePages(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(GUIDE)).filter((name) => name.endsWith('.md'));
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(GUIDE, name), 'utf8')] as const)),
  );
}

/** Where a link of a page leads, without those to the web. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, target]) => target ?? '');
}

async function enter(person: Person, line: string, title: string): Promise<void> {
  await person.quickAdd.fill(line);
  await person.quickAdd.press('Enter');
  await person.row(title).waitFor();
}

const field = (task: Locator, name: 'Due' | 'Repeat' | 'Reminders'): Locator =>
  task.getByRole('button', { name, exact: true });
const toast = (person: Person): Locator => person.page.getByRole('region', { name: 'Last change' });

test('[GU1] what the guide says is done as it says, and gives the pictures that it shows', async () => {
  const made: string[] = [];
  const anna = await newPerson(browser, site.url, {
    viewport: WINDOW,
    now: NOW,
    timeZone: 'Europe/Berlin',
    isNotInstalled: true,
  });
  const { page } = anna;
  const picture = async (name: string): Promise<void> => {
    made.push(name);
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.fonts.ready.then(() => true));
    await page.screenshot({ path: join(folder, name), animations: 'disabled', caret: 'hide' });
  };
  const dismissToast = async (): Promise<void> => {
    const dismiss = toast(anna).getByRole('button', { name: 'Dismiss' });
    if ((await dismiss.count()) > 0) await dismiss.click();
  };

  // First steps.
  await anna.add('Buy bread and oat milk', 'Return the drill', 'Find a name for the boat', 'A slip');
  expect(await anna.quickAdd.evaluate((input) => input === document.activeElement)).toBe(true);
  await anna.tick('A slip').click();
  await toast(anna).getByRole('button', { name: 'Undo' }).waitFor();
  await anna.untilTitles('Buy bread and oat milk', 'Return the drill', 'Find a name for the boat');
  await anna.untilSync('On this device only');
  await dismissToast();
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  await picture('inbox.png');

  // Quick add.
  await anna.quickAdd.fill('Call Tom friday 2pm remind me 1h before @calls ');
  await page
    .getByRole('button', { name: /keep as plain words$/ })
    .first()
    .waitFor();
  await picture('quick-add.png');
  await anna.quickAdd.press('Enter');
  await anna.row('Call Tom').getByRole('img', { name: '1 reminder' }).waitFor();
  await enter(anna, 'Pay rent tomorrow 9am', 'Pay rent');
  await enter(anna, 'Water plants every 3 days', 'Water plants');
  await enter(anna, 'Send the invoice today !high @work', 'Send the invoice');
  await anna
    .row('Send the invoice')
    .getByRole('img', { name: 'High priority' })
    .first()
    .waitFor({ state: 'attached' });
  await anna.paste('Pack\n  Tent\n  Stove');
  await anna.row('Pack').getByText('0/2').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('ControlOrMeta+z');
  await anna.row('Pack').waitFor({ state: 'detached' });

  // Views: a list with sections, as a board.
  await page.getByRole('button', { name: 'New list' }).click();
  await page.getByRole('textbox', { name: 'Name of the new list' }).fill('House');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'House' }).waitFor();
  for (const [section, tasks] of [
    ['Garden', ['Rake the leaves', 'Cut the hedge wednesday']],
    ['Cellar', ['New light bulbs saturday', 'Sort the paint']],
  ] as const) {
    await page.getByRole('button', { name: 'Add a section' }).click();
    await page.getByRole('textbox', { name: 'Name of the new section' }).fill(section);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: `Add a task in ${section}` }).click();
    for (const line of tasks) await enter(anna, line, line.replace(/ \w+day$/, ''));
  }
  await page.getByRole('button', { name: 'Show as a board' }).click();
  await page.getByRole('group', { name: 'Board' }).waitFor();
  await dismissToast();
  await picture('board.png');

  // The calendar: moved by a key, it keeps its time.
  await page.goto('/calendar');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByText('Pay rent').first().waitFor();
  await page.setViewportSize({ width: WINDOW.width, height: 860 });
  await picture('calendar.png');
  await page.setViewportSize(WINDOW);

  // Dates and repeats: chosen by one tap, with the next five dates.
  await anna.go('Inbox');
  const plants = await anna.open('Water plants');
  await field(plants, 'Repeat').click();
  await plants.getByRole('region', { name: 'Preview' }).getByRole('listitem').nth(4).waitFor();
  await picture('repeat.png');
  await plants.getByRole('button', { name: 'Done', exact: true }).click();
  await anna.tick('Water plants').click();
  await toast(anna)
    .getByText(/^Done\. Next: /)
    .waitFor();
  await dismissToast();
  await plants.getByRole('button', { name: 'Close' }).click();

  // Reminders: each says when it rings.
  const call = await anna.open('Call Tom');
  await field(call, 'Reminders').click();
  await call.getByText(/Rings .*13:00/).waitFor();
  await call.getByRole('button', { name: '10 min before' }).click();
  await call.getByText(/Rings .*13:50/).waitFor();
  await dismissToast();
  await picture('reminders.png');
  await call.getByRole('button', { name: 'Done', exact: true }).click();
  await call.getByRole('button', { name: 'Close' }).click();

  // Search: a question, and a view of it.
  await page.keyboard.press('/');
  await page.getByRole('heading', { level: 1, name: 'Search' }).waitFor();
  const box = page.getByRole('searchbox', { name: 'Search' });
  await box.fill('due before saturday and not @work');
  await anna.row('Pay rent').waitFor();
  expect(await anna.row('Send the invoice').count()).toBe(0);
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await picture('search.png');

  // The keyboard: everything by a few letters.
  await anna.row('Pay rent').getByRole('button', { name: 'Pay rent' }).focus();
  await page.keyboard.press('ControlOrMeta+k');
  const commands = page.getByRole('combobox', { name: 'Commands' });
  await commands.fill('due');
  await page.getByRole('option', { name: /^Due today/ }).waitFor();
  await picture('commands.png');
  await commands.fill('lab');
  await page.getByRole('option', { name: /Airplane lab/ }).waitFor();
  await page.keyboard.press('Enter');

  // With no network: the lab, and the page behind the line.
  await page.getByRole('heading', { level: 1, name: 'Airplane lab' }).waitFor();
  await page.getByRole('button', { name: 'One title, two edits' }).click();
  const next = page.getByRole('button', { name: 'Do it' });
  while ((await next.count()) > 0) await next.click();
  await page.getByText('Both devices hold the same.').waitFor();
  await page.getByRole('button', { name: 'Use this instead' }).first().waitFor();
  await page.setViewportSize({ width: 1360, height: 760 });
  await picture('lab.png');
  await page.setViewportSize(WINDOW);
  await anna.sync.getByRole('link').click();
  await page.getByRole('heading', { level: 1, name: 'Sync' }).waitFor();
  await page.getByText('Every edit is stored in this browser').waitFor();
  await picture('sync.png');

  // Export and import: what comes back is here already.
  await anna.go('Settings');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const path = await (await download).path();
  await page.getByLabel('File to import').setInputFiles(path);
  const outcome = page.getByText('0 tasks added, 0 merged');
  await outcome.waitFor();
  await dismissToast();
  await outcome.scrollIntoViewIfNeeded();
  await picture('import.png');

  // Help is where the guide says: Settings, and then it has its own pages.
  await page.getByRole('link', { name: 'Help', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Help' }).waitFor();

  // On a phone.
  await page.setViewportSize(HAND);
  await page.goto('/today');
  await anna.row('Send the invoice').waitFor();
  await enter(anna, 'Call the dentist 4pm', 'Call the dentist');
  await enter(anna, 'Water the tomatoes every 2 days', 'Water the tomatoes');
  await page.keyboard.press('Escape');
  await anna.untilSync('On this device only');
  // The name of the page gives way to nothing beside it.
  const name = await page.getByRole('heading', { level: 1, name: 'Today' }).boundingBox();
  expect(name?.height).toBeLessThan(40);
  await picture('phone.png');

  const shown = [...(await guidePages()).values()].flatMap((text) =>
    [...text.matchAll(/!\[[^\]]+\]\(pictures\/([^)]+)\)/g)].map(([, name]) => name ?? ''),
  );
  expect(shown.toSorted()).toEqual(made.toSorted());
  expect((await readdir(ISSUED)).toSorted()).toEqual(made.toSorted());
  expect(anna.errors).toEqual([]);
  await anna.close();
});

test('[GU2] each page stands in the index, and every link leads somewhere', async () => {
  const pages = await guidePages();
  const inIndex = linksOf(pages.get('README.md') ?? '');
  expect(inIndex.toSorted()).toEqual([...pages.keys()].filter((name) => name !== 'README.md').toSorted());
  const dead: string[] = [];
  for (const [name, text] of pages) {
    expect([name, /^# \S.*\n/.test(text)]).toEqual([name, true]);
    for (const target of linksOf(text)) {
      const file = join(GUIDE, target);
      if (
        !(await readdir(dirname(file)).catch((): string[] => [])).includes(file.split(/[\\/]/).at(-1) ?? '')
      )
        dead.push(`${name}: ${target}`);
    }
  }
  expect(dead).toEqual([]);
});

test('[GU3] help has every key, the lab and the whole guide, and needs no network', async () => {
  const anna = await newPerson(browser, site.url);
  await anna.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await anna.context.setOffline(true);
  await anna.go('Settings');
  await anna.page.getByRole('link', { name: 'Help', exact: true }).click();
  await anna.page.getByRole('heading', { level: 1, name: 'Help' }).waitFor();
  const titles = await anna.page.getByRole('navigation', { name: 'Guide' }).getByRole('link').allInnerTexts();
  const pages = await guidePages();
  expect(titles).toEqual(
    linksOf(pages.get('README.md') ?? '').map((name) => /^# (.*)$/m.exec(pages.get(name) ?? '')?.[1]),
  );
  const articles = anna.page.getByRole('article');
  expect(await articles.count()).toBe(titles.length);
  await articles.getByText('every 3 days').waitFor();
  // Pictures and files of the source are not here, so nothing leads to them.
  const targets = await articles
    .getByRole('link')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
  const ids = await articles.evaluateAll((elements) => elements.map(({ id }) => `#${id}`));
  expect(targets.filter((target) => !target.startsWith('http') && !ids.includes(target))).toEqual([]);
  expect(await articles.locator('img').count()).toBe(0);
  await anna.page.getByRole('button', { name: /Every key/ }).click();
  await anna.page.getByRole('dialog', { name: 'Keyboard' }).getByRole('button', { name: 'Close' }).click();
  await anna.page
    .getByRole('link', { name: /Airplane lab/ })
    .first()
    .click();
  await anna.page.getByRole('heading', { level: 1, name: 'Airplane lab' }).waitFor();
  await anna.page.keyboard.press('ControlOrMeta+k');
  await anna.page.getByRole('combobox', { name: 'Commands' }).fill('guide');
  await anna.page.getByRole('option', { name: /Go to Help/ }).waitFor();
  await anna.page.keyboard.press('Enter');
  await anna.page.getByRole('heading', { level: 1, name: 'Help' }).waitFor();
  expect(anna.errors).toEqual([]);
  await anna.close();
});
