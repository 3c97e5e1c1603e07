import { expect, test } from 'vitest';
import type { LocalDate } from './ids.ts';
import { isOverdue } from './overdue.ts';
import type { When } from './task.ts';

const NEW_YORK = 'America/New_York';
const at = (instant: string): number => Date.parse(instant);
const due = (when: { date: string; time?: string; timeZone?: string }, status: 'open' | 'done' = 'open') => ({
  due: { ...when, date: when.date as LocalDate } satisfies When,
  status,
});

test('[OV1] a day is over when the next has begun where the person is', () => {
  const task = due({ date: '2026-11-30' });
  expect(isOverdue(task, at('2026-12-01T04:59:59Z'), NEW_YORK)).toBe(false);
  expect(isOverdue(task, at('2026-12-01T05:00:00Z'), NEW_YORK)).toBe(true);
  expect(isOverdue(task, at('2026-11-30T18:30:00Z'), 'Asia/Kolkata')).toBe(true);
  // Where midnight does not exist the day begins at one o'clock: Santiago, 6 September 2026.
  const spring = due({ date: '2026-09-05' });
  expect(isOverdue(spring, at('2026-09-06T03:59:59Z'), 'America/Santiago')).toBe(false);
  expect(isOverdue(spring, at('2026-09-06T04:00:00Z'), 'America/Santiago')).toBe(true);
});

test('[OV1] a time is over after its minute, in its own zone, or where the person is when it has none', () => {
  const fixed = due({ date: '2026-11-30', time: '09:00', timeZone: 'Europe/Berlin' });
  expect(isOverdue(fixed, at('2026-11-30T08:00:00Z'), NEW_YORK)).toBe(false);
  expect(isOverdue(fixed, at('2026-11-30T08:00:01Z'), NEW_YORK)).toBe(true);
  const floating = due({ date: '2026-11-30', time: '09:00' });
  expect(isOverdue(floating, at('2026-11-30T08:00:01Z'), NEW_YORK)).toBe(false);
  expect(isOverdue(floating, at('2026-11-30T14:00:01Z'), NEW_YORK)).toBe(true);
  // 02:30 does not exist on that day in New York: it is read with the offset before the gap.
  const inGap = due({ date: '2026-03-08', time: '02:30', timeZone: NEW_YORK });
  expect(isOverdue(inGap, at('2026-03-08T07:30:00Z'), 'UTC')).toBe(false);
  expect(isOverdue(inGap, at('2026-03-08T07:30:01Z'), 'UTC')).toBe(true);
});

test('[OV2] what is done or has no date is never overdue', () => {
  const later = at('2030-01-01T00:00:00Z');
  expect(isOverdue(due({ date: '2026-11-30' }, 'done'), later, 'UTC')).toBe(false);
  expect(isOverdue({ due: null, status: 'open' }, later, 'UTC')).toBe(false);
});

test("[OV3] a zone that is unknown here is read as the person's", () => {
  const task = due({ date: '2026-11-30', time: '09:00', timeZone: 'Mars/Olympus' });
  expect(isOverdue(task, at('2026-11-30T14:00:00Z'), NEW_YORK)).toBe(false);
  expect(isOverdue(task, at('2026-11-30T14:00:01Z'), NEW_YORK)).toBe(true);
});
