/**
 * What the bench of recurrence measures, in Node and in Chromium alike: it asks nothing of its host but a clock.
 */
import { occurrences } from '@holdfast/core/recurrence.ts';
import { openSeries, type SeriesRule } from '@holdfast/core/recurrence/series.ts';

export interface RecurrenceTimes {
  /** Opening and advancing 1,000 series of a person who comes back after three weeks. */
  readonly advanceMs: number;
  /** The next occurrence of a daily rule that began ten years ago, and of one that began yesterday. */
  readonly nextOfOldUs: number;
  readonly nextOfNewUs: number;
}

const SERIES = 1000;
const CALLS = 200;
const NOW = Date.UTC(2026, 10, 23, 8);

/** What people repeat, from often to seldom. */
const RULES = [
  'FREQ=DAILY',
  'FREQ=WEEKLY;BYDAY=TU',
  'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
  'FREQ=DAILY;INTERVAL=3',
  'FREQ=MONTHLY;BYMONTHDAY=1',
  'FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1',
  'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=500',
  'FREQ=MONTHLY;BYDAY=-1FR',
  'FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=9',
  'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20301231T230000Z',
];

const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];

export function measureRecurrence(): RecurrenceTimes {
  const rules = Array.from({ length: SERIES }, (_, index): SeriesRule => {
    const isTimed = index % 3 !== 0;
    return {
      rrule: RULES[index % RULES.length] ?? 'FREQ=DAILY',
      mode: 'schedule',
      missed: index % 4 === 0 ? 'catch-up' : 'skip',
      start: isTimed ? '2020-01-06T09:00:00' : '2020-01-06',
      timeZone: isTimed ? (ZONES[index % ZONES.length] ?? null) : null,
    };
  });
  const closed = rules.map((rule) => openSeries(rule).preview(1, { local: slotBefore(rule), index: 100 })[0]);
  const begun = performance.now();
  for (const [index, rule] of rules.entries()) {
    const slot = closed[index];
    if (slot) openSeries(rule).advance({ ...slot, kind: 'done', at: NOW, zone: 'Europe/Berlin' });
  }
  const advanceMs = performance.now() - begun;
  return {
    advanceMs,
    nextOfOldUs: nextUs('2016-11-22T09:00:00'),
    nextOfNewUs: nextUs('2026-11-22T09:00:00'),
  };
}

function slotBefore({ start }: SeriesRule): string {
  return `2026-11-01${start.slice(10)}`;
}

function nextUs(start: string): number {
  const begun = performance.now();
  for (let call = 0; call < CALLS; call++) {
    occurrences({
      rrule: 'FREQ=DAILY',
      start,
      timeZone: 'Europe/Berlin',
      limit: 1,
      after: '2026-11-23T08:00:00Z',
    });
  }
  return ((performance.now() - begun) / CALLS) * 1000;
}
