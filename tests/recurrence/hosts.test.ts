import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createZoneTables, generateCase, seededInt } from './generate.ts';

interface HostAnswers {
  readonly hash: string;
  readonly answered: number;
  readonly native: boolean;
  readonly hostOffsetMinutes: number;
}

const script = fileURLToPath(new URL('./host-answers.ts', import.meta.url));

const zoneTable = createZoneTables();
const cases = JSON.stringify(
  Array.from({ length: 300 }, (_, run) => generateCase(seededInt(40_000 + run), zoneTable)),
);

async function askHost(timeZone: string, ...options: string[]): Promise<HostAnswers> {
  const env = { ...process.env, TZ: timeZone };
  const host = promisify(execFile)(process.execPath, [script, ...options], { env });
  host.child.stdin?.end(cases);
  const { stdout } = await host;
  return JSON.parse(stdout) as HostAnswers;
}

test('[RC13] hosts in four zones, and one without a Temporal of its own, give the same answers', async () => {
  const utc = await askHost('UTC');
  const apia = await askHost('Pacific/Apia');
  const newYork = await askHost('America/New_York');
  const lordHowe = await askHost('Australia/Lord_Howe');
  const withPolyfill = await askHost('Asia/Kolkata', 'polyfill');

  const hosts = [utc, apia, newYork, lordHowe, withPolyfill];
  expect(hosts.map(({ hostOffsetMinutes }) => hostOffsetMinutes)).toEqual([0, -780, 300, -660, -330]);
  expect(withPolyfill.native).toBe(false);
  expect(utc.answered).toBeGreaterThan(1000);
  expect(hosts.map(({ hash }) => hash)).toEqual(hosts.map(() => utc.hash));
}, 120_000);
