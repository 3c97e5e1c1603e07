import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import type { Browser, Locator } from '../support/chromium.ts';
import { violationsInBothThemes } from './axe.ts';
import { DESKTOP, PHONE, newPerson } from './person.ts';
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

/** Someone whose clock stands at a wall clock time of their zone. */
async function arrive(now: string, options: PersonOptions = {}): Promise<Person> {
  const person = await newPerson(browser, site.url, {
    timeZone: 'Europe/Berlin',
    isNotInstalled: true,
    ...options,
  });
  people.push(person);
  await setClock(person, now);
  return person;
}

async function setClock(person: Person, now: string): Promise<void> {
  const atMs = await person.page.evaluate((text) => new Date(text).getTime(), now);
  await person.page.clock.setFixedTime(atMs);
  await person.page.evaluate(() => dispatchEvent(new Event('focus')));
}

async function enter(person: Person, line: string): Promise<void> {
  await person.quickAdd.fill(line);
  await person.quickAdd.press('Enter');
}

/** From now on the page's timers stand; what is given advances them, so that a moment lasts as long as a test needs. */
async function holdTimers(person: Person): Promise<(ms: number) => Promise<void>> {
  await person.page.clock.install({ time: await person.page.evaluate(() => Date.now()) });
  await person.page.clock.pauseAt(await person.page.evaluate(() => Date.now() + 1000));
  return (ms) => person.page.clock.runFor(ms);
}

/** What a row says, without its title. */
async function untilRowSays(person: Person, title: string, words: RegExp): Promise<void> {
  await person.row(title).getByRole('button', { name: title }).filter({ hasText: words }).waitFor();
}

function chip(person: Person, words: string): Locator {
  return person.page.getByRole('button', { name: `${words}, keep as plain words`, exact: true });
}

const ZONES = ['Europe/Berlin', 'America/Los_Angeles'] as const;

describe.each(ZONES)('in %s', (timeZone) => {
  test('[Q1] the tunnel: a line in plain words is a task in a list of that name, due then', async () => {
    const anna = await arrive('2026-11-23T10:00', { timeZone });
    await anna.quickAdd.pressSequentially('buy bread tomorrow 8am #errands');
    await chip(anna, 'Tomorrow 08:00').waitFor();
    await chip(anna, 'New list “errands”').waitFor();
    await anna.quickAdd.press('Enter');
    expect(await anna.quickAdd.evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await anna.quickAdd.inputValue()).toBe('');
    await anna.page.getByRole('link', { name: /^errands/ }).click();
    await untilRowSays(anna, 'buy bread', /tomorrow 08:00/);
  });

  test('[Q1] the bins: repeats on Tuesdays, reminds, and goes on to the next when it is ticked', async () => {
    const anna = await arrive('2026-11-23T10:00', { timeZone });
    await enter(anna, 'Put out bins every tuesday 7pm remind me 1h before');
    await untilRowSays(anna, 'Put out bins', /tomorrow 19:00/);
    const row = anna.row('Put out bins');
    await row.getByLabel('Repeats every Tuesday').waitFor();
    await row.getByLabel('1 reminder').waitFor();
    await anna.tick('Put out bins').click();
    await untilRowSays(anna, 'Put out bins', /Tue 1 Dec 19:00/);
    await row.getByRole('checkbox', { checked: false }).waitFor();
    await anna.page.getByRole('button', { name: 'Undo' }).click();
    await untilRowSays(anna, 'Put out bins', /tomorrow 19:00/);
  });

  test('[Q8] midnight passes: what was tomorrow is today, and what was today is overdue', async () => {
    const anna = await arrive('2026-11-23T23:50', { timeZone });
    await enter(anna, 'early tomorrow');
    await enter(anna, 'late today');
    await anna.go('Today');
    await anna.untilTitles('late');
    await setClock(anna, '2026-11-24T00:01');
    await anna.untilTitles('late', 'early');
    await anna.page.getByRole('heading', { name: 'Overdue' }).waitFor();
  });
});

