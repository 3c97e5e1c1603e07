/** The schema: what the types say, what the migrations make, and who may run them. */
import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import ts from 'typescript';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { createDatabase, runIn } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { keepServerKeys } from '@holdfast/db/server-keys.ts';
import { DatabaseTooNewError, MIGRATIONS, isMigrated, migrate } from '@holdfast/db/migrate.ts';

let test1: TestDatabase;
let database: Database;

beforeEach(async () => {
  test1 = await testDatabase({ migrated: false });
  database = createDatabase({ url: test1.url, onError: () => undefined });
});

afterEach(async () => {
  await database.close();
  await test1.drop();
});

/** Tables by the interfaces that end in `Tables` or are `Schema`, with the fields of the tables' interfaces. */
function tablesInTypes(): Record<string, string[]> {
  const interfaces = new Map<string, Map<string, string>>();
  for (const file of ['schema.ts', 'account-tables.ts', 'worker-tables.ts']) {
    const text = readFileSync(new URL(`../../db/${file}`, import.meta.url), 'utf8');
    for (const statement of ts.createSourceFile(file, text, ts.ScriptTarget.ESNext).statements) {
      if (!ts.isInterfaceDeclaration(statement)) continue;
      const fields = new Map<string, string>();
      for (const member of statement.members) {
        if (!ts.isPropertySignature(member) || !member.type) continue;
        const name = member.name as ts.Identifier | ts.StringLiteral;
        fields.set(name.text, text.slice(member.type.pos, member.type.end).trim());
      }
      interfaces.set(statement.name.text, fields);
    }
  }
  const tables: Record<string, string[]> = {};
  for (const group of ['Schema', 'AccountTables', 'WorkerTables']) {
    for (const [table, type] of interfaces.get(group) ?? []) {
      tables[table] = [...(interfaces.get(type)?.keys() ?? [])].sort();
    }
  }
  return tables;
}

describe('the schema', () => {
  test('[DB1] the types name every table and column, and no other', async () => {
    await migrate(database);
    const found = await sql<{ table: string; column: string }>`
      SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name NOT LIKE 'kysely_%'`.execute(database.kysely);
    const tables: Record<string, string[]> = {};
    for (const { table, column } of found.rows) (tables[table] ??= []).push(column);
    for (const columns of Object.values(tables)) columns.sort();
    expect(tablesInTypes()).toEqual(tables);
  });

  test('[DB2] a second migration changes nothing, and several processes may migrate at once', async () => {
    const others = [1, 2, 3].map(() => createDatabase({ url: test1.url, onError: () => undefined }));
    const done = await Promise.all(others.map((other) => migrate(other)));
    expect(done.flat().sort()).toEqual(Object.keys(MIGRATIONS).sort());
    expect(await migrate(database)).toEqual([]);
    expect(await isMigrated(database)).toBe(true);
    await Promise.all(others.map((other) => other.close()));
  });

  test('[DB4] of processes that want the keys at once, all get those of one, for ever', async () => {
    await migrate(database);
    const others = [1, 2, 3, 4].map(() => createDatabase({ url: test1.url, onError: () => undefined }));
    const offer = (n: number) => () =>
      Promise.resolve({ authSecret: `s${n}`, vapidPublicKey: `p${n}`, vapidPrivateKey: `q${n}` });
    const got = await Promise.all(others.map((other, n) => keepServerKeys(other, offer(n))));
    expect(new Set(got.map((keys) => JSON.stringify(keys))).size).toBe(1);
    expect(await keepServerKeys(database, offer(9))).toEqual(got[0]);
    await Promise.all(others.map((other) => other.close()));
  });

  test('[DB3] a database of a newer version is refused and not touched', async () => {
    await migrate(database);
    await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', 'now')`.execute(
      database.kysely,
    );
    await sql`DELETE FROM kysely_migration WHERE name = ${Object.keys(MIGRATIONS).at(-1)}`.execute(
      database.kysely,
    );
    const before = await sql`SELECT * FROM kysely_migration`.execute(database.kysely);
    await expect(migrate(database)).rejects.toThrow(DatabaseTooNewError);
    expect((await sql`SELECT * FROM kysely_migration`.execute(database.kysely)).rows).toEqual(before.rows);
  });

  test('[DB5] a database that is closed keeps no connection, also when only statements were run on it', async () => {
    const other = createDatabase({ url: test1.url, onError: () => undefined });
    const [mine] = await other.run<{ pid: number }>({ name: '', text: 'SELECT pg_backend_pid() AS pid' }, []);
    await other.close();
    await other.close();
    const alive = (): Promise<unknown[]> =>
      database.run({ name: '', text: 'SELECT 1 FROM pg_stat_activity WHERE pid = $1' }, [mine?.pid]);
    // The backend ends a moment after its connection does.
    await vi.waitFor(async () => expect(await alive()).toEqual([]), { timeout: 20_000 });
  });

  test('[DB6] a statement in a transaction is prepared once for its connection, and one without a name is not kept', async () => {
    const twice = { name: 'twice', text: 'SELECT $1::int * 2 AS n' };
    const found = await database.kysely.transaction().execute(async (tx) => {
      const numbers = [...(await runIn(tx, twice, [1])), ...(await runIn(tx, twice, [21]))];
      await sql`SELECT ${1}::int`.execute(tx);
      const kept = sql<{ name: string; statement: string; uses: number }>`
        SELECT name, statement, generic_plans + custom_plans AS uses FROM pg_prepared_statements WHERE name <> ''`;
      return { numbers, kept: (await kept.execute(tx)).rows };
    });
    expect(found).toEqual({
      numbers: [{ n: 2 }, { n: 42 }],
      kept: [{ name: 'twice', statement: twice.text, uses: 2 }],
    });
  });
});
