import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, Locator } from '../support/chromium.ts';
import { violationsInBothThemes } from './axe.ts';
import { PHONE, newPerson } from './person.ts';
import type { Person, PersonOptions } from './person.ts';
import { serveBuild } from './static-site.ts';
import type { StaticSite } from './static-site.ts';

/** A Tuesday: 09:00 in New York, 19:30 in Kolkata. */
const NOW = '2026-11-24T14:00:00Z';
const ZONES = ['America/New_York', 'Asia/Kolkata'] as const;

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

async function arrive(options: PersonOptions): Promise<Person> {
  const person = await newPerson(browser, site.url, { now: NOW, isNotInstalled: true, ...options });
  people.push(person);
  return person;
}

const field = (task: Locator, name: 'Due' | 'Start' | 'Repeat' | 'Reminders'): Locator =>
  task.getByRole('button', { name, exact: true });
const done = (task: Locator): Promise<void> =>
  task.getByRole('button', { name: 'Done', exact: true }).click();

/** What the words beside a field say. */
async function untilSays(button: Locator, words: string | RegExp): Promise<void> {
  const id = await button.getAttribute('aria-describedby');
  await button
    .page()
    .locator(`[id="${id ?? ''}"]`)
    .filter({ hasText: words })
    .waitFor();
}

/** A task that is due today and repeats as chosen, open beside the list. */
async function openRepeating(person: Person, choice: string, title = 'Water the plants'): Promise<Locator> {
  await person.add(title);
  const task = await person.open(title);
  await field(task, 'Due').click();
  await task.getByRole('button', { name: 'Today', exact: true }).click();
  await field(task, 'Repeat').click();
  await task.getByRole('button', { name: choice, exact: true }).click();
  await task.getByRole('region', { name: 'Preview' }).waitFor();
  await done(task);
  return task;
}

const scopeDialog = (person: Person): Locator => person.page.getByRole('dialog', { name: /repeating task$/ });
const toast = (person: Person): Locator => person.page.getByRole('region', { name: 'Last change' });

/** The app's document as an account's export holds it, taken into another browser. */
async function carry(from: Person, to: Person): Promise<void> {
  await from.go('Settings');
  const download = from.page.waitForEvent('download');
  await from.page.getByRole('button', { name: 'Export' }).click();
  const path = await (await download).path();
  await to.go('Settings');
  await to.page.getByLabel('File to import').setInputFiles(path);
  await to.page.getByText('merged').waitFor();
  await to.go('Inbox');
}

