/**
 * The checks in containers of what watches: compose's profile "observability", with its Prometheus and Alertmanager.
 *
 *   node tests/containers/watched.ts REPORT.json
 *
 * Promise: compose's own file and the project's own configuration, which finds the servers by Docker's names; what is changed is
 * the rhythm, a receiver for alerts, and a network whose address is known before it is made, for that receiver to listen on.
 * Limits: Grafana, Loki, Alloy and Tempo are not started: there is no image of them to be had without a registry.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecks } from '@holdfast/deploy/verification/check.ts';
import type { Check } from '@holdfast/deploy/verification/check.ts';
import { startAlertReceiver } from '../observability/alert-receiver.ts';
import type { AlertReceiver } from '../observability/alert-receiver.ts';
import { busyDay, nobodysSubscription } from '../observability/busy-day.ts';
import { dashboardQueries, ruleQueries, silentAmong } from '../observability/queries.ts';
import { fasterFiles } from '../observability/watchers.ts';
import { containers, root } from './docker.ts';

const LIMIT_MS = 180_000;
/** Only the engine's own network namespace knows it. */
const SUBNET = '172.31.77.0/24';
const GATEWAY = '172.31.77.1';
const RECEIVER_PORT = 8099;
const PROMETHEUS = 'http://127.0.0.1:9090';
const APP = 'http://127.0.0.1:8787';

const folder = await mkdtemp(join(tmpdir(), 'holdfast-watched-'));
const engine = containers(
  {
    POSTGRES_PASSWORD: randomUUID().replaceAll('-', ''),
    COMPOSE_FILE: [join(root, 'compose.yaml'), join(folder, 'faster.yaml')].join(':'),
    // Nobody listens there: mails are tried in vain, which is a number too.
    SMTP_URL: `smtp://${GATEWAY}:2525`,
    MAIL_FROM: 'holdfast@example.org',
    PUBLIC_URL: 'https://tasks.example.org',
  },
  LIMIT_MS,
);
let receiver: AlertReceiver | undefined;

const checks: readonly Check[] = [
  {
    name: "compose's Prometheus scrapes the servers, and every query of the dashboard and every rule returns series",
    run: async () => {
      await writeFaster();
      await engine.compose('up', '-d', 'postgres', 'holdfast', 'holdfast-2', 'prometheus', 'alertmanager');
      await engine.untilHealthy(await engine.idOf('holdfast'), await engine.idOf('holdfast-2'));
      await engine.until('Prometheus is ready', async () => (await fetch(`${PROMETHEUS}/-/ready`)).ok);
      await busyDay(APP, {
        subscription: nobodysSubscription(`https://${GATEWAY}:1/push`),
        webhookUrl: `http://${GATEWAY}:1/hook`,
      });
      const queries = [...(await dashboardQueries()), ...(await ruleQueries(PROMETHEUS))];
      let silent = queries;
      await engine
        .until('every query returns a series', async () => {
          silent = await silentAmong(PROMETHEUS, queries);
          return silent.length === 0;
        })
        .catch((error: unknown) => {
          const lines = silent.map(({ where, expression }) => `${where}: ${expression}`);
          throw new Error([String(error), ...lines].join('\n'));
        });
      const both = { where: 'both servers', expression: 'count(up{job="holdfast"} == 1) == 2' };
      await engine.until(
        'both are scraped',
        async () => (await silentAmong(PROMETHEUS, [both])).length === 0,
      );
      return `${queries.length} queries, two servers found by name`;
    },
  },
  {
    name: 'an alert fires and reaches a webhook by way of compose’s Alertmanager',
    run: async () => {
      receiver = await startAlertReceiver(GATEWAY, RECEIVER_PORT);
      const { names } = receiver;
      await engine.docker('kill', await engine.idOf('holdfast-2'));
      await engine.until('the alert comes in', () => Promise.resolve(names.has('HoldfastProcessDown')));
      return 'HoldfastProcessDown';
    },
  },
];

if (import.meta.main) {
  const report = process.argv[2];
  if (report === undefined) throw new Error('Where shall the report be written?');
  const summary = await runChecks(checks);
  receiver?.close();
  await writeFile(report, JSON.stringify(summary));
  await engine.compose('down', '-v', '--remove-orphans', '--timeout=5').catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
  process.exit(summary.failures.length > 0 ? 1 : 0);
}

/** Laid over compose.yaml. */
async function writeFaster(): Promise<void> {
  const files = await fasterFiles({
    alertmanager: 'alertmanager:9093',
    receiver: `http://${GATEWAY}:${RECEIVER_PORT}/alerts`,
    rulesPath: '/etc/prometheus/rules/*.yaml',
  });
  const at = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const prometheus = await at('prometheus.yml', files.prometheus);
  const rules = await at('rules.yaml', files.rules);
  const alertmanager = await at('alertmanager.yml', files.alertmanager);
  await at(
    'faster.yaml',
    `version: '3.9'
services:
  holdfast:
    environment:
      ALLOW_PRIVATE_ENDPOINTS: 'true'
  prometheus:
    command: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/prometheus', '--rules.alert.resend-delay=1s']
    volumes:
      - ${prometheus}:/etc/prometheus/prometheus.yml:ro
      - ${rules}:/etc/prometheus/rules/holdfast.yaml:ro
  alertmanager:
    volumes:
      - ${alertmanager}:/etc/alertmanager/alertmanager.yml:ro
networks:
  default:
    ipam:
      config:
        - subnet: ${SUBNET}
          gateway: ${GATEWAY}
`,
  );
}
