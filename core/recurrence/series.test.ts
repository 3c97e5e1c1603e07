import { describe, expect, test } from 'vitest';
import { RecurrenceError } from './error.ts';
import {
  MAX_LISTED_MISSED,
  MAX_PREVIEW,
  openSeries,
  type Advance,
  type Closing,
  type SeriesRule,
} from './series.ts';

const daily: SeriesRule = {
  rrule: 'FREQ=DAILY',
  mode: 'schedule',
  missed: 'skip',
  start: '2026-11-02',
  timeZone: null,
};
const timed: SeriesRule = { ...daily, start: '2026-11-02T09:00:00', timeZone: 'Europe/Berlin' };

/** Closes a slot as done at an instant, in Berlin. */
function closing(local: string, index: number | null, at: string, more: Partial<Closing> = {}): Closing {
  return { local, index, kind: 'done', at: Date.parse(at), zone: 'Europe/Berlin', ...more };
}

function missedOf({ missed }: Advance): string[] {
  return missed.map(({ local }) => local);
}

describe('the next slot', () => {
  test('[RC40] after a slot closed in time or early comes the one after it', () => {
    const series = openSeries(daily);
    expect(series.first()).toEqual({ local: '2026-11-02', index: 0 });
    const inTime = series.advance(closing('2026-11-02', 0, '2026-11-02T12:00:00Z'));
    expect(inTime).toEqual({ next: { local: '2026-11-03', index: 1 }, missed: [], missedCount: 0 });
    const early = series.advance(closing('2026-11-20', 18, '2026-11-02T12:00:00Z'));
    expect(early.next).toEqual({ local: '2026-11-21', index: 19 });
  });

  test('[RC41] an overdue series goes on today, and names what it passed over', () => {
    const late = openSeries(daily).advance(closing('2026-11-02', 0, '2026-11-05T12:00:00Z'));
    expect(late).toEqual({
      next: { local: '2026-11-05', index: 3 },
      missed: [
        { local: '2026-11-03', index: 1 },
        { local: '2026-11-04', index: 2 },
      ],
      missedCount: 2,
    });
  });

  test('[RC41] a time of today that is over is past, one that is just now is not', () => {
    const series = openSeries(timed);
    const at = (instant: string): string | undefined =>
      series.advance(closing('2026-11-02T09:00:00', 0, instant)).next?.local;
    expect(at('2026-11-05T07:59:59Z')).toBe('2026-11-05T09:00:00');
    expect(at('2026-11-05T08:00:00Z')).toBe('2026-11-05T09:00:00');
    expect(at('2026-11-05T08:00:01Z')).toBe('2026-11-06T09:00:00');
  });

  test('[RC41] a long absence is counted whole and listed in part, soon', () => {
    const begun = performance.now();
    const late = openSeries({ ...timed, rrule: 'FREQ=MINUTELY;INTERVAL=5' }).advance(
      closing('2026-11-02T09:00:00', 0, '2036-11-02T08:00:00Z'),
    );
    expect(late.next?.local).toBe('2036-11-02T09:00:00');
    expect(late.missedCount).toBe(3653 * 288 - 1);
    expect(late.next?.index).toBe(late.missedCount + 1);
    expect(late.missed).toHaveLength(MAX_LISTED_MISSED);
    expect(late.missed[0]).toEqual({ local: '2026-11-02T09:05:00', index: 1 });
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  test('[RC42] with catch-up each slot comes in turn', () => {
    const series = openSeries({ ...daily, missed: 'catch-up' });
    const late = series.advance(closing('2026-11-02', 0, '2026-11-05T12:00:00Z'));
    expect(late).toEqual({ next: { local: '2026-11-03', index: 1 }, missed: [], missedCount: 0 });
  });

  test('[RC43] COUNT counts missed slots too', () => {
    const series = openSeries({ ...daily, rrule: 'FREQ=DAILY;COUNT=4' });
    const late = series.advance(closing('2026-11-02', 0, '2026-11-04T12:00:00Z'));
    expect(late.next).toEqual({ local: '2026-11-04', index: 2 });
    expect(series.advance(closing('2026-11-04', 2, '2026-11-04T12:00:00Z')).next?.index).toBe(3);
    const last = series.advance(closing('2026-11-05', 3, '2026-11-04T12:00:00Z'));
    expect(last).toEqual({ next: null, missed: [], missedCount: 0 });
    const over = series.advance(closing('2026-11-02', 0, '2026-12-01T12:00:00Z'));
    expect(over.next).toBeNull();
    expect(missedOf(over)).toEqual(['2026-11-03', '2026-11-04', '2026-11-05']);
    expect(over.missedCount).toBe(3);
  });

  test('[RC43] an UNTIL can pass by while nothing is closed', () => {
    const byDate = openSeries({ ...daily, rrule: 'FREQ=DAILY;UNTIL=20261104' });
    const over = byDate.advance(closing('2026-11-02', 0, '2026-12-01T12:00:00Z'));
    expect(over).toMatchObject({ next: null, missedCount: 2 });
    expect(missedOf(over)).toEqual(['2026-11-03', '2026-11-04']);
    const byInstant = openSeries({ ...timed, rrule: 'FREQ=DAILY;UNTIL=20261104T080000Z' });
    const overToo = byInstant.advance(closing('2026-11-02T09:00:00', 0, '2026-12-01T12:00:00Z'));
    expect(overToo).toMatchObject({ next: null, missedCount: 2 });
    expect(missedOf(overToo)).toEqual(['2026-11-03T09:00:00', '2026-11-04T09:00:00']);
    const sooner = openSeries({ ...timed, rrule: 'FREQ=DAILY;UNTIL=20261104T075959Z' });
    expect(sooner.advance(closing('2026-11-02T09:00:00', 0, '2026-12-01T12:00:00Z')).missedCount).toBe(1);
  });

  test('[RC43] what an UNTIL shuts out on the day the clock goes back was not missed', () => {
    // 09:00 on 25 October is 08:00 UTC, after the end; by the summer's offset it would have been before.
    const rrule = 'FREQ=DAILY;UNTIL=20261025T073000Z';
    const series = openSeries({ ...timed, rrule, start: '2026-10-20T09:00:00' });
    const over = series.advance(closing('2026-10-20T09:00:00', 0, '2026-12-01T12:00:00Z'));
    expect(over).toMatchObject({ next: null, missedCount: 4 });
    expect(over.missed.at(-1)?.local).toBe('2026-10-24T09:00:00');
  });

  test('[RC44] a slot closed under another rule: the first of this rule after it, counted anew', () => {
    const weekly = openSeries({ ...daily, rrule: 'FREQ=WEEKLY;BYDAY=MO;COUNT=3' });
    const next = weekly.advance(closing('2026-11-05', null, '2026-11-05T12:00:00Z')).next;
    expect(next).toEqual({ local: '2026-11-09', index: 1 });
    expect(weekly.advance(closing('2026-11-17', null, '2026-11-17T12:00:00Z')).next).toBeNull();
  });

  test('[RC44] between dates and times the day decides', () => {
    const toTimes = openSeries(timed).advance(closing('2026-11-05', null, '2026-11-05T05:00:00Z'));
    expect(toTimes.next?.local).toBe('2026-11-06T09:00:00');
    const toDates = openSeries(daily).advance(closing('2026-11-05T09:00:00', null, '2026-11-05T05:00:00Z'));
    expect(toDates.next?.local).toBe('2026-11-06');
  });

  test('[RC45] which day it is, is judged in the series’ zone, or where it was closed', () => {
    // 5 November, 23:30 in Berlin, is the 6th in Tokyo.
    const at = '2026-11-05T22:30:00Z';
    const inTokyo = { zone: 'Asia/Tokyo' };
    expect(openSeries(daily).advance(closing('2026-11-02', 0, at)).next?.local).toBe('2026-11-05');
    expect(openSeries(daily).advance(closing('2026-11-02', 0, at, inTokyo)).next?.local).toBe('2026-11-06');
    const athome = openSeries({ ...daily, timeZone: 'Europe/Berlin' });
    expect(athome.advance(closing('2026-11-02', 0, at, inTokyo)).next?.local).toBe('2026-11-05');
    const floating = openSeries({ ...timed, timeZone: null });
    const [here, there] = [closing('2026-11-02T09:00:00', 0, '2026-11-05T07:30:00Z'), inTokyo];
    expect(floating.advance(here).next?.local).toBe('2026-11-05T09:00:00');
    expect(floating.advance({ ...here, ...there }).next?.local).toBe('2026-11-06T09:00:00');
  });

  test('[RC46] the preview shows what comes, from the first or after a slot', () => {
    const series = openSeries({ ...daily, rrule: 'FREQ=WEEKLY;BYDAY=TU;COUNT=3' });
    const all = series.preview(10);
    expect(all.map(({ local }) => local)).toEqual(['2026-11-03', '2026-11-10', '2026-11-17']);
    expect(series.preview(1)).toEqual(all.slice(0, 1));
    expect(series.preview(10, all[0])).toEqual(all.slice(1));
    expect(series.preview(10, all[2])).toEqual([]);
    expect(series.preview(0)).toEqual([]);
    expect(openSeries(daily).preview(Infinity)).toHaveLength(MAX_PREVIEW);
  });

  test('[RC16] a rule that never falls has no first slot', () => {
    const series = openSeries({ ...daily, rrule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' });
    expect(series.first()).toBeNull();
    expect(series.advance(closing('2026-11-02', null, '2026-11-05T12:00:00Z')).next).toBeNull();
  });

  test('[RC25] a start, a slot or a rule that is not of its form is refused', () => {
    expect(() => openSeries({ ...daily, start: '2026-11-02T09:00' })).toThrow(RecurrenceError);
    expect(() => openSeries({ ...daily, rrule: 'FREQ=HOURLY' })).toThrow(RecurrenceError);
    const series = openSeries(daily);
    expect(() => series.advance(closing('soon', 0, '2026-11-02T12:00:00Z'))).toThrow(RecurrenceError);
  });
});

describe('after completion', () => {
  const monthly: SeriesRule = { ...daily, rrule: 'FREQ=MONTHLY', mode: 'completion', start: '2026-12-31' };

  test('[RC50] it counts from the local date of the closing, and takes the last day of a short month', () => {
    const series = openSeries(monthly);
    expect(series.first()).toEqual({ local: '2026-12-31', index: 0 });
    // 31 January, half past midnight in Berlin, is still the 30th in New York.
    const at = '2027-01-30T23:30:00Z';
    expect(series.advance(closing('2026-12-31', 0, at)).next).toEqual({ local: '2027-02-28', index: 1 });
    const yearly = openSeries({ ...monthly, rrule: 'FREQ=YEARLY' });
    expect(yearly.advance(closing('2026-12-31', 0, '2028-02-29T12:00:00Z')).next?.local).toBe('2029-02-28');
    const inDays = openSeries({ ...monthly, rrule: 'FREQ=DAILY;INTERVAL=3' });
    expect(inDays.advance(closing('2026-12-31', 0, at)).next?.local).toBe('2027-02-03');
    expect(inDays.advance(closing('2026-12-31', 0, at, { zone: 'America/New_York' })).next?.local).toBe(
      '2027-02-02',
    );
  });

  test('[RC50] a timed one keeps its time of day, in its own zone', () => {
    const series = openSeries({ ...timed, mode: 'completion', rrule: 'FREQ=WEEKLY;INTERVAL=2' });
    const late = closing('2026-11-02T09:00:00', 0, '2026-11-05T22:30:00Z', { zone: 'Asia/Tokyo' });
    expect(series.advance(late)).toEqual({
      next: { local: '2026-11-19T09:00:00', index: 1 },
      missed: [],
      missedCount: 0,
    });
  });

  test('[RC51] eight hours after done are eight hours, also in the night of the change of the clock', () => {
    const series = openSeries({ ...timed, mode: 'completion', rrule: 'FREQ=HOURLY;INTERVAL=8' });
    // 22:00 in Berlin on the evening before the clock goes forward.
    const evening = closing('2026-03-28T20:00:00', 0, '2026-03-28T21:00:00Z');
    expect(series.advance(evening).next?.local).toBe('2026-03-29T07:00:00');
  });

  test('[RC52] skipped before it was due, the next counts from its own date; when overdue, from the day', () => {
    const series = openSeries({ ...monthly, rrule: 'FREQ=DAILY;INTERVAL=3' });
    const skip = { kind: 'skipped' } as const;
    const early = closing('2026-12-31', 0, '2026-12-28T12:00:00Z', skip);
    expect(series.advance(early).next?.local).toBe('2027-01-03');
    expect(series.advance({ ...early, kind: 'done' }).next?.local).toBe('2026-12-31');
    const late = closing('2026-12-31', 0, '2027-01-05T12:00:00Z', skip);
    expect(series.advance(late).next?.local).toBe('2027-01-08');
  });

  test('[RC53] COUNT and UNTIL end it, BY parts are refused', () => {
    const counted = openSeries({ ...monthly, rrule: 'FREQ=DAILY;COUNT=2' });
    expect(counted.advance(closing('2026-12-31', 0, '2026-12-31T12:00:00Z')).next?.index).toBe(1);
    expect(counted.advance(closing('2027-01-01', 1, '2026-12-31T12:00:00Z')).next).toBeNull();
    const bounded = openSeries({ ...monthly, rrule: 'FREQ=DAILY;UNTIL=20270102' });
    expect(bounded.advance(closing('2026-12-31', 0, '2027-01-02T12:00:00Z')).next).toBeNull();
    expect(bounded.advance(closing('2026-12-31', 0, '2027-01-01T12:00:00Z')).next?.local).toBe('2027-01-02');
    for (const rrule of ['FREQ=WEEKLY;BYDAY=MO', 'FREQ=MONTHLY;BYMONTHDAY=31', 'FREQ=DAILY;BYHOUR=9']) {
      expect(() => openSeries({ ...timed, mode: 'completion', rrule })).toThrow(
        expect.objectContaining({ code: 'meaningless' }),
      );
    }
  });

  test('[RC46] the preview goes on as if each were closed on its date', () => {
    const slots = openSeries({ ...monthly, rrule: 'FREQ=MONTHLY;COUNT=3' }).preview(9);
    expect(slots.map(({ local }) => local)).toEqual(['2026-12-31', '2027-01-31', '2027-02-28']);
  });
});
