import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, Locator } from '../support/chromium.ts';
import { titlesFile } from '../support/many-tasks.ts';
import { fingerOf, middleOf } from './finger.ts';
import { DESKTOP, PHONE, RIGHT_TO_LEFT, newPerson } from './person.ts';
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

test('[P1] Enter adds a task, the focus stays, and the order is the order of adding', async () => {
  const anna = await arrive();
  await anna.quickAdd.focus();
  for (const title of ['Buy bread', 'Call Tom', 'Water the tomatoes']) {
    await anna.page.keyboard.type(title);
    await anna.page.keyboard.press('Enter');
    expect(await anna.quickAdd.evaluate((field) => field === document.activeElement)).toBe(true);
  }
  await anna.untilTitles('Buy bread', 'Call Tom', 'Water the tomatoes');
  await anna.page.keyboard.press('Enter');
  await anna.page.keyboard.type('   ');
  await anna.page.keyboard.press('Enter');
  expect(await anna.titles()).toHaveLength(3);
  await anna.untilSync('On this device only');
  await anna.page.reload();
  await anna.untilTitles('Buy bread', 'Call Tom', 'Water the tomatoes');
});

test('[P2] a pasted list becomes as many tasks, in its order, and one Undo takes them back', async () => {
  const anna = await arrive();
  await anna.add('Already here');
  await anna.paste('- Milk\n* [ ] Eggs\n\n• Zahnarzttermin vereinbaren\n');
  await anna.untilTitles('Already here', 'Milk', 'Eggs', 'Zahnarzttermin vereinbaren');
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles('Already here');
});

/** What the page comes to show; the machine may be busy. */
function eventually<T>(read: () => Promise<T>) {
  return expect.poll(read, { timeout: 15_000 });
}

/** From now on time passes in this window only where the test lets it. */
async function stopClock(person: Person): Promise<void> {
  await person.page.clock.install();
  await person.page.clock.pauseAt(Date.now() + 1_000);
}

test('[P4] a completed task stays a moment, so that the same tap takes it back', async () => {
  const anna = await arrive();
  await anna.add('Buy bread', 'Call Tom');
  await stopClock(anna);
  await anna.tick('Buy bread').click();
  await anna
    .tick('Buy bread')
    .and(anna.page.getByRole('checkbox', { checked: true }))
    .waitFor();
  await anna.page.clock.runFor(599);
  await anna.tick('Buy bread').click();
  await anna
    .tick('Buy bread')
    .and(anna.page.getByRole('checkbox', { checked: false }))
    .waitFor();
  await anna.page.clock.runFor(10_000);
  await anna.untilTitles('Buy bread', 'Call Tom');
});

test('[P4] a completed task leaves the list, and Undo brings it back to its place', async () => {
  const anna = await arrive();
  await anna.add('Buy bread', 'Call Tom');
  await stopClock(anna);
  await anna.tick('Buy bread').click();
  await anna.page.clock.runFor(600);
  await anna.untilTitles('Call Tom');
  await anna.page.clock.runFor(7_000);
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles('Buy bread', 'Call Tom');
});

test('[P4] Undo in the toast undoes its own intent, also when another has followed', async () => {
  const anna = await arrive();
  await anna.add('Buy bread');
  await stopClock(anna);
  await anna.tick('Buy bread').click();
  await anna.page.clock.runFor(600);
  await anna.untilTitles();
  await anna.add('Call Tom');
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles('Buy bread', 'Call Tom');
});

