/** `holdfast backup` and `holdfast restore`: beside servers at work, into empty ones, and what devices do afterwards. */
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs, HoldfastDocument } from '@holdfast/core/document.ts';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { checkBackup } from '@holdfast/deploy/backup-file.ts';
import { MIGRATIONS, appliedMigrations, migrate } from '@holdfast/db/migrate.ts';
import { readHead } from '@holdfast/db/update-log.ts';
import { Migrator } from 'kysely/migration';
import { expect, onTestFinished, test } from 'vitest';
import type * as Y from 'yjs';
import { newAccount, newPerson } from '../app/person.ts';
import { createCrew, readFresh } from '../kill/writers.ts';
import { createAccount } from '../support/account.ts';
import { startApp } from '../support/app.ts';
import { launchChromium } from '../support/chromium.ts';
import { testDatabase } from '../support/postgres.ts';
import { connectStockClient, untilDoc } from '../support/stock-client.ts';
import { holdfast, ownDataDir, signUp, statusOfMe } from './machine.ts';

/** Ends with the test. */
async function ownDatabase(migrated = false): Promise<{ url: string; database: Database }> {
  const made = await testDatabase({ migrated });
  const database = createDatabase({ url: made.url, onError: () => undefined });
  onTestFinished(async () => {
    await database.close();
    await made.drop();
  });
  return { url: made.url, database };
}

function run<Row>(database: Database, text: string): Promise<Row[]> {
  return database.run<Row>({ name: '', text }, []);
}

async function backedUp(env: Record<string, string>, file: string): Promise<string> {
  const done = await holdfast(['backup', `--to=${file}`], env);
  expect(done.code, done.stderr).toBe(0);
  return done.stdout;
}

async function restored(env: Record<string, string>, file: string): Promise<string> {
  const done = await holdfast(['restore', `--from=${file}`], env);
  expect(done.code, done.stderr).toBe(0);
  return done.stdout;
}

function documentOn(doc: Y.Doc): HoldfastDocument {
  return openDocument({ doc, now: () => Date.now() as EpochMs, random: Math.random });
}

/** Rows of two tables that point to each other's tables, and values of every type there is. */
async function fill(database: Database): Promise<void> {
  await run(
    database,
    `INSERT INTO account_user (id, name, email) VALUES ('u1', E'A\\nd"a\\\\ — ü🌱', 'ada@example.org')`,
  );
  await run(
    database,
    `INSERT INTO space (id, name, kind, head) VALUES ('00000000-0000-4000-8000-000000000001', 'Home', 'personal', 700)`,
  );
  await run(
    database,
    `INSERT INTO update_log (space_id, seq, body, user_id, device_id, received_at, batch, batch_pos)
     SELECT '00000000-0000-4000-8000-000000000001', n, sha256(n::text::bytea), 'u1', NULL,
       '2026-03-29T01:59:59.123456Z', gen_random_uuid(), 0 FROM generate_series(1, 700) AS n`,
  );
}

