import { expect, test } from 'vitest';
import type { EpochMs, SyncStatus } from './device/status.ts';
import { syncWords } from './sync-words.ts';

const NOW = new Date(2026, 10, 23, 12, 0).getTime() as EpochMs;
const AT_10_42 = new Date(2026, 10, 23, 10, 42).getTime() as EpochMs;
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

/** Everything that can go wrong at once; the later ones are taken away one by one. */
const worst = { waiting: 3, oldestWaitingAt: AT_10_42, unsaved: 1, saving: true } as const;

test('[P16] the first truth that applies begins the sentence', () => {
  const begins = (status: SyncStatus): string => syncWords(status, o).text.split(' · ')[0] ?? '';
  expect(begins({ ...calm, ...worst, storage: 'failing', connection: 'signed-out' })).toBe('Not saved');
  expect(begins({ ...calm, ...worst, connection: 'signed-out' })).toBe('Signed out');
  expect(begins({ ...calm, ...worst, connection: 'offline' })).toBe('Offline');
  expect(begins({ ...calm, ...worst })).toBe('3 edits waiting for the server since 10:42');
  expect(begins({ ...calm, saving: true })).toBe('Saving');
  expect(begins(calm)).toBe('All saved');
  expect(begins({ ...calm, connection: 'none' })).toBe('On this device only');
});

test('[P16] one edit is one edit', () => {
  const status: SyncStatus = { ...calm, waiting: 1, oldestWaitingAt: AT_10_42 };
  expect(syncWords(status, o).text).toBe('1 edit waiting for the server since 10:42');
  expect(syncWords({ ...status, connection: 'offline' }, o).text).toBe(
    'Offline · 1 edit waiting, saved on this device',
  );
});

test('[P16] an edit just made is being saved; it waits when it has not arrived after some seconds', () => {
  const status: SyncStatus = { ...calm, waiting: 1, saving: true, oldestWaitingAt: (NOW - 500) as EpochMs };
  expect(syncWords(status, o).kind).toBe('saving');
  expect(syncWords(status, { ...o, now: NOW + 5_000 }).kind).toBe('waiting');
  const returning = { ...status, connection: 'connecting' } as const;
  expect(syncWords(returning, o).kind).toBe('saving');
  expect(syncWords(returning, { ...o, now: NOW + 5_000 }).kind).toBe('waiting');
});

test('[P16] "All saved" is never said while an edit is only in memory or only on this device', () => {
  for (const status of [
    { ...calm, unsaved: 1 },
    { ...calm, waiting: 1, oldestWaitingAt: NOW },
    { ...calm, connection: 'connecting', waiting: 1, oldestWaitingAt: NOW } as const,
    { ...calm, connection: 'refused', waiting: 0 } as const,
    { ...calm, storage: 'failing' } as const,
  ]) {
    expect(syncWords(status, o).text).not.toMatch(/^All saved/);
  }
  expect(syncWords(calm, { ...o, queued: 1 }).kind).toBe('saving');
});

test('[P16] the device that has everything and was seen last is named', () => {
  const seen = (id: string, minutesAgo: number, current: boolean): SyncStatus['seenBy'][number] => ({
    id,
    name: id,
    at: (NOW - minutesAgo * 60_000) as EpochMs,
    current,
    connected: false,
  });
  const status: SyncStatus = {
    ...calm,
    seenBy: [seen('Tablet', 40, true), seen('Phone', 2, true), seen('Work', 1, false)],
  };
  expect(syncWords(status, o).text).toBe('All saved · seen on Phone 2 min ago');
});

test('[W1] a server that does not answer is told from a network that is gone, after the words that stand first', () => {
  const offline: SyncStatus = { ...calm, connection: 'offline', offlineReason: 'network' };
  const silent: SyncStatus = { ...offline, offlineReason: 'server' };
  expect(syncWords(offline, o).text).toBe('Offline · everything is saved on this device');
  expect(syncWords(silent, o).text).toBe(
    'Offline · everything is saved on this device · the server does not answer',
  );
  expect(syncWords({ ...silent, waiting: 2, oldestWaitingAt: AT_10_42 }, o).text).toBe(
    'Offline · 2 edits waiting, saved on this device · the server does not answer',
  );
});

test('[W2] a browser that is almost full is said in the line, unless something worse is', () => {
  const full = { ...o, isNearlyFull: true };
  expect(syncWords(calm, full).text).toBe('All saved · this browser is almost full');
  expect(syncWords({ ...calm, connection: 'none' }, full).text).toBe(
    'On this device only · this browser is almost full',
  );
  expect(syncWords({ ...calm, storage: 'failing' }, full).text).not.toContain('almost');
});