describe.each(ZONES)('in %s', (timeZone) => {
  test('[T1] a due date and a time are set by keyboard alone', async () => {
    const anna = await arrive({ timeZone });
    await anna.add('Call Tom');
    const task = await anna.open('Call Tom');
    await field(task, 'Due').press('Enter');
    const today = task.getByRole('grid').getByRole('button', { name: /24 November 2026/ });
    await today.focus();
    await anna.page.keyboard.press('ArrowDown');
    await anna.page.keyboard.press('ArrowRight');
    await anna.page.keyboard.press('Enter');
    await task.getByLabel('Time', { exact: true }).focus();
    await anna.page.keyboard.type('0230PM');
    await task.getByRole('button', { name: 'Done', exact: true }).press('Enter');
    await untilSays(field(task, 'Due'), 'Wed 2 Dec 14:30');
    expect(await field(task, 'Due').evaluate((button) => button === document.activeElement)).toBe(true);
    await anna.page.keyboard.press('ControlOrMeta+z');
    await anna.page.keyboard.press('ControlOrMeta+z');
    await untilSays(field(task, 'Due'), 'No date');
  });

  test('[T2] words are read as a date while they are typed, and name a repeat too', async () => {
    const anna = await arrive({ timeZone });
    await anna.add('Call Tom');
    const task = await anna.open('Call Tom');
    await field(task, 'Due').click();
    const words = task.getByRole('textbox', { name: 'In words' });
    await words.fill('in the blue');
    await task.getByText('Not a date yet').waitFor();
    await words.fill('next fri 14:15');
    await task.getByText('Fri 4 Dec 14:15 · Enter takes it').waitFor();
    await words.press('Enter');
    await untilSays(field(task, 'Due'), 'Fri 4 Dec 14:15');
    await field(task, 'Due').click();
    await words.fill('every other monday 10:30');
    await task.getByText('and it repeats').waitFor();
    await words.press('Enter');
    await untilSays(field(task, 'Repeat'), 'Every 2 weeks on Monday');
    await untilSays(field(task, 'Due'), 'Monday 10:30');
  });

  test('[T4] a repeat is chosen by one tap with its next dates shown, and completing goes on to the next', async () => {
    const anna = await arrive({ timeZone });
    const task = await openRepeating(anna, 'Every week on Tuesday');
    await untilSays(field(task, 'Repeat'), 'Every week on Tuesday');
    await field(task, 'Repeat').click();
    const dates = task.getByRole('region', { name: 'Preview' }).getByRole('listitem');
    expect(await dates.allTextContents()).toEqual([
      'Tue 24 Nov',
      'Tue 1 Dec',
      'Tue 8 Dec',
      'Tue 15 Dec',
      'Tue 22 Dec',
    ]);
    await done(task);
    await anna.tick('Water the plants').click();
    await toast(anna).getByText('Done. Next: Tue 1 Dec').waitFor();
    await untilSays(field(task, 'Due'), 'Tue 1 Dec');
    await toast(anna).getByRole('button', { name: 'Undo' }).click();
    await untilSays(field(task, 'Due'), 'today');
    expect(await anna.titles()).toEqual(['Water the plants']);
  });

  test('[T6] reminders are added and taken away, and say when they ring', async () => {
    const anna = await arrive({ timeZone });
    await anna.add('Call Tom');
    const task = await anna.open('Call Tom');
    await field(task, 'Due').click();
    await task.getByRole('textbox', { name: 'In words' }).fill('tomorrow 14:15');
    await task.getByText('Enter takes it').waitFor();
    await task.getByRole('textbox', { name: 'In words' }).press('Enter');
    await field(task, 'Reminders').click();
    await task.getByRole('button', { name: '10 min before' }).click();
    await task.getByText('Rings tomorrow 14:05').waitFor();
    await task.getByLabel('How long before').fill('3');
    await task.getByLabel('Minutes, hours, days or weeks').selectOption('days before');
    await task.getByRole('button', { name: 'Add this long before' }).click();
    await task.getByText('3 days before', { exact: true }).waitFor();
    await task.getByLabel('Remind on').fill('2026-11-30');
    await task.getByLabel('Remind at').fill('10:45');
    await task.getByRole('button', { name: 'Add at this moment' }).click();
    await task.getByText('Rings Monday 10:45').waitFor();
    await untilSays(field(task, 'Reminders'), '3 days before, 10 minutes before, Monday 10:45');
    await task.getByRole('button', { name: 'Remove 3 days before' }).click();
    await untilSays(field(task, 'Reminders'), /^\s*10 minutes before, Monday 10:45/);
    await toast(anna).getByRole('button', { name: 'Undo' }).click();
    await untilSays(field(task, 'Reminders'), '3 days before, 10 minutes before, Monday 10:45');
    await task.getByRole('button', { name: 'Tomorrow morning' }).click();
    await untilSays(field(task, 'Reminders'), 'Snoozed until tomorrow 09:00');
    await task.getByRole('button', { name: 'Wake it' }).click();
    await untilSays(field(task, 'Reminders'), '3 days before');
  });

  test('[T8] moving the date of a recurring task is first of all for this one, and undone by one tap', async () => {
    const anna = await arrive({ timeZone });
    const task = await openRepeating(anna, 'Every day');
    await field(task, 'Due').click();
    await task.getByRole('button', { name: 'Next week', exact: true }).click();
    await scopeDialog(anna).getByRole('button', { name: 'Only this one' }).waitFor();
    await anna.page.keyboard.press('Enter');
    await untilSays(field(task, 'Due'), 'Monday');
    await toast(anna).getByRole('button', { name: 'Undo' }).click();
    await untilSays(field(task, 'Due'), 'today');
    await task.getByRole('combobox', { name: 'Priority' }).selectOption('High');
    await scopeDialog(anna).getByRole('button', { name: 'This and all future' }).click();
    await task.getByRole('checkbox', { name: 'Completed' }).click();
    await untilSays(field(task, 'Due'), 'tomorrow');
    expect(await task.getByRole('combobox', { name: 'Priority' }).inputValue()).toBe('high');
  });
});

