/**
 * The bench of the app: how fast it is for someone with many tasks, in a real Chromium, with its service worker, no server.
 * Medians, 95th percentiles and spreads; how each is taken stands in docs/benchmarks.md.
 *
 *   --rounds=N        5 cold starts for each size unless said otherwise
 *   --sizes=A,B       100,1000,10000,50000 unless said otherwise
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { serveBuild, type StaticSite } from '../app/static-site.ts';
import { launchProfile, type BrowserContext, type Page } from '../support/chromium.ts';
import { manyTasksFile } from '../support/many-tasks.ts';

const QUERIES = ['dentist', 'quarterly', 'lamp', 'bread', 'insur'];
const TOGGLES = 20;
const SCROLL_STEPS = 60;
/** What one notch of a wheel moves, and a list that is flung. */
const WHEEL_PX = 120;
const FLING_PX = 400;
/** Longer than anything that is measured: what comes later is not of this key. */
const REST_MS = 400;
/** What follows a start (other pages, history, plans of reminders) is over. */
const SETTLE_MS = 3_000;
const FRAME_MS = 1000 / 60;
const VIEWPORT = { width: 1440, height: 900 };
const TARGETS = { coldMs: 400, coldRatio: 2, searchMs: 50, toggleMs: 32, droppedPercent: 5 };

interface Measured {
  readonly size: number;
  /** Milliseconds from the navigation to the first painted row, and to the loaded document. */
  readonly firstRowMs: readonly number[];
  readonly loadedMs: readonly number[];
  readonly searchMs: readonly number[];
  readonly toggleMs: readonly number[];
  readonly droppedPercent: number;
  readonly flungDroppedPercent: number;
  /** The longest task on the main thread while the app was used, and after its start. */
  readonly longestTaskMs: number;
  /** The longest task of each round, 0 for none of 50 ms: of a start, and of each step of a walk through the app after it. */
  readonly walk: ReadonlyMap<string, readonly number[]>;
}

/** By CSS: to look for a name, the driver reads the whole page, a task of its own that takes longer than the app's. */
const WALK: readonly (readonly [name: string, act: (page: Page) => Promise<void>])[] = [
  ...['today', 'upcoming', 'calendar'].map((path) => visit(path)),
  ['next month', async (page) => page.locator('[aria-label="Next month"]').click()],
  ['the month after', async (page) => page.locator('[aria-label="Next month"]').click()],
  ...['search', 'completed', 'trash', 'settings'].map((path) => visit(path)),
  ['a list', async (page) => page.locator('nav a[href^="/list/"]').first().click()],
  ['as a board', async (page) => page.locator('[aria-label="Show as a board"]').click()],
  ['  by priority', async (page) => page.locator('label', { hasText: 'By priority' }).click()],
  ['as a list', async (page) => page.locator('[aria-label="Show as a list"]').click()],
  ['a tag', async (page) => page.locator('nav a[href^="/tag/"]').first().click()],
  ['the inbox', async (page) => page.locator('nav a[href="/"]').first().click()],
  ['a task', async (page) => page.locator('[data-opener]').first().click()],
  ['another', async (page) => page.locator('[data-opener]').last().click()],
  ['all of them chosen', async (page) => page.keyboard.press('Control+a')],
];

function visit(path: string): readonly [string, (page: Page) => Promise<void>] {
  return [path, (page) => page.locator(`nav a[href="/${path}"]`).first().click()];
}

/** What the page's own script keeps for the bench. */
interface Probe {
  firstRow: number | null;
  loaded: number | null;
  painted: number[];
  longTasks: number[];
  frames: number[];
  watch(): void;
}

export async function benchApp(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      rounds: { type: 'string', default: '5' },
      sizes: { type: 'string', default: '100,1000,10000,50000' },
    },
  });
  const rounds = Number(values.rounds);
  console.log(
    `app: ${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}; ${rounds} cold starts a size`,
  );
  const site = await serveBuild();
  try {
    const found: Measured[] = [];
    for (const size of values.sizes.split(',').map(Number)) {
      const measured = await measure(site, size, rounds);
      found.push(measured);
      report(measured, found[0]);
    }
  } finally {
    await site.close();
  }
}

