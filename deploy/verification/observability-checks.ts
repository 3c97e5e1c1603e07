/**
 * Whether what watches Holdfast sees anything: dashboard, rules and alerts against a live server (tests/observability/run.ts).
 *
 * Limits: needs Prometheus and Alertmanager as Debian packages them. Grafana, Loki and Tempo are not run.
 */
import { join } from 'node:path';
import { Skip, runChecks } from './check.ts';
import type { Summary } from './check.ts';
import { programSummary } from './program-summary.ts';
import { debianProgram, root, run } from './programs.ts';

const NAME = 'dashboard, rules and alerts against a live server';

export async function observabilitySummary(): Promise<Summary> {
  try {
    await debianProgram('prometheus', 'prometheus');
    await debianProgram('prometheus-alertmanager', 'prometheus-alertmanager');
  } catch (error) {
    if (!(error instanceof Skip)) throw error;
    return runChecks([{ name: NAME, run: () => Promise.reject(error) }]);
  }
  return programSummary(NAME, (report) =>
    run(process.execPath, [join(root, 'tests', 'observability', 'run.ts'), report], { show: true }),
  );
}
