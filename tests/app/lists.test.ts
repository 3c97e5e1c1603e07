/** Sections, boards, the calendar, and what lists, tags, notes and steps can do. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, Locator } from '../support/chromium.ts';
import { fingerOf, middleOf } from './finger.ts';
import { PHONE, newPerson } from './person.ts';
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

async function arrive(options?: PersonOptions): Promise<Person> {
  const person = await newPerson(browser, site.url, { isNotInstalled: true, ...options });
  people.push(person);
  return person;
}

async function newList({ page }: Person, name: string): Promise<void> {
  await page.getByRole('button', { name: 'New list' }).click();
  await page.getByRole('textbox', { name: 'Name of the new list' }).fill(name);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

/** What the page comes to show; the machine may be busy. */
function eventually<T>(read: () => Promise<T>) {
  return expect.poll(read, { timeout: 15_000 });
}

/** Lines of quick add, which are called something shorter once they are understood. */
async function write(person: Person, lines: readonly string[], last: string): Promise<void> {
  for (const line of lines) {
    await person.quickAdd.fill(line);
    await person.quickAdd.press('Enter');
  }
  await person.row(last).waitFor();
}

async function addSection({ page }: Person, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a section' }).click();
  await page.getByRole('textbox', { name: 'Name of the new section' }).fill(name);
  await page.keyboard.press('Enter');
  await heading(page, name).waitFor();
}

function heading(within: { getByRole: Locator['getByRole'] }, name: string): Locator {
  return within.getByRole('heading', { level: 2, name, exact: true });
}

/** The full name of a day begins with these words; whether with a comma is the browser's. */
function dayName(words: string): RegExp {
  const [weekday = '', ...rest] = words.split(' ');
  return new RegExp(`^${weekday},? ${rest.join(' ')}`);
}

async function drag({ page }: Person, from: Locator, to: Locator): Promise<void> {
  const [start, end] = [await from.boundingBox(), await to.boundingBox()];
  if (!start || !end) throw new Error('that is not on the screen');
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2 - 8, { steps: 4 });
  // The place is known with the next drawing.
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
  await page.mouse.up();
}

/** The titles in a part of the page, once they are these. */
async function untilIn(part: Locator, ...titles: string[]): Promise<void> {
  await eventually(async () =>
    part
      .getByRole('listitem')
      .getByRole('checkbox')
      .evaluateAll((boxes) => boxes.map((box) => box.getAttribute('aria-label'))),
  ).toEqual(titles);
}

test('[L1] [L2] [L3] sections and the columns of a board hold tasks, and both ways of moving reach them', async () => {
  const anna = await arrive();
  const { page } = anna;
  await newList(anna, 'House');
  await anna.add('Paint', 'Bulbs');
  await addSection(anna, 'Garden');
  await addSection(anna, 'Cellar');
  const part = (name: string): Locator => page.getByRole('list', { name, exact: true });

  await page.getByRole('button', { name: 'Add a task in Garden' }).click();
  await page.keyboard.type('Rake !high');
  await page.keyboard.press('Enter');
  await untilIn(part('Garden'), 'Rake');
  await drag(anna, anna.row('Bulbs'), heading(page, 'Cellar'));
  await untilIn(part('Cellar'), 'Bulbs');
  await anna.row('Paint').getByRole('button', { name: 'Paint' }).focus();
  await page.keyboard.press('Alt+ArrowDown');
  await untilIn(part('Garden'), 'Paint', 'Rake');
  await page.keyboard.press('Alt+ArrowDown');
  await untilIn(part('Garden'), 'Rake', 'Paint');
  await page.keyboard.press('Alt+ArrowDown');
  await untilIn(part('Cellar'), 'Paint', 'Bulbs');

  await page.getByRole('button', { name: 'Cellar', exact: true }).focus();
  await page.keyboard.press('Alt+ArrowUp');
  await anna.untilTitles('Paint', 'Bulbs', 'Rake');
  await drag(anna, heading(page, 'Garden'), heading(page, 'Cellar'));
  await anna.untilTitles('Rake', 'Paint', 'Bulbs');
  await page.getByRole('button', { name: 'Cellar', exact: true }).press('F2');
  await page.getByRole('textbox', { name: 'Name of the section' }).fill('Attic');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Attic', exact: true }).click();
  await anna.untilTitles('Rake');
  await anna.untilSync('On this device only');
  await page.reload();
  await heading(page, 'Attic').waitFor();
  await anna.untilTitles('Rake');

  await page.getByRole('button', { name: 'Show as a board' }).click();
  const column = (name: string): Locator => page.getByRole('region', { name, exact: true });
  await untilIn(column('Attic'), 'Paint', 'Bulbs');
  await drag(anna, anna.row('Bulbs'), anna.row('Rake'));
  await eventually(() => column('Garden').getByRole('listitem').count()).toBe(2);
  await anna.row('Paint').getByRole('button', { name: 'Paint' }).focus();
  await page.keyboard.press('Alt+ArrowLeft');
  await eventually(() => column('Garden').getByRole('listitem').count()).toBe(3);
  await page.getByRole('radio', { name: 'By priority' }).check();
  await untilIn(column('High'), 'Rake');
  await anna.row('Paint').getByRole('button', { name: 'Paint' }).focus();
  await page.keyboard.press('Alt+ArrowLeft');
  await untilIn(column('Low'), 'Paint');
  await anna.untilSync('On this device only');
  await page.reload();
  await untilIn(column('Low'), 'Paint');

  await page.getByRole('button', { name: 'Show as a list' }).click();
  await heading(page, 'Garden').hover();
  await page.getByRole('button', { name: 'Remove section Garden' }).click();
  await heading(page, 'Garden').waitFor({ state: 'detached' });
  await eventually(async () => (await anna.titles()).length).toBe(3);
  await page.getByRole('button', { name: 'Undo' }).click();
  await heading(page, 'Garden').waitFor();
});

