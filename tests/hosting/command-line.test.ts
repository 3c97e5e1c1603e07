/** The operator's command line, as a process: what it says, and its exit code. */
import { createDatabase } from '@holdfast/db/database.ts';
import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { testDatabase } from '../support/postgres.ts';
import { holdfast, madeDataDir, ownDataDir } from './machine.ts';

const COMMANDS = ['serve', 'migrate', 'doctor', 'user', 'export', 'import', 'backup', 'restore'];

test('[HO23] every command has help, and the overview names them all', async () => {
  const overview = await holdfast([]);
  expect(overview.code).toBe(0);
  await Promise.all(
    COMMANDS.map(async (name) => {
      expect(overview.stdout).toContain(`\n  ${name} `);
      const help = await holdfast([name, '--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toContain(`holdfast ${name}`);
    }),
  );
});

test('[HO23] a wrong call is answered with the right one', async () => {
  expect(await holdfast(['fly'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^There is no command "fly"\.\n\n.*\n\n {2}serve/) as string,
  });
  expect(await holdfast(['doctor', '--fast'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('holdfast doctor') as string,
  });
});

test('[HO24] doctor and migrate work on a new folder, and doctor beside a running server', async () => {
  const dir = await ownDataDir();
  const env = { DATA_DIR: dir };
  const before = await holdfast(['doctor'], env);
  expect(before.code).toBe(1);
  expect(before.stdout).toMatch(/WRONG {2}migrations are missing .*run "npm run holdfast -- migrate"/);
  expect(await holdfast(['migrate'], env)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Applied/) as string,
  });
  expect(await holdfast(['migrate'], env)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Nothing to do/) as string,
  });

  const app = await startApp({ dataDir: dir });
  const beside = await holdfast(['doctor'], env);
  expect(beside.stdout).toContain(app.url);
  expect(beside.stdout).toContain('no gap in any log');
  expect(beside.code).toBe(0);
  // It was a visitor: the server's database still runs.
  expect((await fetch(`${app.url}/readyz`)).status).toBe(200);
  await app.stop();
  expect((await holdfast(['doctor'], env)).code).toBe(0);
});

test('[HO24] doctor finds a gap in a log', async () => {
  const test = await testDatabase();
  const database = createDatabase({ url: test.url, onError: () => undefined });
  const space = '00000000-0000-4000-8000-000000000001';
  const run = (text: string): Promise<unknown> => database.run({ name: '', text }, []);
  await run(`INSERT INTO space (id, name, kind, head) VALUES ('${space}', 'Home', 'personal', 3)`);
  for (const seq of [1, 3]) {
    await run(
      `INSERT INTO update_log (space_id, seq, body, user_id, batch, batch_pos)
       VALUES ('${space}', ${seq}, '\\x00', 'someone', gen_random_uuid(), 0)`,
    );
  }
  const env = { DATABASE_URL: test.url, DATA_DIR: await ownDataDir() };
  const found = await holdfast(['doctor'], env);
  expect(found.stdout).toContain(`WRONG  space ${space}: 1 updates are missing from the log`);
  expect(found.code).toBe(1);
  await run(`DELETE FROM update_log WHERE seq = 3`);
  expect((await holdfast(['doctor'], env)).stdout).toContain('the log ends at 1 but should reach 3');
  await database.close();
  await test.drop();
});

test('[HO25] the first account is the administrator, and signs in with the password that was given', async () => {
  const dir = await madeDataDir();
  const env = { DATA_DIR: dir };
  const create = ['user', 'create', '--email=ada@example.org', '--name=Ada', '--password-stdin'];
  const made = await holdfast(create, env, 'correct horse battery\n');
  expect(made, made.stderr).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(/^Made administrator ada@example\.org \(.+\)\.\n$/) as string,
  });
  expect(await holdfast(create, env, 'another password\n')).toMatchObject({
    code: 1,
    stderr: 'holdfast: The account was not made (email-taken).\n',
  });
  const second = await holdfast(['user', 'create', '--email=bob@example.org', '--name=Bob'], env);
  expect(second.stdout).toMatch(/^Made member bob@example\.org .*\nPassword: \S{16}\n$/);
  expect((await holdfast(['user', 'list'], env)).stdout).toMatch(
    /administrator\tada@.*\n.*member\tbob@.*\n$/,
  );

  const app = await startApp({ dataDir: dir });
  const signIn = await fetch(`${app.url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: app.url },
    body: JSON.stringify({ email: 'ada@example.org', password: 'correct horse battery' }),
  });
  expect(signIn.status).toBe(200);
  await app.stop();
});
