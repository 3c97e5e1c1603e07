import { describe, expect, test } from 'vitest';
import { dates, MAX_OCCURRENCES, occurrences, type OccurrencesInput } from './recurrence.ts';
import { RecurrenceError } from './recurrence/error.ts';

const NEW_YORK = 'America/New_York';

function locals(rrule: string, start: string, more: Partial<OccurrencesInput> = {}): string[] {
  return occurrences({ rrule, start, timeZone: NEW_YORK, limit: 200, ...more }).map(({ local }) => local);
}

/** '1997-09-02 04 06, 1997-10-01' at 09:00 becomes a list of readings: days follow their month. */
function readings(text: string, time = '09:00:00'): string[] {
  return text.split(', ').flatMap((month) => {
    const [first = '', ...others] = month.split(' ');
    return [first, ...others.map((day) => first.slice(0, 8) + day)].map((date) => `${date}T${time}`);
  });
}

/** Rule, start (at 09:00 in New York), the first occurrences; `…` at the end: the rule goes on. */
const RFC_EXAMPLES: readonly (readonly [rrule: string, start: string, expected: string])[] = [
  ['FREQ=DAILY;COUNT=10', '1997-09-02', '1997-09-02 03 04 05 06 07 08 09 10 11'],
  [
    'FREQ=DAILY;INTERVAL=2',
    '1997-09-02',
    '1997-09-02 04 06 08 10 12 14 16 18 20 22 24 26 28 30, 1997-10-02 04 …',
  ],
  ['FREQ=DAILY;INTERVAL=10;COUNT=5', '1997-09-02', '1997-09-02 12 22, 1997-10-02 12'],
  ['FREQ=WEEKLY;COUNT=10', '1997-09-02', '1997-09-02 09 16 23 30, 1997-10-07 14 21 28, 1997-11-04'],
  [
    'FREQ=WEEKLY;UNTIL=19971224T000000Z',
    '1997-09-02',
    '1997-09-02 09 16 23 30, 1997-10-07 14 21 28, 1997-11-04 11 18 25, 1997-12-02 09 16 23',
  ],
  [
    'FREQ=WEEKLY;INTERVAL=2;WKST=SU',
    '1997-09-02',
    '1997-09-02 16 30, 1997-10-14 28, 1997-11-11 25, 1997-12-09 23, 1998-01-06 20, 1998-02-03 17 …',
  ],
  [
    'FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH',
    '1997-09-02',
    '1997-09-02 04 09 11 16 18 23 25 30, 1997-10-02',
  ],
  [
    'FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH',
    '1997-09-02',
    '1997-09-02 04 09 11 16 18 23 25 30, 1997-10-02',
  ],
  [
    'FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR',
    '1997-09-01',
    '1997-09-01 03 05 15 17 19 29, 1997-10-01 03 13 15 17 27 29 31, 1997-11-10 12 14 24 26 28, 1997-12-08 10 12 22',
  ],
  [
    'FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH',
    '1997-09-02',
    '1997-09-02 04 16 18 30, 1997-10-02 14 16',
  ],
  [
    'FREQ=MONTHLY;COUNT=10;BYDAY=1FR',
    '1997-09-05',
    '1997-09-05, 1997-10-03, 1997-11-07, 1997-12-05, 1998-01-02, 1998-02-06, 1998-03-06, 1998-04-03, 1998-05-01, 1998-06-05',
  ],
  [
    'FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR',
    '1997-09-05',
    '1997-09-05, 1997-10-03, 1997-11-07, 1997-12-05',
  ],
  [
    'FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU',
    '1997-09-07',
    '1997-09-07 28, 1997-11-02 30, 1998-01-04 25, 1998-03-01 29, 1998-05-03 31',
  ],
  [
    'FREQ=MONTHLY;COUNT=6;BYDAY=-2MO',
    '1997-09-22',
    '1997-09-22, 1997-10-20, 1997-11-17, 1997-12-22, 1998-01-19, 1998-02-16',
  ],
  [
    'FREQ=MONTHLY;BYMONTHDAY=-3',
    '1997-09-28',
    '1997-09-28, 1997-10-29, 1997-11-28, 1997-12-29, 1998-01-29, 1998-02-26 …',
  ],
  [
    'FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15',
    '1997-09-02',
    '1997-09-02 15, 1997-10-02 15, 1997-11-02 15, 1997-12-02 15, 1998-01-02 15',
  ],
  [
    'FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1',
    '1997-09-30',
    '1997-09-30, 1997-10-01 31, 1997-11-01 30, 1997-12-01 31, 1998-01-01 31, 1998-02-01',
  ],
  [
    'FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15',
    '1997-09-10',
    '1997-09-10 11 12 13 14 15, 1999-03-10 11 12 13',
  ],
  [
    'FREQ=MONTHLY;INTERVAL=2;BYDAY=TU',
    '1997-09-02',
    '1997-09-02 09 16 23 30, 1997-11-04 11 18 25, 1998-01-06 13 20 27, 1998-03-03 10 17 24 31 …',
  ],
  [
    'FREQ=YEARLY;COUNT=10;BYMONTH=6,7',
    '1997-06-10',
    '1997-06-10, 1997-07-10, 1998-06-10, 1998-07-10, 1999-06-10, 1999-07-10, 2000-06-10, 2000-07-10, 2001-06-10, 2001-07-10',
  ],
  [
    'FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3',
    '1997-03-10',
    '1997-03-10, 1999-01-10, 1999-02-10, 1999-03-10, 2001-01-10, 2001-02-10, 2001-03-10, 2003-01-10, 2003-02-10, 2003-03-10',
  ],
  [
    'FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200',
    '1997-01-01',
    '1997-01-01, 1997-04-10, 1997-07-19, 2000-01-01, 2000-04-09, 2000-07-18, 2003-01-01, 2003-04-10, 2003-07-19, 2006-01-01',
  ],
  ['FREQ=YEARLY;BYDAY=20MO', '1997-05-19', '1997-05-19, 1998-05-18, 1999-05-17 …'],
  ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO', '1997-05-12', '1997-05-12, 1998-05-11, 1999-05-17 …'],
  [
    'FREQ=YEARLY;BYMONTH=3;BYDAY=TH',
    '1997-03-13',
    '1997-03-13 20 27, 1998-03-05 12 19 26, 1999-03-04 11 18 25 …',
  ],
  [
    'FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8',
    '1997-06-05',
    '1997-06-05 12 19 26, 1997-07-03 10 17 24 31, 1997-08-07 14 21 28, 1998-06-04 11 18 25, 1998-07-02 09 16 23 30 …',
  ],
  [
    'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13',
    '1997-09-02',
    '1998-02-13, 1998-03-13, 1998-11-13, 1999-08-13, 2000-10-13 …',
  ],
  [
    'FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13',
    '1997-09-13',
    '1997-09-13, 1997-10-11, 1997-11-08, 1997-12-13, 1998-01-10, 1998-02-07, 1998-03-07, 1998-04-11, 1998-05-09, 1998-06-13 …',
  ],
  [
    'FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8',
    '1996-11-05',
    '1996-11-05, 2000-11-07, 2004-11-02 …',
  ],
  ['FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3', '1997-09-04', '1997-09-04, 1997-10-07, 1997-11-06'],
  [
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2',
    '1997-09-29',
    '1997-09-29, 1997-10-30, 1997-11-27, 1997-12-30, 1998-01-29, 1998-02-26, 1998-03-30 …',
  ],
  ['FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO', '1997-08-05', '1997-08-05 10 19 24'],
  ['FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU', '1997-08-05', '1997-08-05 17 19 31'],
  ['FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5', '2007-01-15', '2007-01-15 30, 2007-02-15, 2007-03-15 30'],
];