for (const viewport of [DESKTOP, PHONE]) {
  const size = viewport === PHONE ? 'on a phone' : 'on a desktop';
  // A Tuesday.
  const now = '2026-11-24T14:00:00Z';

  test(`[P37] ${size} what is chosen in the open task is said with its Undo, which takes back that`, async () => {
    const anna = await arrive({ viewport, now, timeZone: 'Europe/Berlin' });
    const { page } = anna;
    await anna.add('Milk #Errands', 'Call Tom');
    const task = await anna.open('Call Tom');
    const toast = page.getByRole('region', { name: 'Last change' });
    const undo = toast.getByRole('button', { name: 'Undo' });
    const spoken = (viewport === PHONE ? task : page).getByText(/Undo is available/);
    /** Says it in sight and aloud, and all of it is taken back. */
    const untilToldAndUndone = async (words: string, isBack: () => Promise<unknown>): Promise<void> => {
      await toast.getByText(words, { exact: true }).waitFor();
      expect(await toast.count()).toBe(1);
      await spoken.filter({ hasText: `${words}. Undo is available.` }).waitFor();
      await undo.click();
      await toast.waitFor({ state: 'detached' });
      await isBack();
    };
    const untilSays = async (name: string, words: string): Promise<void> => {
      const id = await task.getByRole('button', { name, exact: true }).getAttribute('aria-describedby');
      await page
        .locator(`[id="${id ?? ''}"]`)
        .filter({ hasText: words })
        .waitFor();
    };
    const untilValue = async (field: Locator, value: string): Promise<void> => {
      await eventually(() => field.inputValue()).toBe(value);
    };

    await task.getByRole('button', { name: 'Due', exact: true }).click();
    await task.getByRole('button', { name: 'Tomorrow', exact: true }).click();
    await untilToldAndUndone('Due tomorrow', () => untilSays('Due', 'No date'));
    await task.getByRole('button', { name: 'Due', exact: true }).click();
    await task.getByRole('button', { name: 'Tomorrow', exact: true }).click();
    await untilSays('Due', 'tomorrow');
    await task.getByRole('button', { name: 'Clear the date' }).click();
    await untilToldAndUndone('No date', () => untilSays('Due', 'tomorrow'));
    await task.getByRole('button', { name: 'Due', exact: true }).click();
    await task.getByRole('button', { name: 'Add a start' }).click();
    await task.getByRole('button', { name: 'Done', exact: true }).click();
    await task.getByRole('button', { name: 'Start', exact: true }).click();
    await task.getByRole('button', { name: 'Today', exact: true }).click();
    await untilToldAndUndone('Starts today', () => untilSays('Start', 'No start'));

    const priority = task.getByRole('combobox', { name: 'Priority' });
    await priority.selectOption('High');
    await untilToldAndUndone('High priority', () => untilValue(priority, 'none'));
    const list = task.getByRole('combobox', { name: 'List' });
    await list.selectOption('Errands');
    await untilToldAndUndone('Moved to Errands', () => untilValue(list, ''));

    await task.getByRole('combobox', { name: 'Tags' }).fill('home');
    await page.keyboard.press('Enter');
    await untilToldAndUndone('Tagged home', () =>
      task.getByRole('button', { name: 'Remove tag home' }).waitFor({ state: 'detached' }),
    );
    await task.getByRole('combobox', { name: 'Tags' }).fill('garden');
    await page.keyboard.press('Enter');
    await task.getByRole('button', { name: 'Remove tag garden' }).click();
    await untilToldAndUndone('No longer tagged garden', () =>
      task.getByRole('button', { name: 'Remove tag garden' }).waitFor(),
    );

    await task.getByRole('button', { name: 'Reminders', exact: true }).click();
    await task.getByRole('button', { name: 'On the day' }).click();
    await untilToldAndUndone('Reminder added', () =>
      task.getByRole('list', { name: 'Set' }).waitFor({ state: 'detached' }),
    );
    await task.getByRole('button', { name: 'Reminders', exact: true }).click();
    await task.getByRole('button', { name: 'Repeat', exact: true }).click();
    await task.getByRole('button', { name: 'Every day', exact: true }).click();
    await untilToldAndUndone('Every day', () => untilSays('Repeat', 'Does not repeat'));

    const done = task.getByRole('checkbox', { name: 'Completed' });
    await done.click();
    await untilToldAndUndone('Task completed', () => eventually(() => done.isChecked()).toBe(false));
    await done.click();
    await toast.getByText('Task completed').waitFor();
    await done.click();
    await untilToldAndUndone('Task open again', () => eventually(() => done.isChecked()).toBe(true));
  });

  test(`[P37] ${size} a title is told when its field is left and goes back whole, and notes tell nothing`, async () => {
    const anna = await arrive({ viewport });
    const { page } = anna;
    await anna.add('Call Tom');
    const task = await anna.open('Call Tom');
    const toast = page.getByRole('region', { name: 'Last change' });
    await stopClock(anna);
    const title = task.getByRole('textbox', { name: 'Title' });
    await title.fill('Call Tom and');
    await page.clock.runFor(1_100);
    // The pause has written it.
    await anna.row('Call Tom and').waitFor();
    expect(await toast.count()).toBe(0);
    await title.fill('Call Tom and Tina');
    await title.press('Enter');
    await toast.getByText('Renamed', { exact: true }).waitFor();
    await toast.getByRole('button', { name: 'Undo' }).click();
    await eventually(() => title.inputValue()).toBe('Call Tom');
    await toast.waitFor({ state: 'detached' });

    const notes = task.getByRole('textbox', { name: 'Notes' });
    await notes.fill('He is back');
    await page.clock.runFor(1_100);
    await notes.fill('He is back on Monday');
    await title.focus();
    await task.getByRole('group', { name: 'As it reads' }).getByText('He is back on Monday').waitFor();
    expect(await toast.count()).toBe(0);

    await title.fill('Call both');
    await task.getByRole('button', { name: 'Close', exact: true }).click();
    await task.waitFor({ state: 'detached' });
    await toast.getByText('Renamed', { exact: true }).waitFor();
    await toast.getByRole('button', { name: 'Undo' }).click();
    await anna.untilTitles('Call Tom');
  });

  test(`[P37] ${size} another name of a list, section, tag or view is told with its Undo`, async () => {
    const anna = await arrive({ viewport });
    const { page } = anna;
    await anna.add('Milk #Errands @home', 'Call Tom');
    const toast = page.getByRole('region', { name: 'Last change' });
    const heading = (name: string): Locator => page.getByRole('heading', { name, exact: true });
    const untilToldAndUndone = async (words: string): Promise<void> => {
      await toast.getByText(words, { exact: true }).waitFor();
      await page.getByText(`${words}. Undo is available.`).waitFor({ state: 'attached' });
      await toast.getByRole('button', { name: 'Undo' }).click();
      await toast.waitFor({ state: 'detached' });
    };
    const rename = async (edit: string, from: string, to: string): Promise<void> => {
      await page.getByRole('button', { name: edit }).click();
      const name = page.getByRole('region', { name: edit }).getByRole('textbox', { name: 'Name' });
      await name.fill(to);
      await name.press('Enter');
      await heading(to).waitFor();
      await untilToldAndUndone('Renamed');
      await heading(from).waitFor();
    };

    await anna.visit('/search');
    await page.getByRole('searchbox').fill('#errands');
    await page.getByRole('button', { name: 'Save as view' }).click();
    await page.getByRole('textbox', { name: 'Name of the view' }).fill('Out and about');
    await page.keyboard.press('Enter');
    await heading('Out and about').waitFor();
    await rename('Edit this view', 'Out and about', 'Outside');
    await page.getByRole('textbox', { name: 'What it looks for' }).fill('@home');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await untilToldAndUndone('View changed');
    await page.getByText('#Errands', { exact: true }).first().waitFor();

    await anna.visit('/tags');
    await page.getByRole('link', { name: 'home', exact: true }).first().click();
    await rename('Edit this tag', 'home', 'house');

    await anna.visit('/lists');
    await page.getByRole('link', { name: 'Errands', exact: true }).first().click();
    await rename('Edit this list', 'Errands', 'Shops');
    await page.getByRole('radio', { name: 'Red', exact: true }).press('Space');
    await untilToldAndUndone('Colour changed');
    await page.getByRole('button', { name: 'Edit this list' }).click();
    await page.getByRole('button', { name: 'Add a section' }).click();
    await page.getByRole('textbox', { name: 'Name of the new section' }).fill('Market');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Market', exact: true }).press('F2');
    await page.getByRole('textbox', { name: 'Name of the section' }).fill('Fair');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Fair', exact: true }).waitFor();
    await untilToldAndUndone('Renamed');
    await page.getByRole('button', { name: 'Market', exact: true }).waitFor();
  });
}

