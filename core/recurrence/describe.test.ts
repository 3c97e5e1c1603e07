import { describe, expect, test } from 'vitest';
import { describeRule, RULE_WORDS, type DescribeOptions } from './describe.ts';

const SAID: readonly (readonly [
  rrule: string,
  english: string,
  german: string,
  options?: DescribeOptions,
])[] = [
  ['FREQ=DAILY', 'every day', 'jeden Tag'],
  ['FREQ=DAILY;INTERVAL=3;COUNT=5', 'every 3 days, 5 times', 'alle 3 Tage, 5-mal'],
  ['FREQ=DAILY;COUNT=1', 'every day, once', 'jeden Tag, einmal'],
  [
    'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR',
    'every 2 weeks on Monday and Friday',
    'alle 2 Wochen am Montag und Freitag',
  ],
  ['FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', 'every weekday', 'jeden Wochentag von Montag bis Freitag'],
  ['FREQ=WEEKLY', 'every week on Tuesday', 'jede Woche am Dienstag', { start: '2026-11-24' }],
  ['FREQ=MONTHLY', 'every month', 'jeden Monat'],
  ['FREQ=MONTHLY', 'every month on the 23rd', 'jeden Monat am 23.', { start: '2026-11-23T09:00:00' }],
  [
    'FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1',
    'every month on the 31st, or the last day of a shorter month',
    'jeden Monat am 31. oder am letzten Tag eines kürzeren Monats',
  ],
  ['FREQ=MONTHLY;BYMONTHDAY=31', 'every month on the 31st', 'jeden Monat am 31.'],
  [
    'FREQ=MONTHLY;BYMONTHDAY=1,15,-1',
    'every month on the 1st, the 15th and the last day',
    'jeden Monat am 1., 15. und letzten Tag',
  ],
  ['FREQ=MONTHLY;BYDAY=-1FR', 'every month on the last Friday', 'jeden Monat am letzten Freitag'],
  [
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
    'every month on the last weekday',
    'jeden Monat am letzten Wochentag von Montag bis Freitag',
  ],
  [
    'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13',
    'every month on the 13th (only if it is Friday)',
    'jeden Monat am 13. (nur wenn es Freitag ist)',
  ],
  [
    'FREQ=MONTHLY;BYDAY=TU,TH;BYSETPOS=2,-2',
    'every month on Tuesday and Thursday (only the second and second to last of these in each month)',
    'jeden Monat am Dienstag und Donnerstag (davon nur am zweiten und vorletzten Termin je Monat)',
  ],
  ['FREQ=YEARLY', 'every year on 15 May', 'jedes Jahr am 15. Mai', { start: '2026-05-15' }],
  [
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1',
    'every year on 29 February, or the last day of the month in other years',
    'jedes Jahr am 29. Februar oder in anderen Jahren am letzten Tag des Monats',
  ],
  [
    'FREQ=YEARLY;BYMONTH=3,6;BYDAY=1TH',
    'every year on the first Thursday in March and June',
    'jedes Jahr am ersten Donnerstag im März und Juni',
  ],
  [
    'FREQ=YEARLY;BYDAY=20MO',
    'every year on the 20th Monday of the year',
    'jedes Jahr am 20. Montag des Jahres',
  ],
  [
    'FREQ=YEARLY;BYWEEKNO=20,-1;BYDAY=MO',
    'every year on Monday in week 20 and the last week',
    'jedes Jahr am Montag in Woche 20 und der letzten Woche',
  ],
  [
    'FREQ=YEARLY;INTERVAL=2;BYYEARDAY=100,-1',
    'every 2 years on day 100 of the year and the last day of the year',
    'alle 2 Jahre am 100. Tag des Jahres und letzten Tag des Jahres',
  ],
  [
    'FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0,30',
    'every day at 09:00, 09:30, 17:00 and 17:30',
    'jeden Tag um 09:00, 09:30, 17:00 und 17:30 Uhr',
  ],
  [
    'FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10',
    'every 20 minutes in hour 9 and 10',
    'alle 20 Minuten in Stunde 9 und 10',
  ],
  ['FREQ=DAILY;UNTIL=20261231', 'every day, until 31 December 2026', 'jeden Tag, bis 31. Dezember 2026'],
  [
    'FREQ=DAILY;UNTIL=20261231T235959Z',
    'every day, until 1 January 2027',
    'jeden Tag, bis 1. Januar 2027',
    { timeZone: 'Asia/Tokyo' },
  ],
  [
    'FREQ=DAILY;INTERVAL=3',
    'every 3 days after done',
    'alle 3 Tage nach dem Erledigen',
    { mode: 'completion' },
  ],
];

describe('rules in words', () => {
  for (const [rrule, english, german, options] of SAID) {
    test(`[RC70] ${english}`, () => {
      expect(describeRule(rrule, 'en', options)).toBe(english);
      expect(describeRule(rrule, 'de-AT', options)).toBe(german);
    });
  }

  test('[RC70] no part is left out: each changes what is said, in every language', () => {
    const parts = [
      ...[
        'INTERVAL=2',
        'COUNT=3',
        'UNTIL=20261231',
        'BYMONTH=3',
        'BYWEEKNO=7',
        'BYYEARDAY=9',
        'BYMONTHDAY=4',
      ],
      ...['BYDAY=TU', 'BYHOUR=6', 'BYMINUTE=7', 'BYSECOND=8', 'BYDAY=1TU', 'BYMONTHDAY=-1'],
    ];
    for (const locale of Object.keys(RULE_WORDS)) {
      const said = parts.map((part) => describeRule(`FREQ=YEARLY;${part}`, locale));
      expect(new Set([...said, describeRule('FREQ=YEARLY', locale)]).size).toBe(parts.length + 1);
      for (const part of ['BYMONTH=3', 'BYDAY=TU', 'BYHOUR=6', 'BYMONTHDAY=4']) {
        const rrule = `FREQ=YEARLY;${part}`;
        expect(describeRule(`${rrule};BYSETPOS=1`, locale)).not.toBe(describeRule(rrule, locale));
      }
    }
  });

  test('[RC70] nothing is undefined in any language', () => {
    const rules = [
      ...['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].map(
        (freq) => `FREQ=${freq}`,
      ),
      `FREQ=MONTHLY;BYMONTHDAY=${Array.from({ length: 31 }, (_, day) => `${day + 1},-${day + 1}`).join(',')}`,
      `FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=1MO,2TU,3WE,4TH,5FR,-1SA,-5SU`,
      'FREQ=YEARLY;BYWEEKNO=1,53,-1,-53;BYSETPOS=1,12,111,-1,-2,-3,-4,-5,-6',
    ];
    for (const locale of Object.keys(RULE_WORDS)) {
      for (const rrule of rules) {
        for (const count of [1, 2]) {
          const text = describeRule(`${rrule};INTERVAL=${count}`, locale);
          expect(text).not.toMatch(/undefined|NaN| {2}|(^| )(und|and) ?$/);
        }
      }
    }
  });

  test('[RC71] a locale without a table is described in English', () => {
    expect(describeRule('FREQ=DAILY', 'fr-FR')).toBe('every day');
    expect(describeRule('FREQ=DAILY', 'constructor')).toBe('every day');
  });
});
