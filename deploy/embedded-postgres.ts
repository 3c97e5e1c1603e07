/**
 * The database that comes with Holdfast: a real Postgres in the data folder, started and stopped with the app.
 *
 * Promise: durable (fsync and synchronous_commit on); a half-made cluster is never used; a postmaster that an
 * earlier Holdfast left behind when it was killed is recognised, stopped cleanly and replaced; a Postgres that
 * dies is started again; data of another major version is refused and not touched; every failure that a person
 * can mend is one sentence with the remedy.
 * Limits: one Holdfast at a time per folder, which data-folder.ts sees to before this runs.
 * Why an own process group: Ctrl-C reaches the whole group of the terminal, and Postgres would be gone before
 * the last edits were written.
 * Why over 600 lines: one life cycle, in which each step has to know how the ones before it may have failed.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  open,
  readFile,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  statfs,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { writeFileDurably } from './durable-file.ts';
import { StartFault, errorCode, folderFault, fullFault } from './fault.ts';
import { findPostgresBinaries, linkLibraries } from './postgres-binaries.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { choosePostgresOwner, giveToOwner } from './postgres-owner.ts';
import type { PostgresOwner } from './postgres-owner.ts';

export interface EmbeddedPostgres {
  /** For `createDatabase`. Stays the same when Postgres has to be started again. */
  readonly url: string;
  readonly pid: number;
  readonly way: PostgresOwner['way'];
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Ours alone, made when absent; its parent must exist. */
  readonly folder: string;
  /** Told in a sentence of what is out of the ordinary: an orphan stopped, a crash, a restart. */
  readonly report?: (sentence: string) => void;
  /** Postgres is gone and does not come back. */
  readonly onLost?: (fault: StartFault) => void;
  /** Above this Postgres is lost, for something beside it must be wrong. 5 unless told; more for whoever kills it on purpose. */
  readonly maxRestartsPerMinute?: number;
  /** Gives up the making of a new database, which takes long on a busy machine, and leaves nothing of it. */
  readonly signal?: AbortSignal;
}

const ROLE = 'holdfast';
const DATABASE = 'holdfast';
const SOCKET_PORT = 5432;
/** sun_path holds 108 bytes on Linux and 104 elsewhere, with the closing zero. */
const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const BACKENDS_END_MS = 5000;
const POLL_MS = 20;
const MAX_LOG_BYTES = 10 * 1024 * 1024;
const MIN_FREE_BYTES_FOR_NEW = 128 * 1024 * 1024;
const MAX_RESTARTS_PER_MINUTE = 5;
const MINUTE_MS = 60_000;

/** Everything that is not Postgres's own default, and why. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '100',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Compiling a query takes longer than any of ours runs.
  jit: 'off',
  // A statement or a failing row may hold the title of a task, and logs never do.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

interface Layout {
  readonly folder: string;
  readonly data: string;
  readonly socket: string;
  readonly links: string;
  readonly log: string;
  readonly password: string;
}

interface Setup {
  readonly layout: Layout;
  readonly binaries: PostgresBinaries;
  readonly owner: PostgresOwner;
  readonly env: NodeJS.ProcessEnv;
  readonly report: (sentence: string) => void;
  readonly signal: AbortSignal | undefined;
}

type Listener = { readonly kind: 'socket' } | { readonly kind: 'tcp'; readonly port: number };

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const layout = layoutOf(options.folder);
  const report = options.report ?? (() => undefined);
  await refuseOtherVersion(layout);
  try {
    await mkdir(layout.folder, { recursive: true, mode: 0o700 });
    const { owner, binaries } = await choosePostgresOwner(layout.folder, findPostgresBinaries());
    const env = { ...cleanEnvironment(), ...(await linkLibraries(binaries, layout.links)) };
    const setup: Setup = { layout, binaries, owner, env, report, signal: options.signal };
    await giveToOwner(layout.folder, owner);
    await endOrphan(layout, report);
    if (!existsSync(layout.data)) await createCluster(setup);
    const password = await keepPassword(setup);
    await trimLog(layout.log);
    options.signal?.throwIfAborted();
    return await supervise(setup, password, options);
  } catch (error) {
    throw folderFault(layout.folder, error);
  }
}

/**
 * The URL of the embedded Postgres when one is running in `folder`, for a command beside a running server.
 * Undefined when none is.
 */