test('[Q8] a traveller sees each task on the day and at the time that their own clock will show', async () => {
  const anna = await newPerson(browser, site.url);
  people.push(anna);
  const devtools = await anna.context.newCDPSession(anna.page);
  await devtools.send('Emulation.setTimezoneOverride', { timezoneId: 'Europe/Berlin' });
  await setClock(anna, '2026-11-23T10:00');
  await enter(anna, 'call home today 23:00');
  await enter(anna, 'pack today');
  await anna.go('Today');
  await anna.untilTitles('call home', 'pack');
  await devtools.send('Emulation.setTimezoneOverride', { timezoneId: 'Asia/Tokyo' });
  await setClock(anna, '2026-11-23T18:00');
  // 23:00 in Berlin is 7:00 of the next morning there; a day is the same day everywhere.
  await anna.untilTitles('pack');
  await anna.go('Upcoming');
  await untilRowSays(anna, 'call home', /07:00 \(23:00 Berlin\)/);
  await setClock(anna, '2026-11-24T08:00');
  await anna.go('Today');
  await anna.untilTitles('pack', 'call home');
});

test('[Q1] what is understood is tinted exactly where it stands, also in a line longer than the field', async () => {
  const anna = await arrive('2026-11-23T10:00', { viewport: PHONE });
  await anna.quickAdd.pressSequentially(
    'Call the dentist about the appointment tomorrow 8am !high and #health',
  );
  await chip(anna, 'high').waitFor();
  const metrics = await anna.quickAdd.evaluate((field: HTMLInputElement) => {
    const mirror = field.previousElementSibling as HTMLElement;
    const tinted = [...mirror.children].find((part) => part.textContent === 'tomorrow 8am');
    const range = document.createRange();
    range.selectNodeContents(mirror);
    return {
      text: mirror.textContent,
      line: field.value,
      hidden: mirror.getAttribute('aria-hidden'),
      scroll: [mirror.scrollLeft, field.scrollLeft],
      width: [mirror.scrollWidth, field.scrollWidth],
      isTinted: tinted !== undefined && getComputedStyle(tinted).backgroundColor !== 'rgba(0, 0, 0, 0)',
    };
  });
  expect(metrics).toMatchObject({ text: metrics.line, hidden: 'true', isTinted: true });
  expect(metrics.scroll[1]).toBeGreaterThan(100);
  expect(Math.abs((metrics.scroll[0] ?? 0) - (metrics.scroll[1] ?? 0))).toBeLessThanOrEqual(1.5);
  expect(Math.abs((metrics.width[0] ?? 0) - (metrics.width[1] ?? 0))).toBeLessThanOrEqual(2);
});

test('[Q3] Backspace right behind a token makes plain words of it first, and deletes as usual after that', async () => {
  const anna = await arrive('2026-11-23T10:00');
  await anna.quickAdd.pressSequentially('Watch The Day After Tomorrow');
  await chip(anna, 'Wednesday').waitFor();
  await anna.quickAdd.press('Backspace');
  await chip(anna, 'Wednesday').waitFor({ state: 'detached' });
  expect(await anna.quickAdd.inputValue()).toBe('Watch The Day After Tomorrow');
  await anna.quickAdd.press('Backspace');
  expect(await anna.quickAdd.inputValue()).toBe('Watch The Day After Tomorro');
  await anna.quickAdd.pressSequentially('w friday');
  await chip(anna, 'Friday').waitFor();
  await anna.quickAdd.press('Enter');
  await untilRowSays(anna, 'Watch The Day After Tomorrow', /Friday/);
});

test('[Q3] a tap on its words takes a token back, and the rest stays understood', async () => {
  const anna = await arrive('2026-11-23T10:00');
  await anna.quickAdd.pressSequentially('Read Monday by Kundera friday !high');
  await chip(anna, 'high').waitFor();
  await chip(anna, 'high').click();
  await chip(anna, 'high').waitFor({ state: 'detached' });
  expect(await anna.quickAdd.evaluate((field) => field === document.activeElement)).toBe(true);
  await anna.quickAdd.press('Enter');
  await untilRowSays(anna, 'Read Monday by Kundera !high', /Friday/);
});

