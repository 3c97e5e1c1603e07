import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, launchProfile } from '../support/chromium.ts';
import type { Browser, Locator, Page } from '../support/chromium.ts';
import { newPerson, personAt } from './person.ts';
import { serveBuild } from './static-site.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
});

/** Everything the app needs is stored and the page is under its care. */
async function untilInstalled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (navigator.serviceWorker.controller) return;
    await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    });
  });
}

test('[P21] the app and its tasks come up with the server gone and the browser restarted', async () => {
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-profile-'));
  const site = await serveBuild();
  let context = await launchProfile(profile);
  let anna = personAt(context, await context.newPage());
  await anna.page.goto(site.url);
  await anna.untilReady();
  await anna.add('Buy bread', 'Call Tom');
  await anna.untilSync('On this device only');
  await untilInstalled(anna.page);
  await context.close();
  await site.close();

  context = await launchProfile(profile);
  anna = personAt(context, await context.newPage());
  await anna.page.goto(`${site.url}/upcoming`);
  await anna.untilReady();
  await anna.go('Inbox');
  await anna.untilTitles('Buy bread', 'Call Tom');
  await anna.tick('Buy bread').click();
  await anna.add('Water the tomatoes');
  await anna.untilTitles('Call Tom', 'Water the tomatoes');
  await anna.untilSync('On this device only');
  await anna.page.reload();
  await anna.untilTitles('Call Tom', 'Water the tomatoes');
  expect(anna.errors).toEqual([]);
  await context.close();
  await rm(profile, { recursive: true, force: true });
});

/**
 * Notes of every frame what it is about to paint, until one has rows. A resize observer is called after all that scripts have
 * drawn for a frame and right before it is painted; the probe that changes its size in each frame has it called.
 * The timer that stops waiting for the rows is put off, so that what is looked at is the order, however busy the machine is.
 */
function watchFrames(): void {
  const frames: { hasPage: boolean; hasRows: boolean }[] = [];
  Object.assign(globalThis, { framesUntilRows: frames });
  const probe = document.createElement('i');
  probe.style.cssText = 'position: fixed; visibility: hidden; height: 1px';
  // What is hidden is in the document and not painted: the page is made in two tasks and shown as one.
  const isShown = (selector: string): boolean =>
    [...document.querySelectorAll(selector)].some((element) => element.checkVisibility());
  const observer = new ResizeObserver(() => {
    const hasRows = isShown('[role="listitem"] input[type="checkbox"]');
    frames.push({ hasPage: isShown('h1, nav'), hasRows });
    if (hasRows) observer.disconnect();
  });
  observer.observe(probe);
  let width = 0;
  const next = (): void => {
    if (!probe.isConnected) document.documentElement.append(probe);
    width = (width % 9) + 1;
    probe.style.width = `${String(width)}px`;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
  const wait = globalThis.setTimeout;
  const LIMIT_MS = 150;
  Object.assign(globalThis, {
    setTimeout: (run: () => void, ms?: number) => wait(run, ms === LIMIT_MS ? 60_000 : ms),
  });
}

/** The titles in the cache of what is shown first. */
function titlesInCache(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const name = databases.find((each) => each.name?.startsWith('holdfast-doc'))?.name ?? '';
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error ?? new Error('not opened'));
    });
    const found = await new Promise<{ tasks: { title: string }[] }[]>((resolve) => {
      const asked = database.transaction('view', 'readonly').objectStore('view').getAll();
      asked.onsuccess = () => resolve(asked.result as { tasks: { title: string }[] }[]);
    });
    database.close();
    return found[0]?.tasks.map(({ title }) => title) ?? [];
  });
}

test('[P34] a cold start of the installed app paints no frame with the page in it and without its rows', async () => {
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-profile-'));
  const site = await serveBuild();
  let context = await launchProfile(profile);
  const anna = personAt(context, await context.newPage());
  await anna.page.goto(site.url);
  await anna.untilReady();
  await anna.add('Buy bread', 'Call Tom');
  await anna.untilSync('On this device only');
  await untilInstalled(anna.page);
  await expect.poll(() => titlesInCache(anna.page), { timeout: 30_000 }).toEqual(['Buy bread', 'Call Tom']);
  await context.close();
  await site.close();

  context = await launchProfile(profile);
  const page = await context.newPage();
  await page.addInitScript(watchFrames);
  await page.goto(site.url);
  const frames = (): Promise<{ hasPage: boolean; hasRows: boolean }[]> =>
    page.evaluate(() => (globalThis as unknown as { framesUntilRows: never[] }).framesUntilRows);
  await expect.poll(async () => (await frames()).at(-1)?.hasRows, { timeout: 30_000 }).toBe(true);
  expect((await frames()).filter(({ hasPage, hasRows }) => hasPage && !hasRows)).toEqual([]);
  await context.close();
  await rm(profile, { recursive: true, force: true });
});