test('[P5] undo and redo by keyboard walk through the session', async () => {
  const anna = await arrive();
  await anna.add('Buy bread', 'Call Tom');
  await anna.page.keyboard.press('Escape');
  await anna.page.keyboard.press('ControlOrMeta+z');
  await anna.untilTitles('Buy bread');
  await anna.page.keyboard.press('ControlOrMeta+z');
  await anna.untilTitles();
  await anna.page.keyboard.press('ControlOrMeta+Shift+z');
  await anna.page.keyboard.press('ControlOrMeta+Shift+z');
  await anna.untilTitles('Buy bread', 'Call Tom');
});

test('[P6] a task goes to the trash and comes back', async () => {
  const anna = await arrive();
  await anna.add('Buy bread', 'Call Tom');
  const task = await anna.open('Buy bread');
  await task.getByRole('button', { name: 'Move to trash' }).click();
  await anna.untilTitles('Call Tom');
  await anna.go('Trash');
  await anna.page.getByRole('button', { name: 'Restore Buy bread' }).click();
  await anna.page.getByText('The trash is empty').waitFor();
  await anna.go('Inbox');
  await anna.untilTitles('Buy bread', 'Call Tom');
});

test('[P30] what is left of a task that was removed elsewhere is in the trash as such, and can be restored', async () => {
  const anna = await arrive();
  await anna.go('Settings');
  const left = { v: 'Water the tomatoes', t: Date.UTC(2026, 10, 1) * 1024 };
  await anna.page.getByLabel('File to import').setInputFiles({
    name: 'rest.json',
    mimeType: 'application/json',
    buffer: Buffer.from(
      JSON.stringify({ format: 'holdfast-export', version: 1, maps: { tasks: { 'x1/title@2f': left } } }),
    ),
  });
  await anna.go('Trash');
  await anna.page.getByText('Part of a deleted task').waitFor();
  await anna.page.getByRole('button', { name: 'Restore Water the tomatoes' }).click();
  await anna.page.getByText('The trash is empty').waitFor();
  await anna.go('Inbox');
  await anna.untilTitles('Water the tomatoes');
});

