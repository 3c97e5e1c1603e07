/**
 * Rules made at random against the brute force. HOLDFAST_RECURRENCE_RUNS sets how many (.ci/run: 20,000),
 * HOLDFAST_RECURRENCE_SEED from where; a difference names its seed and run, which make it again.
 */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { checkCase } from './check-case.ts';
import { createZoneTables, generateCase, seededInt, ZONES } from './generate.ts';

const runs = Number(process.env['HOLDFAST_RECURRENCE_RUNS'] ?? 300);
const seed = Number(process.env['HOLDFAST_RECURRENCE_SEED'] ?? 20261123);
/** Generous: a machine that is busy with other tests takes five times as long as an idle one. */
const MS_PER_RUN = 250;

const zoneTable = createZoneTables();

function differencesOf(run: number): string[] {
  const random = seededInt(seed + run);
  const generated = generateCase(random, zoneTable);
  return checkCase(generated, random, zoneTable).map((text) => `seed ${seed} run ${run}: ${text}`);
}

describe('rules made at random', () => {
  test(
    `[RC2] ${runs} rules from seed ${seed} agree with the brute force`,
    { timeout: 30_000 + runs * MS_PER_RUN },
    async () => {
      const differences: string[] = [];
      for (let run = 0; run < runs && differences.length < 5; run++) {
        differences.push(...differencesOf(run));
        // Minutes without a turn of the event loop, and the runner takes its worker for dead.
        if (run % 100 === 0) await setImmediate();
      }
      expect(differences).toEqual([]);
    },
  );

  test('[RC2] the rules made at random reach every frequency, part and zone', () => {
    const missing = new Set<string>([
      ...['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'],
      ...['BYMONTH', 'BYWEEKNO', 'BYYEARDAY', 'BYMONTHDAY', 'BYDAY', 'BYHOUR', 'BYMINUTE', 'BYSECOND'],
      ...['BYSETPOS', 'COUNT', 'UNTIL', 'INTERVAL', 'WKST'],
      ...ZONES,
    ]);
    for (let run = 0; run < 400 && missing.size > 0; run++) {
      const { rrule, timeZone } = generateCase(seededInt(seed + run), zoneTable);
      for (const name of rrule.split(/[;=]/)) missing.delete(name);
      missing.delete(timeZone);
    }
    expect([...missing]).toEqual([]);
  });
});
