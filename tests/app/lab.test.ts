/** The airplane lab, as someone plays with it: the scenarios that it teaches, driven in a real browser. */
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, Locator } from '../support/chromium.ts';
import { PHONE, newPerson } from './person.ts';
import type { Person, PersonOptions } from './person.ts';
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

type Which = 'Phone' | 'Laptop';

interface LabPage {
  readonly person: Person;
  /** The card of a device. */
  device(which: Which): Locator;
  state(which: Which): Locator;
  titles(which: Which): Promise<string[]>;
  /** Both show these, and the lab says that they hold the same. */
  untilAlike(...titles: string[]): Promise<void>;
  wire(deed: 'Cut' | 'Join', which: Which): Promise<void>;
  waiting(which: Which): Locator;
  rename(which: Which, from: string, to: string): Promise<void>;
  /** Begins a lesson and does so many of its steps; default: all. */
  lesson(name: string, steps?: number): Promise<void>;
}

async function openLab(options: PersonOptions = {}): Promise<LabPage> {
  const person = await newPerson(browser, site.url, { isNotInstalled: true, ...options });
  await person.page.goto('/lab');
  await person.page.getByRole('heading', { level: 1, name: 'Airplane lab' }).waitFor();
  return labAt(person);
}

function labAt(person: Person): LabPage {
  const { page } = person;
  const device = (which: Which): Locator => page.getByRole('region', { name: which, exact: true });
  const titles = (which: Which): Promise<string[]> =>
    device(which)
      .getByRole('checkbox')
      .evaluateAll((boxes) => boxes.map((box) => box.getAttribute('aria-label') ?? ''));
  return {
    person,
    device,
    state: (which) => page.getByRole('status', { name: `State: ${which}` }),
    titles,
    async untilAlike(...wanted) {
      await page.getByText('Both devices hold the same.').waitFor();
      expect([await titles('Phone'), await titles('Laptop')]).toEqual([wanted, wanted]);
    },
    wire: (deed, which) => page.getByRole('button', { name: `${deed} the wire: ${which}` }).click(),
    waiting: (which) => page.getByRole('group', { name: `Not sent: ${which}` }),
    async rename(which, from, to) {
      await device(which).getByRole('button', { name: from, exact: true }).click();
      await device(which).getByRole('textbox', { name: 'Title' }).fill(to);
      await page.keyboard.press('Enter');
      await device(which).getByRole('button', { name: to, exact: true }).waitFor();
    },
    async lesson(name, steps = Infinity) {
      await page.getByRole('button', { name, exact: true }).click();
      const next = page.getByRole('button', { name: 'Do it' });
      for (let i = 0; i < steps && (await next.count()) > 0; i++) await next.click();
    },
  };
}

