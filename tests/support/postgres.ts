/**
 * A fresh, empty database for a test, on the one real Postgres of the run.
 *
 * Promise: no two tests share a database; `drop` ends connections that a test forgot.
 * Why not one Postgres per test: it takes half a second to make, a database takes thirty milliseconds.
 */
import { randomBytes } from 'node:crypto';
import { createDatabase } from '@holdfast/db/database.ts';
import { migrate } from '@holdfast/db/migrate.ts';
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
  await runOnce(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const test: TestDatabase = {
    url: url.href,
    drop: () => runOnce(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
  if (options.migrated === false) return test;
  const database = createDatabase({ url: test.url, onError: rethrow, maxConnections: 1 });
  try {
    await migrate(database);
  } finally {
    await database.close();
  }
  return test;
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
