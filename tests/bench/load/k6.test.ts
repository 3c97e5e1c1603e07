/** The k6 script, on stand-ins for k6's modules, against a whole server. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { API_ROUNDS, API_STEPS, OPENINGS_PER_USER } from '@holdfast/deploy/load/scenarios.ts';
import { expect, onTestFinished, test } from 'vitest';
import { createAccount } from '../../support/account.ts';
import { startApp } from '../../support/app.ts';
import { testDatabase } from '../../support/postgres.ts';

const RUN = fileURLToPath(new URL('./k6-run.ts', import.meta.url));

type Values = Record<string, { count: number; sum: number }>;

async function runScript(env: Record<string, string>): Promise<Values> {
  // A test that runs out of time leaves nothing running.
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const { stdout } = await promisify(execFile)(process.execPath, [RUN], {
    signal: end.signal,
    env: { PATH: process.env['PATH'], K6_ENV: JSON.stringify(env) },
  });
  return JSON.parse(stdout) as Values;
}

test('[LT4] the script for k6 runs every scenario to its end: nothing fails, nothing is lost, all come back', async () => {
  const database = await testDatabase();
  const app = await startApp({ databaseUrl: database.url, env: { RATE_LIMITS: 'off' } });
  const small = {
    BASE_URL: app.url,
    USERS: '2',
    DEVICES: '2',
    TASKS: '20',
    MINUTES: '0.02',
    SECONDS_BETWEEN_EDITS: '0.2',
    SCRIPTS: '2',
    STORM_AFTER_SECONDS: '0',
  };
  const seen = await runScript(small);
  const sum = (name: string): number | undefined => seen[`holdfast_${name}`]?.sum;
  expect(sum('opened')).toBe(2 * OPENINGS_PER_USER);
  expect(sum('edits')).toBeGreaterThan(8);
  expect(sum('receipts')).toBe(sum('edits'));
  expect(sum('received')).toBeGreaterThan(0);
  expect(sum('returns')).toBe(4);
  expect(sum('calls')).toBe(2 * API_ROUNDS * API_STEPS.length);
  expect([sum('refused'), sum('failures'), sum('dropped')]).toEqual([0, 0, 0]);
  expect(seen['holdfast_kept']?.count).toBe(sum('receipts'));

  // With tokens of people who are there already, nobody signs up.
  const { token } = await createAccount(app.url);
  const steady = await runScript({ ...small, TOKENS: token, SCENARIOS: 'steady' });
  expect(steady['holdfast_receipts']?.sum).toBe(steady['holdfast_edits']?.sum);
  expect(steady['holdfast_opened']?.sum).toBe(0);
  const me = await fetch(`${app.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  const { spaces } = (await me.json()) as { spaces: { name: string }[] };
  expect(spaces.map(({ name }) => name)).toEqual(expect.arrayContaining(['Load 1', 'Load 2']));
  await app.stop();
  await database.drop();
});
