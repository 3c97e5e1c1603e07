/**
 * A Postgres for the bench alone: the one that Holdfast brings, with Holdfast's settings (fsync on), in a
 * folder that goes when the bench ends. Every server under test gets a database of it, so that all stand on
 * the same disk, the same version and the same settings.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@holdfast/deploy/embedded-postgres.ts';
import pg from 'pg';

export interface BenchPostgres {
  readonly pid: number;
  readonly version: string;
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startBenchPostgres(): Promise<BenchPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  // mkdtemp makes it 0700, and as root Postgres runs as another user.
  await chmod(folder, 0o711);
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres') });
  const query = async (sql: string): Promise<pg.QueryResult> => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const version = String((await query('SHOW server_version')).rows[0].server_version);
  return {
    pid: postgres.pid,
    version,
    createDatabase: async (name) => {
      await query(`CREATE DATABASE ${name}`);
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    stop: async () => {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
