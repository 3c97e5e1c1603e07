/**
 * `npm test` and `npm run verify`: every check that stands between a change and the others, the same for people
 * and for CI.
 *
 * Promise: format, lint, types and every test; what failed is listed by name at the end; the last line is exactly
 * `N passed, N failed`, where each of the checks counts as one; the exit code is 0 only with no failure.
 * Limits: two things run at a time, for machines with two cores.
 *
 *   --full            afterwards the property and kill tests again with their full counts (.ci/run)
 *   --deploy          afterwards what npm run verify:deploy checks, counted together with the rest (.ci/run)
 *   anything else     goes to vitest, for example a path
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMain } from './fault.ts';
import { skipsInWords } from './verification/check.ts';
import { verifyDeployment } from './verify-deploy.ts';

interface Outcome {
  readonly passed: number;
  readonly failures: readonly string[];
  /** What needs a program that cannot be had here, by name. Not counted as passed. */
  readonly skips?: readonly string[];
}

interface Check {
  readonly name: string;
  /** A file for Node, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  readonly folder?: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const web = join(root, 'web');

/** The counts that the product promises; a sample of each is part of every run. */
const FULL_COUNTS = {
  HOLDFAST_PROPERTY_RUNS: '1000',
  HOLDFAST_RECURRENCE_RUNS: '20000',
  HOLDFAST_SERIES_RUNS: '5000',
  HOLDFAST_KILL_ROUNDS: '30',
  HOLDFAST_DB_KILL_ROUNDS: '5',
} as const;

/** The longest first, so that neither core waits for it alone at the end. */
const CHECKS: readonly Check[] = [
  {
    name: 'lint (eslint)',
    program: inPackage('eslint', 'bin/eslint.js'),
    args: ['--max-warnings=0', '.'],
  },
  {
    name: 'format (prettier)',
    program: inPackage('prettier', 'bin/prettier.cjs'),
    args: ['--check', '--log-level=warn', '.'],
  },
  {
    name: 'types (tsc)',
    program: inPackage('typescript', 'bin/tsc'),
    args: ['-p', root],
  },
  {
    name: 'types of the app (svelte-check)',
    program: inPackage('svelte-check', 'bin/svelte-check'),
    args: ['--tsconfig', './tsconfig.json', '--output', 'human'],
    folder: web,
  },
  {
    // A worker knows other globals than a page, so svelte-check leaves it out.
    name: 'types of the service worker (tsc)',
    program: inPackage('typescript', 'bin/tsc'),
    args: ['-p', join(web, 'src', 'offline')],
  },
];

if (import.meta.main) await runMain(main);

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const full = args.includes('--full');
  const deploy = args.includes('--deploy');
  const vitestArgs = args.filter((arg) => arg !== '--full' && arg !== '--deploy');
  await obtainChromium();
  await obtainBusServers();

  const outcomes: Outcome[] = [];
  await makeAppTypes();
  outcomes.push(...(await runChecks()));
  say('tests');
  outcomes.push(await runTests('tests', vitestArgs, {}));
  if (full) {
    say(
      `full counts: ${Object.entries(FULL_COUNTS)
        .map((pair) => pair.join('='))
        .join(' ')}`,
    );
    outcomes.push(await runTests('full counts', await countedTests(), FULL_COUNTS));
  }
  if (deploy) {
    say('deployment');
    const summary = await verifyDeployment();
    outcomes.push(summary);
  }
  process.stdout.write(skipsInWords(outcomes.flatMap(({ skips = [] }) => skips)));
  conclude(outcomes);
}