describe('the examples of RFC 5545', () => {
  test.each(RFC_EXAMPLES)('[RC1] %s from %s', (rrule, start, expected) => {
    const goesOn = expected.endsWith(' …');
    const wanted = readings(goesOn ? expected.slice(0, -2) : expected);
    const got = locals(rrule, `${start}T09:00:00`, goesOn ? { limit: wanted.length } : {});
    expect(got).toEqual(wanted);
  });

  test('[RC1] daily until Christmas Eve, across the end of daylight saving time', () => {
    const found = occurrences({
      rrule: 'FREQ=DAILY;UNTIL=19971224T000000Z',
      start: '1997-09-02T09:00:00',
      timeZone: NEW_YORK,
      limit: 1000,
    });
    expect(found).toHaveLength(113);
    expect(found.at(-1)).toEqual({ local: '1997-12-23T09:00:00', instant: '1997-12-23T14:00:00Z' });
    expect(found.find(({ local }) => local.startsWith('1997-10-25'))?.instant).toBe('1997-10-25T13:00:00Z');
    expect(found.find(({ local }) => local.startsWith('1997-10-26'))?.instant).toBe('1997-10-26T14:00:00Z');
  });

  test.each([
    'FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA',
    'FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1',
  ])('[RC1] every day in January for three years: %s', (rrule) => {
    const days = Array.from({ length: 31 }, (_, day) => String(day + 1).padStart(2, '0'));
    const wanted = ['1998', '1999', '2000'].flatMap((year) =>
      days.map((day) => `${year}-01-${day}T09:00:00`),
    );
    expect(locals(rrule, '1998-01-01T09:00:00')).toEqual(wanted);
  });

  test('[RC1] every three hours until an instant', () => {
    const every = (until: string): string[] =>
      locals(`FREQ=HOURLY;INTERVAL=3;UNTIL=${until}`, '1997-09-02T09:00:00').map((local) =>
        local.slice(11, 16),
      );
    expect(every('19970902T210000Z')).toEqual(['09:00', '12:00', '15:00']);
    // As printed: 17:00 UTC is 13:00 in New York.
    expect(every('19970902T170000Z')).toEqual(['09:00', '12:00']);
  });

  test('[RC1] every so many minutes', () => {
    const start = '1997-09-02T09:00:00';
    const times = (rrule: string): string[] => locals(rrule, start).map((local) => local.slice(11, 16));
    const quarters = ['09:00', '09:15', '09:30', '09:45', '10:00', '10:15'];
    expect(times('FREQ=MINUTELY;INTERVAL=15;COUNT=6')).toEqual(quarters);
    expect(times('FREQ=MINUTELY;INTERVAL=90;COUNT=4')).toEqual(['09:00', '10:30', '12:00', '13:30']);
  });

  test('[RC1] every 20 minutes of the working day, said in two ways', () => {
    const start = '1997-09-02T09:00:00';
    const one = locals('FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40', start);
    const other = locals('FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16', start);
    expect(one).toEqual(other);
    expect(one.slice(22, 26).map((local) => local.slice(8))).toEqual([
      '02T16:20:00',
      '02T16:40:00',
      '03T09:00:00',
      '03T09:20:00',
    ]);
  });
});

