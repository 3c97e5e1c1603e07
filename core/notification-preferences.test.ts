import { expect, test } from 'vitest';
import type { EpochMs } from './ids.ts';
import {
  DEFAULT_NOTIFICATION_PREFERENCES,
  nextTimeOfDay,
  quietUntil,
  readNotificationPreferences,
} from './notification-preferences.ts';

const at = (instant: string): EpochMs => Date.parse(instant) as EpochMs;
const iso = (instant: number | null): string | null =>
  instant === null ? null : new Date(instant).toISOString().slice(0, 16);

test('[NP1] the defaults hold, and every fault is named in a sentence', () => {
  expect(readNotificationPreferences(DEFAULT_NOTIFICATION_PREFERENCES)).toEqual({
    ok: true,
    preferences: DEFAULT_NOTIFICATION_PREFERENCES,
  });
  const read = readNotificationPreferences({
    timeZone: 'Mars/Base',
    channels: { push: 'yes', email: true, fax: true },
    quietHours: { from: '22:00', to: '22:00' },
    defaultReminder: '30 minutes',
    allDayTime: '9:00',
    digestTime: '24:00',
    volume: 11,
  });
  expect(read.ok ? [] : read.faults.map(({ field }) => field).sort()).toEqual([
    'allDayTime',
    'channels.app',
    'channels.fax',
    'channels.push',
    'defaultReminder',
    'digestTime',
    'quietHours',
    'showText',
    'timeZone',
    'volume',
  ]);
  for (const { message } of read.ok ? [] : read.faults) expect(message).toMatch(/^[A-Z].+\.$/);
  for (const wrong of [null, undefined, 7, 'x', []])
    expect(readNotificationPreferences(wrong).ok).toBe(false);
});

test('[NP2] quiet hours are of the wall clock, over midnight and over changes of the clock', () => {
  const berlin = { timeZone: 'Europe/Berlin', quietHours: { from: '22:00', to: '07:00' } };
  expect(iso(quietUntil(berlin, at('2026-11-25T20:59:59Z')))).toBeNull();
  expect(iso(quietUntil(berlin, at('2026-11-25T21:00:00Z')))).toBe('2026-11-26T06:00');
  expect(iso(quietUntil(berlin, at('2026-11-26T05:59:59Z')))).toBe('2026-11-26T06:00');
  expect(iso(quietUntil(berlin, at('2026-11-26T06:00:00Z')))).toBeNull();
  // The nights in which the clock changes are an hour longer and shorter.
  expect(iso(quietUntil(berlin, at('2026-10-24T20:00:00Z')))).toBe('2026-10-25T06:00');
  expect(iso(quietUntil(berlin, at('2026-03-28T21:00:00Z')))).toBe('2026-03-29T05:00');
  const lunch = { timeZone: 'Europe/Berlin', quietHours: { from: '12:00', to: '13:00' } };
  expect(iso(quietUntil(lunch, at('2026-11-25T11:30:00Z')))).toBe('2026-11-25T12:00');
  expect(iso(quietUntil(lunch, at('2026-11-25T12:00:00Z')))).toBeNull();
  // The end is jumped over (02:00 to 03:00), and shown twice.
  const night = { timeZone: 'Europe/Berlin', quietHours: { from: '00:00', to: '02:30' } };
  expect(iso(quietUntil(night, at('2026-03-29T00:30:00Z')))).toBe('2026-03-29T01:00');
  expect(iso(quietUntil(night, at('2026-10-25T00:15:00Z')))).toBe('2026-10-25T00:30');
  expect(iso(quietUntil(night, at('2026-10-25T01:15:00Z')))).toBe('2026-10-25T01:30');
  expect(quietUntil({ ...night, quietHours: null }, at('2026-10-25T01:15:00Z'))).toBeNull();
});

test('[NP3] a time of day comes next today or tomorrow', () => {
  expect(iso(nextTimeOfDay('America/New_York', '07:00', at('2026-11-25T11:59:00Z')))).toBe(
    '2026-11-25T12:00',
  );
  expect(iso(nextTimeOfDay('America/New_York', '07:00', at('2026-11-25T12:00:00Z')))).toBe(
    '2026-11-26T12:00',
  );
  expect(iso(nextTimeOfDay('Europe/Berlin', '02:30', at('2026-03-28T12:00:00Z')))).toBe('2026-03-29T01:30');
});
