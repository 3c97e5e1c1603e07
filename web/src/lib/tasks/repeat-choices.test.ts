import { expect, test } from 'vitest';
import {
  datesOf,
  partsFor,
  partsOf,
  planOf,
  presetsFor,
  type RepeatParts,
  ruleSentence,
  withoutEnd,
} from './repeat-choices.ts';

const MONDAY = 1;
const plan = (rrule: string, mode: 'schedule' | 'completion' = 'schedule') =>
  ({ rrule, mode, missed: 'skip' }) as const;

test('[T4] the ready repeats fit the date: its weekday, its day of the month, its place in the month', () => {
  const words = (date: string): string[] => presetsFor(date, MONDAY, 'en-GB').map((preset) => preset.words);
  expect(words('2026-11-24')).toEqual([
    'Every day',
    'Every weekday',
    'Every week on Tuesday',
    'Every 2 weeks on Tuesday',
    'Every month on the 24th',
    'Every month on the last Tuesday',
    'Every year on 24 November',
    'Every week after done',
  ]);
  expect(words('2026-12-31')).toContain('Every month on the 31st, or the last day of a shorter month');
  expect(words('2026-12-11')).toContain('Every month on the second Friday');
});

test('[T5] what the editor makes it can open again, part by part', () => {
  const around = partsFor('2026-11-24', MONDAY);
  const choices: Partial<RepeatParts>[] = [
    { unit: 'day', every: 3 },
    { unit: 'week', every: 2, weekdays: [0, 4], end: { kind: 'after', count: 5 } },
    { unit: 'month', place: 'day', day: 31 },
    { unit: 'month', place: 'weekday', nth: -1, weekday: 4 },
    { unit: 'month', place: 'weekday', nth: 1, weekday: 'workday' },
    { unit: 'month', place: 'last-day', end: { kind: 'on', date: '2027-12-31' } },
    { unit: 'year', month: 2, place: 'day', day: 29 },
    { unit: 'month', every: 6, mode: 'completion' },
    { unit: 'day', every: 2, missed: 'catch-up' },
  ];
  for (const choice of choices) {
    const made = planOf({ ...around, ...choice });
    if ('fault' in made) throw new Error(made.fault);
    expect(partsOf(made, around)).toMatchObject(choice);
  }
});

test('[T5] a rule that the editor would change is not opened in it', () => {
  const around = partsFor('2026-11-24', MONDAY);
  for (const rrule of [
    'FREQ=MONTHLY;BYMONTHDAY=31',
    'FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=2',
    'FREQ=YEARLY;BYWEEKNO=20',
    'FREQ=HOURLY;INTERVAL=8',
    'FREQ=DAILY;UNTIL=20261231T090000Z',
    'nonsense',
  ]) {
    const parts = partsOf(plan(rrule), around);
    // A plain 31st is another rule than the clamped one, so nothing of it may be taken for the editor's.
    expect(parts === null || planOf(parts), rrule).toSatisfy(
      (made: unknown) => made === true || (made as { rrule?: string }).rrule === rrule,
    );
  }
});

test('[T5] a fault is a sentence, and nothing throws', () => {
  const around = partsFor('2026-11-24', MONDAY);
  for (const broken of [
    { every: NaN },
    { every: 0 },
    { unit: 'week', weekdays: [] },
    { unit: 'month', day: NaN },
    { unit: 'month', day: 40 },
    { end: { kind: 'after', count: NaN } },
    { end: { kind: 'on', date: '' } },
  ] satisfies Partial<RepeatParts>[]) {
    expect(planOf({ ...around, ...broken })).toEqual({ fault: expect.stringMatching(/^[A-Z].*\.$/) });
  }
  expect(
    datesOf(plan('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'), { start: '2026-11-24', timeZone: null, limit: 5 }),
  ).toEqual({
    fault: 'This never falls on a date.',
  });
  expect(ruleSentence(plan('nonsense'), { locale: 'en' })).toBe('nonsense');
});

test('[T10] going on after the end takes the end away and nothing else', () => {
  expect(withoutEnd('FREQ=WEEKLY;INTERVAL=2;COUNT=3;BYDAY=TU')).toBe('FREQ=WEEKLY;INTERVAL=2;BYDAY=TU');
  expect(withoutEnd('UNTIL=20270101;FREQ=DAILY')).toBe('FREQ=DAILY');
});
