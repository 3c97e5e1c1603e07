/**
 * `npm run holdfast -- <command>`: the operator's command line.
 *
 * Promise: every command has --help; a wrong call is answered with the right one and exit code 2; commands work
 * beside a running server. What a later version brings is listed and says so, and does nothing else.
 * Why some imports are late: the server and the auth library take a second to load, and help should not.
 */
import { parseArgs } from 'node:util';
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { Database } from '@holdfast/db/database.ts';
import { migrate } from '@holdfast/db/migrate.ts';
import { createLogger } from '@holdfast/sync-server/logging.ts';
import { readConfig } from './config.ts';
import type { Config } from './config.ts';
import { openDataFolder } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';
import { examineDatabase, examineMachine } from './doctor.ts';
import type { Finding } from './doctor.ts';
import { StartFault, runMain } from './fault.ts';
import { serverKeys } from './keys.ts';
import { visitDatabase } from './open-database.ts';

interface Command {
  readonly summary: string;
  readonly help: string;
  run(args: readonly string[]): Promise<void>;
}

/** The call was wrong, not the machine. */
class UsageFault extends StartFault {}

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    summary: 'run a server, or one role of a split deployment',
    help: `holdfast serve [--role=all|sync|workers]

  all      app, API, sync and workers in one process, as npm start does (the default)
  sync     app, API and sync; any number of these on one database
  workers  what is done for the spaces in the background; any number of these too

  The roles sync and workers need DATABASE_URL; all servers of one database share the keys that are kept in it.
  docs/settings.md lists the settings.`,
    run: runServe,
  },
  migrate: {
    summary: 'bring the database to this version',
    help: `holdfast migrate

  Applies what this version adds to the database, in one transaction. A start does the same by itself; this is for
  deployments that want it as a step of its own. A database of a newer version is refused and not touched.`,
    run: runMigrate,
  },
  doctor: {
    summary: 'check runtime, data folder, database, migrations and logs',
    help: `holdfast doctor

  One line for each check. Changes nothing. Ends with 1 when something is wrong.`,
    run: runDoctor,
  },
  user: {
    summary: 'list accounts, make one',
    help: `holdfast user list
holdfast user create --email=ADDRESS --name=NAME [--password-stdin]

  create   makes an account whatever SIGNUP says; the first one is the administrator. The password is read from
           standard input with --password-stdin; otherwise one is made and shown once.

  Setting a forgotten password anew comes with a later version.`,
    run: runUser,
  },
  export: later(
    'export',
    'one space as JSON',
    'Until then the app exports everything on a device: Settings, Export. That file is exact and can be imported again.',
  ),
  import: later('import', 'a space from JSON', 'Until then the app imports such a file: Settings, Import.'),
  backup: later(
    'backup',
    'the whole server into one file',
    'Until then: stop Holdfast and copy the data folder, or use pg_dump with DATABASE_URL.',
  ),
  restore: later(
    'restore',
    'a server from a backup',
    'Until then: stop Holdfast and put the copied data folder back.',
  ),
};

