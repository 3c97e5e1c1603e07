/** The operator's commands for a person's password and for a space's content, beside a running server. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs, HoldfastDocument } from '@holdfast/core/document.ts';
import { createDatabase } from '@holdfast/db/database.ts';
import { readHead } from '@holdfast/db/update-log.ts';
import { COMPACTION, compactSpace } from '@holdfast/workers/compact.ts';
import { expect, onTestFinished, test, vi } from 'vitest';
import type * as Y from 'yjs';
import { createAccount } from '../support/account.ts';
import { startApp } from '../support/app.ts';
import { testDatabase } from '../support/postgres.ts';
import { connectStockClient, untilDoc } from '../support/stock-client.ts';
import type { StockClient } from '../support/stock-client.ts';
import { holdfast, madeDataDir, ownDataDir, signUp, statusOfMe } from './machine.ts';

async function signInStatus(url: string, password: string): Promise<number> {
  const response = await fetch(`${url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ email: 'ada@example.org', password }),
  });
  return response.status;
}

test('[HO26] a forgotten password is set anew, and the sessions of the person end on a running server', async () => {
  const dir = await madeDataDir();
  const env = { DATA_DIR: dir };
  const app = await startApp({ dataDir: dir });
  const cookie = await signUp(app.url);
  // The server now remembers who the cookie stands for.
  expect(await statusOfMe(app.url, cookie)).toBe(200);
  const reset = ['user', 'reset-password', 'Ada@example.org', '--password-stdin'];
  const done = await holdfast(reset, env, 'a wholly new battery\n');
  expect(done, done.stderr).toMatchObject({
    code: 0,
    stdout: 'The password of Ada@example.org is new, and all of their sessions have ended.\n',
  });
  // Told by the command, and not only once the memory of five seconds has run out.
  await vi.waitFor(async () => expect(await statusOfMe(app.url, cookie)).toBe(401), {
    timeout: 3000,
    interval: 20,
  });
  expect(await signInStatus(app.url, 'correct horse battery')).toBe(401);
  expect(await signInStatus(app.url, 'a wholly new battery')).toBe(200);

  const made = await holdfast(['user', 'reset-password', 'ada@example.org'], env);
  const password = /\nPassword: (\S{16})\n$/.exec(made.stdout)?.[1] ?? '';
  expect(await signInStatus(app.url, 'a wholly new battery')).toBe(401);
  expect(await signInStatus(app.url, password)).toBe(200);

  // What goes wrong changes nothing.
  expect(await holdfast(reset, env, 'short\n')).toMatchObject({
    code: 1,
    stderr: 'holdfast: The password was not changed (weak-password).\n',
  });
  expect(await holdfast(['user', 'reset-password', 'eve@example.org'], env)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no account eve@example.org') as string,
  });
  expect(await holdfast(['user', 'reset-password'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^Whose password\?[^]*holdfast user reset-password ADDRESS/) as string,
  });
  expect(await signInStatus(app.url, password)).toBe(200);
  await app.stop();
});

function documentOn(doc: Y.Doc): HoldfastDocument {
  return openDocument({ doc, now: () => Date.now() as EpochMs, random: Math.random });
}

/** Tasks of several shapes, written on a device. */
function fill(document: HoldfastDocument): void {
  document.batch('fill', () => {
    const list = document.createList({ name: 'Allotment' });
    const tag = document.createTag({ name: 'outdoors' });
    if (!list.ok || !tag.ok) throw new Error('The document takes no lists or tags');
    for (let n = 0; n < 40; n++) {
      document.createTask({
        title: `Bed ${n}`,
        notes: n % 3 === 0 ? `Row ${n} — ümlaut 🌱` : '',
        listId: list.id,
      });
    }
    const task = document.createTask({ title: 'Water', tags: [tag.id], priority: 'high' });
    if (task.ok) document.completeTask(task.id);
    const gone = document.createTask({ title: 'Weed' });
    if (gone.ok) document.trashTask(gone.id);
  });
}

