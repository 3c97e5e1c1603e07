/** Rules F of web/SPEC.md. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, Locator } from '../support/chromium.ts';
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

async function enter(person: Person, line: string, title: string): Promise<void> {
  await person.quickAdd.fill(line);
  await person.page
    .getByRole('button', { name: /keep as plain words$/ })
    .first()
    .waitFor();
  await person.quickAdd.press('Enter');
  await person.row(title).waitFor();
}

function searchBox(person: Person): Locator {
  return person.page.getByRole('searchbox', { name: 'Search' });
}

/** The titles' marked parts, in order. */
async function marked(person: Person): Promise<string[]> {
  return await person.page.evaluate(() =>
    [...document.querySelectorAll('mark')].map((mark) => mark.textContent),
  );
}

test('[F1] [F2] [F3] words and questions find with every key, open tasks before completed ones', async () => {
  const anna = await arrive();
  await enter(anna, 'Call the dentist tomorrow @health', 'Call the dentist');
  await enter(anna, 'Pay the dental bill @money', 'Pay the dental bill');
  await anna.add('Buy bread');
  await anna.tick('Buy bread').click();
  await anna.go('Search');
  const box = searchBox(anna);

  await box.pressSequentially('dentst');
  await anna.untilTitles('Call the dentist');
  await anna.page.getByText('Nothing has “dentst”. This is what has “dentist”.').waitFor();
  expect(await marked(anna)).toEqual(['dentist']);
  await box.fill('dent');
  await anna.untilTitles('Call the dentist', 'Pay the dental bill');
  await box.fill('b');
  await anna.untilTitles('Pay the dental bill', 'Buy bread');
  await anna.page.getByRole('heading', { name: 'Completed' }).waitFor();
  // What is edited is found by what it now is.
  const task = await anna.open('Pay the dental bill');
  await task.getByRole('textbox', { name: 'Title' }).fill('Pay the invoice');
  await task.getByRole('button', { name: 'Close' }).click();
  await box.fill('invoi');
  await anna.untilTitles('Pay the invoice');

  await box.fill('due tomorrow and not @money');
  await anna.untilTitles('Call the dentist');
  await box.fill('@helth and call');
  await anna.page.getByText('There is no tag “helth”.').waitFor();
  await anna.page.getByRole('button', { name: 'Use @health' }).click();
  expect(await box.inputValue()).toBe('@health and call');
  await anna.untilTitles('Call the dentist');

  await box.fill('');
  await box.pressSequentially('due tom');
  await anna.page.getByRole('option', { name: 'tomorrow', exact: true }).waitFor();
  await anna.page.keyboard.press('ArrowDown');
  await anna.page.getByRole('option', { name: 'tomorrow', exact: true, selected: true }).waitFor();
  await anna.page.keyboard.press('Enter');
  expect(await box.inputValue()).toBe('due tomorrow ');
  await anna.untilTitles('Call the dentist');
  await anna.page.keyboard.press('Enter');
  await anna.page.waitForFunction(() => document.activeElement?.hasAttribute('data-opener'));
});

test('[F4] [F5] [F6] controls and text are one question, which is saved as a view that can be changed', async () => {
  const anna = await arrive();
  await enter(anna, 'Call the dentist !high @health', 'Call the dentist');
  await enter(anna, 'Call Tom @calls', 'Call Tom');
  await anna.go('Search');
  const box = searchBox(anna);
  await box.fill('call');
  await anna.page.getByRole('button', { name: 'Filter', exact: true }).click();
  const controls = anna.page.getByRole('region', { name: 'Filters' });
  await controls.getByRole('combobox', { name: 'Priority' }).selectOption('High or more');
  expect(await box.inputValue()).toBe('call and priority >= high');
  await anna.untilTitles('Call the dentist');
  await box.fill('call and @health and due today');
  await controls
    .getByRole('checkbox', { name: 'health' })
    .and(anna.page.getByRole('checkbox', { checked: true }))
    .waitFor();
  expect(await controls.getByRole('combobox', { name: 'Due', exact: true }).inputValue()).toBe('due today');
  await controls.getByRole('combobox', { name: 'Due', exact: true }).selectOption('Any');
  await controls.getByRole('combobox', { name: 'Priority' }).selectOption('Any');
  expect(await box.inputValue()).toBe('call and @health');

  await anna.page.getByRole('button', { name: 'Save as view' }).click();
  await anna.page.getByRole('textbox', { name: 'Name of the view' }).fill('Calls about health');
  await anna.page.keyboard.press('Enter');
  await anna.page.getByRole('heading', { level: 1, name: 'Calls about health' }).waitFor();
  await anna.untilTitles('Call the dentist');
  const link = anna.page.getByRole('link', { name: 'Calls about health' });
  await link.filter({ hasText: '1' }).waitFor();

  // The tag gets another name, and the view asks for it by that.
  await anna.page.getByRole('link', { name: 'health', exact: true }).click();
  await anna.page.getByRole('button', { name: 'Edit this tag' }).click();
  await anna.page.getByRole('textbox', { name: 'Name' }).fill('wellbeing');
  await anna.page.getByRole('textbox', { name: 'Name' }).press('Enter');
  await link.click();
  await anna.page.getByText('call and @wellbeing').waitFor();
  await anna.untilTitles('Call the dentist');
  await anna.tick('Call the dentist').click();
  await anna.page.getByText('Nothing here now').waitFor();
  await anna.page.getByRole('button', { name: 'Completed 1' }).waitFor();
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles('Call the dentist');

  await anna.page.getByRole('button', { name: 'Edit this view' }).click();
  const query = anna.page.getByRole('textbox', { name: 'What it looks for' });
  await query.fill('call sort by title desc');
  await anna.page.getByRole('button', { name: 'Save changes' }).click();
  await anna.untilTitles('Call Tom', 'Call the dentist');
  await anna.page.getByRole('textbox', { name: 'Name' }).fill('Calls');
  await anna.page.getByRole('textbox', { name: 'Name' }).press('Enter');
  await anna.page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor();
  await anna.page.getByRole('button', { name: 'Move this view to the trash' }).click();
  await anna.page.getByRole('heading', { level: 1, name: 'Search' }).waitFor();
  await anna.go('Trash');
  await anna.page.getByRole('button', { name: 'Restore Calls' }).click();
  await anna.page.getByRole('link', { name: 'Calls', exact: true }).click();
  await anna.untilTitles('Call Tom', 'Call the dentist');
});

test('[F5] on a phone the lists name the views', async () => {
  const anna = await arrive({ viewport: PHONE });
  await anna.add('Call Tom', 'Buy bread');
  await anna.page.goto('/search');
  await searchBox(anna).fill('call');
  await anna.untilTitles('Call Tom');
  await anna.page.getByRole('button', { name: 'Save as view' }).click();
  await anna.page.getByRole('textbox', { name: 'Name of the view' }).fill('Calls');
  await anna.page.getByRole('button', { name: 'Save', exact: true }).click();
  await anna.page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor();
  await anna.page.getByRole('link', { name: 'Lists', exact: true }).click();
  await anna.page.getByRole('link', { name: 'Calls' }).click();
  await anna.untilTitles('Call Tom');
});