test('[L4] [L5] the calendar and Upcoming show the days and move tasks between them, with their times', async () => {
  // A Monday.
  const anna = await arrive({ now: '2026-11-16T09:00:00Z', timeZone: 'UTC' });
  const { page } = anna;
  const friday = ['One', 'Two', 'Three', 'Four', 'Five'].map((title) => `${title} 20 Nov`);
  await write(anna, ['Dentist tomorrow 14:00', 'Bins every tuesday 7pm', ...friday], 'Five');
  await page.getByRole('link', { name: 'Calendar', exact: true }).click();
  const day = (name: string): Locator =>
    page.getByRole('gridcell').filter({ has: page.getByRole('button', { name: dayName(name) }) });
  await day('Friday 20 November').getByText('+2 more').waitFor();
  expect(await page.getByRole('columnheader').first().getAttribute('aria-label')).toBe('Monday');
  expect(await day('Tuesday 24 November').getByRole('button', { name: 'Bins' }).count()).toBe(1);
  expect(await day('Tuesday 10 November').getByRole('button', { name: 'Bins' }).count()).toBe(0);

  await drag(
    anna,
    day('Tuesday 17 November').getByRole('button', { name: 'Dentist' }),
    day('Wednesday 18 November'),
  );
  await day('Wednesday 18 November')
    .getByRole('button', { name: /Dentist.*14:00/ })
    .waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await day('Tuesday 17 November').getByRole('button', { name: 'Dentist' }).waitFor();

  await page.getByRole('button', { name: dayName('Monday 16 November') }).focus();
  await page.keyboard.press('ArrowRight');
  await anna.row('Bins').getByRole('button', { name: 'Bins' }).focus();
  await page.keyboard.press('Alt+ArrowDown');
  await page.keyboard.press('Alt+ArrowLeft');
  await page.keyboard.press('Alt+ArrowRight');
  await day('Wednesday 18 November')
    .getByRole('button', { name: /Bins.*19:00/ })
    .waitFor();
  // Only this one: those to come stay on their day.
  expect(await day('Tuesday 24 November').getByRole('button', { name: 'Bins' }).count()).toBe(1);
  expect(await day('Wednesday 25 November').getByRole('button', { name: 'Bins' }).count()).toBe(0);

  await anna.go('Upcoming');
  await drag(anna, anna.row('Dentist'), page.getByRole('heading', { level: 2, name: /^Thursday/ }));
  await untilIn(page.getByRole('list', { name: 'Thursday' }), 'Dentist');
  await anna.row('Dentist').getByText('14:00').waitFor();
  await anna.row('Dentist').getByRole('button', { name: 'Dentist' }).focus();
  await page.keyboard.press('Alt+ArrowUp');
  await page.keyboard.press('Alt+ArrowUp');
  await untilIn(page.getByRole('list', { name: 'Tomorrow' }), 'Dentist');
});