test('[AL5] the guided steps end as they say', async () => {
  const lab = await openLab();
  const { page } = lab.person;

  await lab.lesson('With no network', 2);
  await lab.state('Phone').filter({ hasText: 'Offline · 1 edit waiting, saved on this device' }).waitFor();
  await lab.waiting('Laptop').filter({ hasText: '1 edit not sent' }).waitFor();
  await page.getByText('The devices differ until both are joined.').waitFor();
  await page.getByRole('button', { name: 'Do it' }).click();
  await lab.untilAlike('Buy milk', 'Call Tom', 'Water the plants', 'Book the ferry', 'Buy bread');
  expect(await lab.device('Phone').getByRole('checkbox', { name: 'Call Tom' }).isChecked()).toBe(true);
  await lab.state('Phone').filter({ hasText: 'All saved · seen on Laptop' }).waitFor();
  const guide = page.getByRole('region', { name: 'Guided steps' });
  await guide.getByText('Both devices have both edits.').waitFor();

  await lab.lesson('One title, two edits');
  await lab.untilAlike('Buy soy milk', 'Call Tom', 'Water the plants', 'Book the ferry');
  const note = lab.device('Laptop').getByRole('group', { name: 'Two titles' });
  expect(await note.getByRole('definition').allInnerTexts()).toEqual([
    expect.stringMatching(/^Buy soy milk\s*on this device, /),
    expect.stringMatching(/^Buy oat milk\s*on Phone, /),
  ]);

  await lab.lesson('Two reorderings');
  await lab.untilAlike('Water the plants', 'Call Tom', 'Book the ferry', 'Buy milk');

  await lab.lesson('Delete against edit');
  await lab.untilAlike('Buy milk', 'Call Tom', 'Water the plants');
  await page.getByRole('button', { name: 'Restore Book the early ferry' }).first().click();
  await lab.untilAlike('Buy milk', 'Call Tom', 'Water the plants', 'Book the early ferry');

  await lab.lesson('A wrong clock', 4);
  await lab.untilAlike('Buy rice milk', 'Call Tom', 'Water the plants', 'Book the ferry');
  await lab
    .device('Phone')
    .getByText(/The clock of this device is .* behind the server's/)
    .waitFor();
  await page.getByRole('button', { name: 'Do it' }).click();
  await lab.untilAlike('Buy goat milk', 'Call Tom', 'Water the plants', 'Book the ferry');
  expect(await page.getByRole('group', { name: 'Two titles' }).count()).toBe(0);
  expect(lab.person.errors).toEqual([]);
  await lab.person.close();
});

test('[AL7] by hand, on a phone: add, rename, complete, order, delete, restore, undo, and the other of two titles', async () => {
  const lab = await openLab({ viewport: PHONE });
  const { page } = lab.person;
  const phone = lab.device('Phone');
  const laptop = lab.device('Laptop');
  await lab.wire('Cut', 'Phone');
  await lab.wire('Cut', 'Laptop');
  await phone.getByRole('textbox', { name: 'Add a task: Phone' }).fill('Bread');
  await page.keyboard.press('Enter');
  await lab.rename('Phone', 'Call Tom', 'Call Tom at noon');
  await lab.rename('Laptop', 'Call Tom', 'Call Tom at one');
  await laptop.getByRole('checkbox', { name: 'Buy milk' }).check();
  await laptop.getByRole('button', { name: 'Move up Book the ferry' }).click();
  await laptop.getByRole('button', { name: 'Delete Water the plants' }).click();
  await lab.waiting('Phone').filter({ hasText: '2 edits not sent' }).waitFor();
  await lab.waiting('Laptop').filter({ hasText: '4 edits not sent' }).waitFor();
  await lab.wire('Join', 'Phone');
  await lab.wire('Join', 'Laptop');
  await lab.untilAlike('Buy milk', 'Call Tom at one', 'Book the ferry', 'Bread');

  await laptop.getByRole('button', { name: 'Use this instead' }).click();
  await lab.untilAlike('Buy milk', 'Call Tom at noon', 'Book the ferry', 'Bread');
  await laptop.getByRole('button', { name: 'Undo', exact: true }).click();
  await lab.untilAlike('Buy milk', 'Call Tom at one', 'Book the ferry', 'Bread');
  await phone.getByRole('button', { name: 'Keep what stands' }).click();
  await page.getByRole('group', { name: 'Two titles' }).first().waitFor({ state: 'detached' });
  await phone.getByRole('button', { name: 'Restore Water the plants' }).click();
  await phone.getByRole('button', { name: 'Move down Buy milk' }).click();
  await laptop.getByRole('button', { name: 'Redo', exact: true }).waitFor();
  await page.getByText('Both devices hold the same.').waitFor();
  expect(await lab.titles('Laptop')).toEqual(await lab.titles('Phone'));
  expect((await lab.titles('Phone')).slice(0, 2)).toEqual(['Call Tom at one', 'Buy milk']);
  expect(lab.person.errors).toEqual([]);
  await lab.person.close();
});

/** Names of what the browser keeps for the site, with how many entries each store has. */
async function stored(person: Person): Promise<string> {
  return person.page.evaluate(async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name ?? '').sort();
    const counts: [string, string, number][] = [];
    for (const name of names) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => {
          resolve(request.result);
        };
        request.onerror = () => {
          reject(new Error(`${name} does not open`));
        };
      });
      for (const store of database.objectStoreNames) {
        // What is said and shown last is kept by the minute, and is not of the lab.
        if (store === 'kept') continue;
        const count = await new Promise<number>((resolve) => {
          const request = database.transaction(store).objectStore(store).count();
          request.onsuccess = () => {
            resolve(request.result);
          };
        });
        counts.push([name, store, count]);
      }
      database.close();
    }
    return JSON.stringify({ counts, local: Object.keys(localStorage).sort() });
  });
}