test('[P7] Alt with an arrow reorders, says where the task is, and keeps the focus on it', async () => {
  const anna = await arrive();
  await anna.add('A', 'B', 'C');
  await anna.row('C').getByRole('button', { name: 'C' }).focus();
  await anna.page.keyboard.press('Alt+ArrowUp');
  await anna.untilTitles('A', 'C', 'B');
  await anna.page.getByText('Moved to place 2 of 3').waitFor();
  await anna.page.keyboard.press('Alt+ArrowUp');
  await anna.untilTitles('C', 'A', 'B');
  await anna.page.keyboard.press('Alt+ArrowDown');
  await anna.untilTitles('A', 'C', 'B');
  const focused = await anna.page.evaluate(() => document.activeElement?.textContent);
  expect(focused?.trim()).toBe('C');
  await anna.untilSync('On this device only');
  await anna.page.reload();
  await anna.untilTitles('A', 'C', 'B');
});

test('[P7] a row can be dragged to another place, and Escape puts it back', async () => {
  const anna = await arrive();
  await anna.add('A', 'B', 'C');
  const centre = async (title: string): Promise<{ x: number; y: number }> => {
    const box = await anna.row(title).boundingBox();
    if (!box) throw new Error(`${title} is not on the screen`);
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  const [a, c] = [await centre('A'), await centre('C')];
  await anna.page.mouse.move(c.x, c.y);
  await anna.page.mouse.down();
  await anna.page.mouse.move(a.x, a.y - 6, { steps: 6 });
  await anna.page.mouse.up();
  await anna.untilTitles('C', 'A', 'B');
  expect(await anna.task.count()).toBe(0);

  await anna.page.mouse.move(c.x, c.y);
  await anna.page.mouse.down();
  await anna.page.mouse.move(a.x, a.y - 6, { steps: 6 });
  await anna.page.keyboard.press('Escape');
  await anna.page.mouse.up();
  expect(await anna.titles()).toEqual(['C', 'A', 'B']);

  // Moved on and let go before the screen is drawn again.
  await anna.page.mouse.move(a.x, a.y);
  await anna.page.mouse.down();
  const [first, last] = [await centre('A'), await centre('B')];
  await anna.page.mouse.move(first.x, first.y + 6, { steps: 6 });
  await anna.page.waitForFunction(() => document.querySelector('.drop-line') !== null);
  await anna.page.evaluate(
    ({ x, y }) => {
      for (const type of ['pointermove', 'pointerup'])
        window.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: x, clientY: y }));
    },
    { x: last.x, y: last.y + 6 },
  );
  await anna.page.mouse.up();
  await anna.untilTitles('A', 'B', 'C');
});

