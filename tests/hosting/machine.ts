/** What the hosting tests do with the machine: folders that clean up after themselves, processes, accounts. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, vi } from 'vitest';
import { postmasterPid, temporaryDataDir } from '../support/app.ts';

/** Only against a hang, as the limit of a test is: a busy machine takes many times as long for everything. */
export const HANG_MS = 110_000;

const PROGRAM = fileURLToPath(new URL('../../deploy/holdfast.ts', import.meta.url));

/** A folder that ends with the test, and with it whatever Postgres was left in it. */
export async function ownDataDir(): Promise<string> {
  const dir = await temporaryDataDir();
  onTestFinished(async () => {
    await endPostgresIn(dir);
    await rm(dir, { recursive: true, force: true, maxRetries: 20 });
  });
  return dir;
}

/** The same, with a database in it that was made and never used. For tests that are not about its making. */
export async function madeDataDir(): Promise<string> {
  const dir = await ownDataDir();
  const postgres = join(dir, 'postgres');
  await mkdir(postgres, { mode: 0o700 });
  const made = inject('madeCluster');
  execFileSync('cp', ['-a', join(made, 'data'), join(made, 'password'), postgres]);
  return dir;
}

export async function endPostgresIn(dataDir: string): Promise<void> {
  const pid = await postmasterPid(dataDir);
  if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
}

/** False for a zombie too: whoever should collect it may take its time. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    if (process.platform !== 'linux') return process.kill(pid, 0);
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return status[status.lastIndexOf(')') + 2] !== 'Z';
  } catch {
    return false;
  }
}

export async function appears(path: string): Promise<void> {
  await vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: HANG_MS, interval: 5 });
}

/** Makes an account and returns its session cookie. */
export async function signUp(url: string): Promise<string> {
  const response = await fetch(`${url}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ name: 'Ada', email: 'ada@example.org', password: 'correct horse battery' }),
  });
  expect(response.status, await response.clone().text()).toBe(200);
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

/** The status of `me`: 200 only when session, account and database are all there. */
export async function statusOfMe(url: string, cookie: string): Promise<number> {
  return (await fetch(`${url}/api/v1/me`, { headers: { cookie } })).status;
}

export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The operator's command line as a process, with nothing in its environment but what is given and the place of what
 * Node compiled before.
 */
export function holdfast(
  args: readonly string[],
  env: Record<string, string> = {},
  input = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { PATH, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }), ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
