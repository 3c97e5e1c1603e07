/**
 * The traps of a data folder, each met for real: permissions, a full disk, other versions, other programs.
 *
 * As root (CI) the unprivileged cases run as another user; as an ordinary user they run as oneself.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, readFile, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fullFault, folderFault } from '@holdfast/deploy/fault.ts';
import { findRunningPostgres, startEmbeddedPostgres } from '@holdfast/deploy/embedded-postgres.ts';
import { findPostgresBinaries, linkLibraries } from '@holdfast/deploy/postgres-binaries.ts';
import { createDatabase } from '@holdfast/db/database.ts';
import { expect, onTestFinished, test } from 'vitest';
import { attemptStart, postmasterPid, startApp } from '../support/app.ts';
import type { AppOptions } from '../support/app.ts';
import { isAlive, madeDataDir, ownDataDir, signUp, statusOfMe } from './machine.ts';

const isRoot = process.getuid?.() === 0;
const ORDINARY_USER = 65_534;
const NAMELESS_USER = 51_234;

/** Starts, expects a refusal with exit code 1 and one line without a stack, and returns the line. */
async function refusal(options: AppOptions): Promise<string> {
  const attempt = await attemptStart(options);
  const { code } = await attempt.exited;
  const lines = attempt
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('holdfast:'));
  expect({ code, stdout: attempt.stdout(), lines: lines.length }, attempt.stderr()).toEqual({
    code: 1,
    stdout: '',
    lines: 1,
  });
  expect(attempt.stderr()).not.toMatch(/^\s+at /m);
  return lines[0] ?? '';
}