test('[T7] typed words of a recurring task ask once, and are for this one or for all that come', async () => {
  const anna = await arrive({ timeZone: ZONES[0] });
  const task = await openRepeating(anna, 'Every day');
  const title = task.getByRole('textbox', { name: 'Title' });
  await title.fill('Water the plants twice');
  await title.press('Enter');
  await scopeDialog(anna).getByRole('button', { name: 'Only this one' }).waitFor();
  await anna.page.keyboard.press('Escape');
  await scopeDialog(anna).waitFor({ state: 'detached' });
  expect(await title.inputValue()).toBe('Water the plants twice');
  expect(await anna.titles()).toEqual(['Water the plants']);
  await title.press('Enter');
  await scopeDialog(anna).getByRole('button', { name: 'Only this one' }).waitFor();
  await anna.page.keyboard.press('Enter');
  await anna.untilTitles('Water the plants twice');
  await anna.tick('Water the plants twice').click();
  await anna.untilTitles('Water the plants');

  await task.getByRole('textbox', { name: 'Notes' }).fill('with the green can');
  await title.focus();
  await scopeDialog(anna).getByRole('button', { name: 'Only this one' }).waitFor();
  await anna.page.keyboard.press('ArrowDown');
  await anna.page.keyboard.press('Enter');
  await toast(anna).getByText('Changed from this one on').waitFor();
  await task.getByRole('checkbox', { name: 'Completed' }).click();
  await toast(anna).getByText('Done. Next: Thu 26 Nov').waitFor();
  expect(await task.getByRole('textbox', { name: 'Notes' }).inputValue()).toBe('with the green can');
});

test('[T9] deleting only this one skips it; deleting all future ones ends it and keeps what was done', async () => {
  const anna = await arrive({ timeZone: ZONES[1] });
  const task = await openRepeating(anna, 'Every day');
  await task.getByRole('checkbox', { name: 'Completed' }).click();
  await untilSays(field(task, 'Due'), 'tomorrow');
  await task.getByRole('button', { name: 'Move to trash' }).click();
  await scopeDialog(anna).getByRole('button', { name: 'Only this one' }).click();
  await toast(anna).getByText('Skipped. Next: Thu 26 Nov').waitFor();
  await task.getByRole('button', { name: 'Move to trash' }).click();
  await scopeDialog(anna).getByRole('button', { name: 'This and all future' }).click();
  await anna.untilTitles();
  await toast(anna).getByText('The repeat has ended').waitFor();
  await toast(anna).getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles('Water the plants');
  await anna.open('Water the plants');
  await untilSays(field(task, 'Due'), 'Thursday');
  await task.getByText('Done once, on Tue 24 Nov, skipped once').waitFor();
});

test('[T3] a time holds where it was set: elsewhere it is said in both clocks, over a change of summer time too', async () => {
  const anna = await arrive({ timeZone: 'America/New_York' });
  const ravi = await arrive({ timeZone: 'Asia/Kolkata' });
  await anna.add('Call Berlin', 'Stretch');
  const call = await anna.open('Call Berlin');
  await field(call, 'Due').click();
  await call.getByLabel('Date', { exact: true }).fill('2027-03-23');
  await call.getByLabel('Time', { exact: true }).fill('14:00');
  await call.getByLabel('Where').selectOption('Europe/Berlin');
  await done(call);
  // In that week New York has summer time and Berlin has not.
  await untilSays(field(call, 'Due'), '23 Mar 2027 09:00 (14:00 Berlin)');
  await field(call, 'Repeat').click();
  await call.getByRole('button', { name: 'Every week on Tuesday', exact: true }).click();
  const dates = (task: Locator): Promise<string[]> =>
    task.getByRole('region', { name: 'Preview' }).getByRole('listitem').allTextContents();
  await call.getByRole('region', { name: 'Preview' }).waitFor();
  expect((await dates(call)).slice(0, 2)).toEqual(['Tue 23 Mar09:00', 'Tue 30 Mar08:00']);
  await done(call);
  const stretch = await anna.open('Stretch');
  await field(stretch, 'Due').click();
  await stretch.getByRole('textbox', { name: 'In words' }).fill('tomorrow 14:00');
  await stretch.getByText('Enter takes it').waitFor();
  await stretch.getByRole('textbox', { name: 'In words' }).press('Enter');
  await field(stretch, 'Due').click();
  await stretch.getByLabel('Where').selectOption({ label: 'Wherever I am' });
  await done(stretch);
  await untilSays(field(stretch, 'Due'), /tomorrow 14:00\s*wherever you are/);

  await carry(anna, ravi);
  const there = await ravi.open('Call Berlin');
  await untilSays(field(there, 'Due'), '23 Mar 2027 18:30 (14:00 Berlin)');
  await field(there, 'Repeat').click();
  await there.getByRole('region', { name: 'Preview' }).waitFor();
  expect((await dates(there)).slice(0, 2)).toEqual(['Tue 23 Mar18:30', 'Tue 30 Mar17:30']);
  await ravi.open('Stretch');
  await untilSays(field(ravi.task, 'Due'), /tomorrow 14:00\s*wherever you are/);
});

