import { expect, test } from 'vitest';
import type { EpochMs, OtherDevice } from '../device/status.ts';
import type { OwnDevice } from './device-api.ts';
import { otherDeviceWords, ownDeviceWords, revokeWords } from './device-words.ts';

const NOW = new Date(2026, 10, 23, 12, 0).getTime();
const HOUR_MS = 60 * 60_000;
const moment = { now: NOW, locale: 'en-GB' };
const phone: OwnDevice = {
  id: 'p',
  name: 'Phone',
  firstSeenAt: NOW - 48 * HOUR_MS,
  lastSeenAt: NOW - 3 * HOUR_MS,
};
const live: OtherDevice = {
  id: 'p',
  name: 'Phone',
  at: (NOW - 3 * HOUR_MS) as EpochMs,
  current: true,
  connected: true,
};

test('[W4] what another device has not sent is never guessed: of one that is away only what follows is said', () => {
  expect(otherDeviceWords(live, moment)).toEqual({ text: 'Has everything · connected now', unsent: '' });
  const away = otherDeviceWords({ ...live, connected: false, current: false }, moment);
  expect(away.text).toBe('Does not have everything yet · last seen 3 hr ago');
  expect(away.unsent).toContain('on it alone');
  expect(ownDeviceWords(phone, undefined, moment).text).toBe('Last seen 3 hr ago');
  expect(ownDeviceWords(phone, live, moment).text).toBe('Has everything · connected now');
});

test('[W5] before a device is revoked is said what happens to it and what could be lost', () => {
  const away = revokeWords(phone, undefined, moment);
  expect(away).toContain('last seen 3 hr ago');
  expect(away).toContain('would be lost if the device is lost');
  expect(away).toContain('nothing is deleted anywhere');
  const connected = revokeWords(phone, live, moment);
  expect(connected).toContain('has been sent');
  expect(connected).not.toContain('lost');
});
