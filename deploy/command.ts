/**
 * What the operator's commands have in common: how a call is read, a wrong one answered, and the database visited.
 *
 * Promise: a wrong call is a UsageFault that shows the right one; a command gets a database that answers, beside a
 * running server or with an embedded one started for as long as it takes.
 */
import { parseArgs } from 'node:util';
import type { Database } from '@holdfast/db/database.ts';
import { readConfig } from './config.ts';
import type { Config } from './config.ts';
import { openDataFolder } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';
import { StartFault } from './fault.ts';
import { visitDatabase } from './open-database.ts';

export interface Command {
  readonly summary: string;
  readonly help: string;
  run(args: readonly string[]): Promise<void>;
}

/** The call was wrong, not the machine. */
export class UsageFault extends StartFault {}

type OptionTypes = Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;

export interface Call {
  /** What was given for a `string` option. */
  text(name: string): string | undefined;
  has(name: string): boolean;
  readonly operands: readonly string[];
}

/** `help` is shown with the fault of a wrong call. */
export function readCall(
  args: readonly string[],
  call: { readonly options?: OptionTypes; readonly maxOperands?: number; readonly help: string },
): Call {
  const { options = {}, maxOperands = 0, help } = call;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: maxOperands > 0,
    });
    const extra = positionals[maxOperands];
    if (extra !== undefined) throw new Error(`There is one word too many: "${extra}".`);
    return {
      text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
      has: (name) => values[name] === true,
      operands: positionals,
    };
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error), help);
  }
}

export function usage(fault: string, help: string): UsageFault {
  return new UsageFault(`${fault}\n\n${help}`);
}

export async function withDatabase(
  work: (database: Database, config: Config, folder: DataFolder) => Promise<void>,
): Promise<void> {
  const config = readConfig(process.env);
  const folder = await openDataFolder(config.DATA_DIR);
  await visit(config, folder, (database) => work(database, config, folder));
}

export async function visit(
  config: Config,
  dataFolder: DataFolder,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const open = await visitDatabase({
    databaseUrl: config.DATABASE_URL,
    dataFolder,
    report: tell,
    onLost: (fault) => tell(fault.message),
  });
  try {
    await work(open.database);
  } finally {
    await open.close();
  }
}

/** What was asked for: to standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What is said about the work: to standard error, so that it never gets into a file. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
