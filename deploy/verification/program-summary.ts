/**
 * Checks that a program of tests/ makes, which writes what came of them into a file.
 *
 * Why a program: such checks use the clients of the tests, which nothing imports.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Summary } from './check.ts';

/** A program that ends without a report has failed. */
export async function programSummary(
  name: string,
  start: (report: string) => Promise<unknown>,
): Promise<Summary> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-checks-'));
  const report = join(folder, 'report.json');
  try {
    await start(report);
    const text = await readFile(report, 'utf8').catch(() => undefined);
    if (text !== undefined) return JSON.parse(text) as Summary;
    return { passed: 0, failures: [`${name} ended without a report`], skips: [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
