import { expect, test } from 'vitest';
import type { EpochMs, OtherDevice, SyncStatus } from '../device/status.ts';
import { receiptWords } from './receipt-words.ts';

const NOW = new Date(2026, 10, 23, 12, 0).getTime();
const MINUTE_MS = 60_000;
const o = { now: NOW, locale: 'en-GB' };
const calm: SyncStatus = {
  storage: 'ok',
  connection: 'online',
  unsaved: 0,
  waiting: 0,
  oldestWaitingAt: null,
  saving: false,
  seenBy: [],
  clockSkewMs: null,
};
const device = (name: string, minutesAgo: number, more: Partial<OtherDevice> = {}): OtherDevice => ({
  id: name,
  name,
  at: (NOW - minutesAgo * MINUTE_MS) as EpochMs,
  current: true,
  connected: false,
  ...more,
});
const said = (changedMinutesAgo: number, status: Partial<SyncStatus>): string =>
  Object.values(receiptWords(NOW - changedMinutesAgo * MINUTE_MS, { ...calm, ...status }, o))
    .filter((part: string) => part !== '')
    .join(' · ');

test('[W7] a change is here, on the server and seen elsewhere, as far as that follows from what is counted', () => {
  expect(said(5, { connection: 'none' })).toBe('On this device only');
  expect(said(5, {})).toBe('On this device · on the server');
  expect(said(5, { seenBy: [device('Tablet', 40), device('Laptop', 2)] })).toBe(
    'On this device · on the server · seen on Laptop 2 min ago and 1 more',
  );
  expect(said(5, { seenBy: [device('Laptop', 2, { connected: true })] })).toBe(
    'On this device · on the server · seen on Laptop now',
  );
  expect(said(5, { seenBy: [device('Phone', 90, { current: false })] })).toBe(
    'On this device · on the server · not known to be on another device yet',
  );
});

test('[W7] while edits wait only what is older than all of them is called sent', () => {
  const waiting: Partial<SyncStatus> = {
    connection: 'offline',
    waiting: 2,
    oldestWaitingAt: (NOW - 10 * MINUTE_MS) as EpochMs,
    seenBy: [device('Laptop', 12)],
  };
  expect(said(30, waiting)).toBe('On this device · on the server · seen on Laptop 12 min ago');
  expect(said(10, waiting)).toBe('On this device · not known to be on the server yet');
  expect(said(1, waiting)).toBe('On this device · not known to be on the server yet');
});

test('[W7] what is not stored is not called stored, nor sent', () => {
  expect(said(1, { unsaved: 1 })).toBe('Being stored on this device · not known to be on the server yet');
  expect(said(1, { storage: 'failing', unsaved: 1 })).toBe(
    'Not stored on this device · not known to be on the server yet',
  );
});
