import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser } from '../support/chromium.ts';
import { cutOff } from './cut-off.ts';
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

async function press(person: Person, ...keys: string[]): Promise<void> {
  for (const key of keys) await person.page.keyboard.press(key);
}

/** A line of quick add, and what its task is called. */
async function addLine(person: Person, line: string, title?: string): Promise<void> {
  await person.quickAdd.fill(line);
  await person.quickAdd.press('Enter');
  if (title !== undefined) await person.row(title).waitFor();
}

/** The row with the focus. */
async function untilOn(person: Person, title: string): Promise<void> {
  await person.page.waitForFunction(
    (wanted) => document.activeElement?.textContent?.trim().startsWith(wanted) === true,
    title,
  );
}

async function untilSpoken(person: Person, text: string | RegExp): Promise<void> {
  await person.page.locator('[aria-live="polite"]').filter({ hasText: text }).first().waitFor();
}

async function selected(person: Person): Promise<string[]> {
  const rows = person.page
    .getByRole('listitem')
    .filter({ has: person.page.getByRole('button', { pressed: true }) });
  return rows
    .getByRole('checkbox')
    .evaluateAll((boxes) => boxes.map((box) => box.getAttribute('aria-label') ?? ''));
}

function commands(person: Person, name = 'Commands') {
  const dialog = person.page.getByRole('dialog', { name, exact: true });
  return {
    dialog,
    field: dialog.getByRole('combobox'),
    option: (text: string) => dialog.getByRole('option', { name: text, exact: true }),
    chosen: dialog.getByRole('option', { selected: true }),
  };
}

test('[K10] add, edit, complete, reorder, search and undo by keyboard alone, each of it spoken', async () => {
  const anna = await arrive();
  await press(anna, 'q');
  for (const title of ['Bread', 'Milk', 'Eggs']) {
    await anna.page.keyboard.type(title);
    await press(anna, 'Enter');
  }
  await untilSpoken(anna, 'Added: Eggs');
  await press(anna, 'Escape', 'j');
  await untilOn(anna, 'Bread');
  await press(anna, 'e');
  await anna.task.getByRole('textbox', { name: 'Title' }).and(anna.page.locator(':focus')).waitFor();
  await anna.page.keyboard.type('Rye bread');
  await press(anna, 'Escape', 'Escape');
  await untilOn(anna, 'Rye bread');
  await press(anna, 'Alt+ArrowDown');
  await anna.untilTitles('Milk', 'Rye bread', 'Eggs');
  await untilSpoken(anna, 'Moved to place 2 of 3');
  await press(anna, 'j', 'x');
  await anna.untilTitles('Milk', 'Rye bread');
  await untilSpoken(anna, 'Task completed');
  await untilOn(anna, 'Rye bread');
  await press(anna, '/');
  await anna.page.getByRole('searchbox', { name: 'Search' }).and(anna.page.locator(':focus')).waitFor();
  await anna.page.keyboard.type('rye');
  await anna.untilTitles('Rye bread');
  await press(anna, 'Escape', 'g', 'i');
  await anna.untilTitles('Milk', 'Rye bread');
  await press(anna, 'Control+z');
  await untilSpoken(anna, 'Undone: Complete task');
  await anna.untilTitles('Milk', 'Rye bread', 'Eggs');
  // Tab leaves the list for what comes after it.
  await press(anna, 'j', 'Tab', 'Tab', 'Tab');
  expect(await anna.page.evaluate(() => document.activeElement?.closest('[data-task]') === null)).toBe(true);
});