/** All rows of all tables but those that a restore is meant to change. */
async function contentOf(database: Database): Promise<Record<string, string>> {
  const tables = await run<{ name: string }>(
    database,
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_name NOT LIKE 'kysely_%' AND table_name <> 'server_keys'`,
  );
  const content: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await run<{ all: string | null }>(
      database,
      `SELECT string_agg(line, E'\\n' ORDER BY line) AS all FROM (
         SELECT (to_jsonb(t) - 'epoch' - 'restored_at' - 'live_by')::text AS line FROM ${name} AS t
       ) AS lines`,
    );
    content[name] = row?.all ?? '';
  }
  return content;
}

test('[BK1] a backup under writers is one moment, and clients that were ahead of it heal what it lacks', async () => {
  const source = await ownDatabase();
  const folder = await ownDataDir();
  const app = await startApp({ databaseUrl: source.url, env: { RATE_LIMITS: 'off' } });
  const account = await createAccount(app.url);
  const spaceIds = [account.spaceId, await account.newSpace('Shared')];
  const crew = createCrew(account, spaceIds, 3);
  onTestFinished(() => crew.disconnect());
  await crew.connect(app.url);
  await crew.writeUntil(300);
  const toldBefore = crew.writers.map(({ told }) => new Set(told));
  const file = join(folder, 'busy.backup.gz');
  const env = { DATABASE_URL: source.url, DATA_DIR: await ownDataDir() };
  expect(await backedUp(env, file)).toMatch(
    /^Backed up 1 account, 2 spaces and \d+ edits .* read it back\.$/m,
  );
  const madeBehind = crew.writers.map(({ made }) => made);
  await crew.writeUntil(100);
  await crew.settle();
  expect(crew.writers.some(({ made }, n) => made > (madeBehind[n] ?? 0))).toBe(true);
  await crew.disconnect();
  await app.stop();

  const target = await ownDatabase();
  const targetEnv = { DATABASE_URL: target.url, DATA_DIR: await ownDataDir() };
  await restored(targetEnv, file);
  expect((await holdfast(['doctor'], targetEnv)).stdout).toContain('2 spaces, no gap in any log');
  const after = await startApp({ databaseUrl: target.url, env: { RATE_LIMITS: 'off' } });
  const fresh = await readFresh(after.url, account, spaceIds);
  crew.writers.forEach((writer, n) => {
    const tasks = fresh.get(writer.spaceId)?.getMap('tasks');
    for (const edit of toldBefore[n] ?? []) expect(tasks?.has(`${writer.name}-${edit}/born`)).toBe(true);
  });
  expect(crew.missing(fresh, 'all').length).toBeGreaterThan(0);

  await crew.connect(after.url);
  expect(crew.missing(await readFresh(after.url, account, spaceIds), 'all')).toEqual([]);
  await crew.disconnect();
  expect(await after.stop()).toEqual({ code: 0, signal: null });
});

test('[BK2] one device that was ahead brings back what another wrote, too', async () => {
  const source = await ownDatabase();
  const file = join(await ownDataDir(), 'server.backup.gz');
  const app = await startApp({ databaseUrl: source.url });
  const account = await createAccount(app.url);
  const { spaceId, token } = account;
  const writer = connectStockClient({ url: app.url, spaceId, token });
  const witness = connectStockClient({ url: app.url, spaceId, token });
  await Promise.all([writer.synced(), witness.synced()]);
  const document = documentOn(writer.doc);
  const seen = documentOn(witness.doc);
  const before = document.createTask({ title: 'Before' });
  await untilDoc(witness.doc, () => [...seen.tasks()].length === 1);
  const env = { DATABASE_URL: source.url, DATA_DIR: await ownDataDir() };
  await backedUp(env, file);
  document.createTask({ title: 'After' });
  if (before.ok) document.completeTask(before.id);
  await untilDoc(
    witness.doc,
    () => [...seen.tasks()].length === 2 && [...seen.tasks()].some((t) => t.status === 'done'),
  );
  const epoch = (await readHead(source.database, spaceId))?.epoch;
  writer.destroy();
  await witness.goOffline();
  await app.stop();

  const target = await ownDatabase();
  await restored({ DATABASE_URL: target.url, DATA_DIR: await ownDataDir() }, file);
  const head = await readHead(target.database, spaceId);
  expect(head?.epoch).not.toBe(epoch);
  expect(head?.restoredAt).toBeInstanceOf(Date);
  const after = await startApp({ databaseUrl: target.url });
  const healer = connectStockClient({ url: after.url, spaceId, token, doc: witness.doc });
  const fresh = connectStockClient({ url: after.url, spaceId, token });
  await Promise.all([healer.synced(), fresh.synced()]);
  const healed = documentOn(fresh.doc);
  await untilDoc(fresh.doc, () => [...healed.tasks()].length === 2);
  await untilDoc(fresh.doc, () => [...healed.tasks()].some((task) => task.status === 'done'));
  expect([...healed.tasks()].map((task) => task.title).sort()).toEqual(['After', 'Before']);
  healer.destroy();
  fresh.destroy();
  await after.stop();
});

test('[BK2] the app that was ahead brings back its edits, and says that all is saved', async () => {
  const [browser, source] = await Promise.all([launchChromium(), ownDatabase()]);
  const file = join(await ownDataDir(), 'app.backup.gz');
  const app = await startApp({ databaseUrl: source.url, env: { RATE_LIMITS: 'off' } });
  const account = newAccount();
  const anna = await newPerson(browser, app.url, { isNotInstalled: true });
  await anna.add('Before');
  await anna.createAccount(account);
  await anna.untilSync(/^\s*All saved/);
  await backedUp({ DATABASE_URL: source.url, DATA_DIR: await ownDataDir() }, file);
  await anna.add('After');
  await anna.untilSync(/^\s*All saved/);
  await app.stop();
  await anna.untilSync(/^\s*Offline/);
  await anna.add('Meanwhile');

  const target = await ownDatabase();
  await restored({ DATABASE_URL: target.url, DATA_DIR: await ownDataDir() }, file);
  const after = await startApp({
    databaseUrl: target.url,
    env: { RATE_LIMITS: 'off', PORT: String(app.port) },
  });
  await anna.untilSync(/^\s*All saved/);
  const other = await newPerson(browser, after.url, { isNotInstalled: true });
  await other.signIn(account);
  await other.untilTitles('Before', 'After', 'Meanwhile');
  await browser.close();
  await after.stop();
});

test('[BK3] sessions and keys survive, from an embedded database to one at DATABASE_URL and back', async () => {
  const folder = await ownDataDir();
  const first = await ownDataDir();
  const one = await startApp({ dataDir: first });
  const cookie = await signUp(one.url);
  const file = join(folder, 'embedded.backup.gz');
  await backedUp({ DATA_DIR: first }, file);
  await one.stop();
  const keys = await readFile(join(first, 'keys.json'), 'utf8');

  const shared = await ownDatabase();
  await restored({ DATABASE_URL: shared.url, DATA_DIR: await ownDataDir() }, file);
  const two = await startApp({ databaseUrl: shared.url });
  expect(await statusOfMe(two.url, cookie)).toBe(200);
  const again = join(folder, 'shared.backup.gz');
  await backedUp({ DATABASE_URL: shared.url, DATA_DIR: await ownDataDir() }, again);
  await two.stop();

  const third = await ownDataDir();
  const told = await restored({ DATA_DIR: third }, again);
  expect(told).toMatch(/^Restored 1 account, 1 space and 0 edits .* Start Holdfast now/);
  expect(JSON.parse(await readFile(join(third, 'keys.json'), 'utf8'))).toEqual(JSON.parse(keys));
  expect((await stat(join(third, 'keys.json'))).mode & 0o777).toBe(0o600);
  const three = await startApp({ dataDir: third });
  expect(await statusOfMe(three.url, cookie)).toBe(200);
  await three.stop();
});

test('[BK4] every value of every table comes back as it was, whatever the session is set to', async () => {
  const source = await ownDatabase(true);
  await fill(source.database);
  const name = new URL(source.url).pathname.slice(1);
  await run(source.database, `ALTER DATABASE ${name} SET timezone = 'Asia/Kolkata'`);
  await run(source.database, `ALTER DATABASE ${name} SET datestyle = 'SQL, DMY'`);
  const file = join(await ownDataDir(), 'all.backup.gz');
  const told = await backedUp({ DATABASE_URL: source.url, DATA_DIR: await ownDataDir() }, file);
  expect(told).toContain('1 account, 1 space and 700 edits (702 rows of');
  const target = await ownDatabase();
  await restored({ DATABASE_URL: target.url, DATA_DIR: await ownDataDir() }, file);
  await run(source.database, `ALTER DATABASE ${name} RESET ALL`);
  const again = createDatabase({ url: source.url, onError: () => undefined });
  expect(await contentOf(target.database)).toEqual(await contentOf(again));
  await again.close();
});

test('[BK5] a file that is cut short, altered or longer is refused, and nothing is touched', async () => {
  const source = await ownDatabase(true);
  await fill(source.database);
  const folder = await ownDataDir();
  const file = join(folder, 'good.backup.gz');
  await backedUp({ DATABASE_URL: source.url, DATA_DIR: await ownDataDir() }, file);
  const good = await readFile(file);
  const text = gunzipSync(good).toString();
  const lines = text.trimEnd().split('\n');
  const at = lines.findIndex((line) => line.includes('"00000000-0000-4000-8000-000000000001","2"'));
  expect(at).toBeGreaterThan(0);
  const altered = [...lines];
  altered[at] = (lines[at] ?? '').replace('"u1"', '"u2"');
  const header = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  const wrong: [name: string, content: Buffer, sentence: RegExp][] = [
    ['empty', Buffer.alloc(0), /cut short/],
    ['half', good.subarray(0, good.length >> 1), /cut short/],
    ['no-end', good.subarray(0, good.length - 9), /cut short/],
    [
      'flipped',
      Buffer.concat([good.subarray(0, 400), Buffer.from([(good[400] ?? 0) ^ 1]), good.subarray(401)]),
      /altered|begin|missing|shape|sum|short/,
    ],
    ['no-gzip', Buffer.from(text), /altered, or is no gzip file/],
    ['garbage', Buffer.concat([good, Buffer.from('more')]), /altered, or is no gzip file/],
    ['longer', Buffer.concat([good, gzipSync('["more"]\n')]), /altered, or is no gzip file/],
    ['line-more', gzipSync(`${text}["more"]\n`), /something follows its end/],
    ['row', gzipSync(`${altered.join('\n')}\n`), /rows of update_log were altered/],
    ['row-gone', gzipSync(`${lines.toSpliced(at, 1).join('\n')}\n`), /rows of update_log are missing/],
    ['header', gzipSync(text.replace('"holdfast":"', '"holdfast":"9')), /its sum is not that of its content/],
    ['lines-gone', gzipSync(`${lines.slice(0, -1).join('\n')}\n`), /cut short/],
    ['other', gzipSync('{"format":"holdfast-export"}\n'), /does not begin like one/],
    [
      'future',
      gzipSync(`${JSON.stringify({ ...header, version: 9 })}\n`),
      /version 9 of the format; this Holdfast reads 1/,
    ],
  ];
  const target = await ownDatabase();
  const dataDir = await ownDataDir();
  const unused = join(dataDir, 'unused');
  for (const [name, content, sentence] of wrong) {
    const path = join(folder, name);
    await writeFile(path, content);
    const fault = await checkBackup(path).catch((error: unknown) => error as Error);
    expect(fault, name).toMatchObject({
      name: 'StartFault',
      message: expect.stringMatching(sentence) as string,
    });
  }
  // The command looks at it as a whole first: at one that is short, and at one of which only the last line is wrong.
  for (const [name, env] of [
    ['half', { DATA_DIR: unused }],
    ['header', { DATABASE_URL: target.url, DATA_DIR: dataDir }],
  ] as const) {
    const answer = await holdfast(['restore', `--from=${join(folder, name)}`], env);
    expect(answer, name).toMatchObject({ code: 1, stdout: '' });
    expect(answer.stderr, name).toMatch(/^holdfast: .* Nothing was changed; use another backup\.\n$/);
  }
  expect(await appliedMigrations(target.database)).toEqual([]);
  await expect(stat(unused)).rejects.toThrow('ENOENT');
  expect(await holdfast(['restore', `--from=${join(folder, 'none')}`], { DATA_DIR: unused })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('none is not there.') as string,
  });
  expect((await holdfast(['restore'])).code).toBe(2);
});

test('[BK6] only an empty server that does not run is restored into', async () => {
  const dir = await ownDataDir();
  const folder = await ownDataDir();
  const file = join(folder, 'one.backup.gz');
  const app = await startApp({ dataDir: dir });
  await signUp(app.url);
  await backedUp({ DATA_DIR: dir }, file);
  const sentence = async (env: Record<string, string>): Promise<string> => {
    const answer = await holdfast(['restore', `--from=${file}`], env);
    expect(answer).toMatchObject({ code: 1, stdout: '' });
    expect(answer.stderr.trim().split('\n')).toHaveLength(1);
    return answer.stderr;
  };
  expect(await sentence({ DATA_DIR: dir })).toMatch(/A server runs on the data folder .*: stop it first/);
  await app.stop();
  const keys = await readFile(join(dir, 'keys.json'), 'utf8');
  expect(await sentence({ DATA_DIR: dir })).toMatch(/The data folder is not empty \(table account_\w+\)/);
  expect(await readFile(join(dir, 'keys.json'), 'utf8')).toBe(keys);

  const used = await ownDatabase(true);
  await fill(used.database);
  const before = await contentOf(used.database);
  expect(await sentence({ DATABASE_URL: used.url, DATA_DIR: folder })).toContain('DATABASE_URL is not empty');
  expect(await contentOf(used.database)).toEqual(before);

  const foreign = await ownDatabase();
  await run(foreign.database, 'CREATE TABLE invoices (id integer)');
  expect(await sentence({ DATABASE_URL: foreign.url, DATA_DIR: folder })).toContain(
    'not of Holdfast (invoices)',
  );

  const served = await ownDatabase();
  const server = await startApp({ databaseUrl: served.url });
  expect(await sentence({ DATABASE_URL: served.url, DATA_DIR: folder })).toContain(
    'process uses the database',
  );
  await server.stop();
  // It was started and holds nothing: that is empty.
  await restored({ DATABASE_URL: served.url, DATA_DIR: folder }, file);
});

test('[BK7] a backup of an older version is brought up to this one, and one of a newer is refused', async () => {
  const old = await ownDatabase();
  const names = Object.keys(MIGRATIONS);
  const before = names.slice(0, names.indexOf('0003-server-keys') + 1);
  const migrator = new Migrator({
    db: old.database.kysely,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
  });
  await migrator.migrateTo('0003-server-keys');
  await fill(old.database);
  const file = join(await ownDataDir(), 'old.backup.gz');
  const env = { DATABASE_URL: old.url, DATA_DIR: await ownDataDir() };
  await backedUp(env, file);
  expect(await appliedMigrations(old.database)).toEqual(before);

  // Into one that has nothing, and into one that was started with this version already.
  for (const migrated of [false, true]) {
    const target = await ownDatabase(migrated);
    const told = await restored({ DATABASE_URL: target.url, DATA_DIR: env.DATA_DIR }, file);
    expect(told).toContain('brought up to this version (0004-projection');
    expect(await appliedMigrations(target.database)).toEqual(names);
    expect(await contentOf(target.database)).toMatchObject(await contentOf(old.database));
    expect(await migrate(target.database)).toEqual([]);
  }

  await migrate(old.database);
  await run(old.database, `INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-wings', '')`);
  const newer = join(await ownDataDir(), 'newer.backup.gz');
  await backedUp(env, newer);
  const target = await ownDatabase();
  expect(await holdfast(['restore', `--from=${newer}`], { ...env, DATABASE_URL: target.url })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/made by a newer Holdfast .*9999-wings.* Nothing was changed\./) as string,
  });
  expect(await appliedMigrations(target.database)).toEqual([]);
});

