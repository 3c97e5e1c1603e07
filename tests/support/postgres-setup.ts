/**
 * Runs once per `vitest` run: the one Postgres that `testDatabase` makes its databases in (see postgres.ts), with a
 * migrated database to copy from, and a folder with a new cluster to copy (see `madeDataDir` in hosting/machine.ts).
 *
 * Why copies: to make a cluster takes seconds and to migrate a database several times as long as to copy one, and
 * most tests are about neither.
 */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '@holdfast/db/database.ts';
import { migrate } from '@holdfast/db/migrate.ts';
import { startEmbeddedPostgres } from '@holdfast/deploy/embedded-postgres.ts';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string;
    /** A migrated, empty database on it, which nobody connects to. */
    templateDatabase: string;
    /** Holds `data` and `password` of a cluster that was just made and never used. */
    madeCluster: string;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-postgres-'));
  // mkdtemp makes it 0700, and as root Postgres runs as another user.
  await chmod(folder, 0o711);
  const cluster = join(folder, 'postgres');
  await (await startEmbeddedPostgres({ folder: cluster })).stop();
  const made = join(folder, 'made');
  await mkdir(made);
  // With their owner, who is another where root runs this.
  execFileSync('cp', ['-a', join(cluster, 'data'), join(cluster, 'password'), made]);

  const postgres = await startEmbeddedPostgres({ folder: cluster });
  project.provide('postgresUrl', postgres.url);
  project.provide('templateDatabase', await makeTemplate(postgres.url));
  project.provide('madeCluster', made);
  return async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

async function makeTemplate(serverUrl: string): Promise<string> {
  const name = 'migrated';
  const admin = createDatabase({ url: serverUrl, onError: rethrow, maxConnections: 1 });
  await admin.run({ name: '', text: `CREATE DATABASE ${name}` }, []);
  await admin.close();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const database = createDatabase({ url: url.href, onError: rethrow, maxConnections: 1 });
  await migrate(database);
  await database.close();
  return name;
}

function rethrow(error: Error): never {
  throw error;
}