async function measure(site: StaticSite, size: number, rounds: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-app-'));
  try {
    await prepare(folder, site, size);
    const firstRowMs: number[] = [];
    const loadedMs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const context = await launch(folder);
      const page = await opened(context, `${site.url}/`);
      const probe = await page.evaluate(() => ({
        firstRow: globalThis.holdfastBench.firstRow,
        loaded: globalThis.holdfastBench.loaded,
      }));
      firstRowMs.push(probe.firstRow ?? NaN);
      loadedMs.push(probe.loaded ?? NaN);
      await context.close();
    }
    const context = await launch(folder);
    const page = await opened(context, `${site.url}/`);
    await delay(SETTLE_MS);
    await page.evaluate(() => {
      globalThis.holdfastBench.longTasks = [];
    });
    const droppedPercent = await measureScrolling(page, WHEEL_PX);
    const flungDroppedPercent = await measureScrolling(page, FLING_PX);
    const toggleMs = await measureToggling(page);
    const searchMs = await measureSearching(page);
    const longTasks = await page.evaluate(() => globalThis.holdfastBench.longTasks);
    await context.close();
    const walk = new Map<string, number[]>();
    for (let round = 0; round < rounds; round++) await measureWalk(folder, site, walk);
    return {
      size,
      firstRowMs,
      loadedMs,
      searchMs,
      toggleMs,
      droppedPercent,
      flungDroppedPercent,
      longestTaskMs: Math.max(0, ...longTasks),
      walk,
    };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** An installed app with its tasks, closed in order. */
async function prepare(folder: string, site: StaticSite, size: number): Promise<void> {
  const context = await launch(folder);
  const page = await context.newPage();
  await page.goto(`${site.url}/settings`);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const isSaved = page.getByRole('status', { name: 'Sync' }).filter({ hasText: 'On this device only' });
  await isSaved.waitFor({ timeout: 60_000 });
  await page.getByLabel('File to import').setInputFiles({
    name: 'many.json',
    mimeType: 'application/json',
    buffer: Buffer.from(manyTasksFile({ count: size })),
  });
  await page.getByText('tasks added').waitFor({ timeout: 600_000 });
  // What was added is told before it is stored, and a new page would come before that.
  await isSaved.waitFor({ timeout: 600_000 });
  // The cache of the first paint is written two seconds after the last change.
  await page.goto(`${site.url}/`);
  await page.getByRole('listitem').first().waitFor({ timeout: 60_000 });
  await delay(5_000);
  await context.close();
}

function launch(folder: string): Promise<BrowserContext> {
  return launchProfile(folder, { viewport: VIEWPORT, locale: 'en-GB' });
}

async function opened(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.addInitScript(installProbe);
  await page.goto(url);
  await page.waitForFunction(() => globalThis.holdfastBench.loaded !== null, undefined, { timeout: 300_000 });
  return page;
}

async function measureScrolling(page: Page, stepPx: number): Promise<number> {
  await page.mouse.move(VIEWPORT.width / 2, VIEWPORT.height / 2);
  await page.evaluate(() => {
    const probe = globalThis.holdfastBench;
    probe.frames = [];
    const next = (at: number): void => {
      probe.frames.push(at);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  for (let step = 0; step < SCROLL_STEPS; step++) await page.mouse.wheel(0, stepPx);
  const frames = await page.evaluate(() => globalThis.holdfastBench.frames);
  const gaps = frames.slice(1).map((at, index) => at - (frames[index] ?? at));
  const dropped = gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / FRAME_MS) - 1), 0);
  await page.evaluate(() => {
    scrollTo(0, 0);
  });
  await delay(REST_MS);
  return (100 * dropped) / Math.max(1, gaps.length + dropped);
}

async function measureToggling(page: Page): Promise<number[]> {
  const boxes = page.getByRole('listitem').getByRole('checkbox');
  const times: number[] = [];
  for (let index = 0; index < TOGGLES; index++) {
    const box = boxes.nth(index % 5);
    times.push(await paintedAfter(page, () => box.click()));
    // The row stays for a moment in which the same tap takes it back; then it is gone.
    await delay(2 * REST_MS);
  }
  return times;
}

async function measureSearching(page: Page): Promise<number[]> {
  await page.getByRole('link', { name: 'Search', exact: true }).click();
  const field = page.getByRole('searchbox', { name: 'Search' });
  await field.waitFor();
  await field.fill('x');
  await delay(3 * REST_MS);
  const times: number[] = [];
  for (const query of QUERIES) {
    await field.fill('');
    await delay(REST_MS);
    for (const letter of query) times.push(await paintedAfter(page, () => page.keyboard.press(letter)));
  }
  return times;
}

/** A window of its own, so that every page is seen for the first time. */
async function measureWalk(folder: string, site: StaticSite, found: Map<string, number[]>): Promise<void> {
  const context = await launch(folder);
  const page = await opened(context, `${site.url}/`);
  const note = async (name: string): Promise<void> => {
    const longest = await page.evaluate(() => {
      const { longTasks } = globalThis.holdfastBench;
      globalThis.holdfastBench.longTasks = [];
      return Math.max(0, ...longTasks);
    });
    found.set(name, [...(found.get(name) ?? []), longest]);
  };
  await delay(SETTLE_MS);
  await note('the start');
  for (const [name, act] of WALK) {
    await act(page);
    await delay(2 * REST_MS);
    await note(name);
  }
  await context.close();
}

/**
 * Milliseconds from the event to the last frame that changed the page within the rest that follows. What the sync line says
 * is not counted: it follows the disk.
 */
async function paintedAfter(page: Page, act: () => Promise<void>): Promise<number> {
  await page.evaluate(() => {
    globalThis.holdfastBench.watch();
  });
  await act();
  await delay(REST_MS);
  const painted = await page.evaluate(() => globalThis.holdfastBench.painted);
  return painted.at(-1) ?? 0;
}

/** Runs in the page before the app. */
function installProbe(): void {
  const probe: Probe = {
    firstRow: null,
    loaded: null,
    painted: [],
    longTasks: [],
    frames: [],
    watch: () => undefined,
  };
  globalThis.holdfastBench = probe;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) probe.longTasks.push(entry.duration);
  }).observe({ type: 'longtask', buffered: true });
  /** After the frame: what a frame paints is on its way once a task that it asked for runs. */
  const afterPaint = (run: () => void): void => {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = run;
      channel.port2.postMessage(null);
    });
  };
  const look = (): void => {
    if (probe.firstRow === null && document.querySelector('[role="listitem"] input[type="checkbox"]')) {
      probe.firstRow = -1;
      afterPaint(() => {
        probe.firstRow = performance.now();
      });
    }
    const status = document.querySelector('[role="status"][aria-label="Sync"]')?.textContent.trim() ?? '';
    const isLoaded = status !== '' && !status.startsWith('Opening');
    if (isLoaded && probe.firstRow !== null) {
      starting.disconnect();
      afterPaint(() => {
        probe.loaded = performance.now();
      });
    }
  };
  const starting = new MutationObserver(look);
  starting.observe(document, { childList: true, subtree: true, characterData: true });

  let began = 0;
  for (const type of ['click', 'input']) {
    document.addEventListener(
      type,
      (event) => {
        began = event.timeStamp;
      },
      { capture: true },
    );
  }
  let isWatching = false;
  probe.watch = () => {
    began = 0;
    probe.painted = [];
    if (isWatching) return;
    isWatching = true;
    const isOfAnswer = ({ target }: MutationRecord): boolean =>
      (target instanceof Element ? target : target.parentElement)?.closest('[aria-label="Sync"]') === null;
    new MutationObserver((changes) => {
      if (began === 0 || !changes.some(isOfAnswer)) return;
      const since = began;
      afterPaint(() => {
        if (since === began) probe.painted.push(performance.now() - since);
      });
    }).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
  };
}

