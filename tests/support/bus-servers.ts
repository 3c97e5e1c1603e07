/**
 * Real Redis and NATS servers for the tests and the bench, on a port of this machine, each a process of its own.
 *
 * Promise: takes redis-server and nats-server from the path; where this is root on a Debian they are installed once, without any
 * service being started, and two test workers that want to do so at once do it after one another. Where they cannot be had,
 * `busesHere` says so loudly and names what is missing, and the tests that need them are skipped by a name that says why,
 * which npm test counts apart.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type BusKind = 'redis' | 'nats';

const PROGRAMS: Readonly<Record<BusKind, string>> = { redis: 'redis-server', nats: 'nats-server' };
/** Debian's nats-server lies where the path of an ordinary user does not lead. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`;
const READY: Readonly<Record<BusKind, RegExp>> = {
  redis: /Ready to accept connections/,
  nats: /Server is ready/,
};

export interface BusServerOptions {
  /** Asked of who connects; on Redis the password of the default user. */
  readonly password?: string;
}

export interface BusServer {
  readonly kind: BusKind;
  readonly port: number;
  /** For BUS_URL, with the password. */
  readonly url: string;
  pid(): number;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** After `kill`: another one at the same place. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether tests of this bus can run here, and if not, the words for their names. */
export interface BusHere {
  readonly kind: BusKind;
  readonly isHere: boolean;
  /** Empty, or the reason; see SKIP_REASON in deploy/verify.ts. */
  readonly reason: string;
}

let known: readonly BusHere[] | undefined;

/** May take a minute, once on a machine. */
export function busesHere(): readonly BusHere[] {
  known ??= (['redis', 'nats'] as const).map((kind) => {
    const program = PROGRAMS[kind];
    const isHere = isThere(program) || (installByApt(), isThere(program));
    const reason = isHere ? '' : ` (needs ${program}, which cannot be had here)`;
    if (!isHere) {
      process.stderr.write(
        `SKIPPED: everything that needs ${program}. Install it to run these tests ` +
          `(Debian and Ubuntu: apt-get install redis-server nats-server; macOS: brew install redis nats-server).\n`,
      );
    }
    return { kind, isHere, reason };
  });
  return known;
}

export async function startBusServer(kind: BusKind, options: BusServerOptions = {}): Promise<BusServer> {
  const folder = mkdtempSync(join(tmpdir(), `holdfast-${kind}-`));
  const { password } = options;
  let port = 0;
  let child: ChildProcess | undefined;
  // The port is free when it is looked for, and may be taken a moment later.
  for (let attempt = 0; !child; attempt++) {
    port = await freePort();
    child = await start(kind, folder, port, password).catch((error: unknown) => {
      if (attempt < 5) return undefined;
      throw error;
    });
  }
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  const user = kind === 'redis' ? 'default' : 'holdfast';
  const login = password === undefined ? '' : `${user}:${encodeURIComponent(password)}@`;
  return {
    kind,
    port,
    url: `${kind}://${login}127.0.0.1:${port}`,
    pid: () => child?.pid ?? 0,
    kill,
    async restart() {
      child = await start(kind, folder, port, password);
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when it takes connections. */
function start(
  kind: BusKind,
  folder: string,
  port: number,
  password: string | undefined,
): Promise<ChildProcess> {
  const file = join(folder, 'conf');
  writeFileSync(file, configuration(kind, folder, port, password));
  const args = kind === 'redis' ? [file] : ['-c', file];
  const child = spawn(PROGRAMS[kind], args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH },
  });
  const endIt = (): boolean => child.kill('SIGKILL');
  process.once('exit', endIt);
  child.once('close', () => process.off('exit', endIt));
  return new Promise((resolve, reject) => {
    let text = '';
    const look = (chunk: Buffer): void => {
      if (text.length > 100_000) return;
      text += chunk.toString();
      if (READY[kind].test(text)) resolve(child);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`${PROGRAMS[kind]} ended with ${code}: ${text}`)));
  });
}

function configuration(kind: BusKind, folder: string, port: number, password: string | undefined): string {
  const lines =
    kind === 'redis'
      ? [
          'bind 127.0.0.1',
          `port ${port}`,
          `dir "${folder}"`,
          'save ""',
          'appendonly no',
          ...(password === undefined ? [] : [`requirepass "${password}"`]),
        ]
      : [
          `listen: "127.0.0.1:${port}"`,
          ...(password === undefined ? [] : [`authorization { user: "holdfast", password: "${password}" }`]),
        ];
  return `${lines.join('\n')}\n`;
}

// Below the range from which systems take ports for outgoing connections: nothing else comes to sit there between two starts.
const [FIRST_PORT, PORTS] = [20_000, 10_000];

async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore', env: { ...process.env, PATH } }).status === 0;
}

let hasTried = false;

function installByApt(): void {
  if (hasTried || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  hasTried = true;
  process.stderr.write('Getting redis-server and nats-server from the system packages ...\n');
  const packages = Object.values(PROGRAMS).join(' ');
  // One test worker at a time; the second finds them there. RUNLEVEL=1: no service of a package is started.
  const script =
    `for p in ${packages}; do command -v $p >/dev/null || missing="$missing $p"; done; [ -z "$missing" ] || ` +
    `{ apt-get -qq update; apt-get -qq install -y --no-install-recommends $missing; }`;
  spawnSync('flock', [join(tmpdir(), 'holdfast-apt.lock'), 'sh', '-c', script], {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    timeout: INSTALL_LIMIT_MS,
  });
}

const INSTALL_LIMIT_MS = 5 * 60_000;

if (import.meta.main) busesHere();
