/**
 * The checks of what watches Holdfast, on this machine: the app, Prometheus and Alertmanager as processes.
 *
 *   node tests/observability/run.ts REPORT.json
 *
 * Promise: the app is started as an operator does, and everything that leaves a number happens to it; then every query of the
 * dashboard and every rule must return series, and when the app ends, an alert must reach a webhook.
 * Limits: Debian's Prometheus and Alertmanager, which are older than those that compose names; Grafana itself is not run.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecks } from '@holdfast/deploy/verification/check.ts';
import type { Check } from '@holdfast/deploy/verification/check.ts';
import { startApp } from '../support/app.ts';
import type { App } from '../support/app.ts';
import { startPushService } from '../support/push-service.ts';
import { startSmtpSink } from '../support/smtp-sink.ts';
import { startReceiver } from '../workers/receiver.ts';
import { startAlertReceiver } from './alert-receiver.ts';
import type { AlertReceiver } from './alert-receiver.ts';
import { busyDay } from './busy-day.ts';
import { dashboardQueries, ruleQueries, silentAmong } from './queries.ts';
import type { Query } from './queries.ts';
import { fasterFiles, freePort, startAlertmanager, startPrometheus, until } from './watchers.ts';
import type { Watcher } from './watchers.ts';

const folder = await mkdtemp(join(tmpdir(), 'holdfast-watched-'));
const closers: (() => unknown)[] = [];
let app: App;
let prometheus: Watcher;
let alerts: AlertReceiver;

const checks: readonly Check[] = [
  {
    name: 'Prometheus scrapes the app, and every query of the dashboard and every rule returns series',
    run: async () => {
      const [push, mail, hook] = await Promise.all([startPushService(), startSmtpSink(), startReceiver()]);
      closers.push(
        () => push.close(),
        () => mail.close(),
        () => hook.close(),
      );
      const authority = join(folder, 'authority.pem');
      await writeFile(authority, push.ca);
      app = await startApp({
        lasting: true,
        env: {
          LOG_LEVEL: 'warn',
          SMTP_URL: mail.url,
          MAIL_FROM: 'holdfast@example.org',
          PUBLIC_URL: 'https://tasks.example.org',
          ALLOW_PRIVATE_ENDPOINTS: 'true',
          NODE_EXTRA_CA_CERTS: authority,
        },
      });
      closers.push(() => app.stop());
      alerts = await startAlertReceiver('127.0.0.1', 0);
      closers.push(() => alerts.close());
      const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
      const files = await fasterFiles({
        apps: [`127.0.0.1:${app.port}`],
        alertmanager: `127.0.0.1:${alertmanagerPort}`,
        receiver: alerts.url,
        rulesPath: join(folder, 'rules.yaml'),
      });
      const alertmanager = await startAlertmanager(folder, files, alertmanagerPort);
      closers.push(() => alertmanager.stop());
      prometheus = await startPrometheus(folder, files, prometheusPort);
      closers.push(() => prometheus.stop());
      await busyDay(app.url, { subscription: push.subscribe(), webhookUrl: hook.url });
      const [dashboard, rules] = [await dashboardQueries(), await ruleQueries(prometheus.url)];
      let silent: readonly Query[] = [];
      await until('every query returns a series', async () => {
        silent = await silentAmong(prometheus.url, [...dashboard, ...rules]);
        return silent.length === 0;
      }).catch((error: unknown) => {
        const lines = silent.map(({ where, expression }) => `${where}: ${expression}`);
        throw new Error([String(error), ...lines, app.logs()].join('\n'));
      });
      return `${dashboard.length} queries, ${rules.length} of rules`;
    },
  },
  {
    name: 'an alert fires and reaches a webhook by way of Alertmanager',
    run: async () => {
      // Before the first scrape nothing was there, which was told, and must be over.
      const gone = { where: 'the alert', expression: 'ALERTS{alertname="HoldfastGone"}' };
      await until(
        'nothing is said to be gone',
        async () => (await silentAmong(prometheus.url, [gone])).length === 1,
      );
      alerts.names.clear();
      await app.stop();
      await until('the alert of a server that is gone comes in', () =>
        Promise.resolve(alerts.names.has('HoldfastGone')),
      );
      return 'HoldfastGone';
    },
  },
];

if (import.meta.main) {
  const report = process.argv[2];
  if (report === undefined) throw new Error('Where shall the report be written?');
  const summary = await runChecks(checks);
  await writeFile(report, JSON.stringify(summary));
  for (const close of closers.reverse()) await close();
  await rm(folder, { recursive: true, force: true });
  process.exit(summary.failures.length > 0 ? 1 : 0);
}
