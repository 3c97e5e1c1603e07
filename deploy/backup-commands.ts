/**
 * `holdfast backup` and `holdfast restore`: the whole server into one file, and a server from such a file.
 *
 * Promise: a backup is one moment of a server that may go on running and being written to; the file is checked before
 * it gets its name. A restore checks the whole file first, writes into an empty server only, and becomes visible all
 * at once; afterwards every space has a new epoch, by which devices that are ahead bring back what the file lacks.
 * Limits: keys that are set in the environment are not in the file. There is no way to overwrite a server that holds
 * something: whoever wants that moves it away first.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { readMoment, restoreInto } from '@holdfast/db/backup.ts';
import type { RestoreRefusal } from '@holdfast/db/backup.ts';
import { checkBackup, openBackup, writeBackup } from './backup-file.ts';
import type { BackupHeader, BackupSummary } from './backup-file.ts';
import { print, readCall, tell, usage, visit, withDatabase } from './command.ts';
import type { Command } from './command.ts';
import { readConfig } from './config.ts';
import type { Config } from './config.ts';
import { openDataFolder } from './data-folder.ts';
import { StartFault, fileFault } from './fault.ts';

const BACKUP_HELP = `holdfast backup [--to=FILE|FOLDER] [--keep=N]

  --to      a new file, or a folder in which each backup gets a name by its time (default: backups in the data folder)
  --keep    afterwards only the N newest backups stay in that folder

  Everything of the server in one file: accounts, spaces, settings of people, and the keys that it made for itself.
  Works beside a running server, which goes on meanwhile, or without one. The file is readable by you alone and is
  read back before it gets its name. docs/backup.md has more: a schedule, and how to try a restore.`;

const RESTORE_HELP = `holdfast restore --from=FILE

  --from    a file that "holdfast backup" made, with this version or an older one

  Into an empty server only: a new data folder, or a new database at DATABASE_URL; with the server stopped. The file
  is checked from end to end first, and a wrong one changes nothing. Devices that have more than the backup bring it
  back by themselves when they connect.`;

const NAME = /^holdfast-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.backup\.gz$/;
const MEGABYTE = 1024 * 1024;

export const backupCommand: Command = {
  summary: 'the whole server into one file',
  help: BACKUP_HELP,
  async run(args) {
    const call = readCall(args, {
      options: { to: { type: 'string' }, keep: { type: 'string' } },
      help: BACKUP_HELP,
    });
    const keep = readKeep(call.text('keep'));
    await withDatabase(async (database, config, folder) => {
      const place = await placeFor(call.text('to'), join(folder.path, 'backups'));
      if (keep !== undefined && place.folder === undefined) {
        throw usage('--keep counts the backups of a folder: give one with --to.', BACKUP_HELP);
      }
      const done = await readMoment(database, async (moment) => {
        const file = place.folder === undefined ? place.file : join(place.folder, nameAt(moment.takenAt));
        const keys = config.DATABASE_URL === undefined ? await folder.storedKeys() : moment.keys;
        return { file, summary: await writeBackup(file, moment, keys ?? null) };
      });
      if (!done) {
        throw new StartFault(
          'There is nothing to back up: this server was never started ("holdfast migrate").',
        );
      }
      const { file, summary } = done;
      print(`Backed up ${contentOf(summary)} to ${file} (${sizeOf(summary.bytes)}), and read it back.`);
      if (config.AUTH_SECRET !== undefined || config.VAPID_PRIVATE_KEY !== undefined) {
        tell('Keys that are set in the environment are not in it: keep those too.');
      }
      if (keep !== undefined && place.folder !== undefined) {
        const gone = await removeOlder(place.folder, keep);
        if (gone > 0) print(`Removed ${gone} older ${gone === 1 ? 'backup' : 'backups'}; ${keep} stay.`);
      }
    });
  },
};

export const restoreCommand: Command = {
  summary: 'an empty server from such a file',
  help: RESTORE_HELP,
  async run(args) {
    const call = readCall(args, { options: { from: { type: 'string' } }, help: RESTORE_HELP });
    const from = call.text('from');
    if (from === undefined) throw usage('From which file?', RESTORE_HELP);
    const file = resolve(process.env['INIT_CWD'] ?? '.', from);
    const summary = await checkBackup(file);
    const config = readConfig(process.env);
    const folder = await openDataFolder(config.DATA_DIR);
    const holder = config.DATABASE_URL === undefined ? await folder.holder() : undefined;
    if (holder) {
      throw new StartFault(
        `A server runs on the data folder ${folder.path} (process ${holder.pid}): stop it first. Nothing was changed.`,
      );
    }
    await visit(config, folder, async (database) => {
      const { keys } = summary.header;
      const inDatabase = config.DATABASE_URL !== undefined;
      const reader = await openBackup(file);
      try {
        const outcome = await restoreInto(database, {
          migrations: summary.header.migrations,
          tables: summary.header.tables,
          keys: inDatabase ? (keys ?? undefined) : undefined,
          rowsOf: (table) => reader.rowsOf(table),
          now: new Date(),
          beforeCommit: async () => {
            await reader.finish();
            // Before the content: keys without it do no harm, but it without them signs everybody out.
            if (!inDatabase && keys) await folder.takeKeys(keys);
          },
        });
        if (!outcome.ok) throw refusal(outcome, summary.header, config);
        const { migratedUp } = outcome;
        print(
          `Restored ${contentOf(summary)} as of ${summary.header.takenAt}` +
            `${migratedUp.length > 0 ? `, brought up to this version (${migratedUp.join(', ')})` : ''}. ` +
            `Start Holdfast now: devices that have more than this bring it back.`,
        );
      } finally {
        reader.close();
      }
    });
  },
};

function refusal(outcome: RestoreRefusal, header: BackupHeader, config: Config): StartFault {
  const place = config.DATABASE_URL === undefined ? 'The data folder' : 'The database at DATABASE_URL';
  switch (outcome.code) {
    case 'too-new':
      return new StartFault(
        `The backup was made by a newer Holdfast (${header.holdfast}; it has ${outcome.unknown.join(', ')}): ` +
          `restore it with that version. Nothing was changed.`,
      );
    case 'not-empty':
      return new StartFault(
        `${place} is not empty (table ${outcome.table}): a restore overwrites nothing. Use a new, empty one; ` +
          `move the old one away if you need its place. Nothing was changed.`,
      );
    case 'foreign-tables':
      return new StartFault(
        `${place} holds tables that are not of Holdfast (${outcome.table}): use a new, empty database. ` +
          `Nothing was changed.`,
      );
    case 'in-use':
      return new StartFault(
        `${outcome.processes} Holdfast ${outcome.processes === 1 ? 'process uses' : 'processes use'} the database: ` +
          `stop them first. Nothing was changed.`,
      );
  }
}

// --- where to

type Place = { readonly folder: string } | { readonly folder: undefined; readonly file: string };

async function placeFor(to: string | undefined, standard: string): Promise<Place> {
  const path = to === undefined ? standard : resolve(process.env['INIT_CWD'] ?? '.', to);
  const found = await stat(path).catch(() => undefined);
  const isFolder = to === undefined || to.endsWith('/') || to.endsWith(sep) || found?.isDirectory() === true;
  if (!isFolder) return { folder: undefined, file: path };
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileFault(path, error);
  }
  return { folder: path };
}

function nameAt(takenAt: Date): string {
  return `holdfast-${takenAt.toISOString().replaceAll(/[:.]/g, '-')}.backup.gz`;
}

function readKeep(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usage(`--keep is "${text}", but must be a whole number from 1 on.`, BACKUP_HELP);
}

/** Only files of our own naming; the time is in the name. */
async function removeOlder(folder: string, keep: number): Promise<number> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
  const old = names.slice(0, Math.max(0, names.length - keep));
  for (const name of old) await rm(join(folder, name));
  return old.length;
}

// --- what to say

function contentOf({ rowsByTable }: BackupSummary): string {
  let rows = 0;
  for (const count of rowsByTable.values()) rows += count;
  const count = (table: string, one: string, many: string): string => {
    const found = rowsByTable.get(table) ?? 0;
    return `${found} ${found === 1 ? one : many}`;
  };
  return (
    `${count('account_user', 'account', 'accounts')}, ${count('space', 'space', 'spaces')} and ` +
    `${count('update_log', 'edit', 'edits')} (${rows} rows of ${rowsByTable.size} tables)`
  );
}

function sizeOf(bytes: number): string {
  return bytes < MEGABYTE ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / MEGABYTE).toFixed(1)} MB`;
}