test('[K4] [K5] rows are selected by key and click, and what is done to them is one undo', async () => {
  const anna = await arrive({ now: '2026-11-23T10:00:00Z' });
  await anna.add('A', 'B', 'C', 'D');
  await addLine(anna, 'Bins every tue', 'Bins');
  await press(anna, 'Escape', 'j', 'v', 'Shift+ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowUp');
  await untilOn(anna, 'B');
  expect(await selected(anna)).toEqual(['A', 'B']);
  await untilSpoken(anna, '2 selected');
  await anna
    .row('D')
    .getByRole('button', { name: 'D' })
    .click({ modifiers: ['ControlOrMeta'] });
  expect(await selected(anna)).toEqual(['A', 'B', 'D']);
  await anna
    .row('C')
    .getByRole('button', { name: 'C' })
    .click({ modifiers: ['Shift'] });
  expect(await selected(anna)).toEqual(['A', 'B', 'C', 'D']);
  const bar = anna.page.getByRole('region', { name: 'Selection' });
  await bar.getByText('4 selected').waitFor();

  await press(anna, '1');
  await untilSpoken(anna, '4 tasks with urgent priority');
  for (const title of ['A', 'D'])
    await anna.row(title).getByRole('img', { name: 'Urgent priority' }).waitFor();
  // What follows stays when the toast's own undo is pressed.
  await press(anna, 'Escape');
  await bar.waitFor({ state: 'detached' });
  await anna.add('E');
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.row('A').getByRole('img', { name: 'Urgent priority' }).waitFor({ state: 'detached' });
  await anna.untilTitles('A', 'B', 'C', 'D', 'Bins', 'E');

  await press(anna, 'Escape', 'j', 'Control+a');
  await bar.getByText('6 selected').waitFor();
  await bar.getByRole('button', { name: 'Due' }).click();
  const due = commands(anna, 'Due');
  await due.field.fill('25 dec 9am');
  await due.option('25 Dec 09:00').waitFor();
  await press(anna, 'Enter');
  const asks = anna.page.getByRole('dialog', { name: 'Change a repeating task' });
  await asks.getByRole('button', { name: 'Only this one' }).click();
  await asks.waitFor({ state: 'detached' });
  for (const title of ['A', 'Bins', 'E']) await anna.row(title).getByText('25 Dec 09:00').waitFor();
  await bar.getByRole('button', { name: 'Complete' }).click();
  await anna.untilTitles('Bins');
  await untilSpoken(anna, '6 tasks completed');
  await bar.waitFor({ state: 'detached' });
  await untilOn(anna, 'Bins');
  await press(anna, 'Control+z');
  await untilSpoken(anna, 'Undone: Complete 6 tasks');
  await anna.untilTitles('A', 'B', 'C', 'D', 'Bins', 'E');
  await press(anna, 'Control+z');
  await anna.row('A').getByText('25 Dec 09:00').waitFor({ state: 'detached' });
});

test('[K6] a thousand selected tasks are completed and brought back', async () => {
  const anna = await arrive();
  const count = 1_000;
  await anna.paste(Array.from({ length: count }, (_, index) => `Task ${String(index + 1)}`).join('\n'));
  await anna.row(`Task ${String(count)}`).waitFor();
  await press(anna, 'Escape', 'j', 'Control+a');
  await anna.page.getByText('1,000 selected').first().waitFor();
  await press(anna, 'x');
  await anna.page.getByText('All done here').waitFor();
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna
    .row(`Task ${String(count)}`)
    .or(anna.row('Task 1'))
    .first()
    .waitFor();
  await press(anna, 'j', 'End');
  await untilOn(anna, `Task ${String(count)}`);
});