test('[L3] [L4] on a phone the columns of a board snap, and the calendar has dots and the list of a day', async () => {
  const anna = await arrive({ viewport: PHONE, now: '2026-11-16T09:00:00Z', timeZone: 'UTC' });
  const { page } = anna;
  await write(anna, ['Rake tomorrow #House', 'Bread today'], 'Bread');
  await page.getByRole('link', { name: 'Lists', exact: true }).click();
  await page.getByRole('link', { name: 'House' }).click();
  await page.getByRole('button', { name: 'Show as a board' }).click();
  const board = page.getByRole('group', { name: 'Board' });
  expect(await board.evaluate((strip) => getComputedStyle(strip).scrollSnapType)).toBe('x mandatory');
  await page.goto('/calendar');
  await untilIn(page.getByRole('region', { name: dayName('Monday 16 November 2026') }), 'Bread');
  await page.getByRole('button', { name: dayName('Tuesday 17 November 2026, 1 task') }).click();
  await untilIn(page.getByRole('region', { name: dayName('Tuesday 17 November 2026') }), 'Rake');
  await anna.quickAdd.fill('Sow');
  await anna.quickAdd.press('Enter');
  await page.getByRole('button', { name: dayName('Tuesday 17 November 2026, 2 tasks') }).waitFor();
});

test('[L3] [L5] on a touch screen a card is held and taken to another column, and a task to another day', async () => {
  const anna = await arrive({ viewport: PHONE, now: '2026-11-16T09:00:00Z', timeZone: 'UTC' });
  const { page } = anna;
  const finger = await fingerOf(anna);
  const untilHeld = (): Promise<unknown> =>
    page.waitForFunction(() => document.querySelector('.held, .lifted, .ghost'));
  await write(anna, ['Rake !high #House', 'Paint !high #House', 'Bread today 18:00'], 'Bread');
  await page.getByRole('link', { name: 'Lists', exact: true }).click();
  await page.getByRole('link', { name: 'House' }).click();
  await page.getByRole('button', { name: 'Show as a board' }).click();
  await page.getByRole('radio', { name: 'By priority' }).check();
  const column = (name: string): Locator => page.getByRole('region', { name, exact: true });
  await untilIn(column('High'), 'Rake', 'Paint');
  const show = (name: string): Promise<void> =>
    column(name).evaluate((element) => element.scrollIntoView({ inline: 'start', behavior: 'instant' }));
  const leftOf = async (name: string): Promise<number> => (await column(name).boundingBox())?.x ?? Infinity;

  await show('High');
  const card = await middleOf(anna.row('Rake'));
  await finger.down(card);
  await untilHeld();
  // At the edge the board goes on by itself, until the next column is under the finger: slowly, since it goes on while
  // the test looks.
  await finger.moveTo({ x: PHONE.width - 60, y: card.y });
  await eventually(() => leftOf('Medium')).toBeLessThan(PHONE.width / 2);
  await finger.moveTo({ x: PHONE.width - 90, y: card.y });
  await finger.up();
  await untilIn(column('Medium'), 'Rake');
  await untilIn(column('High'), 'Paint');

  // A flick across scrolls the board, and moves nothing.
  await show('High');
  await finger.down(card);
  await finger.moveTo({ ...card, x: card.x - 200 });
  await finger.up();
  await eventually(() => leftOf('Medium')).toBeLessThan(PHONE.width / 2);
  await untilIn(column('High'), 'Paint');

  await anna.visit('/calendar');
  await untilIn(page.getByRole('region', { name: dayName('Monday 16 November 2026') }), 'Bread');
  await finger.down(await middleOf(anna.row('Bread')));
  await untilHeld();
  await finger.moveTo(
    await middleOf(page.getByRole('button', { name: dayName('Thursday 19 November 2026') })),
  );
  await page.waitForFunction(() => document.querySelector('.cell.target') !== null);
  await finger.up();
  await page.getByRole('button', { name: dayName('Thursday 19 November 2026, 1 task') }).click();
  await untilIn(page.getByRole('region', { name: dayName('Thursday 19 November 2026') }), 'Bread');
  await anna.row('Bread').getByText('18:00').waitFor();
});

