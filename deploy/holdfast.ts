/**
 * `npm run holdfast -- <command>`: the operator's command line.
 *
 * Promise: every command has --help; a wrong call is answered with the right one and exit code 2; commands work
 * beside a running server.
 * Why some imports are late: the server and the auth library take a second to load, and help should not.
 */
import { migrate } from '@holdfast/db/migrate.ts';
import { backupCommand, restoreCommand } from './backup-commands.ts';
import { print, readCall, tell, UsageFault, visit, withDatabase } from './command.ts';
import type { Command } from './command.ts';
import { readConfig } from './config.ts';
import { openDataFolder } from './data-folder.ts';
import { examineDatabase, examineMachine } from './doctor.ts';
import type { Finding } from './doctor.ts';
import { StartFault, runMain } from './fault.ts';
import { exportCommand, importCommand } from './space-commands.ts';
import { userCommand } from './user-command.ts';

const MIGRATE_HELP = `holdfast migrate

  Applies what this version adds to the database, in one transaction. A start does the same by itself; this is for
  deployments that want it as a step of its own. A database of a newer version is refused and not touched.`;

const DOCTOR_HELP = `holdfast doctor

  One line for each check. Changes nothing. Ends with 1 when something is wrong.`;

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
    help: MIGRATE_HELP,
    run: runMigrate,
  },
  doctor: {
    summary: 'check runtime, data folder, database, migrations and logs',
    help: DOCTOR_HELP,
    run: runDoctor,
  },
  user: userCommand,
  export: exportCommand,
  import: importCommand,
  backup: backupCommand,
  restore: restoreCommand,
};

if (import.meta.main) {
  await runMain(async () => {
    try {
      await main(process.argv.slice(2));
    } catch (error) {
      if (!(error instanceof UsageFault)) throw error;
      tell(error.message);
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

// --- the commands ---

async function runServe(args: readonly string[]): Promise<void> {
  const { roleFrom, serve } = await import('./start.ts');
  await serve({ role: roleFrom(args), env: process.env });
}

async function runMigrate(args: readonly string[]): Promise<void> {
  readCall(args, { help: MIGRATE_HELP });
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
  readCall(args, { help: DOCTOR_HELP });
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