test('[AL6] with no network and no account; nothing is stored, and undo by key does not reach the own tasks', async () => {
  const person = await newPerson(browser, site.url);
  await person.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await person.add('Mine', 'Mine too');
  await person.untilSync('On this device only');
  await person.context.setOffline(true);
  await person.page.goto('/lab');
  await person.page.getByRole('heading', { level: 1, name: 'Airplane lab' }).waitFor();
  await person.untilSync('On this device only');
  const before = await stored(person);
  const lab = labAt(person);
  await lab.device('Phone').getByRole('textbox', { name: 'Add a task: Phone' }).fill('Bread');
  await person.page.keyboard.press('Enter');
  await lab.device('Phone').getByRole('button', { name: 'Delete Buy milk' }).click();
  await lab.untilAlike('Call Tom', 'Water the plants', 'Book the ferry', 'Bread');
  await lab.device('Phone').getByRole('button', { name: 'Call Tom', exact: true }).focus();
  await person.page.keyboard.press('ControlOrMeta+z');
  await lab.untilAlike('Buy milk', 'Call Tom', 'Water the plants', 'Book the ferry', 'Bread');
  await person.page.keyboard.press('ControlOrMeta+Shift+z');
  await lab.untilAlike('Call Tom', 'Water the plants', 'Book the ferry', 'Bread');
  for (let i = 0; i < 4; i++) await person.page.keyboard.press('ControlOrMeta+z');
  await lab.untilAlike('Buy milk', 'Call Tom', 'Water the plants', 'Book the ferry');
  expect(await stored(person)).toBe(before);
  await person.go('Inbox');
  await person.untilTitles('Mine', 'Mine too');
  expect(person.errors).toEqual([]);
  await person.close();
});

test('[AL2] whatever is clicked in the page and cut, joined devices become alike', async () => {
  const lab = await openLab();
  const { page } = lab.person;
  for (const seed of [11, 23]) {
    await page.getByRole('button', { name: 'Begin anew' }).click();
    const random = seededRandom(seed);
    const draws = Array.from({ length: 240 }, () => random());
    // In the page, since two hundred clicks from here would take longer than all the rest.
    await page.evaluate(async (numbers) => {
      const cards = [...document.querySelectorAll<HTMLElement>('main section[aria-labelledby]')];
      const draw = <T>(items: readonly T[]): T | undefined =>
        items[Math.floor((numbers.pop() ?? 0) * items.length)];
      for (let i = 0; i < 80; i++) {
        const card = draw(cards);
        const field = card?.querySelector<HTMLInputElement>('form input');
        if (!card || !field) throw new Error('the lab has no device');
        const wires = [...document.querySelectorAll<HTMLElement>('main [aria-label*=" the wire: "]')];
        const own = [...card.querySelectorAll<HTMLElement>('button, input[type="checkbox"], select')];
        const target = draw([...own, ...wires, ...wires, field, field]);
        if (target === field) {
          field.value = `Task ${String(i)}`;
          field.dispatchEvent(new InputEvent('input', { bubbles: true }));
          field.form?.requestSubmit();
        } else if (target instanceof HTMLSelectElement) {
          target.selectedIndex = i % target.options.length;
          target.dispatchEvent(new Event('change', { bubbles: true }));
        } else target?.click();
        await new Promise(requestAnimationFrame);
        const renaming = card.querySelector<HTMLInputElement>('input[aria-label="Title"]');
        if (renaming) {
          renaming.value = `Title ${String(i)}`;
          renaming.dispatchEvent(new InputEvent('input', { bubbles: true }));
          renaming.blur();
        }
      }
    }, draws);
    for (const which of ['Phone', 'Laptop'] as const) {
      const join = page.getByRole('button', { name: `Join the wire: ${which}` });
      if ((await join.count()) > 0) await join.click();
      await lab.waiting(which).filter({ hasText: 'Nothing to send' }).waitFor();
    }
    await page.getByText('Both devices hold the same.').waitFor();
    expect([seed, await lab.titles('Phone')]).toEqual([seed, await lab.titles('Laptop')]);
    const trash = (which: string): Promise<string[]> =>
      page
        .getByRole('list', { name: `Trash: ${which}` })
        .getByRole('listitem')
        .allInnerTexts();
    expect(await trash('Phone')).toEqual(await trash('Laptop'));
  }
  expect(lab.person.errors).toEqual([]);
  await lab.person.close();
});
