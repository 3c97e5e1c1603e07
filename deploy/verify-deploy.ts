/**
 * `npm run verify:deploy`: every check of what stands between the app and a server: chart, image, compose file, workflows,
 * scripts, rules.
 *
 * Promise: what cannot be checked on this machine is named, counted as skipped and never as passed; the last line is exactly
 * `N passed, N failed`; the exit code is 0 only with no failure.
 * Limits: the checks in containers need an engine and base images. Where HOLDFAST_CONTAINER_LAB names a program that gives
 * both, they run; else they are skipped.
 */
import { runMain } from './fault.ts';
import { chartChecks } from './verification/chart-checks.ts';
import { Skip, runChecks, skipsInWords } from './verification/check.ts';
import type { Check, Summary } from './verification/check.ts';
import { containerSummary } from './verification/container-checks.ts';
import { fileChecks } from './verification/file-checks.ts';
import { observabilitySummary } from './verification/observability-checks.ts';
import { obtainTools } from './verification/programs.ts';
import type { Tools } from './verification/programs.ts';

if (import.meta.main) {
  await runMain(async () => {
    const only = process.argv.slice(2);
    const { passed, failures, skips } = await verifyDeployment(only);
    process.stdout.write(skipsInWords(skips));
    if (failures.length > 0)
      process.stdout.write(`\nFailed:\n${failures.map((name) => `  ${name}\n`).join('')}`);
    process.exitCode = failures.length > 0 ? 1 : 0;
    process.stdout.write(`\n${passed} passed, ${failures.length} failed\n`);
  });
}

/** Of `static`, `observability` and `containers`, those that are named; both where none is. */
export async function verifyDeployment(only: readonly string[] = []): Promise<Summary> {
  const wanted = (part: string): boolean => only.length === 0 || only.includes(part);
  const summaries: Summary[] = [];
  if (wanted('static')) summaries.push(await runChecks(await staticChecks()));
  if (wanted('observability')) summaries.push(await observabilitySummary());
  if (wanted('containers')) summaries.push(await containerSummary());
  return {
    passed: summaries.reduce((sum, { passed }) => sum + passed, 0),
    failures: summaries.flatMap(({ failures }) => failures),
    skips: summaries.flatMap(({ skips }) => skips),
  };
}

async function staticChecks(): Promise<Check[]> {
  let obtained: Promise<Tools> | undefined;
  const tools = (): Promise<Tools> => (obtained ??= obtainTools());
  const chart = await tools()
    .then(chartChecks)
    .catch((error: unknown): Check[] => [
      {
        name: 'the chart',
        run: () => Promise.reject(error instanceof Skip ? error : new Error(String(error), { cause: error })),
      },
    ]);
  return [...chart, ...fileChecks(tools)];
}