test('[P7] on a touch screen a row is dragged after it was held', async () => {
  const anna = await arrive({ viewport: PHONE });
  await anna.add('A', 'B', 'C');
  const finger = await fingerOf(anna);
  const below = await middleOf(anna.row('C'));
  await finger.down(await middleOf(anna.row('A')));
  await anna.page.waitForFunction(() => document.querySelector('.lifted') !== null);
  await finger.moveTo({ ...below, y: below.y + 16 });
  await anna.page.waitForFunction(() => document.querySelector('.drop-line') !== null);
  await finger.up();
  await anna.untilTitles('B', 'C', 'A');
});

test('[P29] on a touch screen a swipe to the right completes, to the left puts off, a short one does nothing', async () => {
  const anna = await arrive({ viewport: PHONE });
  await anna.add('A', 'B');
  const finger = await fingerOf(anna);
  const swipe = async (title: string, across: number): Promise<void> => {
    const from = await middleOf(anna.row(title));
    await finger.down(from);
    await finger.moveTo({ ...from, x: from.x + across });
    await finger.up();
  };
  await swipe('A', 60);
  expect(await anna.titles()).toEqual(['A', 'B']);
  await swipe('B', -130);
  await anna.row('B').getByText('tomorrow').waitFor();
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.row('B').getByText('tomorrow').waitFor({ state: 'detached' });
  await swipe('A', 130);
  await anna.untilTitles('B');
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles('A', 'B');
});

test('[P29] read from right to left a swipe to the left completes and one to the right puts off, and is shown there', async () => {
  const anna = await arrive({ viewport: PHONE, before: RIGHT_TO_LEFT });
  await anna.add('A', 'B');
  const finger = await fingerOf(anna);
  const pull = async (title: string, across: number): Promise<void> => {
    const from = await middleOf(anna.row(title));
    await finger.down(from);
    await finger.moveTo({ ...from, x: from.x + across });
  };
  /** Where the words stand that say what letting go would do. */
  const shownAt = async (words: string): Promise<number> => {
    const shown = anna.page.getByText(words, { exact: true });
    await shown.waitFor();
    return (await middleOf(shown)).x;
  };
  await pull('B', 130);
  expect(await shownAt('Tomorrow')).toBeLessThan(PHONE.width / 2);
  await finger.up();
  await anna.row('B').getByText('tomorrow').waitFor();
  await pull('A', -130);
  expect(await shownAt('Complete')).toBeGreaterThan(PHONE.width / 2);
  await finger.up();
  await anna.untilTitles('B');
});

test('[P8] the panel holds title, notes, due, priority and tags, and each edit is kept', async () => {
  const anna = await arrive();
  await anna.add('Call Tom');
  const task = await anna.open('Call Tom');
  await task.getByRole('textbox', { name: 'Title' }).fill('Call Tom about the cabin');
  await task.getByRole('textbox', { name: 'Title' }).press('Enter');
  await task.getByRole('textbox', { name: 'Notes' }).fill('He is back\nfrom Monday');
  await task.getByRole('button', { name: 'Due', exact: true }).click();
  await task.getByRole('button', { name: 'Tomorrow', exact: true }).click();
  await task.getByRole('button', { name: 'Due', exact: true }).click();
  await task.getByLabel('Time').fill('14:00');
  await task.getByRole('button', { name: 'Done', exact: true }).click();
  await task.getByRole('combobox', { name: 'Priority' }).selectOption('High');
  await task.getByRole('combobox', { name: 'Tags' }).fill('phone calls');
  await task.getByRole('combobox', { name: 'Tags' }).press('Enter');
  await task.getByRole('button', { name: 'Remove tag phone calls' }).waitFor();
  await anna.row('Call Tom about the cabin').getByText('tomorrow 14:00').waitFor();
  await anna.untilSync('On this device only');

  await anna.page.reload();
  await anna.row('Call Tom about the cabin').getByRole('img', { name: 'High priority' }).waitFor();
  const again = anna.task;
  expect(await again.getByRole('textbox', { name: 'Title' }).inputValue()).toBe('Call Tom about the cabin');
  expect(await again.getByRole('textbox', { name: 'Notes' }).inputValue()).toBe('He is back\nfrom Monday');
  expect(await again.getByRole('combobox', { name: 'Priority' }).inputValue()).toBe('high');
  await again.getByRole('button', { name: 'Remove tag phone calls' }).waitFor();
});

