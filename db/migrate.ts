/**
 * Brings a database to the schema of this version.
 *
 * Promise: each migration runs once, in its own order, all of them in one transaction, under the migrator's
 * lock, so that several processes may start at once. A database of a newer Holdfast is refused and not
 * touched: nothing is written before that check.
 * Limits: forward only; the way back is a backup.
 * Why a list in code: a folder scan does not survive bundling into the image's single file.
 */
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { Migration } from 'kysely/migration';
import type { Database } from './database.ts';
import * as spacesAndLog from './migrations/0001-spaces-and-log.ts';
import * as accounts from './migrations/0002-accounts.ts';
import * as serverKeys from './migrations/0003-server-keys.ts';
import * as projection from './migrations/0004-projection.ts';
import * as deviceSessions from './migrations/0005-device-sessions.ts';
import * as auditOfSections from './migrations/0006-audit-of-sections.ts';

export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-spaces-and-log': spacesAndLog,
  '0002-accounts': accounts,
  '0003-server-keys': serverKeys,
  '0004-projection': projection,
  '0005-device-sessions': deviceSessions,
  '0006-audit-of-sections': auditOfSections,
};

/** The database was written by a newer Holdfast than this one. */
export class DatabaseTooNewError extends Error {
  readonly unknownMigrations: readonly string[];

  constructor(unknownMigrations: readonly string[]) {
    super(
      `The database was written by a newer version of Holdfast (it has ${unknownMigrations.join(', ')}, ` +
        `which this version does not know). It was not touched. Start that version, or restore a backup.`,
    );
    this.name = 'DatabaseTooNewError';
    this.unknownMigrations = unknownMigrations;
  }
}

/** Names of the migrations that ran now, in order; empty when there was nothing to do. */
export async function migrate(database: Database): Promise<string[]> {
  const unknown = (await appliedMigrations(database)).filter((name) => !(name in MIGRATIONS));
  if (unknown.length > 0) throw new DatabaseTooNewError(unknown);
  const migrator = new Migrator({
    db: database.kysely,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'the migrator';
    throw new Error(`Migration failed at ${failed}; the database is as it was.`, { cause: error });
  }
  return (results ?? []).map((result) => result.migrationName);
}

/** Whether every migration of this version has been applied (for /readyz). */
export async function isMigrated(database: Database): Promise<boolean> {
  const applied = new Set(await appliedMigrations(database));
  return Object.keys(MIGRATIONS).every((name) => applied.has(name));
}

/** Names of the migrations that the database has; empty for a new one. Writes nothing. */
export async function appliedMigrations(database: Database): Promise<string[]> {
  const present = await sql<{ present: boolean }>`
    SELECT to_regclass('kysely_migration') IS NOT NULL AS present`.execute(database.kysely);
  if (!present.rows[0]?.present) return [];
  const applied = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`.execute(
    database.kysely,
  );
  return applied.rows.map((row) => row.name);
}