test('[P33] what a finger moved shows its Undo: a card, a row, a section, a list and a day', async () => {
  const anna = await arrive({ viewport: PHONE, now: '2026-11-16T09:00:00Z', timeZone: 'UTC' });
  const { page } = anna;
  const finger = await fingerOf(anna);
  const undo = page.getByRole('region', { name: 'Last change' }).getByRole('button', { name: 'Undo' });
  /** Holds it, takes it to where something else is, and lets go once the place is known. */
  const carry = async (from: Locator, to: Locator, by: number, mark: string): Promise<void> => {
    await finger.down(await middleOf(from));
    await page.waitForFunction(() => document.querySelector('.held, .lifted, .ghost'));
    const there = await middleOf(to);
    await finger.moveTo({ ...there, y: there.y + by });
    await page.waitForFunction((selector) => document.querySelector(selector) !== null, mark);
    await finger.up();
  };
  const takeBack = async (words: string): Promise<void> => {
    await page.getByRole('region', { name: 'Last change' }).getByText(words).waitFor();
    await undo.tap();
    await undo.waitFor({ state: 'detached' });
  };
  await write(anna, ['Rake #House', 'Paint #House', 'Draw #Art', 'Bread today 18:00'], 'Bread');

  await page.getByRole('link', { name: 'Lists', exact: true }).click();
  const main = page.getByRole('main');
  const names = async (): Promise<string[]> =>
    (await main.getByRole('listitem').getByRole('link').allInnerTexts())
      .map((text) => text.split('\n')[0] ?? '')
      .filter((name) => ['House', 'Art'].includes(name));
  await carry(
    main.getByRole('link', { name: 'House' }),
    main.getByRole('link', { name: 'Art' }),
    12,
    '.lifted',
  );
  await eventually(names).toEqual(['Art', 'House']);
  await takeBack('Moved to place 2 of 2');
  await eventually(names).toEqual(['House', 'Art']);

  await page.getByRole('link', { name: 'House' }).click();
  await page.getByRole('heading', { level: 1, name: 'House' }).waitFor();
  await carry(anna.row('Rake'), anna.row('Paint'), 16, '.drop-line');
  await anna.untilTitles('Paint', 'Rake');
  await takeBack('Moved to place 2 of 2');
  await anna.untilTitles('Rake', 'Paint');

  await page.getByRole('button', { name: 'Show as a board' }).click();
  await addSection(anna, 'Garden');
  await addSection(anna, 'Cellar');
  const column = (name: string): Locator => page.getByRole('region', { name, exact: true });
  await column('No section').evaluate((part) =>
    part.scrollIntoView({ inline: 'start', behavior: 'instant' }),
  );
  const card = await middleOf(anna.row('Rake'));
  await finger.down(card);
  await page.waitForFunction(() => document.querySelector('.held'));
  await finger.moveTo({ x: PHONE.width - 60, y: card.y });
  await eventually(async () => (await column('Garden').boundingBox())?.x ?? Infinity).toBeLessThan(
    PHONE.width / 2,
  );
  await finger.moveTo({ x: PHONE.width - 90, y: card.y });
  await finger.up();
  await untilIn(column('Garden'), 'Rake');
  await takeBack('Moved to Garden');
  await untilIn(column('No section'), 'Rake', 'Paint');

  await page.getByRole('button', { name: 'Show as a list' }).click();
  const headings = (): Promise<string[]> => main.getByRole('heading', { level: 2 }).allInnerTexts();
  await carry(heading(page, 'Garden'), heading(page, 'Cellar'), 12, '.drop-line');
  await eventually(headings).toEqual(['Cellar', 'Garden']);
  await takeBack('Moved to place 2 of 2');
  await eventually(headings).toEqual(['Garden', 'Cellar']);

  await anna.visit('/calendar');
  await untilIn(page.getByRole('region', { name: dayName('Monday 16 November 2026') }), 'Bread');
  const thursday = page.getByRole('button', { name: dayName('Thursday 19 November 2026') });
  await carry(anna.row('Bread'), thursday, 0, '.cell.target');
  await takeBack('Moved to Thursday');
  await untilIn(page.getByRole('region', { name: dayName('Monday 16 November 2026') }), 'Bread');
});

