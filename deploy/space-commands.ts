/**
 * `holdfast export` and `holdfast import`: one space as the same file that the app writes and reads.
 *
 * Promise: a file that exists is not overwritten, and one that could not be written to its end is removed; an import changes nothing
 * when the file is not one of ours. Both work beside a running server, whose devices get an import at once.
 * Why relative names begin at INIT_CWD: npm runs a script in the folder of the package and says there where the
 * person stood.
 */
import { open, readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { accountByEmail } from '@holdfast/db/accounts.ts';
import type { Database } from '@holdfast/db/database.ts';
import { migrate } from '@holdfast/db/migrate.ts';
import { ownedSpace, personalSpaceOf } from '@holdfast/db/spaces.ts';
import type { OwnedSpace } from '@holdfast/db/spaces.ts';
import { readCall, tell, usage, withDatabase } from './command.ts';
import type { Command } from './command.ts';
import { StartFault, fileFault } from './fault.ts';

const WHICH = `  --space   the space of this id
  --user    the personal space of the account with this e-mail address`;

const EXPORT_HELP = `holdfast export (--space=ID | --user=ADDRESS) [FILE]

${WHICH}
  FILE      a new file, readable by you alone; without it the JSON goes to standard output (npm writes there too:
            call it by "npm run --silent holdfast -- export ...")

  The file is the same as the app's (Settings, Export): exact, with everything that a device would need. It holds
  what the server has; edits that a device has not sent yet are not in it.`;

const IMPORT_HELP = `holdfast import (--space=ID | --user=ADDRESS) [FILE]

${WHICH}
  FILE      an export of "holdfast export" or of the app; without it standard input is read

  Merges: nothing that is there is lost, what both know is not doubled, and importing a file twice changes nothing
  more. Connected devices get it at once.`;

export const exportCommand: Command = {
  summary: 'one space as JSON',
  help: EXPORT_HELP,
  async run(args) {
    const { which, file } = readSpaceCall(args, EXPORT_HELP);
    await withDatabase(async (database) => {
      await migrate(database);
      const space = await find(database, which);
      const { exportSpace } = await spaceFiles();
      const outcome = await exportSpace(database, space.id);
      if (!outcome.ok) throw new StartFault(outcome.message);
      const json = `${JSON.stringify(outcome.value, null, 1)}\n`;
      if (file === undefined) await writeOut(json);
      else await writeNew(file, json);
      tell(`Exported the space "${space.name}" (${space.id})${file === undefined ? '' : ` to ${file}`}.`);
    });
  },
};

export const importCommand: Command = {
  summary: 'such a JSON into a space',
  help: IMPORT_HELP,
  async run(args) {
    const { which, file } = readSpaceCall(args, IMPORT_HELP);
    const content = parseJson(
      file ?? 'standard input',
      file === undefined ? await text(process.stdin) : await read(file),
    );
    await withDatabase(async (database) => {
      await migrate(database);
      const space = await find(database, which);
      const { importSpace } = await spaceFiles();
      const outcome = await importSpace(database, { spaceId: space.id, userId: space.ownerId }, content);
      if (!outcome.ok) throw new StartFault(outcome.message);
      const { created, merged, unchanged } = outcome.value;
      tell(
        `Imported into the space "${space.name}" (${space.id}): ${created} new tasks, ${merged} merged, ` +
          `${unchanged} unchanged.`,
      );
    });
  },
};

/** Late, because the document takes a while to load, and help should not. */
function spaceFiles() {
  return import('@holdfast/sync-server/sync/space-file.ts');
}

// --- which space ---

type Which = { readonly spaceId: string } | { readonly email: string };

function readSpaceCall(
  args: readonly string[],
  help: string,
): { readonly which: Which; readonly file: string | undefined } {
  const call = readCall(args, {
    options: { space: { type: 'string' }, user: { type: 'string' } },
    maxOperands: 1,
    help,
  });
  const [spaceId, email, [file]] = [call.text('space'), call.text('user'), call.operands];
  const path = file === undefined ? undefined : resolve(process.env['INIT_CWD'] ?? '.', file);
  if (spaceId !== undefined && email === undefined) return { which: { spaceId }, file: path };
  if (email !== undefined && spaceId === undefined) return { which: { email }, file: path };
  throw usage('Which space? Give either --space or --user.', help);
}

async function find(database: Database, which: Which): Promise<OwnedSpace> {
  if ('spaceId' in which) {
    const space = await ownedSpace(database, which.spaceId);
    if (space) return space;
    throw new StartFault(
      `There is no space ${which.spaceId}: "GET /api/v1/me" tells a person the ids of theirs.`,
    );
  }
  const account = await accountByEmail(database, which.email);
  if (!account) {
    throw new StartFault(`There is no account ${which.email}: "holdfast user list" names them all.`);
  }
  const space = await personalSpaceOf(database, account.id);
  if (space) return space;
  throw new StartFault(`${which.email} has no space yet: it is made when they first sign in.`);
}

// --- files ---

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw fileFault(file, error);
  }
}

function parseJson(name: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new StartFault(
      `${name} is not JSON, so it is no export of Holdfast, or not a whole one. Nothing was imported.`,
      {
        cause: error,
      },
    );
  }
}

async function writeNew(file: string, content: string): Promise<void> {
  let made = false;
  try {
    const handle = await open(file, 'wx', 0o600);
    made = true;
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (made) await rm(file, { force: true });
    throw fileFault(file, error);
  }
}

function writeOut(content: string): Promise<void> {
  return new Promise((done, fail) => {
    process.stdout.write(content, (error) => (error ? fail(error) : done()));
  });
}
