/**
 * Rules made at random from a seed: every FREQ with every BY part that has a meaning in it, COUNT, all three forms of
 * UNTIL, INTERVAL and WKST, starts that like the edges (ends of months and years, leap days, the hours around a change
 * of the clock), and an `after` somewhere.
 */
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { changesOf, readZoneTable, type ZoneTable } from './zone-table.ts';

export const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Africa/Casablanca',
  'America/St_Johns',
  'America/Havana',
  'Africa/Cairo',
  'Pacific/Chatham',
  'Europe/Dublin',
] as const;

export type RandomInt = (least: number, greatest: number) => number;

export interface GeneratedCase {
  readonly rrule: string;
  readonly start: string;
  readonly timeZone: string;
  /** How many days the brute force looks at. */
  readonly scanDays: number;
  /** A series that is looked at long after it began. */
  readonly isOld: boolean;
}

/** Whole numbers from `least` to `greatest`, both included. */
export function seededInt(seed: number): RandomInt {
  const random = seededRandom(seed);
  return (least, greatest) => least + Math.floor(random() * (greatest - least + 1));
}

export function createZoneTables(): (timeZone: string) => ZoneTable {
  const tables = new Map<string, ZoneTable>();
  return (timeZone) => {
    const table = tables.get(timeZone) ?? readZoneTable(timeZone);
    tables.set(timeZone, table);
    return table;
  };
}

const FREQUENCIES = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY'] as const;
type Frequency = (typeof FREQUENCIES)[number];
const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

export function generateCase(random: RandomInt, zoneTable: (timeZone: string) => ZoneTable): GeneratedCase {
  const chance = (percent: number): boolean => random(1, 100) <= percent;
  // Rules of days and longer are what a to-do app lives on.
  const frequency = chance(80) ? pick(random, FREQUENCIES.slice(0, 4)) : pick(random, FREQUENCIES.slice(4));
  const timeZone = pick(random, ZONES);
  const start = generateStart(random, chance(35) ? changesOf(zoneTable(timeZone)) : []);
  const isOld = chance(12);

  const parts = [`FREQ=${frequency}`];
  if (chance(45)) parts.push(`INTERVAL=${chance(80) ? random(1, 5) : random(6, 40)}`);
  if (chance(35)) parts.push(`WKST=${pick(random, WEEKDAYS)}`);
  const by = generateByParts(random, frequency);
  if (by.length > 0 && chance(30)) {
    const position = (): number => random(1, chance(80) ? 4 : 40) * (chance(50) ? -1 : 1);
    by.push(`BYSETPOS=${several(random, 3, position)}`);
  }
  parts.push(...by);
  const scanDays = isOld ? scanDaysOf(frequency) * 2 : scanDaysOf(frequency);
  if (chance(25)) parts.push(`COUNT=${isOld ? random(50, 3000) : random(1, 14)}`);
  else if (chance(30)) parts.push(`UNTIL=${generateUntil(random, start, scanDays)}`);
  shuffle(random, parts);
  return { rrule: parts.join(';'), start, timeZone, scanDays, isOld };
}

