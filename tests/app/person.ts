/**
 * Someone who uses the app in a browser of their own: what they see and do, by role and accessible name only.
 *
 * Promise: no selector here names a class or a test id, so what these tests can reach a screen reader can too.
 */
import type { Browser, BrowserContext, Locator, Page } from '../support/chromium.ts';
import { collectPageErrors } from '../support/chromium.ts';

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** For `before`: the page reads from right to left, whatever the language says. */
export const RIGHT_TO_LEFT = `new MutationObserver((_, observer) => {
  if (!document.documentElement) return;
  observer.disconnect();
  Object.defineProperty(document.documentElement, 'dir', { get: () => 'rtl', set: () => undefined });
  document.documentElement.setAttribute('dir', 'rtl');
}).observe(document, { childList: true });`;

export interface PersonOptions {
  readonly viewport?: { width: number; height: number };
  readonly theme?: 'light' | 'dark';
  /** Pixels of the screen a pixel of the page. */
  readonly scale?: number;
  /** IANA name of where the browser is. */
  readonly timeZone?: string;
  /** An instant at which the page's clock stands still; its timers run. */
  readonly now?: string;
  /** The app is not installed: for what has nothing to do with it, since installing costs as much as a small test. */
  readonly isNotInstalled?: boolean;
  /** Runs in every page before the app does. */
  readonly before?: string;
  /** What the page's clock shows when it begins; the test then moves it by `page.clock`. */
  readonly at?: Date;
}

export interface Person {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly errors: readonly string[];
  readonly quickAdd: Locator;
  readonly sync: Locator;
  /** The open task, as a region or a dialog. */
  readonly task: Locator;
  add(...titles: string[]): Promise<void>;
  row(title: string): Locator;
  tick(title: string): Locator;
  /** The titles in the list, from the top. */
  titles(): Promise<string[]>;
  untilTitles(...titles: string[]): Promise<void>;
  open(title: string): Promise<Locator>;
  go(place: 'Inbox' | 'Today' | 'Upcoming' | 'Calendar' | 'Search' | 'Trash' | 'Settings'): Promise<void>;
  /** Goes to a page as by a link to it, which loads nothing anew. */
  visit(path: string): Promise<void>;
  untilSync(text: string | RegExp): Promise<void>;
  paste(text: string): Promise<void>;
  createAccount(account: Account): Promise<void>;
  signIn(account: Account): Promise<void>;
  close(): Promise<void>;
}

export interface Account {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export function newAccount(name = 'Anna'): Account {
  return {
    name,
    email: `${name.toLowerCase()}-${crypto.randomUUID()}@example.org`,
    password: 'correct horse battery staple',
  };
}

export async function newPerson(browser: Browser, url: string, o: PersonOptions = {}): Promise<Person> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: o.viewport ?? DESKTOP,
    deviceScaleFactor: o.scale ?? 1,
    colorScheme: o.theme ?? 'light',
    locale: 'en-GB',
    ...(o.timeZone === undefined ? {} : { timezoneId: o.timeZone }),
    hasTouch: o.viewport?.width === PHONE.width,
    permissions: ['clipboard-read', 'clipboard-write'],
    reducedMotion: 'reduce',
    ...(o.isNotInstalled === true ? { serviceWorkers: 'block' } : {}),
  });
  if (o.now !== undefined) await context.clock.setFixedTime(o.now);
  if (o.before !== undefined) await context.addInitScript(o.before);
  const page = await context.newPage();
  if (o.at !== undefined) await page.clock.install({ time: o.at });
  const person = personAt(context, page);
  await page.goto('/');
  await person.untilReady();
  return person;
}

/** For a browser whose profile outlives it. */
export function personAt(context: BrowserContext, page: Page): Person & { untilReady(): Promise<void> } {
  const errors = collectPageErrors(page);
  const quickAdd = page.getByRole('textbox', { name: 'Add a task' });
  const sync = page.getByRole('status', { name: 'Sync' });
  const task = page
    .getByRole('region', { name: 'Task', exact: true })
    .or(page.getByRole('dialog', { name: 'Task', exact: true }));
  const row = (title: string): Locator =>
    page
      .getByRole('listitem')
      .filter({ has: page.getByRole('checkbox', { name: title, exact: true, includeHidden: true }) });

  const person = {
    context,
    page,
    errors,
    quickAdd,
    sync,
    task,
    row,
    tick: (title: string) => row(title).getByRole('checkbox', { name: title, exact: true }),
    async untilReady() {
      await sync.waitFor();
      await sync.filter({ hasNotText: 'Opening your tasks' }).waitFor();
    },
    async add(...titles: string[]) {
      for (const title of titles) {
        await quickAdd.fill(title);
        await quickAdd.press('Enter');
      }
      const last = titles.at(-1);
      if (last !== undefined) await row(last).first().waitFor();
    },
    titles: () =>
      page
        .getByRole('listitem')
        .getByRole('checkbox')
        .evaluateAll((boxes) => boxes.map((box) => box.getAttribute('aria-label') ?? '')),
    async untilTitles(...titles: string[]) {
      await page.waitForFunction(
        (wanted) =>
          JSON.stringify(
            [...document.querySelectorAll('[role="listitem"] input[type="checkbox"]')].map((box) =>
              box.getAttribute('aria-label'),
            ),
          ) === wanted,
        JSON.stringify(titles),
      );
    },
    async open(title: string) {
      await row(title).getByRole('button', { name: title }).click();
      const shown = task.getByRole('textbox', { name: 'Title' });
      await shown.waitFor();
      // Where another task was open, its fields are there until this one's are.
      while ((await shown.inputValue()) !== title)
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
      return task;
    },
    async go(place: string) {
      await page.getByRole('link', { name: place, exact: true }).first().click();
      await page.getByRole('heading', { level: 1, name: place }).waitFor();
    },
    async visit(path: string) {
      if (new URL(page.url()).pathname === path) return;
      await page.evaluate((href) => {
        const left = document.querySelector('h1');
        if (!left) throw new Error('A page without a heading');
        // Every page draws a heading of its own.
        left.dataset['left'] = '';
        const link = document.createElement('a');
        link.href = href;
        left.after(link);
        link.click();
        link.remove();
      }, path);
      await page.locator('h1:not([data-left])').waitFor();
    },
    async untilSync(text: string | RegExp) {
      await sync.filter({ hasText: text }).waitFor();
    },
    async paste(text: string) {
      await quickAdd.focus();
      await page.evaluate((words) => navigator.clipboard.writeText(words), text);
      await page.keyboard.press('ControlOrMeta+v');
    },
    async createAccount(account: Account) {
      await person.go('Settings');
      await page.getByLabel('Name', { exact: true }).fill(account.name);
      await page.getByLabel('Email').fill(account.email);
      await page.getByLabel('Password').fill(account.password);
      await page.getByRole('button', { name: 'Create account' }).click();
      await page.getByText(`Signed in as ${account.name}`).waitFor();
      await person.go('Inbox');
    },
    async signIn(account: Account) {
      await person.go('Settings');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByLabel('Email').fill(account.email);
      await page.getByLabel('Password').fill(account.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText(`Signed in as ${account.name}`).waitFor();
      await person.go('Inbox');
    },
    close: () => context.close(),
  };
  return person;
}
