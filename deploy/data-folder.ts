/**
 * The data folder: what stands in it, who may use it, and the keys that Holdfast makes for itself.
 *
 *   holdfast.json   the format of the folder; a newer one is refused before anything is written
 *   keys.json       AUTH_SECRET and the VAPID pair, mode 0600; made once and kept (not with DATABASE_URL: keys.ts)
 *   server.json     the process that serves this folder now, with its address
 *   postgres/       the embedded database (embedded-postgres.ts)
 *
 * Promise: two servers never serve one folder; a killed one leaves nothing that stands in the way; a folder of a
 * newer version is not touched.
 * Limits: the claim is honest between processes that see each other's process ids. Two containers with one
 * volume do not, and there Postgres's own lock on its data is what refuses the second.
 */
import { execFile } from 'node:child_process';
import { createECDH, randomBytes } from 'node:crypto';
import { access, constants, link, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeFileDurably } from './durable-file.ts';
import { StartFault, errorCode, folderFault } from './fault.ts';

export interface Keys {
  readonly authSecret: string;
  readonly vapidPublicKey: string;
  readonly vapidPrivateKey: string;
}

export interface ServerNote {
  readonly pid: number;
  /** When the system started the process, in its own unit; tells a reused process id. */
  readonly born: string;
  readonly url?: string;
  /** It is on its way out: worth waiting for. */
  readonly stopping?: boolean;
}

export interface DataFolder {
  readonly path: string;
  readonly postgresFolder: string;
  /** Reads the keys, making those that are missing. */
  keys(): Promise<Keys>;
  /** The keys of the folder if it has all of them; makes none. */
  storedKeys(): Promise<Keys | undefined>;
  /** Takes over the keys of another server, in place of any that are there: for a restore. */
  takeKeys(keys: Keys): Promise<void>;
  /** Takes the folder for this process, or fails with a sentence that names the holder. */
  claim(): Promise<Claim>;
  /** The living server of this folder, if there is one. */
  holder(): Promise<ServerNote | undefined>;
}

export interface Claim {
  /** Writes the address down, for `doctor` and for the message to a second server. */
  publish(url: string): Promise<void>;
  /** Lets the next server wait for this one's end instead of being refused. */
  stopping(): Promise<void>;
  release(): Promise<void>;
}

/** Raised when a Holdfast of the version before could no longer read the folder. */
export const DATA_FORMAT = 1;

const WAIT_FOR_END_MS = 30_000;
const POLL_MS = 20;

const rootFolder = fileURLToPath(new URL('..', import.meta.url));

/** Makes the folder when it is absent. `setting` is DATA_DIR as it was given, relative to Holdfast's own folder. */
export async function openDataFolder(setting: string): Promise<DataFolder> {
  const path = resolve(rootFolder, setting);
  try {
    await refuseNewerFormat(path);
    // Others may pass through but not look in: as root, the embedded Postgres runs as another user.
    await mkdir(path, { recursive: true, mode: 0o711 });
    if (!(await stat(path)).isDirectory())
      throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    await writeMarkerOnce(path);
  } catch (error) {
    throw folderFault(path, error);
  }
  return {
    path,
    postgresFolder: join(path, 'postgres'),
    keys: () => keepKeys(path).catch((error: unknown) => Promise.reject(asFault(path, error))),
    storedKeys: () => readKeys(path).catch((error: unknown) => Promise.reject(asFault(path, error))),
    takeKeys: (keys) => writeKeys(path, keys).catch((error: unknown) => Promise.reject(asFault(path, error))),
    claim: () => claim(path).catch((error: unknown) => Promise.reject(asFault(path, error))),
    holder: () => livingHolder(path),
  };
}

function asFault(path: string, error: unknown): Error {
  return folderFault(path, error) as Error;
}

// --- the format ---

async function refuseNewerFormat(path: string): Promise<void> {
  const format = await storedFormat(path);
  if (format === undefined || format <= DATA_FORMAT) return;
  throw new StartFault(
    `The data folder ${path} was written by a newer version of Holdfast (format ${format}, this version knows ` +
      `${DATA_FORMAT}): start that version, or set DATA_DIR to another folder. It was not touched.`,
  );
}

async function storedFormat(path: string): Promise<number | undefined> {
  const file = join(path, 'holdfast.json');
  const stored = await readJson(file);
  if (stored === undefined) return undefined;
  const format = (stored as { format?: unknown } | null)?.format;
  if (typeof format === 'number') return format;
  throw new StartFault(
    `${file} cannot be read: restore it from a backup, or write {"format": ${DATA_FORMAT}} into it.`,
  );
}

async function writeMarkerOnce(path: string): Promise<void> {
  if ((await storedFormat(path)) === DATA_FORMAT) return;
  await writeFileDurably(join(path, 'holdfast.json'), `${JSON.stringify({ format: DATA_FORMAT })}\n`, 0o644);
}

// --- the keys ---

