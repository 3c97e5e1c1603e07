/**
 * `holdfast user`: accounts by the hand of whoever runs the server.
 *
 * Promise: goes through the same rules as the API (sync-server/accounts), so a weak password is refused here too;
 * a password is never an argument, since other users of a machine can see those.
 */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Database } from '@holdfast/db/database.ts';
import { migrate } from '@holdfast/db/migrate.ts';
import type { Accounts } from '@holdfast/sync-server/accounts/accounts.ts';
import { createLogger } from '@holdfast/sync-server/logging.ts';
import { print, readCall, usage, withDatabase } from './command.ts';
import type { Command } from './command.ts';
import { StartFault } from './fault.ts';
import { serverKeys } from './keys.ts';

const HELP = `holdfast user list
holdfast user create --email=ADDRESS --name=NAME [--password-stdin]
holdfast user reset-password ADDRESS [--password-stdin]

  create           makes an account whatever SIGNUP says; the first one is the administrator
  reset-password   gives a person a new password and ends all of their sessions, on a running server too. Nothing
                   else changes: their tasks and API tokens stay, and edits that a device has not sent yet are sent
                   when they sign in there again.

  The password is read from standard input with --password-stdin (a terminal is asked for it, unseen); otherwise one
  is made and shown once.`;

export const userCommand: Command = {
  summary: 'list accounts, make one, set a forgotten password anew',
  help: HELP,
  async run([action, ...args]) {
    switch (action) {
      case 'list':
        readCall(args, { help: HELP });
        return withDatabase(listUsers);
      case 'create':
        return createUser(args);
      case 'reset-password':
        return resetPassword(args);
      default:
        throw usage(action === undefined ? 'What to do with users?' : `There is no "user ${action}".`, HELP);
    }
  },
};

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

async function createUser(args: readonly string[]): Promise<void> {
  const call = readCall(args, {
    options: { email: { type: 'string' }, name: { type: 'string' }, 'password-stdin': { type: 'boolean' } },
    help: HELP,
  });
  const [email, name] = [call.text('email'), call.text('name')];
  if (email === undefined || name === undefined) throw usage('--email and --name are needed.', HELP);
  const { password, made } = await passwordFor(call.has('password-stdin'));
  await withAccounts(async (accounts) => {
    const outcome = await accounts.signUp({ name, email, password }, new Headers());
    if (!outcome.ok) throw new StartFault(`The account was not made (${outcome.code}).`);
    print(`Made ${outcome.value.role} ${email} (${outcome.value.id}).`);
    if (made) print(`Password: ${password}`);
  });
}

async function resetPassword(args: readonly string[]): Promise<void> {
  const call = readCall(args, {
    options: { 'password-stdin': { type: 'boolean' } },
    maxOperands: 1,
    help: HELP,
  });
  const [email] = call.operands;
  if (email === undefined) throw usage('Whose password? Give the e-mail address of the account.', HELP);
  const { password, made } = await passwordFor(call.has('password-stdin'));
  await withAccounts(async (accounts) => {
    const outcome = await accounts.resetPassword({ email, password });
    if (!outcome.ok) {
      throw new StartFault(
        outcome.code === 'no-account'
          ? `There is no account ${email}: "holdfast user list" names them all.`
          : `The password was not changed (${outcome.code}).`,
      );
    }
    print(`The password of ${email} is new, and all of their sessions have ended.`);
    if (made) print(`Password: ${password}`);
  });
}

async function withAccounts(work: (accounts: Accounts) => Promise<void>): Promise<void> {
  // Late, because the auth library takes a second to load, and help should not.
  const { createAccounts } = await import('@holdfast/sync-server/accounts/accounts.ts');
  const { createAuthLibrary } = await import('@holdfast/sync-server/accounts/auth-library.ts');
  await withDatabase(async (database, config, folder) => {
    await migrate(database);
    const { authSecret } = await serverKeys(config, folder, database);
    const library = createAuthLibrary({
      database,
      secret: authSecret,
      logger: createLogger({ level: 'error' }),
    });
    await work(createAccounts({ database, library, signup: 'open', now: Date.now }));
  });
}

// --- the password ---

async function passwordFor(fromInput: boolean): Promise<{ password: string; made: boolean }> {
  if (!fromInput) return { password: randomBytes(12).toString('base64url'), made: true };
  const given = process.stdin.isTTY ? await ask('New password: ') : await text(process.stdin);
  return { password: given.replace(/\r?\n$/, ''), made: false };
}

/** From a terminal, without showing what is typed. */
function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: unseen, terminal: true });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    // Ctrl-C and Ctrl-D, and after a line without effect.
    lines.once('close', () => {
      process.stderr.write('\n');
      reject(new StartFault('No password was given; nothing was changed.'));
    });
  });
}