test('[K2] [K3] [K7] commands and the keys of a row', async () => {
  const anna = await arrive();
  await anna.add('Call Tom', 'Zahnärztin anrufen', 'Pay rent');
  const all = commands(anna);
  await press(anna, 'Control+k');
  await all.field.and(anna.page.locator(':focus')).waitFor();
  await all.field.fill('zahnarz');
  await all.chosen.filter({ hasText: 'Zahnärztin anrufen' }).waitFor();
  expect(await all.field.getAttribute('aria-activedescendant')).toBe(await all.chosen.getAttribute('id'));
  await press(anna, 'Enter');
  await anna.task.getByRole('textbox', { name: 'Title' }).waitFor();
  // On the open task, in two steps, and back from the second to the first.
  await press(anna, 'Control+k');
  await all.field.fill('set the due');
  await press(anna, 'Enter');
  const due = commands(anna, 'Due');
  await due.field.waitFor();
  await press(anna, 'Escape');
  await all.field.fill('set the due');
  await press(anna, 'Enter');
  await due.field.fill('tomorrow');
  await press(anna, 'Enter');
  await anna.row('Zahnärztin anrufen').getByText('tomorrow').waitFor();
  // First out of the field that had the focus before, then out of the task.
  await press(anna, 'Escape', 'Escape');
  await untilOn(anna, 'Zahnärztin anrufen');

  await press(anna, 'k', 't', '2', 'm');
  await anna.row('Call Tom').getByText('today').waitFor();
  await anna.row('Call Tom').getByRole('img', { name: 'High priority' }).waitFor();
  const lists = commands(anna, 'Move to');
  await lists.field.fill('House');
  await press(anna, 'Enter');
  await anna.untilTitles('Zahnärztin anrufen', 'Pay rent');
  await untilOn(anna, 'Zahnärztin anrufen');
  await press(anna, 'l');
  await commands(anna, 'Add a tag').field.fill('health');
  await press(anna, 'Enter');
  await anna.row('Zahnärztin anrufen').getByText('health').waitFor();
  await press(anna, 'r');
  await commands(anna, 'Repeat').field.fill('every day');
  await press(anna, 'Enter');
  await anna
    .row('Zahnärztin anrufen')
    .getByRole('img', { name: /every day/i })
    .waitFor();
  await press(anna, 'Shift+D');
  await anna.untilTitles('Zahnärztin anrufen', 'Zahnärztin anrufen', 'Pay rent');
  await press(anna, 'Control+z', 'End', 'Control+]');
  await anna.untilTitles('Zahnärztin anrufen');
  await untilSpoken(anna, 'Now a step of “Zahnärztin anrufen”');

  await press(anna, 'Control+k');
  await all.field.fill('house');
  await all.option('House List').waitFor();
  await press(anna, 'Enter');
  await anna.page.getByRole('heading', { level: 1, name: 'House' }).waitFor();
  await anna.untilTitles('Call Tom');
  // What was used last is the first that is offered.
  await press(anna, 'Control+k');
  await all.chosen.filter({ hasText: 'House' }).waitFor();
  await press(anna, 'Escape', '?');
  const sheet = anna.page.getByRole('dialog', { name: 'Keyboard' });
  for (const name of ['Add a task', 'Due tomorrow', 'Select all', 'Move up', 'Show the keys']) {
    await sheet.getByText(name, { exact: true }).waitFor();
  }
  // Whoever does not want single keys turns them off here, and is believed by the next window too.
  await sheet.getByRole('checkbox', { name: /single letter/ }).uncheck();
  await press(anna, 'Escape', 'j', 'x', 'q');
  await anna.page.reload();
  await anna.untilTitles('Call Tom');
  await press(anna, 'Control+k');
  await all.field.fill('turn on single');
  await press(anna, 'Enter');
  await untilSpoken(anna, 'Single-letter keys are on');
});

test('[K13] single-letter keys that are turned off do nothing, and the others still do', async () => {
  const anna = await arrive({ before: "localStorage.setItem('holdfast:single-keys', 'off')" });
  await anna.add('A', 'B');
  await press(anna, 'Escape', 'ArrowDown', 'ArrowDown', 'x', 'v', '1', 'Alt+ArrowUp');
  await anna.untilTitles('B', 'A');
  await anna.row('B').getByRole('img', { name: 'Urgent priority' }).waitFor({ state: 'detached' });
  expect(await selected(anna)).toEqual([]);
});

test('[K4] on a phone tasks are selected by a tap, and the commands are behind a button', async () => {
  const anna = await arrive({ viewport: PHONE });
  await anna.add('A', 'B', 'C');
  await anna.page.getByRole('button', { name: 'Commands' }).click();
  const all = commands(anna);
  await all.field.fill('select');
  await all.option('Select tasks').click();
  const bar = anna.page.getByRole('region', { name: 'Selection' });
  for (const title of ['A', 'C']) await anna.row(title).getByRole('button', { name: title }).click();
  await bar.getByText('2 selected').waitFor();
  expect(await anna.task.count()).toBe(0);
  await bar.getByRole('button', { name: 'Delete' }).click();
  await anna.untilTitles('B');
  await bar.waitFor({ state: 'detached' });
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles('A', 'B', 'C');
});

