/**
 * A fault that a person can mend: the program cannot start, and the reader is told why and what to do.
 *
 * Promise: one sentence that names the thing and the remedy reaches the terminal, the exit code is 1, and no
 * stack is shown. Everything else that is thrown is a bug and keeps its stack.
 * Why a class: the start is a long chain of steps in several modules, and each knows its own remedy best.
 */
import { userInfo } from 'node:os';

export class StartFault extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StartFault';
  }
}

/** The code of a system error (`ENOSPC`), or undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Turns a failed read or write below the data folder into a fault with a remedy. Errors that say nothing about
 * the folder are returned as they are.
 */
export function folderFault(folder: string, error: unknown): unknown {
  const say = (message: string): StartFault => new StartFault(message, { cause: error });
  switch (errorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return say(
        `The data folder ${folder} cannot be written by this user (${userName()}): ` +
          `run "sudo chown -R ${userName()} '${folder}'", or set DATA_DIR to a folder of your own.`,
      );
    case 'EROFS':
      return say(
        `The data folder ${folder} is on a read-only file system: set DATA_DIR to a folder that can be written.`,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return fullFault(folder, error);
    case 'ENOTDIR':
    case 'EEXIST':
      return say(
        `The data folder ${folder} is not a folder: set DATA_DIR to a folder, or move that file away.`,
      );
    case 'ENAMETOOLONG':
      return say(
        `The path of the data folder ${folder} is too long for this system: set DATA_DIR to a shorter one.`,
      );
    default:
      return error;
  }
}

export function fullFault(folder: string, cause?: unknown): StartFault {
  return new StartFault(
    `The disk that holds the data folder ${folder} is full: free at least 200 MB there, or set DATA_DIR to a ` +
      `folder on another disk. Nothing that was stored is damaged.`,
    { cause },
  );
}

const FILE_FAULTS: Readonly<Record<string, string>> = {
  EEXIST: 'is there already: give the name of a new file, or remove that one',
  ENOENT: 'is not there',
  EISDIR: 'is a folder: give the name of a file',
  ENOTDIR: 'lies below something that is no folder',
  EACCES: 'is closed to this user',
  EPERM: 'is closed to this user',
  ENOSPC: 'does not fit on its disk: free some space there',
  EROFS: 'is on a read-only file system',
};

/** Turns a failed read or write of a file that a person named into a fault. Other errors are returned as they are. */
export function fileFault(file: string, error: unknown): unknown {
  const sentence = FILE_FAULTS[errorCode(error) ?? ''];
  return sentence === undefined ? error : new StartFault(`${file} ${sentence}.`, { cause: error });
}

/**
 * Runs the program's main function. A mendable fault ends it with its sentence and exit code 1.
 * The exit is explicit because pools and sockets of a half-made start would keep the process alive.
 */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const fault = mendable(error);
    process.stderr.write(fault ? `holdfast: ${fault.message}\n` : `${describeBug(error)}\n`);
    process.exit(1);
  }
}

/** Errors of other folders that carry a sentence for people name themselves so. */
const MENDABLE_NAMES: ReadonlySet<string> = new Set(['StartFault', 'DatabaseTooNewError']);

function mendable(error: unknown): Error | undefined {
  return error instanceof Error && MENDABLE_NAMES.has(error.name) ? error : undefined;
}

function describeBug(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${describeBug(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

/** As `chown` takes it: the number where the user id has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'this user');
  }
}
