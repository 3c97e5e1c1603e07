import { describe, expect, test } from 'vitest';
import { dates } from '../recurrence.ts';
import { choiceOfRule, ruleOfChoice, type RepeatChoice } from './choice.ts';
import { RecurrenceError } from './error.ts';

const never = { kind: 'never' } as const;
const always = { every: 1, end: never } as const;

function falls(choice: RepeatChoice, start: string, limit: number): string[] {
  return dates({ rrule: ruleOfChoice(choice), start, limit });
}

describe('the ends of months', () => {
  test('[RC60] monthly on the 31st falls on the last day of a short month', () => {
    const choice = { ...always, unit: 'month', place: { kind: 'day', day: 31 } } as const;
    expect(ruleOfChoice(choice)).toBe('FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1');
    expect(falls(choice, '2027-12-31', 5)).toEqual([
      '2027-12-31',
      '2028-01-31',
      '2028-02-29',
      '2028-03-31',
      '2028-04-30',
    ]);
  });

  test('[RC60] the 29th and 30th are clamped in February only, earlier days never', () => {
    const on = (day: number): string =>
      ruleOfChoice({ ...always, unit: 'month', place: { kind: 'day', day } });
    expect(on(30)).toBe('FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1');
    expect(on(29)).toBe('FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1');
    expect(on(28)).toBe('FREQ=MONTHLY;BYMONTHDAY=28');
    expect(dates({ rrule: on(30), start: '2027-01-30', limit: 3 })).toEqual([
      '2027-01-30',
      '2027-02-28',
      '2027-03-30',
    ]);
  });

  test('[RC60] yearly on 29 February falls on the 28th in other years', () => {
    const choice = { ...always, unit: 'year', month: 2, place: { kind: 'day', day: 29 } } as const;
    expect(falls(choice, '2028-02-29', 3)).toEqual(['2028-02-29', '2029-02-28', '2030-02-28']);
    const may = { ...always, unit: 'year', month: 5, place: { kind: 'day', day: 31 } } as const;
    expect(ruleOfChoice(may)).toBe('FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=31');
  });

  test('[RC61] an imported 31st leaves short months out, and is shown as it is', () => {
    const imported = 'FREQ=MONTHLY;BYMONTHDAY=31';
    expect(dates({ rrule: imported, start: '2026-01-31', limit: 3 })).toEqual([
      '2026-01-31',
      '2026-03-31',
      '2026-05-31',
    ]);
    expect(choiceOfRule(imported)).toBeNull();
  });
});

describe('choices and rules', () => {
  test.each([
    'FREQ=DAILY',
    'FREQ=DAILY;INTERVAL=3;COUNT=10',
    'FREQ=WEEKLY;BYDAY=MO,WE,FR',
    'FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=SU;UNTIL=20261231',
    'FREQ=MONTHLY;BYMONTHDAY=15',
    'FREQ=MONTHLY;BYMONTHDAY=-1',
    'FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1',
    'FREQ=MONTHLY;BYDAY=-1FR',
    'FREQ=MONTHLY;BYDAY=5MO',
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1',
    'FREQ=YEARLY;BYMONTH=11;BYDAY=4TH',
  ])('[RC62] %s is a choice that makes it again', (text) => {
    const choice = choiceOfRule(text);
    expect(choice && ruleOfChoice(choice)).toBe(text);
  });

  test.each([
    'FREQ=HOURLY',
    'FREQ=DAILY;BYDAY=MO',
    'FREQ=WEEKLY;BYDAY=MO;BYHOUR=9',
    'FREQ=MONTHLY',
    'FREQ=MONTHLY;BYMONTHDAY=1,15',
    'FREQ=MONTHLY;BYDAY=1MO,2TU',
    'FREQ=YEARLY;BYMONTH=2,3;BYMONTHDAY=1',
    'FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31',
    'FREQ=YEARLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1',
    'FREQ=YEARLY;BYWEEKNO=20',
    'FREQ=DAILY;UNTIL=20261231T170000Z',
  ])('[RC62] %s is left to words', (text) => {
    expect(choiceOfRule(text)).toBeNull();
  });

  test('[RC62] a choice that cannot be is refused', () => {
    const bad: RepeatChoice[] = [
      { ...always, unit: 'day', every: 0 },
      { ...always, unit: 'month', place: { kind: 'day', day: 32 } },
      { ...always, unit: 'year', month: 4, place: { kind: 'day', day: 31 } },
      { unit: 'day', every: 1, end: { kind: 'after', count: 0 } },
      { unit: 'day', every: 1, end: { kind: 'on', date: '2026-02-30' } },
    ];
    for (const choice of bad) expect(() => ruleOfChoice(choice)).toThrow(RecurrenceError);
  });
});
