/**
 * The bench of recurrence: 1,000 series advanced, and the next occurrence of an old and of a new daily rule, in Node
 * and in Chromium. The numbers are the medians of the rounds after a first one that only warms up, with the least and
 * the greatest.
 *
 *   --rounds=N        15 unless said otherwise
 *   --hosts=node      leaves the browser out
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launchChromium } from '../support/chromium.ts';
import { measureRecurrence, type RecurrenceTimes } from './recurrence/workload.ts';

const TARGET_ADVANCE_MS = 100;
const TARGET_RATIO = 2;

export async function benchRecurrence(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      rounds: { type: 'string', default: '15' },
      hosts: { type: 'string', default: 'node,chromium' },
    },
  });
  const rounds = Number(values.rounds);
  console.log(`recurrence: ${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}; ${rounds} rounds`);
  for (const host of values.hosts.split(',')) {
    const { name, times } = host === 'node' ? measureInNode(rounds) : await measureInChromium(rounds);
    report(name, times);
  }
}

interface Measured {
  readonly name: string;
  readonly times: readonly RecurrenceTimes[];
}

function measureInNode(rounds: number): Measured {
  measureRecurrence();
  const times = Array.from({ length: rounds }, measureRecurrence);
  return { name: `Node ${process.versions.node}`, times };
}

async function measureInChromium(rounds: number): Promise<Measured> {
  const code = await bundleWorkload();
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const times = await page.evaluate(
      async ({ source, rounds }) => {
        const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
        const { measureRecurrence } = (await import(url)) as { measureRecurrence: () => RecurrenceTimes };
        measureRecurrence();
        return Array.from({ length: rounds }, () => measureRecurrence());
      },
      { source: code, rounds },
    );
    return { name: `Chromium ${browser.version()}`, times };
  } finally {
    await browser.close();
  }
}

/** Built by the app's own bundler, so that what is measured is what is shipped. */
async function bundleWorkload(): Promise<string> {
  const { build } = await import('vite');
  const entry = fileURLToPath(new URL('./recurrence/workload.ts', import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'es2023', lib: { entry, formats: ['es'], fileName: 'workload' } },
  });
  for (const result of Array.isArray(built) ? built : [built]) {
    if (!('output' in result)) continue;
    for (const file of result.output) if (file.type === 'chunk') return file.code;
  }
  throw new Error('The workload was not bundled: the bundler gave no code.');
}

function report(name: string, times: readonly RecurrenceTimes[]): void {
  const advance = spread(times.map(({ advanceMs }) => advanceMs));
  const old = spread(times.map(({ nextOfOldUs }) => nextOfOldUs));
  const young = spread(times.map(({ nextOfNewUs }) => nextOfNewUs));
  const ratio = spread(times.map(({ nextOfOldUs, nextOfNewUs }) => nextOfOldUs / nextOfNewUs));
  console.log(`${name}
  1,000 series advanced          ${show(advance)} ms, at most ${TARGET_ADVANCE_MS}: ${verdict(advance.median <= TARGET_ADVANCE_MS)}
  next of a ten-year daily rule  ${show(old)} us
  next of a new daily rule       ${show(young)} us
  old over new                   ${show(ratio)}, at most ${TARGET_RATIO}: ${verdict(ratio.median <= TARGET_RATIO)}`);
}

interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? NaN;
  return { median: at(Math.floor(sorted.length / 2)), least: at(0), greatest: at(sorted.length - 1) };
}

function show({ median, least, greatest }: Spread): string {
  return `${median.toFixed(2)} (${least.toFixed(2)} to ${greatest.toFixed(2)})`;
}

function verdict(isReached: boolean): string {
  return isReached ? 'reached' : 'MISSED';
}