/** Only parts that RFC 5545 gives a meaning in this frequency. */
function generateByParts(random: RandomInt, frequency: Frequency): string[] {
  const chance = (percent: number): boolean => random(1, 100) <= percent;
  const isYearly = frequency === 'YEARLY';
  const isClock = ['HOURLY', 'MINUTELY', 'SECONDLY'].includes(frequency);
  const signed = (greatest: number) => (): number => random(1, greatest) * (chance(30) ? -1 : 1);
  const by: string[] = [];
  if (chance(isClock ? 8 : 25)) by.push(`BYMONTH=${several(random, 4, () => random(1, 12))}`);
  const hasWeeks = isYearly && chance(22);
  if (hasWeeks) {
    const edge = (): number => pick(random, [1, 2, 51, 52, 53, -1, -2, -51, -52, -53]);
    by.push(`BYWEEKNO=${several(random, 4, () => (chance(60) ? edge() : signed(53)()))}`);
  }
  if (isYearly && chance(18)) by.push(`BYYEARDAY=${several(random, 8, signed(366))}`);
  if (isClock && chance(6)) by.push(`BYYEARDAY=${several(random, 200, signed(366))}`);
  if (frequency !== 'WEEKLY' && chance(isClock ? 8 : 32)) {
    const edge = (): number => pick(random, [28, 29, 30, 31, -1, -28, -29, -30, -31]);
    by.push(`BYMONTHDAY=${several(random, 8, () => (chance(40) ? edge() : signed(31)()))}`);
  }
  if (chance(isClock ? 12 : 45)) {
    const canCount = (isYearly && !hasWeeks) || frequency === 'MONTHLY';
    const greatest = isYearly ? 53 : 5;
    by.push(
      `BYDAY=${several(random, 5, () => {
        const nth = canCount && chance(45) ? String(chance(70) ? signed(5)() : signed(greatest)()) : '';
        return nth + pick(random, WEEKDAYS);
      })}`,
    );
  }
  if (chance(isClock ? 30 : 15))
    by.push(`BYHOUR=${several(random, 3, () => random(0, chance(60) ? 4 : 23))}`);
  if (chance(isClock ? 30 : 12)) by.push(`BYMINUTE=${several(random, 3, () => random(0, 59))}`);
  if (chance(isClock ? 25 : 8)) by.push(`BYSECOND=${several(random, 2, () => random(0, 59))}`);
  return by;
}

/** Enough to see a dozen occurrences of most rules. */
function scanDaysOf(frequency: Frequency): number {
  switch (frequency) {
    case 'YEARLY':
      return 9_000;
    case 'MONTHLY':
      return 3_000;
    case 'WEEKLY':
      return 1_800;
    case 'DAILY':
      return 1_100;
    case 'HOURLY':
      return 60;
    case 'MINUTELY':
      return 5;
    case 'SECONDLY':
      return 1;
  }
}

function generateStart(random: RandomInt, changes: readonly number[]): string {
  const year = random(1994, 2040);
  const edges = [
    `${year}-01-31`,
    `${year}-12-31`,
    `${year}-01-01`,
    `${year - (year % 4)}-02-29`,
    `${year}-02-28`,
    `${year}-12-28`,
  ];
  const time = `${pad(random(0, 23))}:${pad(random(0, 59))}:${pad(random(1, 100) <= 70 ? 0 : random(0, 59))}`;
  const inRange = changes.filter((ms) => ms > Date.UTC(1994) && ms < Date.UTC(2040));
  if (inRange.length > 0) {
    // In UTC, hours around a change; read as a wall clock, so near enough to fall into gaps and repeated hours.
    const ms = pick(random, inRange) + random(-40, 20) * 1_800_000 - random(0, 3) * 86_400_000;
    return new Date(ms).toISOString().slice(0, 19);
  }
  if (random(1, 100) <= 30) return `${pick(random, edges)}T${time}`;
  return `${year}-${pad(random(1, 12))}-${pad(random(1, 28))}T${time}`;
}

function generateUntil(random: RandomInt, start: string, scanDays: number): string {
  const far = Math.max(1, Math.floor(scanDays / pick(random, [1, 4, 20])));
  const ms = Date.parse(`${start}Z`) + random(-1, far) * 86_400_000 + random(-12, 12) * 1_800_000;
  const compact = new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '');
  return pick(random, [compact.slice(0, 8), compact, `${compact}Z`]);
}

function several(random: RandomInt, most: number, make: () => number | string): string {
  const values = new Set<number | string>();
  for (let left = random(1, most); left > 0; left--) values.add(make());
  return [...values].join(',');
}

export function pick<Item>(random: RandomInt, items: readonly Item[]): Item {
  const item = items[random(0, items.length - 1)];
  if (item === undefined) throw new Error('There is nothing to pick from.');
  return item;
}

function shuffle(random: RandomInt, items: string[]): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random(0, last);
    const [a, b] = [items[last], items[other]];
    if (a !== undefined && b !== undefined) [items[last], items[other]] = [b, a];
  }
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