test('[P8] a day is chosen from the calendar by keyboard alone', async () => {
  const anna = await arrive();
  await anna.add('Call Tom');
  const task = await anna.open('Call Tom');
  await task.getByRole('button', { name: 'Due', exact: true }).press('Enter');
  const today = task.getByRole('grid').getByRole('button').and(anna.page.locator('[tabindex="0"]'));
  await today.focus();
  await anna.page.keyboard.press('ArrowDown');
  await anna.page.keyboard.press('ArrowRight');
  await anna.page.keyboard.press('Enter');
  const date = new Date();
  date.setDate(date.getDate() + 8);
  const wanted = `${String(date.getFullYear())}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
  await anna.page.waitForFunction(
    (value) => document.querySelector<HTMLInputElement>('input[type="date"]')?.value === value,
    wanted,
  );
});

test('[P8] on a phone the task is a dialog, and Back closes it', async () => {
  const anna = await arrive({ viewport: PHONE });
  await anna.add('Call Tom');
  await anna.open('Call Tom');
  await anna.page.getByRole('dialog', { name: 'Task' }).waitFor();
  await anna.page.goBack();
  await anna.page.getByRole('dialog', { name: 'Task' }).waitFor({ state: 'detached' });
  await anna.untilTitles('Call Tom');
});

test('[P9] what is being typed is kept when the page is left at once', async () => {
  const anna = await arrive();
  await anna.add('Call Tom');
  const task = await anna.open('Call Tom');
  await task.getByRole('textbox', { name: 'Notes' }).pressSequentially('half a thou');
  await anna.go('Today');
  await anna.go('Inbox');
  await anna.open('Call Tom');
  expect(await anna.task.getByRole('textbox', { name: 'Notes' }).inputValue()).toBe('half a thou');
});

test('[P10] what is added under Today and Upcoming has that date', async () => {
  const anna = await arrive();
  await anna.go('Today');
  await anna.add('Buy bread');
  await anna.go('Upcoming');
  await anna.page.getByText('Nothing is planned').waitFor();
  await anna.add('Call Tom');
  await anna.page.getByRole('heading', { name: /^Tomorrow/ }).waitFor();
  expect(await anna.titles()).toEqual(['Call Tom']);
  await anna.go('Today');
  await anna.untilTitles('Buy bread');
});

test('[P11] searching finds by the words of a title, whatever their case and accents', async () => {
  const anna = await arrive();
  await anna.add('Zahnärztin anrufen', 'Buy bread');
  await anna.go('Search');
  await anna.page.getByRole('searchbox', { name: 'Search' }).fill('ZAHNARZT anr');
  await anna.untilTitles('Zahnärztin anrufen');
  await anna.page.getByRole('searchbox', { name: 'Search' }).fill('nowhere');
  await anna.page.getByText('Nothing found').waitFor();
});

test('[P13] the whole list is worked by keyboard', async () => {
  const anna = await arrive();
  await anna.page.keyboard.press('q');
  await anna.page.keyboard.type('A');
  await anna.page.keyboard.press('Enter');
  await anna.page.keyboard.type('B');
  await anna.page.keyboard.press('Enter');
  await anna.page.keyboard.type('C');
  await anna.page.keyboard.press('Enter');
  await anna.untilTitles('A', 'B', 'C');
  await anna.page.keyboard.press('Escape');
  await anna.page.keyboard.press('j');
  await anna.page.keyboard.press('j');
  await anna.page.keyboard.press('x');
  await anna.untilTitles('A', 'C');
  // The focus has gone to the neighbour of the row that went.
  await anna.page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'C');
  await anna.page.keyboard.press('Enter');
  await anna.task.getByRole('textbox', { name: 'Title' }).waitFor();
  await anna.page.keyboard.press('Escape');
  await anna.task.waitFor({ state: 'detached' });
  await anna.page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'C');
  await anna.page.keyboard.press('Delete');
  await anna.untilTitles('A');
  await anna.page.keyboard.press('?');
  await anna.page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
});

test('[P14] of a very long list only what is near the window is drawn, and its end is one key away', async () => {
  const anna = await arrive();
  await anna.paste(Array.from({ length: 1_500 }, (_, index) => `Task ${String(index + 1)}`).join('\n'));
  await anna.row('Task 1500').waitFor();
  expect(await anna.page.getByRole('listitem').count()).toBeLessThan(400);
  await anna.page.keyboard.press('Escape');
  await anna.page.keyboard.press('j');
  await anna.page.keyboard.press('Home');
  await anna.page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Task 1');
  await anna.page.keyboard.press('End');
  await anna.page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Task 1500');
  const last = await anna.row('Task 1500').getAttribute('aria-posinset');
  expect(last).toBe('1500');
});

test('[P15] [P37] lists: made, filled, renamed, thrown away and brought back', async () => {
  const anna = await arrive();
  await anna.page.getByRole('button', { name: 'New list' }).click();
  await anna.page.getByRole('textbox', { name: 'Name of the new list' }).fill('House');
  await anna.page.keyboard.press('Enter');
  await anna.page.getByRole('heading', { level: 1, name: 'House' }).waitFor();
  await anna.add('Clean the gutter');
  await anna.page.getByRole('button', { name: 'Edit this list' }).click();
  await anna.page.getByLabel('Name', { exact: true }).fill('House and garden');
  await anna.page.getByLabel('Name', { exact: true }).press('Enter');
  await anna.page.getByRole('heading', { level: 1, name: 'House and garden' }).waitFor();
  await anna.page.getByRole('button', { name: 'Move this list to the trash' }).click();
  await anna.page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
  await anna.go('Trash');
  const restore = anna.page.getByRole('button', { name: 'Restore House and garden' });
  await restore.click();
  await restore.waitFor({ state: 'detached' });
  const toast = anna.page.getByRole('region', { name: 'Last change' });
  await toast.getByText('List restored', { exact: true }).waitFor();
  await toast.getByRole('button', { name: 'Undo' }).click();
  await restore.click();
  await anna.page.getByRole('link', { name: 'House and garden' }).click();
  await anna.untilTitles('Clean the gutter');
});

test('[P28] in a long list an edit draws nothing anew but what moves, and it begins with its rows', async () => {
  const anna = await arrive();
  const { page } = anna;
  const titles = Array.from({ length: 400 }, (_, n) => `Task ${n + 1}`);
  await anna.go('Settings');
  await page.getByLabel('File to import').setInputFiles({
    name: 'long.json',
    mimeType: 'application/json',
    buffer: Buffer.from(titlesFile(titles)),
  });
  await page.getByText('400 tasks added').waitFor();
  await anna.go('Inbox');
  await anna.row('Task 1').waitFor();
  // A window full, and with the next frame what lies beyond its edges.
  const rows = page.locator('[data-list] [data-task]');
  await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(30);
  expect(await rows.count()).toBeLessThan(200);
  await page.evaluate(() => {
    for (const row of document.querySelectorAll<HTMLElement>('[data-list] [data-task]'))
      row.dataset['mark'] = 'old';
  });
  await anna.tick('Task 3').click();
  await anna.row('Task 3').waitFor({ state: 'detached' });
  const anew = await page.evaluate(() => ({
    rows: document.querySelectorAll('[data-list] [data-task]:not([data-mark])').length,
    chunks: [...document.querySelectorAll('.chunk')].filter((chunk) => chunk.childElementCount > 0).length,
  }));
  // What was the first row of a chunk is now the last one of the chunk before.
  expect(anew.rows).toBeLessThanOrEqual(anew.chunks);
  expect(anew.chunks).toBeGreaterThan(1);

  // Far below, and at the end.
  await page.evaluate(() => {
    scrollTo(0, document.body.scrollHeight);
  });
  await anna.row('Task 400').waitFor();
  expect(await page.locator('[data-list] [data-task]').count()).toBeLessThan(200);
});