test('[HO15] a data folder of a newer Holdfast is refused and not touched', async () => {
  const dir = await ownDataDir();
  await writeFile(join(dir, 'holdfast.json'), '{"format": 2}');
  const before = await fingerprint(dir);
  expect(await refusal({ dataDir: dir })).toMatch(
    /written by a newer version of Holdfast \(format 2.*start that version/,
  );
  expect(await fingerprint(dir)).toEqual(before);
});

test('[HO15] a database of a newer Postgres is refused and not touched', async () => {
  const dir = await madeDataDir();
  const first = await startApp({ dataDir: dir });
  await first.stop();
  await writeFile(join(dir, 'postgres', 'data', 'PG_VERSION'), '19\n');
  const before = await fingerprint(join(dir, 'postgres'));
  expect(await refusal({ dataDir: dir })).toMatch(
    /made by Postgres 19 and this Holdfast brings Postgres 18: start the newer/,
  );
  expect(await fingerprint(join(dir, 'postgres'))).toEqual(before);
});

test('[HO16] a data folder that is a file is told', async () => {
  const dir = await ownDataDir();
  const file = join(dir, 'file');
  await writeFile(file, '');
  expect(await refusal({ dataDir: file })).toMatch(/is not a folder: set DATA_DIR/);
  expect(await refusal({ dataDir: join(file, 'below') })).toMatch(/is not a folder: set DATA_DIR/);
});

test('[HO16] a data folder that this user may not write is told with the command that mends it', async () => {
  const dir = await ownDataDir();
  await chmod(dir, 0o555);
  // Root may write everywhere, unless it gave that power away and the folder is another's.
  if (isRoot) await chown(dir, ORDINARY_USER, ORDINARY_USER);
  const through = isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
  expect(await refusal({ dataDir: dir, through })).toMatch(
    /cannot be written by this user \(.+\): run "sudo chown -R .+", or set DATA_DIR/,
  );
});

test('[HO16] a full disk is told before anything is half made, and what was there still works', async () => {
  const dir = await ownDataDir();
  if (mountSmall(dir, '24m')) {
    expect(await refusal({ dataDir: dir })).toMatch(/disk .* is full: free at least/);
    // A later failure, when the database is there and the disk filled up meanwhile.
    expect((await readdir(join(dir, 'postgres'))).filter((name) => name !== 'password')).toEqual([]);
  }
  // The system's own full device gives the error that every write would.
  const error = await writeFile('/dev/full', 'x').then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(folderFault(dir, error)).toEqual(fullFault(dir));
});

test('[HO16] a disk that filled up after the database was made is told too', async () => {
  const dir = await ownDataDir();
  const mounted = mountSmall(dir, '256m');
  const first = await startApp({ dataDir: dir });
  const cookie = await signUp(first.url);
  await first.stop();
  if (mounted) {
    fillUp(dir);
    expect(await refusal({ dataDir: dir })).toMatch(/disk .* is full: free at least/);
    await rm(join(dir, 'filler'));
  }
  const second = await startApp({ dataDir: dir });
  expect(await statusOfMe(second.url, cookie)).toBe(200);
  await second.stop();
});

test('[HO17] a port in use is told with the way out', async () => {
  const dir = await madeDataDir();
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  expect(await refusal({ dataDir: dir, env: { PORT: String(port) } })).toMatch(
    /Port \d+ on 127\.0\.0\.1 is in use by another program: stop that one, or set PORT/,
  );
  // The database that was started for it is gone again.
  expect(await postmasterPid(dir)).toBeUndefined();
});

test('[HO17] an address of another machine is told', async () => {
  expect(await refusal({ dataDir: await madeDataDir(), env: { HOST: '203.0.113.7' } })).toMatch(
    /HOST is "203\.0\.113\.7", which is no address of this machine/,
  );
});

test('[HO18] a path too long for a socket works by a port with a password', async () => {
  const dir = join(await ownDataDir(), 'a-folder-with a space and "quotes"'.repeat(3), 'x'.repeat(60));
  await mkdir(dir, { recursive: true });
  const app = await startApp({ dataDir: dir });
  expect(await statusOfMe(app.url, await signUp(app.url))).toBe(200);
  const url = await findRunningPostgres(join(dir, 'postgres'));
  expect(url).toMatch(/@127\.0\.0\.1:\d+\//);
  const stranger = createDatabase({
    url: (url ?? '').replace(/:[^:@]+@/, ':wrong@'),
    onError: () => undefined,
  });
  await expect(stranger.run({ name: '', text: 'SELECT 1' }, [])).rejects.toThrow(
    /password authentication failed/,
  );
  await stranger.close();
  await app.stop();
  await rm(dirname(dir), { recursive: true, force: true });
});

test('[HO18] a path with spaces, quotes and commas works by a socket', async () => {
  const dir = join(await ownDataDir(), `it's a "folder", with things`);
  const app = await startApp({ dataDir: dir });
  expect(await findRunningPostgres(join(dir, 'postgres'))).toContain('?host=');
  expect(await statusOfMe(app.url, await signUp(app.url))).toBe(200);
  await app.stop();
});

test('[HO20] the database is a Postgres 18 that flushes what it commits', async () => {
  const dir = await ownDataDir();
  const postgres = await startEmbeddedPostgres({ folder: join(dir, 'postgres') });
  const database = createDatabase({ url: postgres.url, onError: () => undefined });
  const [row] = await database.run<Record<string, string>>(
    {
      name: '',
      text: `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
               current_setting('synchronous_commit') AS commit, current_setting('full_page_writes') AS pages,
               current_setting('data_checksums') AS checksums, current_setting('listen_addresses') AS addresses`,
    },
    [],
  );
  expect(row).toEqual({
    version: expect.stringMatching(/^18\./),
    fsync: 'on',
    commit: 'on',
    pages: 'on',
    checksums: 'on',
    addresses: '',
  });
  await database.close();
  await postgres.stop();
});

test('[HO21] a database that was half made is made anew', async () => {
  const dir = await ownDataDir();
  await mkdir(join(dir, 'postgres', 'new-123', 'base'), { recursive: true });
  await writeFile(join(dir, 'postgres', 'new-123', 'PG_VERSION'), '18\n');
  const app = await startApp({ dataDir: dir });
  await signUp(app.url);
  expect((await readdir(join(dir, 'postgres'))).filter((name) => name.startsWith('new-'))).toEqual([]);
  await app.stop();
});

test('[HO21] a lost password file is replaced: who owns the folder owns the database', async () => {
  const dir = await madeDataDir();
  const first = await startApp({ dataDir: dir });
  const cookie = await signUp(first.url);
  await first.stop();
  await rm(join(dir, 'postgres', 'password'));
  const second = await startApp({ dataDir: dir });
  expect(await statusOfMe(second.url, cookie)).toBe(200);
  await second.stop();
});

test('[HO22] libraries whose links npm did not make are linked in the data folder', async () => {
  const dir = await ownDataDir();
  const packaged = join(dirname(dirname(findPostgresBinaries().initdb)), '..');
  const copy = join(dir, 'package');
  await cp(packaged, copy, { recursive: true, verbatimSymlinks: true });
  const listed = JSON.parse(await readFile(join(copy, 'native', 'pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[];
  for (const { target } of listed) await rm(join(copy, target), { force: true });
  const binaries = {
    ...findPostgresBinaries(),
    initdb: join(copy, 'native', 'bin', 'initdb'),
    libFolder: join(copy, 'native', 'lib'),
  };
  const before = await readdir(binaries.libFolder);
  const env = await linkLibraries(binaries, join(dir, 'links'));
  expect(await readdir(binaries.libFolder)).toEqual(before);
  expect(Object.keys(env)).toHaveLength(1);
  expect(runs(binaries.initdb, {})).toBe(listed.length === 0);
  expect(runs(binaries.initdb, env)).toBe(true);
});

test('[HO10] a program that has the process id of a dead Postgres is left alone', async () => {
  const dir = await madeDataDir();
  const first = await startApp({ dataDir: dir });
  const cookie = await signUp(first.url);
  const file = join(dir, 'postgres', 'data', 'postmaster.pid');
  const note = await readFile(file, 'utf8');
  await first.stop();
  const innocent = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  onTestFinished(() => void innocent.kill());
  await writeFile(file, note.replace(/^\d+/, String(innocent.pid)));
  const second = await startApp({ dataDir: dir });
  expect(isAlive(innocent.pid)).toBe(true);
  expect(await statusOfMe(second.url, cookie)).toBe(200);
  await second.stop();
});

test('[HO13] only the database’s own folder changes its owner', async () => {
  const dir = await ownDataDir();
  const app = await startApp({ dataDir: dir });
  const me = process.getuid?.();
  for (const name of ['.', 'holdfast.json', 'keys.json', 'server.json']) {
    expect((await stat(join(dir, name))).uid, name).toBe(me);
  }
  const owner = (await stat(join(dir, 'postgres', 'data'))).uid;
  const postmaster = `/proc/${await postmasterPid(dir)}`;
  const runner = (await stat(postmaster)).uid;
  expect(owner).toBe(runner);
  // Where the repository itself lies below a closed folder, root in a user namespace is what remains.
  const isInNamespace = (await readlink(`${postmaster}/ns/user`)) !== (await readlink('/proc/self/ns/user'));
  expect(runner !== 0 || isInNamespace).toBe(true);
  await app.stop();
});

test('[HO13] a user id without a name works, or is told what to do', async () => {
  const dir = await ownDataDir();
  // Whoever runs this: root becomes someone unknown, and anyone else is who they are, by a name.
  if (isRoot) await chown(dir, NAMELESS_USER, NAMELESS_USER);
  const become = [`--reuid=${NAMELESS_USER}`, `--regid=${NAMELESS_USER}`, '--clear-groups'];
  // A clone below /root is nothing that such a user could run, but for the power to pass through.
  const pass = ['--inh-caps=-all,+dac_read_search', '--ambient-caps=-all,+dac_read_search'];
  const attempt = await attemptStart({
    dataDir: dir,
    through: isRoot ? ['setpriv', ...become, ...pass] : [],
  });
  const url = await attempt.ready;
  if (url === undefined) expect(attempt.stderr()).toMatch(/The user id \d+ has no name on this machine/);
  else expect(await statusOfMe(url, await signUp(url))).toBe(200);
  attempt.child.kill('SIGTERM');
  await attempt.exited;
});

test('[HO14] a folder below one that others may not enter works', async () => {
  const outer = await ownDataDir();
  await chmod(outer, 0o700);
  const dir = join(outer, 'data');
  const first = await startApp({ dataDir: dir });
  const cookie = await signUp(first.url);
  await first.kill('SIGKILL');
  const second = await startApp({ dataDir: dir });
  expect(await statusOfMe(second.url, cookie)).toBe(200);
  await second.stop();
});

test('[HO14] in a container that allows neither passing through nor user namespaces, it works or says what to do', async () => {
  const outer = await ownDataDir();
  await chmod(outer, 0o700);
  // As in a container whose root lacks the capability, and where the kernel says no to unshare.
  const programs = await ownDataDir();
  await writeFile(join(programs, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const env = { PATH: `${programs}:${process.env['PATH']}` };
  const through = isRoot ? ['setpriv', '--bounding-set=-dac_read_search'] : [];
  const attempt = await attemptStart({ dataDir: join(outer, 'data'), through, env });
  const url = await attempt.ready;
  // Containers differ in what is left; both answers are right, and a silent third is not.
  if (url === undefined) {
    expect(attempt.stderr()).toMatch(/Postgres does not run as root, and no other user can reach/);
  } else expect(await statusOfMe(url, await signUp(url))).toBe(200);
  attempt.child.kill('SIGTERM');
  await attempt.exited;
});

test('[HO14] in a user namespace it works where the machine allows one', async () => {
  const outer = await ownDataDir();
  await chmod(outer, 0o700);
  const through = isRoot ? ['setpriv', '--bounding-set=-dac_read_search'] : [];
  const attempt = await attemptStart({ dataDir: join(outer, 'data'), through });
  const url = await attempt.ready;
  if (url === undefined) {
    expect(attempt.stderr()).toMatch(/Postgres does not run as root, and no other user can reach/);
  } else expect(await statusOfMe(url, await signUp(url))).toBe(200);
  attempt.child.kill('SIGTERM');
  await attempt.exited;
});

// --- the machine ---

function runs(program: string, env: Record<string, string>): boolean {
  try {
    execFileSync(program, ['--version'], { env, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A small disk of its own at `dir`, until the test ends. False where this machine does not let us mount. */
function mountSmall(dir: string, size: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=711`, 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    return false;
  }
  onTestFinished(() => void execFileSync('umount', ['--lazy', dir]));
  return true;
}

function fillUp(dir: string): void {
  // dd ends with an error when the disk is full, which is the point.
  spawnSync('dd', ['if=/dev/zero', `of=${join(dir, 'filler')}`, 'bs=64k'], { stdio: 'ignore' });
}

/** Every file below, with content, mode and owner. */
async function fingerprint(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mode, uid, mtimeMs } = await stat(path);
    const content = entry.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : '';
    return `${path} ${mode} ${uid} ${mtimeMs} ${content}`;
  });
  return (await Promise.all(lines)).sort();
}
