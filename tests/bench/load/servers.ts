/**
 * The server under load, as a company would run it and on this machine: a process for the sockets and the API, one for the
 * workers, and a Postgres with fsync on; what each has used.
 *
 * Promise: `restart` gives the sockets' process another and keeps its address.
 * Limits: reads /proc, so Linux only.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { BenchPostgres } from '../sync/postgres.ts';
import { cpuSeconds, cpuSecondsOfFamily, residentBytes, untilCpuRests } from '../sync/process-stats.ts';

/** CPU seconds since each began. */
export interface Cpu {
  readonly sync: number;
  readonly workers: number;
  readonly postgres: number;
}

/** Bytes of the database, by what they are for. */
export type Disk = Readonly<
  Record<'log' | 'snapshots' | 'projection' | 'audit' | 'outbox' | 'other', number>
>;

export interface LoadedServers {
  readonly url: string;
  cpu(): Cpu;
  /** Resident bytes of the sockets' process and of the workers'. */
  memory(): { readonly sync: number; readonly workers: number };
  disk(): Promise<Disk>;
  /** Resolves when the workers have read all of the log and everything has been at rest for two seconds. */
  untilQuiet(): Promise<void>;
  /** SIGTERM to the sockets' process, and another in its place. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const START = fileURLToPath(new URL('../../../deploy/start.ts', import.meta.url));
/** What `npm start` gives to Node. */
const SERVER_FLAGS = (
  JSON.parse(readFileSync(new URL('../../../deploy/node-flags.json', import.meta.url), 'utf8')) as {
    server: string[];
  }
).server;
const LOOK_EVERY_MS = 250;

export async function startLoadedServers(
  postgres: Pick<BenchPostgres, 'pid' | 'createDatabase'>,
  name: string,
): Promise<LoadedServers> {
  const databaseUrl = await postgres.createDatabase(name);
  const database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  let sync = await startProcess('sync', databaseUrl, 0);
  const workers = await startProcess('workers', databaseUrl, 0);
  const port = Number(new URL(sync.url).port);
  /** Of processes that were replaced. */
  let usedBefore = 0;
  const cpu = (): Cpu => ({
    sync: usedBefore + cpuSeconds(sync.pid),
    workers: cpuSeconds(workers.pid),
    postgres: cpuSecondsOfFamily(postgres.pid),
  });
  return {
    url: sync.url,
    cpu,
    memory: () => ({ sync: residentBytes(sync.pid), workers: residentBytes(workers.pid) }),
    async disk() {
      const { rows } = await database.query<{ kind: keyof Disk; bytes: string }>(DISK);
      const none = { log: 0, snapshots: 0, projection: 0, audit: 0, outbox: 0, other: 0 };
      return { ...none, ...Object.fromEntries(rows.map(({ kind, bytes }) => [kind, Number(bytes)])) };
    },
    async untilQuiet() {
      for (;;) {
        const { rows } = await database.query<{ behind: string }>(BEHIND);
        if (Number(rows[0]?.behind ?? 0) === 0) break;
        await delay(LOOK_EVERY_MS);
      }
      await untilCpuRests(() => cpu().workers);
    },
    async restart() {
      const before = cpuSeconds(sync.pid);
      await sync.stop();
      usedBefore += before;
      sync = await startProcess('sync', databaseUrl, port);
    },
    async stop() {
      await Promise.all([sync.stop(), workers.stop()]);
      await database.end();
    },
  };
}

interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

async function startProcess(role: string, databaseUrl: string, port: number): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...process.execArgv, ...SERVER_FLAGS, START, `--role=${role}`], {
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      RATE_LIMITS: 'off',
      LOG_LEVEL: 'error',
      AUTH_SECRET: 'a secret for the bench alone, of no use elsewhere',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    url: await readyUrl(child, ended),
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function readyUrl(child: ChildProcess, ended: Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      const url = /^holdfast ready (\S+)/m.exec(chunk.toString())?.[1];
      if (url !== undefined) resolve(url);
    });
    void ended.then(() => reject(new Error('A server did not start')));
  });
}

const BEHIND = `
  SELECT coalesce(sum(space.head - coalesce(cursor.seq, 0)), 0)::bigint AS behind
  FROM space LEFT JOIN projection_cursor AS cursor ON cursor.space_id = space.id`;

const DISK = `
  SELECT CASE
      WHEN relname LIKE 'update_log%' THEN 'log'
      WHEN relname LIKE 'snapshot%' THEN 'snapshots'
      WHEN relname LIKE 'projected_%' OR relname = 'projection_cursor' THEN 'projection'
      WHEN relname LIKE 'audit%' THEN 'audit'
      WHEN relname LIKE 'outbox%' THEN 'outbox'
      ELSE 'other'
    END AS kind,
    sum(pg_total_relation_size(pg_class.oid)) AS bytes
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname = 'public' AND relkind IN ('r', 'p')
  GROUP BY 1`;