export async function findRunningPostgres(folder: string): Promise<string | undefined> {
  const layout = layoutOf(folder);
  const running = await readPostmaster(layout);
  if (!running?.ready || !(await isOurPostmaster(running.pid, layout.data))) return undefined;
  const password = await readFile(layout.password, 'utf8');
  return connectionUrl(
    layout,
    password,
    running.tcpPort ? { kind: 'tcp', port: running.tcpPort } : { kind: 'socket' },
  );
}

/** What stands in the folder, without touching it: the major version of its data, or undefined for none. */
export async function storedPostgresVersion(folder: string): Promise<number | undefined> {
  try {
    return Number.parseInt(await readFile(join(layoutOf(folder).data, 'PG_VERSION'), 'utf8'), 10);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw folderFault(folder, error);
  }
}

function layoutOf(folder: string): Layout {
  return {
    folder,
    data: join(folder, 'data'),
    socket: join(folder, 'socket'),
    links: join(folder, 'links'),
    log: join(folder, 'postgres.log'),
    password: join(folder, 'password'),
  };
}

async function refuseOtherVersion(layout: Layout): Promise<void> {
  const ours = findPostgresBinaries().majorVersion;
  const stored = await storedPostgresVersion(layout.folder);
  if (stored === undefined || stored === ours) return;
  const remedy =
    stored > ours
      ? 'start the newer version of Holdfast that made it'
      : `export your spaces with the version of Holdfast that made it and import them here`;
  throw new StartFault(
    `The data folder ${layout.folder} was made by Postgres ${stored} and this Holdfast brings Postgres ${ours}: ` +
      `${remedy}, or set DATA_DIR to another folder. It was not touched.`,
  );
}