test('[Q4] one line is one step of undo, its new list and tag included', async () => {
  const anna = await arrive('2026-11-23T10:00');
  await enter(anna, 'pay rent every last weekday 9am #home !high @bills');
  await anna.page.getByRole('link', { name: /^home/ }).waitFor();
  await anna.page.getByText('Added to home', { exact: true }).waitFor();
  await anna.quickAdd.press('Escape');
  await anna.page.keyboard.press('ControlOrMeta+z');
  await anna.page.getByRole('link', { name: /^home/ }).waitFor({ state: 'detached' });
  await anna.page.getByRole('link', { name: /^bills/ }).waitFor({ state: 'detached' });
  await anna.page.keyboard.press('ControlOrMeta+Shift+z');
  await anna.page.getByRole('link', { name: /^home/ }).click();
  await untilRowSays(anna, 'pay rent', /Mon 30 Nov 09:00|Monday 09:00/);
});

test('[Q5] lists and tags are suggested, taken by keyboard, and a new name says that it is new', async () => {
  const anna = await arrive('2026-11-23T10:00');
  await enter(anna, 'paint #Home');
  await enter(anna, 'hoe #Garden @green');
  await anna.quickAdd.pressSequentially('rake #ga');
  const options = anna.page.getByRole('listbox', { name: 'Lists' }).getByRole('option');
  expect(await options.allInnerTexts()).toEqual(['Garden', 'New list “ga”']);
  await anna.quickAdd.press('ArrowDown');
  await anna.page.getByRole('option', { name: 'Garden', selected: true }).waitFor();
  await anna.quickAdd.press('Enter');
  expect(await anna.quickAdd.inputValue()).toBe('rake #Garden ');
  await anna.quickAdd.pressSequentially('@gr');
  await anna.page.getByRole('listbox', { name: 'Tags' }).waitFor();
  await anna.quickAdd.press('Tab');
  expect(await anna.quickAdd.inputValue()).toBe('rake #Garden @green ');
  await anna.quickAdd.press('Enter');
  await anna.page.getByRole('link', { name: /^Garden/ }).click();
  await untilRowSays(anna, 'rake', /green/);
  await anna.quickAdd.pressSequentially('x #ho');
  await anna.quickAdd.press('Escape');
  await anna.page.getByRole('listbox').waitFor({ state: 'detached' });
  expect(await anna.quickAdd.inputValue()).toBe('x #ho');
  await anna.quickAdd.press('Escape');
  expect(await anna.quickAdd.inputValue()).toBe('');
});

test('[Q6] the place fills in what the words do not say, and the words win', async () => {
  const anna = await arrive('2026-11-23T10:00');
  await anna.go('Today');
  await enter(anna, 'rake leaves !high');
  await anna.untilTitles('rake leaves');
  await enter(anna, 'mow friday');
  await anna.page.getByText('Added for Friday', { exact: true }).waitFor();
  expect(await anna.titles()).toEqual(['rake leaves']);
  await anna.go('Upcoming');
  await anna.untilTitles('mow');
});

test('[Q7] of pasted lines each is read, and all are one step of undo', async () => {
  const anna = await arrive('2026-11-23T10:00');
  await anna.paste('- Milk tomorrow\n* [ ] Eggs friday 9am\nBread\n');
  await anna.untilTitles('Milk', 'Eggs', 'Bread');
  await untilRowSays(anna, 'Milk', /tomorrow/);
  await untilRowSays(anna, 'Eggs', /Friday 09:00/);
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna.untilTitles();
});