describe('which slots a rule has', () => {
  test('[RC3] a start that the rule does not name is no occurrence and does not count', () => {
    // 2026-11-25 is a Wednesday.
    const got = locals('FREQ=WEEKLY;BYDAY=MO;COUNT=2', '2026-11-25T09:00:00');
    expect(got).toEqual(readings('2026-11-30, 2026-12-07'));
  });

  test('[RC4] a bare BYWEEKNO falls on the weekday of the start', () => {
    expect(locals('FREQ=YEARLY;BYWEEKNO=20', '2026-01-07T09:00:00', { limit: 2 })).toEqual(
      readings('2026-05-13, 2027-05-19'),
    );
  });

  test('[RC4] BYMONTH alone takes the day, BYHOUR alone the minute and second', () => {
    expect(locals('FREQ=YEARLY;BYMONTH=3;BYHOUR=7', '2026-01-07T09:30:15', { limit: 1 })).toEqual([
      '2026-03-07T07:30:15',
    ]);
  });

  test('[RC5] the first Monday and every Wednesday in one rule', () => {
    expect(locals('FREQ=MONTHLY;BYDAY=1MO,WE', '2026-03-01T09:00:00', { limit: 6 })).toEqual(
      readings('2026-03-02 04 11 18 25, 2026-04-01'),
    );
    expect(locals('FREQ=MONTHLY;BYDAY=1MO,WE;BYSETPOS=2', '2026-03-01T09:00:00', { limit: 2 })).toEqual(
      readings('2026-03-04, 2026-04-06'),
    );
  });

  test('[RC6] the nth weekday of the year, or of a month that is named', () => {
    expect(locals('FREQ=YEARLY;BYDAY=-1MO', '2026-01-01T09:00:00', { limit: 1 })).toEqual(
      readings('2026-12-28'),
    );
    expect(locals('FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO', '2026-01-01T09:00:00', { limit: 1 })).toEqual(
      readings('2026-05-25'),
    );
  });

  test('[RC7] positions are counted in the whole week, also when the start is in its midst', () => {
    // From Wednesday 2026-11-25: the first of Monday, Wednesday, Friday of that week has gone by.
    expect(locals('FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1', '2026-11-25T09:00:00', { limit: 2 })).toEqual(
      readings('2026-11-30, 2026-12-07'),
    );
  });

  test('[RC7] a slot that two positions name stands once, and counts once', () => {
    expect(locals('FREQ=MONTHLY;BYMONTHDAY=15;BYSETPOS=1,-1;COUNT=2', '2026-01-01T09:00:00')).toEqual(
      readings('2026-01-15, 2026-02-15'),
    );
  });

  test('[RC8] weeks at the turn of the year, from either end', () => {
    // 2024-12-30 is the Monday of week 1 of 2025, which has 52 weeks.
    for (const week of ['1', '-52']) {
      expect(locals(`FREQ=YEARLY;BYWEEKNO=${week};BYDAY=MO`, '2024-06-01T09:00:00', { limit: 1 })).toEqual(
        readings('2024-12-30'),
      );
    }
    // 2021-01-01 is the Friday of week 53 of 2020.
    for (const week of ['53', '-1']) {
      expect(locals(`FREQ=YEARLY;BYWEEKNO=${week};BYDAY=FR`, '2021-01-01T09:00:00', { limit: 1 })).toEqual(
        readings('2021-01-01'),
      );
    }
  });

  test('[RC8] years that begin alike may differ in the last week of the year before', () => {
    // 2022 and 2033 both begin on a Saturday, but only 2032 had 53 weeks.
    const rrule = 'FREQ=YEARLY;BYWEEKNO=53;BYDAY=SA';
    expect(locals(rrule, '2021-06-01T09:00:00', { limit: 3 })).toEqual(
      readings('2027-01-02, 2033-01-01, 2038-01-02'),
    );
  });

  test('[RC9] UNTIL as a date, a wall clock time and an instant', () => {
    const until = (value: string): string[] =>
      locals(`FREQ=DAILY;UNTIL=${value}`, '2026-11-23T21:00:00').map((local) => local.slice(8, 10));
    expect(until('20261125')).toEqual(['23', '24', '25']);
    expect(until('20261125T205959')).toEqual(['23', '24']);
    expect(until('20261125T210000')).toEqual(['23', '24', '25']);
    // 21:00 in New York is 02:00 UTC of the next day.
    expect(until('20261126T015959Z')).toEqual(['23', '24']);
    expect(until('20261126T020000Z')).toEqual(['23', '24', '25']);
  });

  test('[RC9] an UNTIL in UTC just before the clock is changed', () => {
    const until = (value: string): string | undefined =>
      occurrences({
        rrule: `FREQ=HOURLY;UNTIL=${value}`,
        start: '2026-10-24T20:30:00',
        timeZone: 'Europe/Berlin',
        limit: 50,
      })
        .at(-1)
        ?.local.slice(8);
    expect(until('20261024T223000Z')).toBe('25T00:30:00');
    // 02:30 comes twice, and is the first of the two: the second changes nothing.
    expect(until('20261025T003000Z')).toBe('25T02:30:00');
    expect(until('20261025T013000Z')).toBe('25T02:30:00');
    expect(until('20261025T023000Z')).toBe('25T03:30:00');
  });

  test('[RC10] an hourly rule has 24 slots on a day of 23 hours', () => {
    const day = occurrences({
      rrule: 'FREQ=HOURLY;COUNT=24',
      start: '2026-03-08T00:30:00',
      timeZone: NEW_YORK,
      limit: 50,
    });
    expect(day.at(-1)).toEqual({ local: '2026-03-08T23:30:00', instant: '2026-03-09T03:30:00Z' });
    expect(new Set(day.map(({ instant }) => instant)).size).toBe(23);
  });

  test('[RC11] the second 60 is read as 59, and nothing lies beyond the year 9999', () => {
    expect(locals('FREQ=DAILY;BYSECOND=60;COUNT=1', '2026-11-23T09:00:00')).toEqual(['2026-11-23T09:00:59']);
    expect(locals('FREQ=YEARLY', '9998-05-01T09:00:00')).toEqual(readings('9998-05-01, 9999-05-01'));
    for (const freq of ['MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY']) {
      const last = locals(`FREQ=${freq}`, '9999-12-31T23:59:58').at(-1);
      expect(last).toBe(freq === 'SECONDLY' ? '9999-12-31T23:59:59' : '9999-12-31T23:59:58');
    }
  });
});