test('[T5] the editor says what it makes as it changes, says faults as sentences, and clamps the 31st', async () => {
  const anna = await arrive({ timeZone: 'Asia/Kolkata' });
  const task = await openRepeating(anna, 'Every month on the 24th');
  await field(task, 'Repeat').click();
  await task.getByRole('button', { name: 'Something else…' }).click();
  const preview = task.getByRole('region', { name: 'Preview' });
  await task.getByLabel('Day of the month', { exact: true }).fill('31');
  await preview.getByText('Every month on the 31st, or the last day of a shorter month').waitFor();
  expect((await preview.getByRole('listitem').allTextContents()).slice(0, 3)).toEqual([
    'Mon 30 Nov',
    'Thu 31 Dec',
    'Sun 31 Jan',
  ]);
  await task.getByLabel('Every', { exact: true }).fill('0');
  await preview.getByText('Repeat every 1 to 999.').waitFor();
  expect(await task.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  await task.getByLabel('Every', { exact: true }).fill('2');
  await task.getByLabel('Unit').selectOption('week');
  await task.getByRole('button', { name: 'Friday', exact: true }).click();
  await task.getByLabel('Ends').selectOption('after a number of times');
  await task.getByLabel('How many times').fill('3');
  await preview.getByText('Every 2 weeks on Tuesday and Friday, 3 times').waitFor();
  expect(await preview.getByRole('listitem').allTextContents()).toEqual([
    'Tue 24 Nov',
    'Fri 27 Nov',
    'Tue 8 Dec',
  ]);
  await task.getByLabel('Counted from').selectOption('the day it is done');
  await preview.getByText('Every 2 weeks after done, 3 times').waitFor();
  await task.getByRole('button', { name: 'Save' }).click();
  await untilSays(field(task, 'Repeat'), 'Every 2 weeks after done, 3 times');
  await task.getByRole('button', { name: 'Does not repeat' }).click();
  await untilSays(field(task, 'Repeat'), 'Does not repeat');
  await toast(anna).getByRole('button', { name: 'Undo' }).click();
  await untilSays(field(task, 'Repeat'), 'Every 2 weeks after done, 3 times');
});

test('[T5] a rule that the editor cannot express is said in words and kept', async () => {
  const anna = await arrive({ timeZone: 'America/New_York' });
  await anna.go('Settings');
  const t = Date.UTC(2026, 10, 20) * 1024;
  const rule = {
    rrule: 'FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=2,-1',
    mode: 'schedule',
    missed: 'skip',
    start: '2026-11-03',
    timeZone: null,
  };
  const tasks = {
    'x1/born': { t, by: '2f' },
    'x1/title@2f': { v: 'Pay the crew', t },
    'x1/due@2f': { v: { date: '2026-11-03' }, t },
    'x1/rule@2f': { v: rule, t },
  };
  await anna.page.getByLabel('File to import').setInputFiles({
    name: 'rule.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify({ format: 'holdfast-export', version: 1, maps: { tasks } })),
  });
  await anna.go('Inbox');
  const task = await anna.open('Pay the crew');
  await untilSays(field(task, 'Repeat'), 'only the second and last of these in each month');
  await field(task, 'Repeat').click();
  await task.getByText('It is kept as it is unless you choose another').waitFor();
  await done(task);
  await task.getByRole('checkbox', { name: 'Completed' }).click();
  await toast(anna).getByText('Done. Next: Mon 30 Nov').waitFor();
});

test('[T10] what was done is listed and can be opened again; a series that is over can go on', async () => {
  const anna = await arrive({ timeZone: 'Asia/Kolkata' });
  const task = await openRepeating(anna, 'Every day');
  const tick = task.getByRole('checkbox', { name: 'Completed' });
  for (const next of ['tomorrow', 'Thu 26 Nov', 'Fri 27 Nov']) {
    await tick.click();
    await toast(anna).getByText(`Done. Next: ${next}`).waitFor();
    await tick.and(anna.page.getByRole('checkbox', { checked: false })).waitFor();
  }
  await task.getByRole('button', { name: 'Skip this one' }).click();
  await toast(anna).getByText('Skipped. Next: Sat 28 Nov').waitFor();
  await task.getByRole('button', { name: 'Done 3 times, last on Tue 24 Nov, skipped once' }).click();
  await task.getByRole('button', { name: 'Reopen Wed 25 Nov' }).click();
  await task.getByRole('list', { name: 'Open again' }).getByRole('checkbox', { name: 'Wed 25 Nov' }).click();
  await task.getByRole('button', { name: 'Done 3 times, last on Tue 24 Nov, skipped once' }).waitFor();

  await field(task, 'Repeat').click();
  await task.getByRole('button', { name: 'Something else…' }).click();
  await task.getByLabel('Ends').selectOption('after a number of times');
  await task.getByLabel('How many times').fill('1');
  await task.getByRole('button', { name: 'Save' }).click();
  await done(task);
  await tick.click();
  await toast(anna).getByText('Done. That was the last one').waitFor();
  await task.getByRole('button', { name: 'Go on' }).click();
  await untilSays(field(task, 'Due'), 'Sunday');
});

test('[T11] overdue by days it goes on with the next to come, and says how many were missed', async () => {
  const anna = await arrive({ timeZone: 'America/New_York' });
  const task = await openRepeating(anna, 'Every day');
  await anna.context.clock.setFixedTime('2026-11-27T15:00:00Z');
  await anna.page.reload();
  await untilSays(field(task, 'Due'), '3 days ago');
  await task.getByRole('checkbox', { name: 'Completed' }).click();
  await toast(anna).getByText('Done. Next: today').waitFor();
  await task.getByText('Missed 2 before this one').waitFor();
});

test('[T12] the steps of a recurring task are open again in the next one', async () => {
  const anna = await arrive({ timeZone: 'Asia/Kolkata' });
  const task = await openRepeating(anna, 'Every day');
  await task.getByRole('textbox', { name: 'Add a step' }).fill('Fill the can');
  await task.getByRole('textbox', { name: 'Add a step' }).press('Enter');
  const step = task.getByRole('checkbox', { name: 'Fill the can' });
  await step.check();
  await task.getByRole('checkbox', { name: 'Completed' }).click();
  await step.and(anna.page.getByRole('checkbox', { checked: false })).waitFor();
  await task.getByRole('button', { name: /^Done once/ }).click();
  await task.getByText('1 step', { exact: false }).waitFor();
  await toast(anna).getByRole('button', { name: 'Undo' }).click();
  await step.and(anna.page.getByRole('checkbox', { checked: true })).waitFor();
});

test('[T13] a start is added, said and taken away', async () => {
  const anna = await arrive({ timeZone: 'America/New_York' });
  await anna.add('Call Tom');
  const task = await anna.open('Call Tom');
  await field(task, 'Due').click();
  await task.getByRole('button', { name: 'Add a start' }).click();
  await done(task);
  await field(task, 'Start').click();
  await task.getByRole('button', { name: 'Tomorrow', exact: true }).click();
  await untilSays(field(task, 'Start'), 'tomorrow');
  await task.getByRole('button', { name: 'Clear the start' }).click();
  await field(task, 'Start').waitFor({ state: 'detached' });
});

test('[P27] the editors of time have no violation that axe can find, on a phone, in light and dark', async () => {
  const anna = await arrive({ timeZone: 'Asia/Kolkata', viewport: PHONE });
  const violations = (): Promise<string[]> => violationsInBothThemes(anna.page);
  const task = await openRepeating(anna, 'Every week on Tuesday');
  await task.getByRole('checkbox', { name: 'Completed' }).click();
  await task.getByRole('button', { name: /^Done once/ }).click();
  await field(task, 'Due').click();
  await task.getByLabel('Time', { exact: true }).fill('14:00');
  expect(await violations()).toEqual([]);
  await task.getByRole('group', { name: 'Choose when it is due' }).press('Escape');
  await field(task, 'Repeat').click();
  expect(await violations()).toEqual([]);
  await task.getByRole('button', { name: 'Something else…' }).click();
  await task.getByLabel('Unit').selectOption('month');
  expect(await violations()).toEqual([]);
  await task.getByRole('button', { name: 'Cancel' }).click();
  await done(task);
  await field(task, 'Reminders').click();
  await task.getByRole('button', { name: '1 day before' }).click();
  expect(await violations()).toEqual([]);
  await done(task);
  await task.getByRole('button', { name: 'Move to trash' }).click();
  await scopeDialog(anna).waitFor();
  expect(await violations()).toEqual([]);
}, 120_000);