function conclude(outcomes: readonly Outcome[]): void {
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  if (failures.length > 0)
    process.stdout.write(`\nFailed:\n${failures.map((name) => `  ${name}\n`).join('')}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
  process.stdout.write(`\n${passed} passed, ${failures.length} failed\n`);
}

async function obtainChromium(): Promise<void> {
  const { code, output } = await run(join(root, 'tests/support/chromium.ts'), []);
  // The tests that need it fail with the same advice; the others still run.
  if (code !== 0) process.stdout.write(`${output}\n`);
}

/** Once on a machine. Without them the tests that need them are skipped, and told of at the end. */
async function obtainBusServers(): Promise<void> {
  const { output } = await run(join(root, 'tests/support/bus-servers.ts'), []);
  process.stdout.write(output);
}

/** npm ci removes what this makes, and the linter and both compilers read it. */
async function makeAppTypes(): Promise<void> {
  const { code, output } = await run(inPackage('@sveltejs/kit', 'svelte-kit.js'), ['sync'], { folder: web });
  if (code !== 0) process.stdout.write(`${output}\n`);
}

/** Two at a time, in order: whoever is free takes the next. */
async function runChecks(): Promise<Outcome[]> {
  const waiting = [...CHECKS];
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let check = waiting.shift(); check; check = waiting.shift()) outcomes.push(await runCheck(check));
  };
  await Promise.all([work(), work()]);
  return outcomes;
}

async function runCheck({ name, program, args, folder = root }: Check): Promise<Outcome> {
  const startedAt = performance.now();
  const { code, output } = await run(program, args, { folder });
  process.stdout.write(code === 0 ? `✓ ${name} (${seconds(startedAt)})\n` : `✗ ${name}\n${output}\n`);
  return code === 0 ? { passed: 1, failures: [] } : { passed: 0, failures: [name] };
}

/** The test files that take one of the full counts, by their own text. */
async function countedTests(): Promise<string[]> {
  const paths = globSync('{core,db,sync-server,workers,tests}/**/*.test.ts', { cwd: root }).filter(
    (path) => !path.includes('node_modules') && !path.startsWith(join('tests', 'hosting')),
  );
  const texts = await Promise.all(paths.map((path) => readFile(join(root, path), 'utf8')));
  return paths.filter((_, index) => Object.keys(FULL_COUNTS).some((name) => texts[index]?.includes(name)));
}

/** The shape of vitest's json reporter, as far as it is read here. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

async function runTests(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-verify-'));
  const file = join(folder, 'report.json');
  try {
    const { code } = await run(
      inPackage('vitest', 'vitest.mjs'),
      ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args],
      { env, show: true },
    );
    const outcome = countTests(JSON.parse(await readFile(file, 'utf8')) as VitestReport);
    if (code === 0 || outcome.failures.length > 0) return outcome;
    // An error outside of any test: vitest has shown it and counts it nowhere.
    return { passed: outcome.passed, failures: [`${name}: vitest ended with ${code}`] };
  } catch (error) {
    return {
      passed: 0,
      failures: [`${name}: no report (${error instanceof Error ? error.message : String(error)})`],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In the name of a test that is skipped where a program cannot be had (tests/support/bus-servers.ts). */
const SKIP_REASON = /\(needs [\w-]+, which cannot be had here\)/;

function countTests(report: VitestReport): Outcome {
  let passed = 0;
  const failures: string[] = [];
  const skips: string[] = [];
  for (const file of report.testResults) {
    const path = relative(root, file.name);
    for (const { fullName, status } of file.assertionResults) {
      if (status === 'passed') passed++;
      else if (status !== 'failed' && SKIP_REASON.test(fullName)) skips.push(`${path} > ${fullName}`);
      // A test that did not run has not passed.
      else failures.push(`${path} > ${fullName}${status === 'failed' ? '' : ` (${status})`}`);
    }
    const tellsWhy = file.assertionResults.some(({ status }) => status !== 'passed');
    if (file.status !== 'passed' && !tellsWhy) failures.push(`${path} (the file as a whole)`);
  }
  return { passed, failures, skips };
}

interface RunOptions {
  readonly folder?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly show?: boolean;
}

function run(
  program: string,
  args: readonly string[],
  { folder = root, env = {}, show = false }: RunOptions = {},
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    let output = '';
    const collect = (text: Buffer): void => {
      output += text.toString();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function inPackage(packageName: string, path: string): string {
  return join(packageFolder(packageName), path);
}

/** Not every package lets its package.json be resolved, so the folder is looked for as Node does it. */
function packageFolder(packageName: string): string {
  const { resolve } = createRequire(import.meta.url);
  const paths = resolve.paths(packageName) ?? [];
  for (const path of [...paths, join(web, 'node_modules')]) {
    try {
      return dirname(resolve(join(path, packageName, 'package.json')));
    } catch {
      // Not in this one.
    }
  }
  throw new Error(`The package ${packageName} is not installed.`);
}

function say(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

function seconds(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}