describe('slots in a zone', () => {
  const at = (timeZone: string, start: string): string | undefined =>
    occurrences({ rrule: 'FREQ=DAILY', start, timeZone, limit: 1 })[0]?.instant;

  test('[RC12] a reading that the clock skips takes the offset from before the gap', () => {
    expect(at(NEW_YORK, '2026-03-08T02:30:00')).toBe('2026-03-08T07:30:00Z');
    expect(at('Europe/Berlin', '2026-03-29T02:00:00')).toBe('2026-03-29T01:00:00Z');
    // Lord Howe's gap is half an hour: 02:15 at +10:30.
    expect(at('Australia/Lord_Howe', '2026-10-04T02:15:00')).toBe('2026-10-03T15:45:00Z');
    // Sao Paulo skipped midnight.
    expect(at('America/Sao_Paulo', '2018-11-04T00:00:00')).toBe('2018-11-04T03:00:00Z');
  });

  test('[RC12] a reading that the clock repeats is the first', () => {
    expect(at(NEW_YORK, '2026-11-01T01:30:00')).toBe('2026-11-01T05:30:00Z');
    expect(at('Europe/Berlin', '2026-10-25T02:30:00')).toBe('2026-10-25T00:30:00Z');
    expect(at('Australia/Lord_Howe', '2026-04-05T01:45:00')).toBe('2026-04-04T14:45:00Z');
  });

  test('[RC12] Apia had no 30 December 2011: it is the instant of the 31st', () => {
    const found = occurrences({
      rrule: 'FREQ=DAILY;COUNT=3',
      start: '2011-12-29T10:00:00',
      timeZone: 'Pacific/Apia',
      limit: 9,
    });
    expect(found).toEqual([
      { local: '2011-12-29T10:00:00', instant: '2011-12-29T20:00:00Z' },
      { local: '2011-12-30T10:00:00', instant: '2011-12-30T20:00:00Z' },
      { local: '2011-12-31T10:00:00', instant: '2011-12-30T20:00:00Z' },
    ]);
  });

  test('[RC14] after a moment come only later instants, however the clock runs there', () => {
    const input = {
      rrule: 'FREQ=MINUTELY;INTERVAL=30',
      start: '2026-10-25T00:00:00',
      timeZone: 'Europe/Berlin',
    };
    // In the second 02:10: the readings 02:30 (its first) and before are over, 03:00 is next.
    const next = occurrences({ ...input, limit: 1, after: '2026-10-25T01:10:00Z' });
    expect(next).toEqual([{ local: '2026-10-25T03:00:00', instant: '2026-10-25T02:00:00Z' }]);
    // In spring, at 03:10: the skipped 02:30 is the instant that reads 03:30, and so is still to come.
    const spring = { ...input, start: '2026-03-29T00:00:00' };
    const coming = occurrences({ ...spring, limit: 3, after: '2026-03-29T01:10:00Z' });
    expect(coming.map(({ local }) => local.slice(11, 16))).toEqual(['02:30', '03:30', '04:00']);
  });

  test('[RC14] a moment before the start changes nothing, and one that is an occurrence leaves it out', () => {
    const input = { rrule: 'FREQ=DAILY;COUNT=2', start: '2026-11-23T09:00:00', timeZone: 'UTC', limit: 5 };
    const all = occurrences(input);
    expect(occurrences({ ...input, after: '1990-01-01T00:00:00Z' })).toEqual(all);
    expect(occurrences({ ...input, after: '2026-11-23T09:00:00Z' })).toEqual(all.slice(1));
    expect(occurrences({ ...input, after: '2026-11-23T10:00:00+01:00' })).toEqual(all.slice(1));
    expect(occurrences({ ...input, after: '2026-11-24T09:00:00Z' })).toEqual([]);
  });
});

