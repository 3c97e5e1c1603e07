/**
 * One generated case, asked of core and of the brute force: from the start, after some instant, and as all-day dates.
 * Gives the differences in words, none when they agree.
 */
import { dates, occurrences } from '@holdfast/core/recurrence.ts';
import { bruteForce, type BruteAnswer } from './brute-force.ts';
import { pick, type GeneratedCase, type RandomInt } from './generate.ts';
import type { ZoneTable } from './zone-table.ts';

const MOST = 14;
const MOST_OF_OLD = 4_000;

export function checkCase(
  generated: GeneratedCase,
  random: RandomInt,
  zoneTable: (timeZone: string) => ZoneTable,
): string[] {
  const { rrule, start, timeZone, scanDays, isOld } = generated;
  const most = isOld ? MOST_OF_OLD : MOST;
  const zone = zoneTable(timeZone);
  const expected = bruteForce({ rrule, start, zone, most, scanDays });
  const differences: string[] = [];
  const compare = (what: string, got: readonly string[], wanted: readonly string[]): void => {
    if (got.join() === wanted.join()) return;
    differences.push(
      `${rrule} start ${start} in ${timeZone}, ${what}: got ${got.join(' ')}, wanted ${wanted.join(' ')}`,
    );
  };
  const show = ({ local, instant }: { local: string; instant: string }): string => `${local}=${instant}`;

  const got = occurrences({ rrule, start, timeZone, limit: most });
  compare(
    'from the start',
    beforeEnd(got.map(show), expected),
    beforeEnd(expected.found.map(show), expected),
  );

  const after = chooseAfter(expected, start, random);
  const known = knownOnes(expected, most);
  const later = known.filter(({ instant }) => Date.parse(instant) > Date.parse(after));
  const limit = isOld ? Math.min(3, later.length) : later.length;
  const gotLater = occurrences({ rrule, start, timeZone, limit, after });
  compare(`after ${after}`, gotLater.map(show), later.slice(0, limit).map(show));
  if (known.length === expected.found.length && expected.completeBefore === null && known.length < most) {
    const rest = occurrences({ rrule, start, timeZone, limit: most, after });
    compare(`all after ${after}`, rest.map(show), later.map(show));
  }

  if (/FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY)/.test(rrule)) {
    const startDate = start.slice(0, 10);
    const expectedDates = bruteForce({ rrule, start: startDate, zone, most: MOST, scanDays });
    const gotDates = dates({ rrule, start: startDate, limit: MOST });
    const wantedDates = expectedDates.found.map(({ local }) => local);
    compare('as dates', beforeEnd(gotDates, expectedDates), beforeEnd(wantedDates, expectedDates));
  }
  return differences;
}

/** What the brute force can vouch for: everything before the reading up to which it looked. */
function beforeEnd(shown: readonly string[], { completeBefore }: BruteAnswer): string[] {
  return shown.filter((text) => completeBefore === null || text < completeBefore);
}

/** Those that are certain to be all there are up to the last of them. */
function knownOnes({ found, completeBefore }: BruteAnswer, most: number): BruteAnswer['found'] {
  const sure = found.filter(({ local }) => completeBefore === null || local < completeBefore);
  // Where readings run backwards at a change of the clock, one beyond the list could be earlier than its last.
  return sure.length === most ? sure.slice(0, -2) : sure;
}

function chooseAfter({ found }: BruteAnswer, start: string, random: RandomInt): string {
  if (found.length === 0)
    return new Date(Date.parse(`${start}Z`) + random(-50, 50) * 3_600_000).toISOString();
  const base = Date.parse(pick(random, found).instant);
  return new Date(
    base + pick(random, [0, -1000, 1000, 1, -1, 3_600_000, -3_600_000, 40_000_000]),
  ).toISOString();
}
