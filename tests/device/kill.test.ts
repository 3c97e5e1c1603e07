/**
 * A tab killed while it writes: no edit that was shown as saved on this device is missing after a reload
 * without any server.
 *
 * Half of the rounds crash the renderer, half kill the whole browser with SIGKILL, at a random moment while
 * edits are made as fast as the page can. HOLDFAST_KILL_ROUNDS sets the rounds, HOLDFAST_KILL_SEED the moments.
 */
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchProfile } from '../support/chromium.ts';
import type { BrowserContext, Page } from '../support/chromium.ts';
import { killBudget } from '../kill/budget.ts';
import { serveHarness } from './harness.ts';
import type { Harness, HarnessServer } from './harness.ts';

declare const harness: Harness;
declare const reportSaved: (titles: readonly string[]) => void;

const { rounds: ROUNDS, seed: SEED } = killBudget('HOLDFAST_KILL_ROUNDS', 6);
/** So often in a run the browser may throw all databases of the site away, which nothing in a page can prevent. */
const THROWN_AWAY_AT_MOST = 2;

/** Edits between two rests, about; the first is over before any kill. */
const FLIGHT = 16;

let server: HarnessServer;
let folder: string;
let thrownAway = 0;

beforeAll(async () => {
  server = await serveHarness();
  folder = await mkdtemp(join(tmpdir(), 'holdfast-profile-'));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

test(
  `[V13] no edit shown as saved is missing after the tab is killed (${ROUNDS} rounds, seed ${SEED})`,
  { timeout: 60_000 + ROUNDS * 15_000 },
  async () => {
    const random = seededRandom(SEED);
    const saved = new Set<string>();
    const all = new Set<string>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const context = await launchProfile(folder);
      const page = await context.newPage();
      await page.exposeFunction('reportSaved', (titles: readonly string[]) => {
        for (const title of titles) {
          saved.add(title);
          all.add(title);
        }
      });
      await page.goto(server.url);
      await expectThere(page, saved, `before round ${round}`);
      // The kill falls somewhere into the next so many edits, on a boundary or within a transaction.
      const reached = new Promise<void>((resolve) => {
        void page.exposeFunction('reached', resolve).then(() => writeUntil(page, round, random));
      });
      await reached;
      await (round % 2 === 0 ? crash(context, page, saved) : killBrowser(context, page));
    }
    const context = await launchProfile(folder);
    const page = await context.newPage();
    await page.goto(server.url);
    await expectThere(page, saved, 'at the end');
    await context.close();
    expect(all.size).toBeGreaterThan(ROUNDS);
    expect(thrownAway).toBeLessThanOrEqual(THROWN_AWAY_AT_MOST);
  },
);

/**
 * All that was saved is there; or the browser has thrown the site's databases away as a whole, a witness that Holdfast knows
 * nothing of among them, and what comes next is counted from there. Edits that are missing while the witness is there, all or
 * some, are never that.
 */
async function expectThere(page: Page, saved: Set<string>, when: string): Promise<void> {
  const missing = await missingAfterReload(page, [...saved]);
  const hasWitness = await meetWitness(page);
  const isAllGone = saved.size > 0 && missing.length === saved.size;
  if (isAllGone && !hasWitness) {
    thrownAway += 1;
    process.stderr.write(`Chromium threw the site’s databases away: seed ${SEED}, ${when}\n`);
    saved.clear();
    return;
  }
  const told = `seed ${SEED}, ${when}: ${missing.length} of ${saved.size}, witness: ${String(hasWitness)}\n`;
  expect(missing.slice(0, 20), isAllGone ? told + (await browserLogs()) : told).toEqual([]);
}

/** Whether the site still has the other database that it was given; if not it is given one. */
function meetWitness(page: Page): Promise<boolean> {
  return page.evaluate(
    () =>
      new Promise<boolean>((resolve, reject) => {
        let wasThere = true;
        const opening = indexedDB.open('witness');
        opening.onupgradeneeded = () => {
          wasThere = false;
          opening.result.createObjectStore('nothing');
        };
        opening.onsuccess = () => {
          opening.result.close();
          resolve(wasThere);
        };
        opening.onerror = () => {
          reject(opening.error ?? new Error('The witness cannot be opened.'));
        };
      }),
  );
}

/** Of LevelDB, of this opening and the one before: a browser that opens once more has put the first away. */
async function browserLogs(): Promise<string> {
  const paths = globSync('**/*.indexeddb.leveldb/{LOG,LOG.old}', { cwd: folder });
  return (await Promise.all(paths.map((path) => readFile(join(folder, path), 'utf8')))).join('\n');
}

async function missingAfterReload(page: Page, saved: readonly string[]): Promise<string[]> {
  return page.evaluate(async (expected) => {
    await harness.open();
    // A browser that was just killed may need a moment to open its databases. Until then the device says that it
    // cannot store; it has nothing to show, and has lost nothing.
    await harness.deviceUntil(harness.device, (status) => status.storage === 'ok');
    const there = new Set([...harness.device.document.tasks()].map((task) => task.title));
    return expected.filter((title) => !there.has(title));
  }, saved);
}

/**
 * Edits in bursts without pause, and now and then one until all are saved: without it a quick page may go on for ever with
 * something that is not. Tells which are saved, and when the chosen moment has come.
 */
async function writeUntil(page: Page, round: number, random: () => number): Promise<void> {
  await page.evaluate(
    ([prefix, moment, burst, flight]) => {
      const made: string[] = [];
      let told = 0;
      let isResting = false;
      harness.device.onStatus((status) => {
        // Everything that was made by now is committed: exactly what the app would show.
        if (status.unsaved > 0 || told === made.length) return;
        reportSaved(made.slice(told));
        told = made.length;
        if (isResting) setTimeout(step);
        isResting = false;
      });
      const step = () => {
        for (let i = 0; i < burst; i += 1) {
          const title = `${prefix}-${made.length}`;
          made.push(title);
          harness.device.document.createTask({ title });
          if (made.length === moment) void (globalThis as unknown as { reached(): void }).reached();
        }
        isResting = made.length - told >= flight;
        if (!isResting) setTimeout(step);
      };
      step();
    },
    [`r${round}`, FLIGHT + 8 + Math.floor(random() * 200), 1 + Math.floor(random() * 5), FLIGHT] as const,
  );
}

/**
 * A tab that dies in a browser that lives; whoever used it looks again in a new one, and closes the browser later.
 * Closed in the very moment of the crash, and on a machine with no processor to spare, Chromium 156 was seen to throw
 * away all databases of a site: see V13 in web/SPEC.md.
 */
async function crash(context: BrowserContext, page: Page, saved: Set<string>): Promise<void> {
  const crashed = new Promise<void>((resolve) => page.once('crash', () => resolve()));
  const cdp = await context.newCDPSession(page);
  void cdp.send('Page.crash').catch(() => undefined);
  await crashed;
  const next = await context.newPage();
  await next.goto(server.url);
  await expectThere(next, saved, 'in the same browser');
  await context.close();
}

async function killBrowser(context: BrowserContext, page: Page): Promise<void> {
  const browser = context.browser();
  if (!browser) throw new Error('A browser with a profile does not tell its process.');
  const gone = new Promise<void>((resolve) => context.once('close', () => resolve()));
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const main = processInfo.find((process) => process.type === 'browser');
  if (!main) throw new Error(`No browser process among ${JSON.stringify(processInfo)}; page ${page.url()}.`);
  process.kill(main.id, 'SIGKILL');
  await gone;
}