test('[P33] with a mouse or by keys another section or column shows its Undo, and a new order is spoken', async () => {
  const anna = await arrive();
  const { page } = anna;
  const toast = page.getByRole('region', { name: 'Last change' });
  await newList(anna, 'House');
  await anna.add('Rake', 'Paint');
  await addSection(anna, 'Garden');
  await drag(anna, anna.row('Paint'), anna.row('Rake'));
  await anna.untilTitles('Paint', 'Rake');
  await page.getByText('Moved to place 1 of 2', { exact: true }).waitFor();
  expect(await toast.count()).toBe(0);

  await drag(anna, anna.row('Rake'), heading(page, 'Garden'));
  await toast.getByText('Moved to place 1 of 1 in Garden').waitFor();
  await anna.row('Paint').getByRole('button', { name: 'Paint' }).focus();
  await page.keyboard.press('Alt+ArrowDown');
  await toast.getByText('Moved to place 1 of 2 in Garden').waitFor();
  // What was put in order since has no toast, and the Undo in sight is still of what it says.
  await page.keyboard.press('Alt+ArrowDown');
  await page.getByText('Moved to place 2 of 2 in Garden', { exact: true }).waitFor();
  await toast.getByText('Moved to place 1 of 2 in Garden').waitFor();
  await toast.getByRole('button', { name: 'Undo' }).click();
  await untilIn(page.getByRole('list', { name: 'Garden', exact: true }), 'Rake');

  await page.getByRole('button', { name: 'Show as a board' }).click();
  await anna.row('Rake').getByRole('button', { name: 'Rake' }).focus();
  await page.keyboard.press('Alt+ArrowLeft');
  await toast.getByText('Moved to No section').waitFor();
  await toast.getByRole('button', { name: 'Undo' }).click();
  await untilIn(page.getByRole('region', { name: 'Garden', exact: true }), 'Rake');
});

test('[L6] [L7] [L8] what was done can be reopened, and lists have icons, an order and an archive', async () => {
  const anna = await arrive();
  const { page } = anna;
  await write(
    anna,
    ['Buy hinges today #House', 'Draw #Art', 'Bread', 'Water the roses every day'],
    'Water the roses',
  );
  await anna.tick('Bread').click();
  await anna.tick('Water the roses').click();
  await page.getByRole('link', { name: 'Completed', exact: true }).click();
  await untilIn(page.getByRole('list', { name: 'Today' }), 'Water the roses', 'Bread');
  await anna.tick('Bread').click();
  await untilIn(page.getByRole('list', { name: 'Today' }), 'Water the roses');
  await anna.go('Inbox');
  await anna.row('Bread').waitFor();

  const names = (): Promise<string[]> =>
    page.getByRole('list', { name: 'Lists' }).getByRole('link').allInnerTexts();
  await page.getByRole('link', { name: 'Art', exact: true }).press('Alt+ArrowUp');
  await eventually(async () => (await names()).map((name) => name.split('\n')[0])).toEqual(['Art', 'House']);
  await page.getByRole('link', { name: 'Lists', exact: true }).click();
  const main = page.getByRole('main');
  await drag(anna, main.getByRole('link', { name: 'House' }), main.getByRole('link', { name: 'Art' }));
  await eventually(async () => (await names()).map((name) => name.split('\n')[0])).toEqual(['House', 'Art']);

  await main.getByRole('link', { name: 'House' }).click();
  await page.getByRole('button', { name: 'Edit this list' }).click();
  await page.getByRole('radio', { name: 'Repairs' }).check();
  await page.getByTitle('Teal').click();
  await page.getByRole('button', { name: 'Archive this list' }).click();
  await page.getByText('This list is archived.').waitFor();
  await eventually(async () => (await names()).length).toBe(1);
  await anna.go('Today');
  expect(await anna.titles()).not.toContain('Buy hinges');
  await anna.go('Search');
  await page.getByRole('searchbox', { name: 'Search' }).fill('hinges');
  await anna.row('Buy hinges').waitFor();
  await page.getByRole('link', { name: 'Lists', exact: true }).click();
  await page.getByRole('button', { name: 'Bring back House' }).click();
  await eventually(async () => (await names()).length).toBe(2);
});