test('[K8] indented lines of a pasted list are steps, and all of it is one undo', async () => {
  const anna = await arrive();
  await anna.paste('- Trip to Graz tomorrow\n  - Book a hotel\n  - Pack\n- Water the plants');
  await anna.untilTitles('Trip to Graz', 'Water the plants');
  await anna.row('Trip to Graz').getByText('0/2').waitFor();
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles();
});

test('[K9] what another app shares waits in the field, offline too, and no reload brings it again', async () => {
  const anna = await arrive({ isNotInstalled: false });
  await anna.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await anna.context.setOffline(true);
  await anna.page.goto('/?title=Rye%20bread&text=tomorrow&url=https%3A%2F%2Fexample.org%2Frye');
  await anna.page.waitForFunction(
    () => document.querySelector('input')?.value === 'Rye bread tomorrow https://example.org/rye',
  );
  expect(new URL(anna.page.url()).search).toBe('');
  await anna.quickAdd.and(anna.page.locator(':focus')).waitFor();
  await press(anna, 'Enter');
  await anna.row('Rye bread https://example.org/rye').getByText('tomorrow').waitFor();
  const manifest = (await (await fetch(`${site.url}/manifest.webmanifest`)).json()) as {
    share_target: object;
    shortcuts: { name: string }[];
  };
  expect(manifest.share_target).toMatchObject({ action: '/', method: 'GET' });
  expect(manifest.shortcuts.map(({ name }) => name)).toEqual(['Add a task', 'Today', 'Search']);
});

test('[K12] the import of a file is one step of undo', async () => {
  const anna = await arrive();
  await anna.add('Mine');
  await anna.go('Settings');
  const at = Date.UTC(2026, 10, 1) * 1024;
  const task = (id: string, title: string) => ({
    [`${id}/born`]: { t: at, by: '2f' },
    [`${id}/title@2f`]: { v: title, t: at },
  });
  await anna.page.getByLabel('File to import').setInputFiles({
    name: 'tasks.json',
    mimeType: 'application/json',
    buffer: Buffer.from(
      JSON.stringify({
        format: 'holdfast-export',
        version: 1,
        maps: { tasks: { ...task('x1', 'Bread'), ...task('x2', 'Milk') } },
      }),
    ),
  });
  await anna.page.getByText('2 tasks added').waitFor();
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.go('Inbox');
  await anna.untilTitles('Mine');
  await press(anna, 'Escape', 'Control+Shift+z');
  await anna.page.getByText('Done again: Import').first().waitFor();
  expect(new Set(await anna.titles())).toEqual(new Set(['Mine', 'Bread', 'Milk']));
});

test('[K11] at 200% zoom no page scrolls sideways and nothing is cut off', async () => {
  const anna = await arrive({ viewport: { width: 720, height: 450 }, scale: 2 });
  await anna.add('Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverleihungsurkunde abholen');
  await addLine(anna, 'Wash up tomorrow #Hauswirtschaftsangelegenheiten @Donaudampfschifffahrt');
  await addLine(anna, 'Call Tom today !high @errands', 'Call Tom');
  const seen: Record<string, string[]> = {};
  const look = async (name: string): Promise<void> => {
    const faults = await anna.page.evaluate(cutOff);
    if (faults.length > 0) seen[name] = faults;
  };
  await anna.open('Call Tom');
  await look('the open task');
  await anna.page.goto('/');
  await anna.row('Call Tom').waitFor();
  for (const path of [
    '/',
    '/today',
    '/upcoming',
    '/search',
    '/lists',
    '/trash',
    '/settings',
    '/sync',
    '/lab',
    '/help',
    '/reset',
  ]) {
    await anna.visit(path);
    await look(path);
  }
  await anna.visit('/');
  await anna.row('Call Tom').waitFor();
  await press(anna, 'j', 'v');
  await anna.page.getByRole('region', { name: 'Selection' }).waitFor();
  await look('the selection');
  await press(anna, 'Control+k');
  await commands(anna).field.waitFor();
  await look('the commands');
  await press(anna, 'Escape', '?');
  await anna.page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await look('the keys');
  expect(seen).toEqual({});
});
