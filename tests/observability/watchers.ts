/**
 * Prometheus and Alertmanager as processes of this machine, with the project's own files, only faster.
 *
 * Promise: rules and configuration are those of the repository; what is changed for a check is the rhythm (a scrape a second, no
 * waiting before an alert), where to find things, and the receiver, which is put in as the comment in alertmanager.yml says.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const POLL_MS = 100;
/** Only against a hang. */
const LIMIT_MS = 120_000;

export interface Watcher {
  readonly url: string;
  stop(): Promise<void>;
}

export interface Faster {
  readonly prometheus: string;
  readonly rules: string;
  readonly alertmanager: string;
}

/** The three files, for checks that cannot wait for minutes. */
export async function fasterFiles(places: {
  /** host:port of each process; left out where they are found as the file says. */
  readonly apps?: readonly string[];
  readonly alertmanager: string;
  readonly receiver: string;
  readonly rulesPath: string;
}): Promise<Faster> {
  const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
  const prometheus = replaced(await read('deploy/observability/prometheus.yml'), [
    ['scrape_interval: 15s', 'scrape_interval: 1s'],
    ['evaluation_interval: 15s', 'evaluation_interval: 1s'],
    ['/etc/prometheus/rules/*.yaml', places.rulesPath],
    ['alertmanager:9093', places.alertmanager],
    ['refresh_interval: 15s', 'refresh_interval: 5s'],
    ...(places.apps === undefined
      ? []
      : [[/ {4}dns_sd_configs:[\s\S]*$/, staticTargets(places.apps)] as const]),
  ]);
  const rules = (await read('deploy/helm/holdfast/files/prometheus-rules.yaml')).replaceAll(
    /^( +for:) \d+m$/gm,
    '$1 1s',
  );
  const alertmanager = replaced(await read('deploy/observability/alertmanager.yml'), [
    ['group_wait: 30s', 'group_wait: 0s'],
    ['group_interval: 5m', 'group_interval: 1s'],
    ['    # webhook_configs:', '    webhook_configs:'],
    ['    #   - url: https://alerts.example.org/hook', `      - url: ${places.receiver}`],
  ]);
  return { prometheus, rules, alertmanager };
}

function staticTargets(apps: readonly string[]): string {
  return `    static_configs:\n      - targets: ${JSON.stringify(apps)}\n`;
}

export async function startPrometheus(folder: string, files: Faster, port: number): Promise<Watcher> {
  await mkdir(join(folder, 'prometheus'), { recursive: true });
  const config = join(folder, 'prometheus.yml');
  await writeFile(join(folder, 'rules.yaml'), files.rules);
  await writeFile(config, files.prometheus);
  return start(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      // What fires before it has found its Alertmanager is said again soon.
      '--rules.alert.resend-delay=1s',
    ],
    port,
  );
}

export async function startAlertmanager(folder: string, files: Faster, port: number): Promise<Watcher> {
  const config = join(folder, 'alertmanager.yml');
  await writeFile(config, files.alertmanager);
  return start(
    'prometheus-alertmanager',
    [
      `--config.file=${config}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      // Alone: no gossip, for which it would look for an address of this machine.
      '--cluster.listen-address=',
    ],
    port,
  );
}

async function start(program: string, args: readonly string[], port: number): Promise<Watcher> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = `${log}${text}`.slice(-4000)));
  const url = `http://127.0.0.1:${port}`;
  let ended = false;
  child.once('exit', () => (ended = true));
  await until(`${program} is ready`, async () => {
    if (ended) throw new Error(`${program} ended:\n${log}`);
    return (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true;
  });
  return { url, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`It took longer than ${LIMIT_MS / 1000} s: ${what}`);
    await delay(POLL_MS);
  }
}

function replaced(text: string, changes: readonly (readonly [string | RegExp, string])[]): string {
  return changes.reduce((now, [from, to]) => {
    const next = now.replace(from, to);
    if (next === now && from !== to) throw new Error(`"${String(from)}" stands no longer in the file.`);
    return next;
  }, text);
}