test('[L9] tags are renamed, coloured, merged and thrown away on their page', async () => {
  const anna = await arrive();
  const { page } = anna;
  await write(anna, ['Bread @shop', 'Milk @shopping', 'Call @phone'], 'Call');
  await page.getByRole('link', { name: 'Tags', exact: true }).click();
  const main = page.getByRole('main');
  await main.getByRole('button', { name: 'Edit shop', exact: true }).click();
  await main.getByRole('radio', { name: 'Pink' }).check();
  await main.getByRole('combobox', { name: 'Merge into' }).selectOption('shopping');
  await main.getByText('2 open tasks').waitFor();
  expect(await main.getByRole('link').allInnerTexts()).toEqual(['phone', 'shopping']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await main.getByRole('link', { name: 'shop', exact: true }).waitFor();
  await main.getByRole('button', { name: 'Edit phone' }).click();
  await main.getByRole('button', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Name of the tag' }).fill('calls');
  await page.keyboard.press('Enter');
  await main.getByRole('link', { name: 'calls' }).waitFor();
  await main.getByRole('button', { name: 'Move to trash' }).click();
  await main.getByRole('link', { name: 'calls' }).waitFor({ state: 'detached' });
});

test('[L10] [L11] [L12] a task has a link, steps of any depth, and notes that read as Markdown', async () => {
  const anna = await arrive();
  const { page, task } = anna;
  await anna.add('Cabin weekend');
  await anna.open('Cabin weekend');
  await task.getByRole('textbox', { name: 'Add a step' }).fill('Pack');
  await page.keyboard.press('Enter');
  await task.getByRole('button', { name: 'Pack' }).click();
  await task.getByRole('button', { name: 'Cabin weekend' }).waitFor();
  await task.getByRole('textbox', { name: 'Add a step' }).fill('Socks');
  await page.keyboard.press('Enter');
  await task.getByRole('checkbox', { name: 'Socks' }).check();
  await task.getByText('1 of 1 done').waitFor();
  await task.getByRole('button', { name: 'Cabin weekend' }).click();
  await task.getByText('0 of 1 done').waitFor();
  await task.getByText('1/1').waitFor();

  const notes = task.getByRole('textbox', { name: 'Notes' });
  await notes.fill(
    '**Ben** has [keys](https://example.org)\n\n- [ ] ask\n- [x] map\n\n<img src=x onerror=alert(1)> [bad](javascript:alert(1))',
  );
  await notes.blur();
  const read = task.getByRole('group', { name: 'As it reads' });
  await read.getByText('Ben', { exact: true }).waitFor();
  expect(await read.locator('strong').innerText()).toBe('Ben');
  const link = read.getByRole('link', { name: 'keys' });
  expect([await link.getAttribute('rel'), await link.getAttribute('target')]).toEqual([
    'noopener noreferrer nofollow',
    '_blank',
  ]);
  expect(await read.locator('img, [href^="javascript"]').count()).toBe(0);
  await read.getByRole('checkbox', { name: 'ask' }).check();
  await eventually(() => notes.inputValue()).toContain('- [x] ask\n- [x] map');
  await notes.click();
  await read.waitFor({ state: 'detached' });

  await task.getByRole('button', { name: 'Copy link to this task' }).click();
  await page.getByRole('region', { name: 'Last change' }).getByText('Link copied').waitFor();
  const address = await page.evaluate(() => navigator.clipboard.readText());
  await anna.untilSync('On this device only');
  await task.getByRole('button', { name: 'Close' }).click();
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await anna.row('Cabin weekend').getByRole('button', { name: 'Cabin weekend' }).focus();
  await page.keyboard.press('y');
  await eventually(() => page.evaluate(() => navigator.clipboard.readText())).toBe(address);
  await page.goto('/settings');
  await page.goto(address);
  await eventually(() => task.getByRole('textbox', { name: 'Title' }).inputValue()).toBe('Cabin weekend');
});
