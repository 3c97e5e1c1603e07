/**
 * What an edit, a device, an open space, a task, an API call and a return cost, and how that grows with their number: the
 * figures of docs/sizing.md. CPU time and bytes only, which a busy machine does not blur as it blurs latencies.
 *
 * Limits: one machine holds servers, database and load. Each number of devices has a database of its own.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { STANDARD } from '@holdfast/deploy/load/scenarios.ts';
import type { Settings } from '@holdfast/deploy/load/scenarios.ts';
import type { BenchPostgres } from '../sync/postgres.ts';
import { createNodeWorld } from './node-world.ts';
import { closeAll, connectAll, prepareLoad, runScenario } from './run-load.ts';
import type { LoadRun } from './run-load.ts';
import { editSteadily } from '@holdfast/deploy/load/scenarios.ts';
import { startLoadedServers } from './servers.ts';
import type { Cpu, Disk, LoadedServers } from './servers.ts';

type Row = Readonly<Record<string, number>>;

const DEVICES = [10, 100, 1000, 5000];
const TASKS = [100, 1000, 10_000];
const PARTS: Readonly<Record<string, (postgres: BenchPostgres) => Promise<void>>> = {
  devices: measureDevices,
  tasks: measureTasks,
  api: measureApi,
};

const IDLE_MS = 20_000;
const OPENS = 20;
const DEVICES_PER_USER = 2;

export async function measureSizing(postgres: BenchPostgres, parts = Object.keys(PARTS)): Promise<void> {
  for (const part of parts) await PARTS[part]?.(postgres);
}

/** Two devices in each space of ten tasks; in step and silent, then an edit of each in twenty seconds. */
async function measureDevices(postgres: BenchPostgres): Promise<void> {
  const rows: Row[] = [];
  for (const devices of DEVICES) {
    const users = devices / DEVICES_PER_USER;
    const settings = { ...STANDARD, users, devices: DEVICES_PER_USER, tasks: 10, minutes: 2 };
    await withServers(postgres, `sizing_devices_${devices}`, settings, async (run, servers) => {
      // A process that has just begun: what preparing left in its memory is not what devices take.
      const starting = servers.cpu();
      await servers.restart();
      const memoryBefore = await restingMemory(servers);
      const joining = servers.cpu();
      const startSeconds = joining.sync - starting.sync;
      const all = await connectAll(run, 'steady');
      const joined = servers.cpu();
      const memory = await restingMemory(servers);
      await servers.untilQuiet();
      const idle = servers.cpu();
      const idleAtMs = performance.now();
      await delay(IDLE_MS);
      const [begun, idleSeconds] = [servers.cpu(), (performance.now() - idleAtMs) / 1000];
      const disk = await servers.disk();
      run.world.take();
      const beganAtMs = performance.now();
      await Promise.all(all.map((device) => editSteadily(run.world, device, settings)));
      await servers.untilQuiet();
      const busySeconds = (performance.now() - beganAtMs) / 1000;
      const edits = run.world.take().counts.receipts;
      const resting = perSecond(idle, begun, idleSeconds);
      const perEdit = perThousand(begun, servers.cpu(), resting, busySeconds, edits);
      const grown = await servers.disk();
      rows.push({
        devices,
        edits,
        'KiB of memory a device': (memory - memoryBefore) / 1024 / devices,
        'sockets process, MiB': memory / 2 ** 20,
        'workers process, MiB': servers.memory().workers / 2 ** 20,
        'join: CPU ms a device': ((joined.sync - joining.sync) * 1000) / devices,
        'join: Postgres CPU ms a device': ((joined.postgres - joining.postgres) * 1000) / devices,
        'silent: CPU %, sockets': resting.sync * 100,
        'silent: CPU %, workers': resting.workers * 100,
        'silent: CPU %, Postgres': resting.postgres * 100,
        'edits: CPU s per 1,000, sockets': perEdit.sync,
        'edits: CPU s per 1,000, workers': perEdit.workers,
        'edits: CPU s per 1,000, Postgres': perEdit.postgres,
        ...diskRows('bytes an edit', disk, grown, edits),
      });
      const storming = servers.cpu();
      await closeAll(all);
      run.world.take();
      const { counts } = await runScenario(run, 'storm');
      const stormed = servers.cpu();
      Object.assign(rows.at(-1) ?? {}, {
        'storm: devices back': counts.returns,
        'start of a process: CPU s': startSeconds,
        'storm: CPU ms a device, to join and to return':
          ((stormed.sync - storming.sync - startSeconds) * 1000) / devices,
        'storm: Postgres CPU ms a device': ((stormed.postgres - storming.postgres) * 1000) / devices,
      });
    });
    print('by devices', rows);
  }
}