/** Settings of someone else's Postgres must not reach ours, and messages are read in English below. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('PG') && !name.startsWith('LC_'),
  );
  return { ...Object.fromEntries(kept), LC_ALL: 'C', LANG: 'C' };
}

// --- making the cluster ---

/** Made beside its place and then renamed, so that a crash half-way leaves nothing that looks like a database. */
async function createCluster(setup: Setup): Promise<void> {
  const { layout, binaries } = setup;
  await requireFreeSpace(layout.folder);
  for (const name of await readdir(layout.folder)) {
    if (name.startsWith('new-')) await rm(join(layout.folder, name), { recursive: true, force: true });
  }
  const password = randomBytes(24).toString('base64url');
  await writeFileDurably(layout.password, password, 0o600);
  await giveFile(layout.password, setup.owner);
  setup.signal?.throwIfAborted();
  const fresh = join(layout.folder, `new-${process.pid}`);
  try {
    await runAsOwner(setup, binaries.initdb, [
      `--pgdata=${fresh}`,
      `--username=${ROLE}`,
      '--auth=scram-sha-256',
      `--pwfile=${layout.password}`,
      '--encoding=UTF8',
      // Sorting that is the same on every machine; people's languages are sorted on their devices.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ]);
    await runSingleUser(setup, fresh, `CREATE DATABASE ${DATABASE};\n`);
    await rename(fresh, layout.data);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** Reads the password, and sets a new one when its file was lost: who owns the folder owns the database. */
async function keepPassword(setup: Setup): Promise<string> {
  const { layout, owner } = setup;
  try {
    const password = await readFile(layout.password, 'utf8');
    if (password) return password;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const password = randomBytes(24).toString('base64url');
  await runSingleUser(setup, layout.data, `ALTER ROLE ${ROLE} PASSWORD '${password}';\n`);
  await writeFileDurably(layout.password, password, 0o600);
  await giveFile(layout.password, owner);
  return password;
}

/** One statement without a server: there is no connection, and so no password, to need. */
async function runSingleUser(setup: Setup, dataFolder: string, statement: string): Promise<void> {
  const args = ['--single', '-D', dataFolder, '-c', 'log_min_messages=warning', 'postgres'];
  await runAsOwner(setup, setup.binaries.postgres, args, statement);
}

async function runAsOwner(setup: Setup, program: string, args: readonly string[], input = ''): Promise<void> {
  const command = setup.owner.command(program, args);
  const child = spawn(command.file, command.args, {
    ...command.identity,
    env: setup.env,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const end = (): void => void child.kill('SIGTERM');
  setup.signal?.addEventListener('abort', end);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  setup.signal?.removeEventListener('abort', end);
  setup.signal?.throwIfAborted();
  // Single-user mode ends with 0 even where its statement failed.
  if (code !== 0 || /^.*\b(ERROR|FATAL|PANIC):/m.test(complaint)) throw explain(setup.layout, complaint);
}

async function requireFreeSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < MIN_FREE_BYTES_FOR_NEW) throw fullFault(folder);
}

async function giveFile(path: string, owner: PostgresOwner): Promise<void> {
  if (!owner.owner) return;
  await chown(path, owner.owner.uid, owner.owner.gid);
}

async function trimLog(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > MAX_LOG_BYTES) await rename(path, `${path}.1`);
}

// --- running ---

async function supervise(
  setup: Setup,
  password: string,
  { onLost = () => undefined, maxRestartsPerMinute = MAX_RESTARTS_PER_MINUTE }: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { layout, report } = setup;
  let { child, listener } = await launch(setup, await chooseListener(layout));
  let stopping: Promise<void> | undefined;
  let restarting: Promise<void> | undefined;
  const restarts: number[] = [];

  const watch = (): void => {
    child.once('exit', () => {
      if (!stopping) restarting = restart();
    });
  };
  const restart = async (): Promise<void> => {
    const now = performance.now();
    restarts.push(now);
    if (restarts.filter((at) => now - at < MINUTE_MS).length > maxRestartsPerMinute) {
      onLost(new StartFault(`Postgres keeps dying; the reason stands in ${layout.log}.`));
      return;
    }
    report('The embedded Postgres died and is started again; what was committed is safe.');
    try {
      // The same address as before: the app's pool knows no other.
      ({ child } = await launch(setup, listener));
      if (stopping) await stopChild(child, setup);
      else watch();
    } catch (error) {
      onLost(error instanceof StartFault ? error : new StartFault(String(error), { cause: error }));
    }
  };
  watch();

  return {
    url: connectionUrl(layout, password, listener),
    get pid(): number {
      return child.pid ?? 0;
    },
    way: setup.owner.way,
    stop(): Promise<void> {
      stopping ??= (async () => {
        await restarting;
        await stopChild(child, setup);
      })();
      return stopping;
    },
  };
}

/** Starts the postmaster and waits until it takes connections. */
async function launch(setup: Setup, first: Listener): Promise<{ child: ChildProcess; listener: Listener }> {
  const { layout } = setup;
  const deadline = performance.now() + START_TIMEOUT_MS;
  let listener = first;
  for (;;) {
    const logStart = await stat(layout.log).then(
      (found) => found.size,
      () => 0,
    );
    const child = await spawnPostmaster(setup, listener);
    const outcome = await untilReadyOrGone(child, layout, deadline);
    if (outcome === 'ready') return { child, listener };
    const log = (await readFile(layout.log, 'utf8')).slice(logStart);
    if (outcome === 'timeout') {
      child.kill('SIGKILL');
      throw new StartFault(
        `Postgres did not get ready within ${START_TIMEOUT_MS / 1000} s; the reason stands in ${layout.log}.`,
      );
    }
    // The backends of a killed postmaster hold its memory for a moment after it.
    const passing = /pre-existing shared memory block/.test(log);
    const portTaken = listener.kind === 'tcp' && /could not bind|Address already in use/.test(log);
    if ((!passing && !portTaken) || performance.now() > deadline) throw explain(layout, log);
    if (portTaken) listener = { kind: 'tcp', port: await freePort() };
    await delay(100);
  }
}

async function spawnPostmaster(setup: Setup, listener: Listener): Promise<ChildProcess> {
  const { layout, binaries, owner } = setup;
  if (listener.kind === 'socket') {
    await mkdir(layout.socket, { recursive: true, mode: 0o700 });
    await chmod(layout.socket, 0o700);
    await giveFile(layout.socket, owner);
  }
  const settings = { ...SETTINGS, ...listenSettings(layout, listener) };
  const args = ['-D', layout.data];
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`);
  const command = owner.command(binaries.postgres, args);
  const log = await open(layout.log, 'a', 0o600);
  try {
    const child = spawn(command.file, command.args, {
      ...command.identity,
      env: setup.env,
      cwd: '/',
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    // A program that cannot be started at all also emits `exit` to no one; untilReadyOrGone sees the missing pid.
    child.once('error', () => undefined);
    return child;
  } finally {
    await log.close();
  }
}

function listenSettings(layout: Layout, listener: Listener): Record<string, string> {
  if (listener.kind === 'tcp') {
    return { listen_addresses: '127.0.0.1', port: String(listener.port), unix_socket_directories: '' };
  }
  return {
    listen_addresses: '',
    port: String(SOCKET_PORT),
    unix_socket_directories: `"${layout.socket.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
  };
}

async function chooseListener(layout: Layout): Promise<Listener> {
  const socketPath = join(layout.socket, `.s.PGSQL.${SOCKET_PORT}`);
  if (process.platform !== 'win32' && Buffer.byteLength(socketPath) <= MAX_SOCKET_PATH_BYTES) {
    return { kind: 'socket' };
  }
  return { kind: 'tcp', port: await freePort() };
}

function connectionUrl(layout: Layout, password: string, listener: Listener): string {
  const login = `postgres://${ROLE}:${encodeURIComponent(password)}`;
  if (listener.kind === 'tcp') return `${login}@127.0.0.1:${listener.port}/${DATABASE}`;
  return `${login}@localhost:${SOCKET_PORT}/${DATABASE}?host=${encodeURIComponent(layout.socket)}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}

/** Postgres writes its state into postmaster.pid, which needs no connection and no password to read. */
async function untilReadyOrGone(
  child: ChildProcess,
  layout: Layout,
  deadline: number,
): Promise<'ready' | 'gone' | 'timeout'> {
  for (;;) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return 'gone';
    const running = await readPostmaster(layout);
    if (running?.pid === child.pid && running.ready) return 'ready';
    if (performance.now() > deadline) return 'timeout';
    await delay(POLL_MS);
  }
}

async function stopChild(child: ChildProcess, setup: Setup): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (process.platform === 'win32') {
    // Windows has no signals: a kill would be a crash.
    await promisify(execFile)(setup.binaries.pgCtl, ['stop', '-D', setup.layout.data, '-m', 'fast']);
  } else {
    child.kill('SIGINT');
  }
  const harder = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(harder);
}

// --- a postmaster that is there already ---

interface Postmaster {
  readonly pid: number;
  readonly ready: boolean;
  readonly tcpPort?: number;
}

/** The format is that of src/include/utils/pidfile.h: one value a line, the status in the eighth. */
async function readPostmaster(layout: Layout): Promise<Postmaster | undefined> {
  let lines: string[];
  try {
    lines = (await readFile(join(layout.data, 'postmaster.pid'), 'utf8')).split('\n');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const tcp = (lines[5] ?? '').trim() !== '';
  return { pid, ready: lines[7]?.trim() === 'ready', ...(tcp ? { tcpPort: Number(lines[3]) } : {}) };
}

/**
 * Ends the postmaster of an earlier Holdfast that was killed, and removes the lock files that would stop the
 * next. Stopping and starting takes a tenth of a second, and afterwards the process is our child, of our version
 * and with our settings.
 *
 * Postgres itself believes a lock file whose process id exists. That may be another program by now (after a
 * reboot, or in a container, where numbers are small), or a zombie that the container's first process never
 * collects. So such files are removed here, but only when no process works in the folder.
 */
async function endOrphan(layout: Layout, report: (sentence: string) => void): Promise<void> {
  if (!existsSync(layout.data)) return;
  const found = await readPostmaster(layout);
  if (found && (await isOurPostmaster(found.pid, layout.data))) {
    report('A Postgres that an earlier Holdfast left behind is stopped first.');
    await stopProcess(found.pid, layout);
  }
  // The backends of a postmaster that was killed see it and end by themselves.
  if (!(await within(BACKENDS_END_MS, async () => !(await isAnyoneIn(layout.data))))) {
    throw orphanFault(layout, found?.pid);
  }
  if (found && isAlive(found.pid)) await rm(join(layout.data, 'postmaster.pid'), { force: true });
  await rm(layout.socket, { recursive: true, force: true });
}

async function stopProcess(pid: number, layout: Layout): Promise<void> {
  for (const [signal, waitMs] of [
    ['SIGINT', STOP_TIMEOUT_MS],
    ['SIGQUIT', BACKENDS_END_MS],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (errorCode(error) === 'ESRCH') return;
      throw orphanFault(layout, pid, error);
    }
    if (await within(waitMs, async () => !(await isOurPostmaster(pid, layout.data)))) return;
  }
  throw orphanFault(layout, pid);
}

async function within(limitMs: number, condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

function orphanFault(layout: Layout, pid = 0, cause?: unknown): StartFault {
  const [process, target] = pid > 0 ? [` (process ${pid})`, String(pid)] : ['', '<its process id>'];
  return new StartFault(
    `A Postgres${process} is still at work in ${layout.folder} and cannot be stopped by this user: ` +
      `end it with "sudo kill -INT ${target}" and start again.`,
    { cause },
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** A postmaster works in its data folder, which tells it from any other process that has its number. */
async function isOurPostmaster(pid: number, dataFolder: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform === 'linux') return (await workingFolder(pid)) === (await realpath(dataFolder));
  if (process.platform === 'win32') return true;
  const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({
    stdout: '',
  }));
  return stdout.includes('postgres') && stdout.includes(dataFolder);
}

async function isAnyoneIn(dataFolder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const folder = await realpath(dataFolder);
  for (const name of await readdir('/proc')) {
    if (/^\d+$/.test(name) && (await workingFolder(Number(name))) === folder) return true;
  }
  return false;
}

/** Undefined for a process that is gone or that this user may not look into. */
async function workingFolder(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${pid}/cwd`).catch(() => undefined);
}

// --- faults ---

/** The sentences for what Postgres says when it cannot start. */
function explain(layout: Layout, complaint: string): StartFault {
  const cause = new Error(complaint.trim());
  if (/No space left on device|Disk quota exceeded/.test(complaint)) return fullFault(layout.folder, cause);
  if (/lock file .* already exists|pre-existing shared memory block/.test(complaint)) {
    return new StartFault(
      `Another Postgres is at work in ${layout.folder}: stop the other Holdfast, or set DATA_DIR to another folder.`,
      { cause },
    );
  }
  if (/could not create shared memory segment|could not map anonymous shared memory/.test(complaint)) {
    return new StartFault(
      'There is too little memory for Postgres (it needs about 200 MB): close other programs, or set DATABASE_URL ' +
        'to a database elsewhere.',
      { cause },
    );
  }
  if (/error while loading shared libraries: (\S+?):/.test(complaint)) {
    const library = /error while loading shared libraries: (\S+?):/.exec(complaint)?.[1] ?? '';
    return new StartFault(
      `The embedded Postgres needs the system library ${library}: install it, or set DATABASE_URL.`,
      { cause },
    );
  }
  if (/Permission denied|Operation not permitted/.test(complaint)) {
    return new StartFault(
      `Postgres may not use ${layout.folder} (${lastLine(complaint)}): give the folder to the user that starts ` +
        `Holdfast, or set DATA_DIR to a folder of your own.`,
      { cause },
    );
  }
  return new StartFault(
    `Postgres did not start (${lastLine(complaint) || 'it said nothing'}): more stands in ${layout.log}; ` +
      `npm run holdfast -- doctor checks the rest.`,
    { cause },
  );
}

function lastLine(text: string): string {
  const telling = text.split('\n').filter((line) => /(FATAL|ERROR|PANIC|error):/.test(line));
  return (telling.at(-1) ?? text.trim().split('\n').at(-1) ?? '').trim();
}