function placeOf(shown: Locator): Promise<DOMRect> {
  return shown.first().evaluate((element) => element.getBoundingClientRect().toJSON() as DOMRect);
}

test('[P22] a new version waits to be asked, and reloading keeps what is being typed', async () => {
  const site = await serveBuild();
  const anna = await newPerson(browser, site.url);
  await anna.add('Call Tom');
  await untilInstalled(anna.page);
  const task = await anna.open('Call Tom');
  site.publishNewVersion();
  await anna.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
  });
  await anna.page.getByText('A new version is ready').waitFor();
  // Over neither the open task nor what the page can do.
  const note = await placeOf(anna.page.getByRole('region', { name: 'Update' }));
  expect(note.right).toBeLessThanOrEqual((await placeOf(task)).left);
  expect(note.top).toBeGreaterThan((await placeOf(anna.page.locator('main header'))).bottom);
  await task.getByRole('textbox', { name: 'Notes' }).pressSequentially('not yet sav');
  const reloaded = anna.page.waitForEvent('load');
  await anna.page.getByRole('button', { name: 'Reload' }).click();
  await reloaded;
  await anna.untilTitles('Call Tom');
  await anna.task.getByRole('textbox', { name: 'Notes' }).waitFor();
  expect(await anna.task.getByRole('textbox', { name: 'Notes' }).inputValue()).toBe('not yet sav');
  await anna.page.getByText('A new version is ready').waitFor({ state: 'detached' });
  await anna.close();
  await site.close();
});

test('[P23] the app can be installed: name, colours, icons of both kinds', async () => {
  const site = await serveBuild();
  const anna = await newPerson(browser, site.url);
  await untilInstalled(anna.page);
  const devtools = await anna.context.newCDPSession(anna.page);
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
  // A browser in a test has no place to install anything into.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  const manifest = (await (await fetch(`${site.url}/manifest.webmanifest`)).json()) as {
    name: string;
    display: string;
    icons: { src: string; purpose?: string }[];
  };
  expect(manifest).toMatchObject({ name: 'Holdfast', display: 'standalone' });
  expect(manifest.icons.some(({ purpose }) => purpose === 'maskable')).toBe(true);
  for (const { src } of manifest.icons) {
    const answer = await fetch(site.url + src);
    expect(answer.headers.get('content-type')).toMatch(/^image\//);
  }
  await anna.close();
  await site.close();
});

test('[P24] over plain http the app works and says what is missing and why', async () => {
  const site = await serveBuild();
  const insecure = await launchChromium({ args: ['--host-resolver-rules=MAP holdfast.lan 127.0.0.1'] });
  const anna = await newPerson(insecure, `http://holdfast.lan:${String(site.port)}`);
  expect(await anna.page.evaluate(() => isSecureContext)).toBe(false);
  await anna.add('Buy bread');
  await anna.untilSync('On this device only');
  await anna.page.reload();
  await anna.untilTitles('Buy bread');
  await anna.go('Settings');
  await anna.page.getByText('What this browser lacks here').waitFor();
  await anna.page.getByText('Starting with no network').waitFor();
  expect(anna.errors).toEqual([]);
  await insecure.close();
  await site.close();
});

test('[P25] [SA1] where nothing can be stored the app says so, also of a pasted list, and still works', async () => {
  const site = await serveBuild();
  const anna = await newPerson(browser, site.url, {
    before: `Object.defineProperty(window, 'indexedDB', { value: {
      open() { throw new DOMException('blocked', 'SecurityError'); },
      deleteDatabase() { throw new DOMException('blocked', 'SecurityError'); },
      databases() { return Promise.reject(new DOMException('blocked', 'SecurityError')); },
      cmp() { return 0; },
    } });`,
  });
  await anna.untilSync(/^\s*Not saved/);
  await anna.add('Buy bread');
  await anna.untilTitles('Buy bread');
  await anna.untilSync(/^\s*Not saved/);
  await anna.paste('Milk\nEggs');
  await anna.page.getByText('2 tasks added, not stored yet').first().waitFor();
  await anna.untilTitles('Buy bread', 'Milk', 'Eggs');
  await anna.close();
  await site.close();
});