/** One space of so many tasks: what they take on disk, and what opening it costs on a device that has nothing. */
async function measureTasks(postgres: BenchPostgres): Promise<void> {
  const rows: Row[] = [];
  for (const tasks of TASKS) {
    const settings = { ...STANDARD, users: 1, devices: 1, tasks: 0 as number };
    await withServers(postgres, `sizing_tasks_${tasks}`, settings, async (_, servers) => {
      const disk = await servers.disk();
      const before = servers.cpu();
      const run = await prepareLoad(createNodeWorld(), servers, { ...settings, tasks });
      await servers.untilQuiet();
      const written = servers.cpu();
      const grown = await servers.disk();
      await servers.restart();
      const opening = servers.cpu();
      const first = await openings(run, 1);
      const opened = servers.cpu();
      await openings(run, OPENS);
      const after = servers.cpu();
      rows.push({
        tasks,
        'KiB received': first / 1024,
        'first open of a process: CPU ms': (opened.sync - opening.sync) * 1000,
        'each further open: CPU ms': ((after.sync - opened.sync) * 1000) / OPENS,
        'each further open: Postgres CPU ms': ((after.postgres - opened.postgres) * 1000) / OPENS,
        'writing: CPU ms a task, sockets': ((written.sync - before.sync) * 1000) / tasks,
        'writing: CPU ms a task, workers': ((written.workers - before.workers) * 1000) / tasks,
        'writing: CPU ms a task, Postgres': ((written.postgres - before.postgres) * 1000) / tasks,
        'sockets process, MiB': servers.memory().sync / 2 ** 20,
        'workers process, MiB': servers.memory().workers / 2 ** 20,
        ...diskRows('bytes a task', disk, grown, tasks),
      });
    });
    print('by tasks', rows);
  }
}

/** Scripts that do nothing else. */
async function measureApi(postgres: BenchPostgres): Promise<void> {
  const rows: Row[] = [];
  for (const scripts of [1, 4, 16]) {
    const settings = { ...STANDARD, users: 20, devices: 1, scripts };
    await withServers(postgres, `sizing_api_${scripts}`, settings, async (run, servers) => {
      await runScenario(run, 'api');
      await servers.untilQuiet();
      const before = servers.cpu();
      const { counts } = await runScenario(run, 'api');
      await servers.untilQuiet();
      const after = servers.cpu();
      rows.push({
        scripts,
        calls: counts.calls,
        failures: counts.failures,
        'CPU s per 1,000 calls, API': ((after.sync - before.sync) * 1000) / counts.calls,
        'CPU s per 1,000 calls, workers': ((after.workers - before.workers) * 1000) / counts.calls,
        'CPU s per 1,000 calls, Postgres': ((after.postgres - before.postgres) * 1000) / counts.calls,
      });
    });
  }
  print('by scripts', rows);
}

async function withServers(
  postgres: BenchPostgres,
  name: string,
  settings: Settings,
  measure: (run: LoadRun, servers: LoadedServers) => Promise<void>,
): Promise<void> {
  const servers = await startLoadedServers(postgres, name);
  try {
    const run = await prepareLoad(createNodeWorld(), servers, settings);
    await servers.untilQuiet();
    await measure(run, servers);
  } finally {
    await servers.stop();
  }
}

/** Opens and closes, one after the other; the bytes of one. */
async function openings(run: LoadRun, count: number): Promise<number> {
  let bytes = 0;
  const world = {
    ...run.world,
    openSocket: ((url, token, listener) =>
      run.world.openSocket(url, token, {
        ...listener,
        message(frame) {
          bytes += frame.length;
          listener.message(frame);
        },
      })) as LoadRun['world']['openSocket'],
  };
  for (let n = 0; n < count; n++) {
    await closeAll(await connectAll({ ...run, world }, 'open'));
  }
  return bytes / count;
}

async function restingMemory(servers: LoadedServers): Promise<number> {
  let before = servers.memory().sync;
  for (let second = 0; second < 10; second++) {
    await delay(1000);
    const now = servers.memory().sync;
    if (Math.abs(now - before) < before * 0.005) return now;
    before = now;
  }
  return before;
}

function perSecond(from: Cpu, to: Cpu, seconds: number): Cpu {
  return {
    sync: (to.sync - from.sync) / seconds,
    workers: (to.workers - from.workers) / seconds,
    postgres: (to.postgres - from.postgres) / seconds,
  };
}

/** Without what the same time costs when nobody edits. */
function perThousand(from: Cpu, to: Cpu, resting: Cpu, seconds: number, edits: number): Cpu {
  const used = perSecond(from, to, seconds);
  const each = (name: keyof Cpu): number => ((used[name] - resting[name]) * seconds * 1000) / edits;
  return { sync: each('sync'), workers: each('workers'), postgres: each('postgres') };
}

function diskRows(what: string, before: Disk, after: Disk, count: number): Row {
  const rows = Object.keys(after).map((kind) => [
    `${what}: ${kind}`,
    (after[kind as keyof Disk] - before[kind as keyof Disk]) / count,
  ]);
  return Object.fromEntries(rows) as Row;
}

function print(title: string, rows: readonly Row[]): void {
  const names = Object.keys(rows[0] ?? {});
  console.log(`\n## ${title}\n`);
  for (const [n, name] of names.entries()) {
    console.log(`| ${name} | ${rows.map((row) => say(row[name])).join(' | ')} |`);
    if (n === 0) console.log(`|---|${rows.map(() => '---:|').join('')}`);
  }
}

function say(value = 0): string {
  if (value === 0) return '0';
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)));
}