if (import.meta.main) {
  await runMain(async () => {
    try {
      await main(process.argv.slice(2));
    } catch (error) {
      if (!(error instanceof UsageFault)) throw error;
      process.stderr.write(`${error.message}\n`);
      process.exit(2);
    }
  });
}

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(`${overview()}\n`);
    return;
  }
  const command = COMMANDS[name];
  if (!command) throw new UsageFault(`There is no command "${name}".\n\n${overview()}`);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${command.help}\n`);
    return;
  }
  await command.run(args);
}

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `npm run holdfast -- <command> [--help]\n\n${lines.join('\n')}`;
}

function later(name: string, summary: string, meanwhile: string): Command {
  const sentence = `"holdfast ${name}" is not part of this version yet. ${meanwhile}`;
  return {
    summary: `${summary} (comes with a later version)`,
    help: sentence,
    run: () => Promise.reject(new UsageFault(sentence)),
  };
}

// --- the commands ---

async function runServe(args: readonly string[]): Promise<void> {
  const { roleFrom, serve } = await import('./start.ts');
  await serve({ role: roleFrom(args), env: process.env });
}

async function runMigrate(args: readonly string[]): Promise<void> {
  parse(args, {}, 'migrate');
  await withDatabase(async (database) => {
    const applied = await migrate(database);
    print(
      applied.length === 0
        ? 'Nothing to do: the database is of this version.'
        : `Applied ${applied.join(', ')}.`,
    );
  });
}

async function runDoctor(args: readonly string[]): Promise<void> {
  parse(args, {}, 'doctor');
  const config = readConfig(process.env);
  const folder = await openDataFolder(config.DATA_DIR);
  const findings: Finding[] = await examineMachine(config, folder);
  try {
    await visit(config, folder, async (database) => void findings.push(...(await examineDatabase(database))));
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    findings.push({ ok: false, text: error.message });
  }
  for (const { ok, text: line } of findings) print(`${ok ? 'ok   ' : 'WRONG'}  ${line}`);
  process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1;
}

async function runUser([action, ...args]: readonly string[]): Promise<void> {
  switch (action) {
    case 'list':
      parse(args, {}, 'user');
      return withDatabase(listUsers);
    case 'create': {
      const options = parse(
        args,
        { email: { type: 'string' }, name: { type: 'string' }, 'password-stdin': { type: 'boolean' } },
        'user',
      );
      const { email, name } = options;
      if (typeof email !== 'string' || typeof name !== 'string')
        throw usage('user', '--email and --name are needed.');
      const given = options['password-stdin'] ? (await text(process.stdin)).replace(/\r?\n$/, '') : undefined;
      return withDatabase((database, config, folder) =>
        createUser({ database, config, folder, email, name, given }),
      );
    }
    default:
      throw usage('user', action === undefined ? 'What to do with users?' : `There is no "user ${action}".`);
  }
}

async function listUsers(database: Database): Promise<void> {
  await migrate(database);
  const users = await database.kysely
    .selectFrom('account_user')
    .select(['id', 'email', 'name', 'role'])
    .orderBy('email')
    .execute();
  if (users.length === 0) print('There are no accounts yet; the first one will be the administrator.');
  for (const user of users) print([user.id, user.role, user.email, user.name].join('\t'));
}

interface NewUser {
  readonly database: Database;
  readonly config: Config;
  readonly folder: DataFolder;
  readonly email: string;
  readonly name: string;
  readonly given: string | undefined;
}

async function createUser({ database, config, folder, email, name, given }: NewUser): Promise<void> {
  await migrate(database);
  const password = given ?? randomBytes(12).toString('base64url');
  const { createAccounts } = await import('@holdfast/sync-server/accounts/accounts.ts');
  const { createAuthLibrary } = await import('@holdfast/sync-server/accounts/auth-library.ts');
  const logger = createLogger({ level: 'error' });
  const { authSecret: secret } = await serverKeys(config, folder, database);
  const library = createAuthLibrary({ database, secret, logger });
  const accounts = createAccounts({ database, library, signup: 'open', now: Date.now });
  const outcome = await accounts.signUp({ name, email, password }, new Headers());
  if (!outcome.ok) throw new StartFault(`The account was not made (${outcome.code}).`);
  print(`Made ${outcome.value.role} ${email} (${outcome.value.id}).`);
  if (given === undefined) print(`Password: ${password}`);
}

// --- around them ---

async function withDatabase(
  work: (database: Database, config: Config, folder: DataFolder) => Promise<void>,
): Promise<void> {
  const config = readConfig(process.env);
  const folder = await openDataFolder(config.DATA_DIR);
  await visit(config, folder, async (database) => {
    await work(database, config, folder);
  });
}

async function visit(
  config: Config,
  dataFolder: DataFolder,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const open = await visitDatabase({
    databaseUrl: config.DATABASE_URL,
    dataFolder,
    report: (sentence) => process.stderr.write(`${sentence}\n`),
    onLost: (fault) => process.stderr.write(`${fault.message}\n`),
  });
  try {
    await work(open.database);
  } finally {
    await open.close();
  }
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

function parse(
  args: readonly string[],
  options: Options,
  command: string,
): Record<string, string | boolean | (string | boolean)[] | undefined> {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw usage(command, error instanceof Error ? error.message : String(error));
  }
}

function usage(command: string, fault: string): UsageFault {
  return new UsageFault(`${fault}\n\n${COMMANDS[command]?.help ?? ''}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
