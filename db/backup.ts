/**
 * The whole database as text, table by table, and back again: what backup and restore need of Postgres.
 *
 * Promise: what is read is one moment of the database, however much is written meanwhile (one REPEATABLE READ
 * transaction), and nobody waits for it. What is loaded becomes visible all at once or not at all, and only into a
 * database that holds nothing.
 * Limits: no other program is needed, so values travel as Postgres writes them in text, which is exact for every type
 * of ours; a single value may not exceed 256 MB. A migration that wants a table that is being read waits.
 * Why not pg_dump: the embedded Postgres brings none, and a dump of one version is not for the next.
 */
import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { Database } from './database.ts';
import { DatabaseTooNewError, MIGRATIONS, appliedMigrations } from './migrate.ts';
import type { Schema } from './schema.ts';
import type { ServerKeys } from './server-keys.ts';
import { othersAlive } from './space-events.ts';

/** Values as Postgres writes them in text, in the order of the table's columns. */
export type TextRow = readonly (string | null)[];

export interface TableShape {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface DatabaseMoment {
  readonly takenAt: Date;
  readonly migrations: readonly string[];
  /** A table comes after those that it points to. */
  readonly tables: readonly TableShape[];
  /** Those that are kept in the database, which are not among the tables. */
  readonly keys: ServerKeys | undefined;
  /** Each line is a TextRow in JSON. */
  linesOf(table: TableShape): AsyncIterable<readonly string[]>;
}

export interface RestoreSource {
  readonly migrations: readonly string[];
  /** In an order in which they can be filled. */
  readonly tables: readonly TableShape[];
  /** To be kept in the database; undefined where they are kept elsewhere. */
  readonly keys: ServerKeys | undefined;
  rowsOf(table: TableShape): AsyncIterable<readonly TextRow[]>;
  readonly now: Date;
  /** Done last; if it fails, nothing was restored. */
  beforeCommit(): Promise<void>;
}

export type RestoreRefusal =
  | { readonly ok: false; readonly code: 'too-new'; readonly unknown: readonly string[] }
  | { readonly ok: false; readonly code: 'not-empty'; readonly table: string }
  | { readonly ok: false; readonly code: 'foreign-tables'; readonly table: string }
  | { readonly ok: false; readonly code: 'in-use'; readonly processes: number };

/** Aimed at for one round trip; rows of a table are of like size more often than not. */
const BATCH_BYTES = 2 * 1024 * 1024;
const MAX_BATCH_ROWS = 2000;

/** Never part of a backup: who may migrate now, what was migrated (told apart), and the keys (likewise). */
const NOT_CONTENT = ['kysely_migration', 'kysely_migration_lock', 'server_keys'];

/** Undefined for a database that Holdfast has never used. */
export async function readMoment<T>(
  database: Database,
  work: (moment: DatabaseMoment) => Promise<T>,
): Promise<T | undefined> {
  const applied = await appliedMigrations(database);
  if (applied.length === 0) return undefined;
  return database.kysely
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => {
      await writeTextExactly(tx);
      // The first query is what the moment is taken by.
      const [at] = (await sql<{ now: Date }>`SELECT clock_timestamp() AS now`.execute(tx)).rows;
      const names = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`.execute(tx);
      const migrations = names.rows.map((row) => row.name);
      return work({
        takenAt: at?.now ?? new Date(),
        migrations,
        tables: (await tablesOf(tx)).map(({ name, types }) => ({ name, columns: [...types.keys()] })),
        keys: migrations.includes('0003-server-keys') ? await keysOf(tx) : undefined,
        linesOf: (table) => linesOf(tx, table),
      });
    });
}

/** Nothing is changed by a refusal, nor when a row cannot be read to its end: then what was thrown is thrown on. */
export async function restoreInto(
  database: Database,
  source: RestoreSource,
): Promise<RestoreRefusal | { readonly ok: true; readonly migratedUp: readonly string[] }> {
  const known = Object.keys(MIGRATIONS);
  const unknown = source.migrations.filter((name) => !known.includes(name));
  if (unknown.length > 0) return { ok: false, code: 'too-new', unknown };
  const applied = await appliedMigrations(database);
  const newer = applied.filter((name) => !known.includes(name));
  if (newer.length > 0) throw new DatabaseTooNewError(newer);
  const processes = await othersAlive(database, 0);
  if (processes > 0) return { ok: false, code: 'in-use', processes };

  return database.kysely.transaction().execute(async (tx) => {
    await writeTextExactly(tx);
    const there = await tablesOf(tx);
    if (applied.length === 0 && there[0]) return { ok: false, code: 'foreign-tables', table: there[0].name };
    // Whoever starts a server meanwhile waits here for the outcome.
    for (const { name } of there)
      await sql`LOCK TABLE ${sql.table(name)} IN ACCESS EXCLUSIVE MODE`.execute(tx);
    const filled = await firstWithRows(tx, there);
    if (filled !== undefined) return { ok: false, code: 'not-empty', table: filled };
    if (!isSame(applied, source.migrations)) await rebuild(tx, there, source.migrations);
    const types = new Map((await tablesOf(tx)).map((table) => [table.name, table.types]));
    for (const table of source.tables) {
      await load(tx, table, types.get(table.name) ?? new Map(), source.rowsOf(table));
    }
    const migratedUp = await migrateWithin(tx, undefined);
    await beginNewEpoch(tx, source.now);
    if (source.keys) await keepKeys(tx, source.keys);
    await source.beforeCommit();
    return { ok: true, migratedUp };
  });
}

// --- reading

/** However the session is set, a value is written so that any session reads the same from it. */
async function writeTextExactly(tx: Transaction<Schema>): Promise<void> {
  await sql`
    SELECT set_config('datestyle', 'ISO, YMD', true), set_config('timezone', 'UTC', true),
      set_config('intervalstyle', 'postgres', true), set_config('bytea_output', 'hex', true),
      set_config('extra_float_digits', '1', true)`.execute(tx);
}

interface StoredTable {
  readonly name: string;
  /** Of each column, in order. */
  readonly types: ReadonlyMap<string, string>;
}

async function tablesOf(tx: Transaction<Schema>): Promise<StoredTable[]> {
  const columns = await sql<{ table: string; name: string; type: string }>`
    SELECT class.relname AS table, attribute.attname AS name,
      format_type(attribute.atttypid, attribute.atttypmod) AS type
    FROM pg_class AS class
    JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
    WHERE class.relnamespace = current_schema()::regnamespace AND class.relkind IN ('r', 'p')
      AND NOT class.relispartition AND attribute.attnum > 0 AND NOT attribute.attisdropped
      AND attribute.attgenerated = '' AND class.relname <> ALL (${NOT_CONTENT}::text[])
    ORDER BY class.relname, attribute.attnum`.execute(tx);
  const tables = new Map<string, Map<string, string>>();
  for (const { table, name, type } of columns.rows) {
    const types = tables.get(table) ?? new Map<string, string>();
    tables.set(table, types.set(name, type));
  }
  const arrows = await sql<{ from: string; to: string }>`
    SELECT source.relname AS from, target.relname AS to
    FROM pg_constraint AS arrow
    JOIN pg_class AS source ON source.oid = arrow.conrelid
    JOIN pg_class AS target ON target.oid = arrow.confrelid
    WHERE arrow.contype = 'f' AND arrow.connamespace = current_schema()::regnamespace`.execute(tx);
  const ordered = inOrder([...tables.keys()], arrows.rows);
  return ordered.map((name) => ({ name, types: tables.get(name) ?? new Map<string, string>() }));
}

/** What is pointed to comes first. */
function inOrder(names: readonly string[], arrows: readonly { from: string; to: string }[]): string[] {
  const ordered = new Set<string>();
  const visit = (name: string, above: readonly string[]): void => {
    if (ordered.has(name) || above.includes(name)) return;
    for (const { from, to } of arrows) if (from === name && to !== name) visit(to, [...above, name]);
    ordered.add(name);
  };
  for (const name of names) visit(name, []);
  return [...ordered].filter((name) => names.includes(name));
}

async function* linesOf(tx: Transaction<Schema>, table: TableShape): AsyncGenerator<string[]> {
  const values = table.columns.map((name) => sql`${sql.ref(name)}::text`);
  await sql`
    DECLARE backup NO SCROLL CURSOR FOR
    SELECT array_to_json(ARRAY[${sql.join(values)}])::text AS line FROM ${sql.table(table.name)}`.execute(tx);
  let count = 1;
  for (;;) {
    const { rows } = await sql<{ line: string }>`FETCH ${sql.lit(count)} FROM backup`.execute(tx);
    if (rows.length === 0) break;
    const size = rows.reduce((sum, { line }) => sum + line.length, 0);
    yield rows.map(({ line }) => line);
    // Rows may suddenly be much larger than those before: the batch grows slowly and shrinks at once.
    const fitting = Math.max(1, Math.floor((BATCH_BYTES * rows.length) / size));
    count = Math.min(MAX_BATCH_ROWS, count * 4, fitting);
  }
  await sql`CLOSE backup`.execute(tx);
}

async function keysOf(tx: Transaction<Schema>): Promise<ServerKeys | undefined> {
  return tx
    .selectFrom('server_keys')
    .select([
      'auth_secret as authSecret',
      'vapid_public_key as vapidPublicKey',
      'vapid_private_key as vapidPrivateKey',
    ])
    .executeTakeFirst();
}

// --- writing

async function firstWithRows(
  tx: Transaction<Schema>,
  tables: readonly StoredTable[],
): Promise<string | undefined> {
  for (const { name } of tables) {
    const found = await sql`SELECT 1 FROM ${sql.table(name)} LIMIT 1`.execute(tx);
    if (found.rows.length > 0) return name;
  }
  return undefined;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return [...one].sort().join() === [...other].sort().join();
}

/** From a newer and empty schema to the one that the rows are of. */
async function rebuild(
  tx: Transaction<Schema>,
  there: readonly StoredTable[],
  migrations: readonly string[],
): Promise<void> {
  for (const { name } of [...there].reverse()) await sql`DROP TABLE ${sql.table(name)}`.execute(tx);
  for (const name of NOT_CONTENT) await sql`DROP TABLE IF EXISTS ${sql.table(name)}`.execute(tx);
  // Triggers went with their tables, what they call did not.
  const functions = await sql<{ name: string }>`
    SELECT p.oid::regprocedure::text AS name FROM pg_proc AS p
    WHERE p.pronamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = p.oid AND deptype = 'e')`.execute(tx);
  for (const { name } of functions.rows) await sql`DROP ROUTINE ${sql.raw(name)}`.execute(tx);
  await migrateWithin(tx, [...migrations].sort().at(-1));
}

async function migrateWithin(tx: Transaction<Schema>, last: string | undefined): Promise<string[]> {
  const migrator = new Migrator({
    db: tx,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
  });
  const { error, results } = await (last === undefined
    ? migrator.migrateToLatest()
    : migrator.migrateTo(last));
  if (error) throw new Error('The restored database could not be migrated.', { cause: error });
  return (results ?? []).map((result) => result.migrationName);
}

async function load(
  tx: Transaction<Schema>,
  table: TableShape,
  types: ReadonlyMap<string, string>,
  batches: AsyncIterable<readonly TextRow[]>,
): Promise<void> {
  const names = table.columns.map((name) => sql.ref(name));
  const aliases = table.columns.map((_, n) => sql.ref(`c${n}`));
  const values = table.columns.map((name, n) => {
    // Of the database and not of the file, which may say anything.
    const type = types.get(name);
    if (type === undefined) throw new Error(`The table ${table.name} of this version has no column ${name}.`);
    return sql`${sql.ref(`c${n}`)}::${sql.raw(type)}`;
  });
  for await (const rows of batches) {
    const arrays = table.columns.map((_, n) => sql`${rows.map((row) => row[n] ?? null)}::text[]`);
    await sql`
      INSERT INTO ${sql.table(table.name)} (${sql.join(names)})
      SELECT ${sql.join(values)} FROM unnest(${sql.join(arrays)}) AS rows (${sql.join(aliases)})`.execute(tx);
  }
}

/** Devices learn by it that the server may have forgotten something, and bring it back. */
async function beginNewEpoch(tx: Transaction<Schema>, now: Date): Promise<void> {
  await sql`UPDATE space SET epoch = gen_random_uuid(), restored_at = ${now}`.execute(tx);
  // Whoever held a client id open died with the database that was backed up.
  await sql`UPDATE client_id SET live_by = NULL WHERE live_by IS NOT NULL`.execute(tx);
}

async function keepKeys(tx: Transaction<Schema>, keys: ServerKeys): Promise<void> {
  await sql`DELETE FROM server_keys`.execute(tx);
  await tx
    .insertInto('server_keys')
    .values({
      auth_secret: keys.authSecret,
      vapid_public_key: keys.vapidPublicKey,
      vapid_private_key: keys.vapidPrivateKey,
    })
    .execute();
}