test('[P26] an export comes back as it was, on another device with no network', async () => {
  const site = await serveBuild();
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-export-'));
  const anna = await newPerson(browser, site.url);
  await anna.add('Buy bread', 'Call Tom', 'Water the tomatoes');
  await anna.tick('Call Tom').click();
  await anna.untilTitles('Buy bread', 'Water the tomatoes');
  await anna.go('Settings');
  const download = anna.page.waitForEvent('download');
  await anna.page.getByRole('button', { name: 'Export' }).click();
  const file = join(folder, 'export.json');
  await (await download).saveAs(file);

  const ben = await newPerson(browser, site.url);
  await ben.go('Settings');
  await ben.context.setOffline(true);
  await ben.page.getByLabel('File to import').setInputFiles(file);
  await ben.page.getByText('3 tasks added').waitFor();
  await ben.go('Inbox');
  await ben.untilTitles('Buy bread', 'Water the tomatoes');
  await ben.page.getByRole('button', { name: /Completed/ }).click();
  await ben.row('Call Tom').waitFor();

  const broken = join(folder, 'broken.json');
  await writeFile(broken, (await readFile(file, 'utf8')).slice(0, 40));
  await ben.go('Settings');
  await ben.page.getByLabel('File to import').setInputFiles(broken);
  await ben.page.getByText('Nothing was changed').waitFor();
  await anna.close();
  await ben.close();
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

/** Keeps the stores busy, as another tab at work does, until what it gives is called: nothing is stored meanwhile. */
async function holdStores(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(async () => {
    const names = (await indexedDB.databases()).map(({ name }) => name ?? '');
    const opened = await Promise.all(
      names.map(
        (name) =>
          new Promise<IDBDatabase>((resolve, reject) => {
            const request = indexedDB.open(name);
            request.onsuccess = () => {
              resolve(request.result);
            };
            request.onerror = () => {
              reject(new Error(`${name} does not open`));
            };
          }),
      ),
    );
    const database = opened.find(({ objectStoreNames }) => objectStoreNames.contains('updates'));
    if (!database) throw new Error('there is no database of a document');
    const held = { letGo: () => undefined as unknown };
    Object.assign(window, { held });
    await new Promise<void>((resolve) => {
      const transaction = database.transaction('updates', 'readwrite');
      let isHeld = true;
      held.letGo = () => {
        isHeld = false;
        return new Promise((done) => (transaction.oncomplete = done));
      };
      const again = (): void => {
        resolve();
        if (isHeld) transaction.objectStore('updates').count().onsuccess = again;
      };
      transaction.objectStore('updates').count().onsuccess = again;
    });
  });
  return async () => {
    await page.evaluate(
      () => (window as unknown as { held: { letGo: () => unknown } }).held.letGo() as Promise<void>,
    );
  };
}

test('[SA1] an import and a pasted list are said to be added once they are stored, and a reload then keeps them', async () => {
  const site = await serveBuild();
  const anna = await newPerson(browser, site.url);
  await anna.add('Mine');
  await anna.untilSync('On this device only');

  const free = await holdStores(anna.page);
  await anna.paste('Bread\nMilk');
  await anna.untilTitles('Mine', 'Bread', 'Milk');
  await anna.untilSync('Saving');
  expect(await anna.page.getByText('2 tasks added').count()).toBe(0);
  await free();
  await anna.page.getByText('2 tasks added').first().waitFor();
  await anna.page.reload();
  await anna.untilTitles('Mine', 'Bread', 'Milk');

  await anna.go('Settings');
  const freeAgain = await holdStores(anna.page);
  const at = Date.UTC(2026, 10, 1) * 1024;
  const tasks = { 'x1/born': { t: at, by: '2f' }, 'x1/title@2f': { v: 'From a file', t: at } };
  await anna.page.getByLabel('File to import').setInputFiles({
    name: 'tasks.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify({ format: 'holdfast-export', version: 1, maps: { tasks } })),
  });
  await anna.page.getByText('“tasks.json” is being stored').waitFor();
  await anna.untilSync('Saving');
  expect(await anna.page.getByText('1 task added').count()).toBe(0);
  expect(await anna.page.getByText('was imported').count()).toBe(0);
  await freeAgain();
  await anna.page.getByText('1 task added').waitFor();
  await anna.page.reload();
  await anna.go('Inbox');
  await anna.row('From a file').waitFor();

  // What is done before it is stored keeps the toast and its Undo.
  const freeLast = await holdStores(anna.page);
  await anna.paste('Tea\nRice');
  await anna.row('Rice').waitFor();
  await anna.tick('Mine').click();
  await anna.page.getByText('Task completed').first().waitFor();
  await freeLast();
  await anna.page.getByText('2 tasks added').first().waitFor({ state: 'attached' });
  await anna.page.getByRole('button', { name: 'Undo' }).click();
  await anna
    .tick('Mine')
    .and(anna.page.getByRole('checkbox', { checked: false }))
    .waitFor();
  await anna.row('Rice').waitFor();
  await anna.close();
  await site.close();
});