async function keepKeys(path: string): Promise<Keys> {
  const complete = await readKeys(path);
  if (complete) return complete;
  const stored = ((await readJson(keysFile(path))) ?? {}) as Partial<Keys>;
  const { authSecret, vapidPublicKey, vapidPrivateKey } = stored;
  const pair = vapidPublicKey && vapidPrivateKey ? { vapidPublicKey, vapidPrivateKey } : makeVapidPair();
  const keys: Keys = { authSecret: authSecret ?? makeSecret(), ...pair };
  await writeKeys(path, { ...stored, ...keys });
  return keys;
}

async function writeKeys(path: string, keys: Keys): Promise<void> {
  await writeFileDurably(keysFile(path), `${JSON.stringify(keys, null, 2)}\n`, 0o600);
}

async function readKeys(path: string): Promise<Keys | undefined> {
  const stored = ((await readJson(keysFile(path))) ?? {}) as Partial<Keys>;
  const { authSecret, vapidPublicKey, vapidPrivateKey } = stored;
  return authSecret && vapidPublicKey && vapidPrivateKey
    ? { authSecret, vapidPublicKey, vapidPrivateKey }
    : undefined;
}

function keysFile(path: string): string {
  return join(path, 'keys.json');
}

/** A new set, kept nowhere. */
export function makeKeys(): Keys {
  return { authSecret: makeSecret(), ...makeVapidPair() };
}

function makeSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** RFC 8292: a P-256 pair, the public half as an uncompressed point. */
function makeVapidPair(): Pick<Keys, 'vapidPublicKey' | 'vapidPrivateKey'> {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  return {
    vapidPublicKey: pair.getPublicKey('base64url'),
    // Leading zeros are dropped by the curve's own form, and push services count the bytes.
    vapidPrivateKey: Buffer.from(pair.getPrivateKey('hex').padStart(64, '0'), 'hex').toString('base64url'),
  };
}

// --- the claim ---

/**
 * A link is made only where there is none, and a stale note is moved away only by the one whose move succeeds:
 * of any number of servers that start at once, one gets the folder.
 */
async function claim(path: string): Promise<Claim> {
  const file = join(path, 'server.json');
  const note: ServerNote = { pid: process.pid, born: (await bornAt(process.pid)) ?? '' };
  const mine = `${file}.${process.pid}`;
  const deadline = performance.now() + WAIT_FOR_END_MS;
  await writeFileDurably(mine, JSON.stringify(note), 0o644);
  try {
    while (!(await tryLink(mine, file))) {
      const holder = await livingHolder(path);
      if (!holder) await moveStaleAway(path, file);
      else if (!holder.stopping || performance.now() > deadline) throw heldFault(path, holder);
      else await delay(POLL_MS);
    }
  } finally {
    await rm(mine, { force: true });
  }
  const write = (more: Partial<ServerNote>): Promise<void> =>
    writeFileDurably(file, JSON.stringify({ ...note, ...more }), 0o644);
  return {
    publish: (url) => write({ url }),
    stopping: () => write({ stopping: true }),
    release: () => rm(file, { force: true }),
  };
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function moveStaleAway(path: string, file: string): Promise<void> {
  const aside = `${file}.${process.pid}.stale`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await livingNote(aside);
  // Between reading and moving, another start may have put its own note there: it gets it back.
  if (moved) await tryLink(aside, file);
  await rm(aside, { force: true });
  if (moved) throw heldFault(path, moved);
}

function heldFault(path: string, holder: ServerNote): StartFault {
  return new StartFault(
    `Another Holdfast (process ${holder.pid}${holder.url ? `, at ${holder.url}` : ''}) is using the data folder ` +
      `${path}: stop it first, or set DATA_DIR to another folder.`,
  );
}

function livingHolder(path: string): Promise<ServerNote | undefined> {
  return livingNote(join(path, 'server.json'));
}

async function livingNote(file: string): Promise<ServerNote | undefined> {
  const note = (await readJson(file).catch(() => undefined)) as Partial<ServerNote> | undefined;
  if (typeof note?.pid !== 'number' || typeof note.born !== 'string') return undefined;
  // In a container every start may get the same number: a note with ours is from an earlier life.
  if (note.pid === process.pid) return undefined;
  if ((await bornAt(note.pid)) !== note.born) return undefined;
  return {
    pid: note.pid,
    born: note.born,
    ...(typeof note.url === 'string' ? { url: note.url } : {}),
    stopping: note.stopping === true,
  };
}

/** A word that no other process with this id has, or undefined when there is no such process. */
async function bornAt(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') {
      const [status, boot] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      ]);
      // The name in brackets may hold anything; field 22, counted from after it, is the start time (proc(5)).
      const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : `${boot.trim()}/${fields[19]}`;
    }
    if (process.platform === 'win32') {
      process.kill(pid, 0);
      return 'alive';
    }
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'lstart=']);
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StartFault(`${file} cannot be read: it is not JSON. Restore it from a backup, or remove it.`, {
      cause: error,
    });
  }
}
