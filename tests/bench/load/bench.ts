/**
 * The load test: people who open the app, edit, use the API and come back after a restart, against a server that it starts or
 * one that runs somewhere. docs/load-testing.md says how to read it; docs/sizing.md what `--sizing` has shown.
 *
 *   --url=… --tokens=hf_…,hf_…    a running server and tokens of it (without tokens it signs up; else it starts a server itself)
 *   --users=10 --devices=2        devices of each user, all in one space
 *   --tasks=100                   in each space to begin with
 *   --minutes=1 --seconds-between-edits=20
 *   --scripts=4                   of the scenario api
 *   --scenarios=open,steady,api,storm
 *   --sizing                      measures what one edit, device, task costs, and how that grows, instead
 */
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { COUNTS, DURATIONS } from '@holdfast/deploy/load/device.ts';
import type { Count, Duration } from '@holdfast/deploy/load/device.ts';
import { settingsFrom } from '@holdfast/deploy/load/scenarios.ts';
import type { Settings } from '@holdfast/deploy/load/scenarios.ts';
import { percentile } from '../sync/measure.ts';
import { startBenchPostgres } from '../sync/postgres.ts';
import { createNodeWorld } from './node-world.ts';
import type { Seen } from './node-world.ts';
import { prepareLoad, runScenario } from './run-load.ts';
import type { LoadTarget } from './run-load.ts';
import { startLoadedServers } from './servers.ts';
import type { Disk, LoadedServers } from './servers.ts';
import { measureSizing } from './sizing.ts';

export async function benchLoad(options: string[]): Promise<void> {
  const { values } = parseArgs({
    args: options,
    options: {
      url: { type: 'string' },
      tokens: { type: 'string', default: '' },
      users: { type: 'string' },
      devices: { type: 'string' },
      tasks: { type: 'string' },
      minutes: { type: 'string' },
      'seconds-between-edits': { type: 'string' },
      scripts: { type: 'string' },
      scenarios: { type: 'string' },
      sizing: { type: 'boolean', default: false },
      parts: { type: 'string' },
    },
  });
  const { url, tokens, sizing, parts, ...given } = values;
  const settings = settingsFrom(given);
  if (url !== undefined) {
    console.log(`load: ${url}; ${wordsFor(settings)}`);
    await runAll({ url }, settings, tokens.split(',').filter(Boolean));
    return;
  }
  if (process.platform !== 'linux') {
    throw new Error('A server of its own is measured by /proc, on Linux only; give --url elsewhere.');
  }
  const postgres = await startBenchPostgres();
  try {
    console.log(
      `load: ${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB, ` +
        `load ${loadavg()[0]?.toFixed(1)}, Node ${process.versions.node}, Postgres ${postgres.version}; ${wordsFor(settings)}`,
    );
    if (sizing) {
      await measureSizing(postgres, parts?.split(','));
      return;
    }
    const servers = await startLoadedServers(postgres, 'load');
    try {
      await runAll(servers, settings, [], servers);
    } finally {
      await servers.stop();
    }
  } finally {
    await postgres.stop();
  }
}

async function runAll(
  target: LoadTarget,
  settings: Settings,
  tokens: readonly string[],
  servers?: LoadedServers,
): Promise<void> {
  const run = await prepareLoad(createNodeWorld(), target, settings, tokens);
  await servers?.untilQuiet();
  for (const scenario of settings.scenarios) {
    const before = servers?.cpu();
    const diskBefore = await servers?.disk();
    const seen = await runScenario(run, scenario);
    await servers?.untilQuiet();
    console.log(`\n## ${scenario}\n\n${tableOf(seen)}`);
    if (!servers || !before || !diskBefore) continue;
    const after = servers.cpu();
    const { sync, workers } = servers.memory();
    const grown = total(await servers.disk()) - total(diskBefore);
    const seconds = (value: number): string => `${value.toFixed(2)} s`;
    const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    console.log(
      `\nCPU: sockets and API ${seconds(after.sync - before.sync)}, workers ${seconds(after.workers - before.workers)}, ` +
        `Postgres ${seconds(after.postgres - before.postgres)}. Memory: sockets and API ${mebibytes(sync)}, ` +
        `workers ${mebibytes(workers)}. Database: ${mebibytes(grown)} more.`,
    );
  }
}

function tableOf({ counts, durations }: Seen): string {
  const lines = ['| | count | p50, ms | p95, ms | p99, ms |', '|---|---:|---:|---:|---:|'];
  for (const [name, words] of Object.entries(COUNTS)) {
    const count = counts[name as Count];
    if (count > 0) lines.push(`| ${words} | ${count} | | | |`);
  }
  for (const [name, words] of Object.entries(DURATIONS)) {
    const values = durations[name as Duration];
    if (values.length === 0) continue;
    const at = (share: number): string => percentile(values, share).toFixed(1);
    lines.push(`| ${words} | ${values.length} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} |`);
  }
  return lines.join('\n');
}

function total(disk: Disk): number {
  return Object.values(disk).reduce((sum, bytes) => sum + bytes, 0);
}

function wordsFor({ users, devices, tasks, minutes, secondsBetweenEdits, scripts }: Settings): string {
  return (
    `${users} users with ${devices} devices each, ${tasks} tasks a space, an edit in ${secondsBetweenEdits} s ` +
    `of each device for ${minutes} min, ${scripts} scripts`
  );
}
