/**
 * The servers under test, each started as a real process on a database of the bench's Postgres, and reached
 * only as any client would: HTTP for accounts, tokens and spaces, the WebSocket for the rest.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { spacesToCompact } from '@holdfast/db/compaction.ts';
import { createDatabase } from '@holdfast/db/database.ts';
import { COMPACTION } from '@holdfast/workers/compact.ts';
import type { Endpoint } from './dialect.ts';
import type { BenchPostgres } from './postgres.ts';
import { cpuSeconds, untilCpuRests } from './process-stats.ts';

export type TargetName = 'holdfast' | 'hocuspocus' | 'hocuspocus-every';

/** What `npm start` gives to Node. */
const SERVER_FLAGS = (
  JSON.parse(readFileSync(new URL('../../../deploy/node-flags.json', import.meta.url), 'utf8')) as {
    server: string[];
  }
).server;

export const TARGET_LABELS: Record<TargetName, string> = {
  holdfast: 'Holdfast',
  hocuspocus: 'Hocuspocus (default)',
  'hocuspocus-every': 'Hocuspocus (store every)',
};

export interface RunningTarget {
  readonly pid: number;
  /** Fresh, empty documents; for Holdfast each is a space made through the API. */
  newDocuments(count: number): Promise<string[]>;
  endpoint(document: string): Endpoint;
  /** Resolves when nothing that the server took is still unwritten. */
  untilStored(): Promise<void>;
  /** Resolves when the server has nothing left to do for what it took: written, compacted, at rest. */
  untilTidy(): Promise<void>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

export interface Target {
  readonly name: TargetName;
  start(): Promise<RunningTarget>;
}

export async function createTarget(name: TargetName, postgres: BenchPostgres, part: string): Promise<Target> {
  const databaseUrl = await postgres.createDatabase(`bench_${name.replaceAll('-', '_')}_${part}`);
  if (name === 'holdfast') return holdfastTarget(databaseUrl);
  return hocuspocusTarget(name, databaseUrl);
}

function holdfastTarget(databaseUrl: string): Target {
  let account: { token: string } | undefined;
  return {
    name: 'holdfast',
    start: async () => {
      const child = spawn(
        process.execPath,
        [
          ...process.execArgv,
          ...SERVER_FLAGS,
          ...profileFlags(),
          fileURLToPath(new URL('../../../deploy/start.ts', import.meta.url)),
        ],
        {
          env: {
            PATH: process.env['PATH'],
            HOST: '127.0.0.1',
            PORT: '0',
            DATABASE_URL: databaseUrl,
            RATE_LIMITS: 'off',
            LOG_LEVEL: 'warn',
            AUTH_SECRET: 'a secret for the bench alone, of no use elsewhere',
          },
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const url = await untilLine(child, /^holdfast ready (\S+)/m);
      account ??= await createAccount(url);
      const { token } = account;
      return {
        pid: child.pid!,
        newDocuments: async (count) => {
          const ids: string[] = [];
          for (let n = 0; n < count; n++) ids.push(await createSpace(url, token, `Bench ${n}`));
          return ids;
        },
        endpoint: (document) => ({
          dialect: 'holdfast',
          url: `${url}/sync/${document}`,
          document,
          headers: { authorization: `Bearer ${token}` },
        }),
        // Relayed means committed: there is nothing to wait for.
        untilStored: async () => undefined,
        untilTidy: async () => {
          await untilCompacted(databaseUrl);
          await untilCpuRests(() => cpuSeconds(child.pid!));
        },
        ...ending(child),
      };
    },
  };
}

function hocuspocusTarget(name: TargetName, databaseUrl: string): Target {
  let documents = 0;
  return {
    name,
    start: async () => {
      const mode = name === 'hocuspocus' ? 'default' : 'every';
      const child = fork(
        fileURLToPath(new URL('./hocuspocus-server.ts', import.meta.url)),
        [databaseUrl, mode],
        {
          stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        },
      );
      const url = await untilLine(child, /^ready (\S+)/m);
      const untilStored = async (): Promise<void> => {
        for (;;) {
          const answer = new Promise<{ storing: boolean }>((resolve) =>
            child.once('message', (message) => resolve(message as { storing: boolean })),
          );
          child.send('stored?');
          if (!(await answer).storing) return;
          await delay(50);
        }
      };
      return {
        pid: child.pid!,
        newDocuments: async (count) => Array.from({ length: count }, () => `document-${++documents}`),
        endpoint: (document) => ({ dialect: 'hocuspocus', url: `${url}/`, document, headers: {} }),
        untilStored,
        untilTidy: async () => {
          await untilStored();
          await untilCpuRests(() => cpuSeconds(child.pid!));
        },
        ...ending(child),
      };
    },
  };
}

/** Compaction waits until a space was quiet for half a minute, and then takes the processor. */
async function untilCompacted(databaseUrl: string): Promise<void> {
  const database = createDatabase({ url: databaseUrl, onError: () => undefined, maxConnections: 1 });
  try {
    for (;;) {
      // As if each had been quiet for long enough: what is due later is due too.
      const need = { ...COMPACTION, quietSince: new Date(Date.now() + 1_000) };
      if ((await spacesToCompact(database, need, 1)).length === 0) return;
      await delay(500);
    }
  } finally {
    await database.close();
  }
}

/** HOLDFAST_BENCH_PROFILE=folder: V8 writes a CPU profile of every Holdfast server that ends in order. */
function profileFlags(): string[] {
  const folder = process.env['HOLDFAST_BENCH_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

async function createAccount(url: string): Promise<{ token: string }> {
  const signedUp = await post(url, '/api/auth/sign-up/email', {
    name: 'Bench',
    email: `bench-${Date.now()}@example.org`,
    password: 'correct horse battery staple',
  });
  const cookie = signedUp.headers.getSetCookie().map((line) => line.split(';')[0]);
  const made = await post(url, '/api/v1/tokens', { name: 'bench' }, { cookie: cookie.join('; ') });
  return (await made.json()) as { token: string };
}

async function createSpace(url: string, token: string, name: string): Promise<string> {
  const response = await post(url, '/api/v1/spaces', { name }, { authorization: `Bearer ${token}` });
  return ((await response.json()) as { id: string }).id;
}

async function post(
  url: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
  return response;
}

function ending(child: ChildProcess): { stop(): Promise<void>; kill(): Promise<void> } {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function untilLine(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      if (text.length > 100_000) return;
      text += chunk.toString();
      const found = pattern.exec(text);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The server ended with ${code ?? signal} before it was ready: ${text}`)),
    );
  });
}