test('[BK8] a backup is for its owner alone, and as many as asked for stay', async () => {
  const source = await ownDatabase(true);
  await fill(source.database);
  const dir = await ownDataDir();
  const env = { DATABASE_URL: source.url, DATA_DIR: dir };
  const folder = join(dir, 'backups');
  expect((await holdfast(['backup'], env)).code).toBe(0);
  const [first = ''] = await readdir(folder);
  expect((await stat(join(folder, first))).mode & 0o777).toBe(0o600);
  // By its name the oldest of all, and not for us to remove.
  await writeFile(join(folder, 'a-note.txt'), 'not ours');
  const old = 'holdfast-2020-01-01T00-00-00-000Z.backup.gz';
  await writeFile(join(folder, old), 'an old one');
  const kept = await holdfast(['backup', '--keep=2'], env);
  expect(kept.stdout).toMatch(/Removed 1 older backup; 2 stay\.\n$/);
  const left = (await readdir(folder)).sort();
  expect(left).toEqual(['a-note.txt', first, expect.stringMatching(/^holdfast-.*\.backup\.gz$/)]);
});

test('[BK9] a backup overwrites nothing, and leaves no half file', async () => {
  const source = await ownDatabase(true);
  const dir = await ownDataDir();
  const env = { DATABASE_URL: source.url, DATA_DIR: dir };
  const there = join(dir, 'there.gz');
  await writeFile(there, 'mine');
  expect(await holdfast(['backup', `--to=${there}`], env)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there.gz is there already') as string,
  });
  expect(await readFile(there, 'utf8')).toBe('mine');
  expect((await holdfast(['backup', `--to=${join(dir, 'no', 'file.gz')}`], env)).stderr).toContain(
    'is not there',
  );
  expect((await readdir(dir)).filter((name) => name.includes('partial'))).toEqual([]);
  expect((await holdfast(['backup', '--keep=0'], env)).code).toBe(2);
  expect((await holdfast(['backup', `--to=${join(dir, 'x.gz')}`, '--keep=1'], env)).code).toBe(2);
  const empty = await ownDatabase();
  expect(await holdfast(['backup'], { DATABASE_URL: empty.url, DATA_DIR: dir })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is nothing to back up') as string,
  });
});
