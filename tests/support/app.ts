/**
 * A whole Holdfast as a child process, started the way an operator's is: deploy/start.ts with an environment.
 *
 * Promise: a port of its own, a data folder of its own unless one is given, and nothing left behind by `stop`,
 * the Postgres of a killed server included. What it logged is part of the error when it does not start, and is
 * printed when the test that started it fails.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '@holdfast/deploy/config.ts';
import { onTestFailed, onTestFinished } from 'vitest';

export interface AppOptions {
  /** Use this database and not an embedded one. */
  readonly databaseUrl?: string;
  /** Use this data folder and leave it there; for starts after one another. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Started within a test and ended by a hook: it outlives the test. */
  readonly lasting?: boolean;
  /** A program and its arguments that runs the server, for example with less power. */
  readonly through?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface App {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  /** Resolves when the process has ended. */
  readonly exited: Promise<Exit>;
  /** Everything it wrote so far. */
  logs(): string;
  /** Sends the signal and waits for the end of the process. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
  /** Ends it in order if it still runs, and removes what it made. */
  stop(): Promise<Exit>;
}

/** The process of a start that may fail, with its two streams. */
export interface Attempt {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<Exit>;
  /** The url of the line `holdfast ready <url>`; undefined when the process ends without one. */
  readonly ready: Promise<string | undefined>;
  /** Ends what is left of it and removes what it made. */
  cleanUp(): Promise<void>;
}

const START_FILE = fileURLToPath(new URL('../../deploy/start.ts', import.meta.url));

export async function startApp(options: AppOptions = {}): Promise<App> {
  const attempt = await attemptStart(options);
  const logs = (): string => `${attempt.stdout()}${attempt.stderr()}`;
  const url = await attempt.ready;
  if (url === undefined) {
    const { code, signal } = await attempt.exited;
    await attempt.cleanUp();
    throw new Error(`The server did not start (exit ${code ?? signal}):\n${logs()}`);
  }
  printLogsOnFailure(logs);
  const { child, dataDir, exited } = attempt;
  const kill = async (signal: NodeJS.Signals): Promise<Exit> => {
    child.kill(signal);
    return exited;
  };
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    dataDir,
    exited,
    logs,
    kill,
    async stop() {
      const exit = await kill('SIGTERM');
      await attempt.cleanUp();
      return exit;
    },
  };
}

export async function attemptStart(options: AppOptions = {}): Promise<Attempt> {
  const dataDir = options.dataDir ?? (await temporaryDataDir());
  const command = [...(options.through ?? []), process.execPath, START_FILE, ...(options.args ?? [])];
  const child = spawn(command[0] ?? '', command.slice(1), {
    env: {
      ...outerEnvironment(),
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: dataDir,
      ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => {
      stderr += error.message;
      resolve({ code: null, signal: null });
    });
  });
  const ready = new Promise<string | undefined>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout += `${line}\n`;
      const url = /^holdfast ready (\S+)$/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    void exited.then(() => resolve(undefined));
  });
  const attempt: Attempt = {
    child,
    dataDir,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    ready,
    async cleanUp() {
      child.kill('SIGKILL');
      await exited;
      if (options.dataDir !== undefined) return;
      await killOrphan(dataDir);
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20 });
    },
  };
  if (options.lasting !== true) endWithTest(attempt);
  return attempt;
}

/** Others may pass through it: as root, Postgres runs as another user. */
export async function temporaryDataDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  await chmod(folder, 0o711);
  return folder;
}

/** The process id of the embedded Postgres of a data folder, also after its server is gone. */
export async function postmasterPid(dataDir: string): Promise<number | undefined> {
  const file = join(dataDir, 'postgres', 'data', 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(text.split('\n')[0]);
}

async function killOrphan(dataDir: string): Promise<void> {
  const pid = await postmasterPid(dataDir);
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already: the file outlives a postmaster that was killed.
  }
}

/** Without the settings of the person who runs the tests. */
function outerEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !(name in SETTINGS) && !name.startsWith('HOLDFAST_')),
  );
}

/** A test that fails or runs out of time stops nothing itself. */
function endWithTest(attempt: Attempt): void {
  try {
    onTestFinished(() => attempt.cleanUp());
  } catch {
    // Started in a hook, whose counterpart ends it.
  }
}

function printLogsOnFailure(logs: () => string): void {
  try {
    onTestFailed(() => {
      process.stderr.write(`--- the server's log ---\n${logs()}`);
    });
  } catch {
    // Started in a hook, where there is no test to watch: the caller has logs().
  }
}
