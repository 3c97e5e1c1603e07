/**
 * A fresh, empty database for a test, on the one real Postgres of the run.
 *
 * Promise: no two tests share a database; `drop` ends connections that a test forgot.
 * Why not one Postgres per test: it takes seconds to make. Why a copy: migrating takes longer than all the rest.
 */
import { randomBytes } from 'node:crypto';
import { createDatabase } from '@holdfast/db/database.ts';
import { inject } from 'vitest';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Bring it to the schema of this version. Default true. */
  readonly migrated?: boolean;
}

export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const serverUrl = inject('postgresUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  // A copy by the log needs no checkpoint, for which every other test would wait.
  const from = options.migrated === false ? '' : ` TEMPLATE ${inject('templateDatabase')} STRATEGY wal_log`;
  await runOnce(serverUrl, `CREATE DATABASE ${name}${from}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => runOnce(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function runOnce(url: string, text: string): Promise<void> {
  const database = createDatabase({ url, onError: rethrow, maxConnections: 1 });
  try {
    await database.run({ name: '', text }, []);
  } finally {
    await database.close();
  }
}

function rethrow(error: Error): never {
  throw error;
}