test('[HO27] a space goes out, into another and out again as the same file, and devices get it', async () => {
  const database = await testDatabase();
  const app = await startApp({ databaseUrl: database.url });
  const env = { DATABASE_URL: database.url, DATA_DIR: await ownDataDir() };
  const folder = await ownDataDir();
  const account = await createAccount(app.url);
  const other = await account.newSpace('Other');
  const client = (spaceId: string): StockClient => {
    const made = connectStockClient({ url: app.url, spaceId, token: account.token });
    onTestFinished(() => made.destroy());
    return made;
  };
  const one = client(account.spaceId);
  const witness = client(account.spaceId);
  const two = client(other);
  await Promise.all([one.synced(), witness.synced(), two.synced()]);
  const [source, target] = [documentOn(one.doc), documentOn(two.doc)];
  fill(source);
  const seen = documentOn(witness.doc);
  await untilDoc(witness.doc, () => [...seen.tasks()].length === 42);

  const file = join(folder, 'space.json');
  const exported = await holdfast(['export', `--user=${account.email}`, file], env);
  expect(exported, exported.stderr).toMatchObject({ code: 0, stdout: '' });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(source.exportJson());

  // A device is connected to the other space, and wrote something there itself.
  const own = target.createTask({ title: 'Here before' });
  expect(own.ok).toBe(true);
  const arrived = untilDoc(two.doc, () => [...target.tasks()].length === 43);
  const imported = await holdfast(['import', `--space=${other}`, file], env);
  expect(imported.stderr).toContain('42 new tasks, 0 merged, 0 unchanged.');
  expect(imported.code).toBe(0);
  await arrived;
  expect([...target.tasks()].map((task) => task.title)).toContain('Here before');

  // Into an empty one by standard input, and out by standard output.
  const empty = await account.newSpace('Empty');
  const content = await readFile(file, 'utf8');
  expect((await holdfast(['import', `--space=${empty}`], env, content)).code).toBe(0);
  const again = await holdfast(['export', `--space=${empty}`], env);
  expect(again.stdout).toBe(content);

  const db = createDatabase({ url: database.url, onError: () => undefined });
  const before = await readHead(db, empty);
  expect(before?.head).toBe(1);
  expect((await holdfast(['import', `--space=${empty}`, file], env)).stderr).toContain(
    '0 new tasks, 0 merged, 42 unchanged.',
  );
  expect(await readHead(db, empty)).toEqual(before);
  // From a snapshot instead of rows.
  expect(await compactSpace(db, empty, COMPACTION, Date.now())).toMatchObject({ seq: 1 });
  expect((await holdfast(['export', `--space=${empty}`], env)).stdout).toBe(content);
  await db.close();
  expect(await app.stop()).toEqual({ code: 0, signal: null });
  await database.drop();
});

test('[HO27] what cannot be exported or imported is one sentence, and changes nothing', async () => {
  const database = await testDatabase();
  const app = await startApp({ databaseUrl: database.url });
  const env = { DATABASE_URL: database.url, DATA_DIR: await ownDataDir() };
  const folder = await ownDataDir();
  const { spaceId } = await createAccount(app.url);
  await app.stop();
  const there = join(folder, 'there.json');
  await writeFile(there, '{"format": "holdfast-export", "version": 99, "maps": {}}');
  const broken = join(folder, 'broken.json');
  await writeFile(broken, '{"format": "holdf');
  const nobody = '00000000-0000-4000-8000-00000000000a';
  for (const [args, code, sentence] of [
    [['export'], 2, /^Which space\? Give either --space or --user\./],
    [['export', '--space=a', '--user=b'], 2, /^Which space\?/],
    [['import', `--space=${spaceId}`, 'a', 'b'], 2, /^There is one word too many: "b"\./],
    [['export', `--space=${nobody}`], 1, /There is no space 0{8}-/],
    [['export', '--space=mine'], 1, /There is no space mine:/],
    [['import', '--user=eve@example.org', there], 1, /There is no account eve@example\.org:/],
    [['export', `--space=${spaceId}`, there], 1, /there\.json is there already:/],
    [['export', `--space=${spaceId}`, join(folder, 'no', 'file')], 1, /no\/file is not there\./],
    [['import', `--space=${spaceId}`, join(folder, 'none')], 1, /none is not there\./],
    [['import', `--space=${spaceId}`, broken], 1, /broken\.json is not JSON.*Nothing was imported\.$/m],
    [['import', `--space=${spaceId}`, there], 1, /version 99; this Holdfast reads up to 1\. Update it/],
    [['import', `--space=${spaceId}`], 1, /standard input is not JSON/],
  ] as const) {
    const answer = await holdfast(args, env);
    expect(answer, args.join(' ')).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringMatching(sentence) as string,
    });
    if (code === 1) expect(answer.stderr.trim().split('\n'), args.join(' ')).toHaveLength(1);
  }
  const db = createDatabase({ url: database.url, onError: () => undefined });
  expect((await readHead(db, spaceId))?.head).toBe(0);
  await db.close();
  await database.drop();
});