test('[Q9] q adds from anywhere: on a page without the field in a small dialog over it', async () => {
  const anna = await arrive('2026-11-23T10:00');
  await anna.page.keyboard.press('q');
  expect(await anna.quickAdd.evaluate((field) => field === document.activeElement)).toBe(true);
  await anna.page.keyboard.press('Escape');
  await anna.go('Settings');
  await anna.page.keyboard.press('q');
  const dialog = anna.page.getByRole('dialog', { name: 'New task' });
  await dialog.waitFor();
  await anna.page.keyboard.type('buy bread tomorrow');
  await anna.page.keyboard.press('Enter');
  await dialog.getByText('Added: buy bread').waitFor();
  await anna.page.keyboard.type('milk');
  await anna.page.keyboard.press('Escape');
  expect(await anna.quickAdd.inputValue()).toBe('');
  await anna.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await anna.go('Inbox');
  await anna.untilTitles('buy bread');
});

test('[Q9] on a phone the button in the middle adds from anywhere', async () => {
  const anna = await arrive('2026-11-23T10:00', { viewport: PHONE });
  await anna.page.getByRole('link', { name: 'Lists' }).click();
  await anna.page.getByRole('heading', { level: 1, name: 'Lists' }).waitFor();
  await anna.page.getByRole('button', { name: 'New task', exact: true }).click();
  await anna.page.getByRole('dialog', { name: 'New task' }).waitFor();
  await anna.page.keyboard.type('milk');
  await anna.page.keyboard.press('Enter');
  await anna.page.getByRole('dialog').getByText('Added: milk').waitFor();
});

test('[Q10] the same tap takes a tick back within a moment, also of what repeats', async () => {
  const anna = await arrive('2026-11-23T10:00');
  await enter(anna, 'stretch every day 7pm');
  await untilRowSays(anna, 'stretch', /today 19:00/);
  await holdTimers(anna);
  await anna.tick('stretch').click();
  await anna.row('stretch').getByRole('checkbox', { checked: true }).waitFor();
  await untilRowSays(anna, 'stretch', /today 19:00/);
  await anna.tick('stretch').click();
  await anna.row('stretch').getByRole('checkbox', { checked: false }).waitFor();
  await untilRowSays(anna, 'stretch', /today 19:00/);
});

test('[Q10] from Today a task leaves when its next date is later, and stands on that day', async () => {
  const anna = await arrive('2026-11-23T10:00');
  await enter(anna, 'stretch every day 7pm');
  await anna.go('Today');
  await anna.untilTitles('stretch');
  const pass = await holdTimers(anna);
  await anna.tick('stretch').click();
  await anna.row('stretch').getByRole('checkbox', { checked: true }).waitFor();
  expect(await anna.titles()).toEqual(['stretch']);
  await pass(700);
  await anna.page.clock.resume();
  await anna.untilTitles();
  await anna.go('Upcoming');
  await untilRowSays(anna, 'stretch', /19:00/);
});

test('[Q11] a line that is entered before its grammar is there waits for it and loses nothing', async () => {
  const anna = await arrive('2026-11-23T10:00');
  await anna.page.reload();
  await setClock(anna, '2026-11-23T10:00');
  await anna.quickAdd.fill('early bird tomorrow 6am');
  await anna.quickAdd.press('Enter');
  await untilRowSays(anna, 'early bird', /tomorrow 06:00/);
});

test.each([
  ['a desktop', DESKTOP],
  ['a phone', PHONE],
])(
  '[Q12] it is a plain text field, and axe finds nothing in what stands below it, on %s',
  async (_name, viewport) => {
    const anna = await arrive('2026-11-23T10:00', { viewport });
    await enter(anna, 'Put out bins every tuesday 7pm remind me 1h before !urgent @home #house');
    await enter(anna, 'stretch every day 7pm remind me 1h before !urgent @home');
    await anna.quickAdd.pressSequentially(
      'rake leaves tomorrow 8am every week remind me 1h before !high @home #hou',
    );
    await anna.page.getByRole('listbox').waitFor();
    await anna.quickAdd.press('ArrowDown');
    expect(await anna.quickAdd.getAttribute('role')).toBeNull();
    expect(await violationsInBothThemes(anna.page, 'everything')).toEqual([]);
  },
  90_000,
);
