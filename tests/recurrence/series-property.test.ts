/**
 * Series of rules made at random: what `advance` says, against reading the list of all slots with a finger. The list
 * comes from the brute force.
 */
import { setImmediate } from 'node:timers/promises';
import { openSeries } from '@holdfast/core/recurrence/series.ts';
import { expect, test } from 'vitest';
import { bruteForce } from './brute-force.ts';
import { createZoneTables, generateCase, pick, seededInt } from './generate.ts';

// A tenth of what the rules themselves get: here it is the bookkeeping that is tried.
const runs = Math.max(150, Math.floor(Number(process.env['HOLDFAST_RECURRENCE_RUNS'] ?? 0) / 10));
const seed = Number(process.env['HOLDFAST_RECURRENCE_SEED'] ?? 20261123);
const zoneTable = createZoneTables();

/** What a person would say, or null where the list is too short to tell. */
function advanceByList(run: number): { difference: string | null; isTold: boolean } {
  const random = seededInt(seed + 500_000 + run);
  const { rrule, start, timeZone, scanDays } = generateCase(random, zoneTable);
  const zone = zoneTable(timeZone);
  const { found, completeBefore } = bruteForce({ rrule, start, zone, most: 60, scanDays });
  const isWhole = completeBefore === null && found.length < 60;
  const slots = found.filter(({ local }) => completeBefore === null || local < completeBefore);
  if (slots.length === 0) return { difference: null, isTold: false };

  const closedIndex = random(0, slots.length - 1);
  const closed = slots[closedIndex];
  const near = pick(random, slots);
  if (!closed) return { difference: null, isTold: false };
  const at = Date.parse(near.instant) + pick(random, [0, 1, -1, 1000, 7_200_000, -7_200_000, 86_400_000]);
  const missed = pick(random, ['skip', 'catch-up'] as const);
  const later = slots.slice(closedIndex + 1);
  const passed = missed === 'catch-up' ? 0 : later.findIndex(({ instant }) => Date.parse(instant) >= at);
  const next = passed < 0 ? undefined : later[passed];
  if (!next && !isWhole) return { difference: null, isTold: false };
  const missedSlots = later.slice(0, next ? passed : later.length);

  const series = openSeries({ rrule, start, timeZone, mode: 'schedule', missed });
  const closing = { local: closed.local, kind: 'done', at, zone: 'UTC' } as const;
  const wanted = JSON.stringify({
    next: next ? { local: next.local, index: slots.indexOf(next) } : null,
    missed: (missed === 'skip' ? missedSlots : []).map((slot) => ({
      local: slot.local,
      index: slots.indexOf(slot),
    })),
    missedCount: missed === 'skip' ? missedSlots.length : 0,
  });
  const known = JSON.stringify(series.advance({ ...closing, index: closedIndex }));
  const anew = JSON.stringify(series.advance({ ...closing, index: null }));
  const what = `seed ${seed} run ${run}: ${rrule} start ${start} in ${timeZone}, ${missed}, ${closed.local} closed`;
  const got = known === wanted ? anew : known;
  const difference =
    got === wanted ? null : `${what} at ${new Date(at).toISOString()}: got ${got}, wanted ${wanted}`;
  return { difference, isTold: true };
}

test(
  `[RC40] [RC41] [RC42] [RC43] ${runs} closings from seed ${seed} go on as a finger on the list does`,
  { timeout: 30_000 + runs * 100 },
  async () => {
    const differences: string[] = [];
    let told = 0;
    for (let run = 0; run < runs && differences.length < 5; run++) {
      const { difference, isTold } = advanceByList(run);
      if (isTold) told++;
      if (difference !== null) differences.push(difference);
      // Minutes without a turn of the event loop, and the runner takes its worker for dead.
      if (run % 100 === 0) await setImmediate();
    }
    expect(differences).toEqual([]);
    expect(told).toBeGreaterThan(runs / 3);
  },
);