function report(measured: Measured, smallest: Measured | undefined): void {
  const cold = median(measured.firstRowMs);
  const ratio = cold / median(smallest?.firstRowMs ?? measured.firstRowMs);
  const isTarget = measured.size === 10_000;
  const line = (name: string, text: string, isReached: boolean): void => {
    console.log(`  ${name.padEnd(34)} ${text}${isTarget ? (isReached ? ': reached' : ': MISSED') : ''}`);
  };
  console.log(`${measured.size.toLocaleString('en')} open tasks`);
  line('cold start to the list, p50', `${spread(measured.firstRowMs)} ms`, cold < TARGETS.coldMs);
  line('  over that of the smallest', ratio.toFixed(2), ratio < TARGETS.coldRatio);
  console.log(`  ${'cold start to the document, p50'.padEnd(34)} ${spread(measured.loadedMs)} ms`);
  const search = percentile(measured.searchMs, 95);
  line('key to painted results, p95', `${search.toFixed(1)} ms`, search < TARGETS.searchMs);
  const toggle = percentile(measured.toggleMs, 95);
  line('tick to paint, p95', `${toggle.toFixed(1)} ms`, toggle < TARGETS.toggleMs);
  line(
    'frames dropped while scrolling',
    `${measured.droppedPercent.toFixed(1)} %`,
    measured.droppedPercent < TARGETS.droppedPercent,
  );
  console.log(`  ${'  while it is flung'.padEnd(34)} ${measured.flungDroppedPercent.toFixed(1)} %`);
  console.log(`  ${'longest task in use'.padEnd(34)} ${measured.longestTaskMs.toFixed(0)} ms`);
  console.log('  longest task of a step, where there was one over 50 ms');
  for (const [name, tasksMs] of measured.walk) {
    if (Math.max(...tasksMs) > 0) console.log(`    ${name.padEnd(32)} ${spread(tasksMs)} ms`);
  }
}

function median(values: readonly number[]): number {
  return percentile(values, 50);
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? NaN;
}

function spread(values: readonly number[]): string {
  return `${median(values).toFixed(0)} [${Math.min(...values).toFixed(0)}, ${Math.max(...values).toFixed(0)}]`;
}

declare global {
  // The page's own global object.
  var holdfastBench: Probe;
}