describe('bounded work', () => {
  test.each([
    'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=YEARLY;BYMONTH=1;BYWEEKNO=30',
    'FREQ=YEARLY;BYYEARDAY=1;BYMONTH=6',
    'FREQ=MONTHLY;BYDAY=6MO',
    'FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2',
    'FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5',
    'FREQ=DAILY;INTERVAL=7;BYDAY=WE',
    'FREQ=HOURLY;INTERVAL=24;BYHOUR=5',
    'FREQ=HOURLY;INTERVAL=168;BYDAY=WE',
    'FREQ=MINUTELY;INTERVAL=60;BYMINUTE=7',
    'FREQ=SECONDLY;INTERVAL=60;BYSECOND=7',
    'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=SECONDLY;INTERVAL=86400;BYHOUR=5',
    'FREQ=HOURLY;BYSETPOS=2;BYHOUR=4',
  ])('[RC16] %s never falls from a Monday at 09:00, and that is found out soon', (rrule) => {
    const begun = performance.now();
    expect(locals(rrule, '2026-11-23T09:00:00')).toEqual([]);
    expect(locals(rrule, '2026-11-23T09:00:00', { after: '2100-01-01T00:00:00Z' })).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  test('[RC16] a rule that falls once in 400 years is found', () => {
    const rrule = 'FREQ=YEARLY;INTERVAL=100;BYMONTH=2;BYMONTHDAY=29';
    expect(locals(rrule, '2000-02-29T09:00:00', { limit: 3 })).toEqual(
      readings('2000-02-29, 2400-02-29, 2800-02-29'),
    );
  });

  test('[RC16] a rule that falls only in the 121st of its periods is found', () => {
    // In every seventh year from 2084, 29 February is a Tuesday next in 2924.
    const rrule = 'FREQ=YEARLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29;BYDAY=TU';
    expect(locals(rrule, '2084-02-29T09:00:00', { limit: 2 })).toEqual(readings('2084-02-29, 2924-02-29'));
  });

  test('[RC16] more than a million occurrences at once are refused', () => {
    expect(() => dates({ rrule: 'FREQ=DAILY', start: '0001-01-01', limit: Infinity })).toThrow(
      expect.objectContaining({ code: 'too-much' }),
    );
    const all = dates({ rrule: `FREQ=DAILY;COUNT=${MAX_OCCURRENCES}`, start: '2026-11-23', limit: Infinity });
    expect(all).toHaveLength(MAX_OCCURRENCES);
  });

  test.each([
    'FREQ=DAILY',
    'FREQ=DAILY;COUNT=9000',
    'FREQ=WEEKLY;BYDAY=MO,FR;COUNT=9000',
    'FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1',
    'FREQ=HOURLY;COUNT=9000000',
  ])('[RC15] what comes next costs no more in a series of ten years: %s', (rrule) => {
    const next = (start: string): void => {
      occurrences({ rrule, start, timeZone: 'Europe/Berlin', limit: 1, after: '2026-11-20T10:00:00Z' });
    };
    const fastest = { old: Infinity, young: Infinity };
    for (let batch = 0; batch < 60; batch++) {
      fastest.old = Math.min(
        fastest.old,
        timeOf(() => next('2016-11-20T09:00:00')),
      );
      fastest.young = Math.min(
        fastest.young,
        timeOf(() => next('2026-11-19T09:00:00')),
      );
    }
    expect(fastest.old / fastest.young).toBeLessThan(2);
  });
});

function timeOf(work: () => void): number {
  const begun = performance.now();
  for (let time = 0; time < 20; time++) work();
  return performance.now() - begun;
}

describe('what is refused', () => {
  const refusal = (more: Partial<OccurrencesInput>): { code: string; part: string | undefined } => {
    try {
      occurrences({ rrule: 'FREQ=DAILY', start: '2026-11-23T09:00:00', timeZone: 'UTC', limit: 1, ...more });
    } catch (error) {
      if (error instanceof RecurrenceError) return { code: error.code, part: error.part };
      throw error;
    }
    return { code: 'none', part: undefined };
  };

  test('[RC25] an unknown zone, and inputs that are not of their form', () => {
    expect(refusal({ timeZone: 'Mars/Olympus' }).code).toBe('unknown-zone');
    for (const start of [
      '',
      '2026-11-23',
      '2026-02-30T09:00:00',
      '2026-11-23T24:00:00',
      '2026-11-23T09:00:00Z',
    ]) {
      expect(refusal({ start }).code).toBe('bad-input');
    }
    expect(refusal({ after: 'yesterday' }).code).toBe('bad-input');
    for (const limit of [-1, 1.5, NaN]) expect(refusal({ limit }).code).toBe('bad-input');
    expect(refusal({ limit: 0 }).code).toBe('none');
  });
});

describe('all-day rules', () => {
  test('[RC30] dates come out, and times of day in the rule are ignored', () => {
    expect(dates({ rrule: 'FREQ=DAILY;BYHOUR=9,17;COUNT=2', start: '2026-03-28', limit: 9 })).toEqual([
      '2026-03-28',
      '2026-03-29',
    ]);
    expect(() => dates({ rrule: 'FREQ=HOURLY', start: '2026-03-28', limit: 1 })).toThrow(RecurrenceError);
  });

  test('[RC30] after a date come later dates', () => {
    const input = { rrule: 'FREQ=WEEKLY;COUNT=3', start: '2026-11-23', limit: 9 };
    expect(dates({ ...input, after: '2026-11-23' })).toEqual(['2026-11-30', '2026-12-07']);
    expect(dates({ ...input, after: '2026-12-07' })).toEqual([]);
  });

  test('[RC31] an UNTIL in UTC is a date in the zone of the series', () => {
    const input = { rrule: 'FREQ=DAILY;UNTIL=20261124T230000Z', start: '2026-11-23', limit: 9 };
    expect(dates(input)).toEqual(['2026-11-23', '2026-11-24']);
    expect(dates({ ...input, timeZone: 'Europe/Berlin' }).at(-1)).toBe('2026-11-25');
  });
});
