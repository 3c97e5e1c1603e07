/**
 * As whom Postgres runs. It refuses to run as root, and root is who runs things in a container or on a small
 * server.
 *
 * Promise: an ordinary user runs Postgres as itself (one without a name, in a user namespace). Root gets the first of these that works on this machine,
 * each one tried before it is chosen:
 *   1. the user `postgres`, else `nobody`, which must be able to reach the data folder and the programs;
 *   2. the same user with one capability, to pass through folders that it may not enter (DATA_DIR below /root,
 *      which is mode 0700); it may then read, but not write, what is not its own;
 *   3. a user namespace in which root looks like an ordinary user, where the programs lie below such a folder as
 *      well: capabilities do not help there, since initdb asks access(2), which disregards them;
 *   4. as 2, with a copy of the programs in /var/cache, for containers that allow no user namespaces; where
 *      passing through is not among the container's capabilities, the stronger one of Docker's default set.
 * Limits: 2 to 4 need `setpriv` and `unshare` of util-linux and exist on Linux only. If none works, the
 * message says what to do.
 * Why not simply open the folders up: the mode of /root is not ours to change.
 */
import { execFile } from 'node:child_process';
import { chown, lchown, readdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StartFault } from './fault.ts';
import { copyBinaries, isComplete } from './postgres-binaries.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

/** How to start a program as the user that owns the database's files. */
export interface PostgresOwner {
  /** For `doctor` and the tests: which of the ways in the header was taken. */
  readonly way:
    | 'this user'
    | 'other user'
    | 'other user with capability'
    | 'user namespace'
    | 'other user with capability and copied programs';
  /** Owner of the files; undefined when it is this user, whose files need no change. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** What `spawn` gets to start `program` as the owner. */
  command(program: string, args: readonly string[]): OwnedCommand;
}

export interface OwnedCommand {
  readonly file: string;
  readonly args: string[];
  readonly identity: { uid?: number; gid?: number };
}

const run = promisify(execFile);

export interface OwnedPostgres {
  readonly owner: PostgresOwner;
  /** The programs as this owner can reach them. */
  readonly binaries: PostgresBinaries;
}

/** Chooses the owner for a database in `folder`, whose parent must exist. */
export async function choosePostgresOwner(
  folder: string,
  packaged: PostgresBinaries,
): Promise<OwnedPostgres> {
  if (process.getuid?.() !== 0) return { owner: await asOrdinaryUser(folder, packaged), binaries: packaged };
  const failures: string[] = [];
  let copied: PostgresBinaries | undefined;
  for (const owner of await candidatesForRoot()) {
    // Without its links the package does not run from where it is, and links to it cannot be reached either.
    const needsCopy = owner.way.endsWith('copied programs') || !isComplete(packaged);
    const binaries = needsCopy ? (copied ??= await copyBinaries(packaged)) : packaged;
    const failure = await probe(owner, dirname(folder), binaries.initdb);
    if (failure === undefined) return { owner, binaries };
    failures.push(`${owner.way}: ${failure}`);
  }
  throw new StartFault(
    `Postgres does not run as root, and no other user can reach ${folder} or ${packaged.postgres}: start Holdfast ` +
      `as an ordinary user, or move it and DATA_DIR to a folder that every user may enter (for example ` +
      `/srv/holdfast), or set DATABASE_URL.`,
    { cause: new Error(failures.join('; ')) },
  );
}

/** Gives `folder`, which is ours alone, to the owner. Does nothing when it is theirs already. */
export async function giveToOwner(folder: string, owner: PostgresOwner): Promise<void> {
  const target = owner.owner ?? (process.getuid?.() === 0 ? { uid: 0, gid: 0 } : undefined);
  if (!target) return;
  if ((await stat(folder)).uid === target.uid) return;
  // Children first: a crash in between leaves the folder's own owner wrong, so the next start does it again.
  await giveTree(folder, target);
}

async function giveTree(folder: string, target: { uid: number; gid: number }): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await giveTree(path, target);
    else await lchown(path, target.uid, target.gid);
  }
  await chown(folder, target.uid, target.gid);
}

const asThisUser: PostgresOwner = {
  way: 'this user',
  command: (program, args) => ({ file: program, args: [...args], identity: {} }),
};

/** A container may be started with a user id that has no name, and initdb insists on one. */
async function asOrdinaryUser(folder: string, packaged: PostgresBinaries): Promise<PostgresOwner> {
  if (process.platform !== 'linux' || hasName()) return asThisUser;
  if ((await probe(inUserNamespace, dirname(folder), packaged.initdb)) === undefined) return inUserNamespace;
  throw new StartFault(
    `The user id ${process.getuid?.()} has no name on this machine, which Postgres needs: add it to /etc/passwd, ` +
      `start Holdfast as another user, or set DATABASE_URL.`,
  );
}

function hasName(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}

const inUserNamespace: PostgresOwner = {
  way: 'user namespace',
  command: (program, args) => ({
    file: 'unshare',
    args: ['--user', '--map-user=65534', '--map-group=65534', program, ...args],
    identity: {},
  }),
};

async function candidatesForRoot(): Promise<PostgresOwner[]> {
  const candidates: PostgresOwner[] = [];
  const user = (await lookUpUser('postgres')) ?? (await lookUpUser('nobody'));
  if (user) {
    candidates.push({
      way: 'other user',
      owner: user,
      command: (program, args) => ({ file: program, args: [...args], identity: user }),
    });
  }
  if (process.platform !== 'linux') return candidates;
  if (user) candidates.push(withCapability(user, 'dac_read_search', 'other user with capability'));
  candidates.push(inUserNamespace);
  if (user) {
    for (const capability of ['dac_read_search', 'dac_override']) {
      candidates.push(withCapability(user, capability, 'other user with capability and copied programs'));
    }
  }
  return candidates;
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

function withCapability(user: User, capability: string, way: PostgresOwner['way']): PostgresOwner {
  const switches = [
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    ...['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all,+${capability}`),
  ];
  return {
    way,
    owner: user,
    command: (program, args) => ({ file: 'setpriv', args: [...switches, program, ...args], identity: {} }),
  };
}

async function lookUpUser(name: string): Promise<User | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/**
 * Undefined when it works, else the reason. Permission bits alone do not tell: mounts and policies count too.
 * `--show` makes initdb look for the other programs and its files, and write nothing.
 */
async function probe(
  candidate: PostgresOwner,
  parentFolder: string,
  initdb: string,
): Promise<string | undefined> {
  const script = 'test "$(id -u)" != 0 && cd "$1" && cd / && exec "$2" --show --pgdata="$1" >/dev/null';
  const { file, args, identity } = candidate.command('/bin/sh', [
    '-c',
    script,
    'probe',
    parentFolder,
    initdb,
  ]);
  try {
    // From a folder that everyone may enter: the shell would complain about ours.
    await run(file, args, { ...identity, cwd: '/' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  }
}
