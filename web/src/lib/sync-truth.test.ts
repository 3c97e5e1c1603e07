import { expect, test } from 'vitest';
import type { MissingFeature, StorageReport } from './device/device.ts';
import type { EpochMs, SyncStatus } from './device/status.ts';
import { isNearlyFull } from './storage-room.ts';
import { syncTruth, type TruthContext } from './sync-truth.ts';

const NOW = new Date(2026, 10, 23, 12, 0).getTime();
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const AT_10_42 = new Date(2026, 10, 23, 10, 42).getTime() as EpochMs;

const ROOMY: StorageReport = { persisted: true, usedBytes: 5_000_000, quotaBytes: 2_000_000_000 };
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
const context: TruthContext = {
  now: NOW,
  locale: 'en-GB',
  queued: 0,
  storage: ROOMY,
  missing: [],
  isSecure: true,
  inTouchAt: null,
};

const cautions = (status: Partial<SyncStatus>, o: Partial<TruthContext> = {}): string[] =>
  syncTruth({ ...calm, ...status }, { ...context, ...o }).cautions.map(({ id }) => id);

test('[W1] no network and a server that does not answer are two things, and both say how many edits wait since when', () => {
  const waiting = { waiting: 2, oldestWaitingAt: AT_10_42, connection: 'offline' } as const;
  const offline = syncTruth({ ...calm, ...waiting, offlineReason: 'network' }, context).server;
  expect(offline.text).toBe(
    'This device has no network. 2 edits not on the server yet, the oldest from 10:42.',
  );
  expect(offline.advice).toBe('Everything is stored here and goes up by itself when the network is back.');
  const silent = syncTruth(
    { ...calm, ...waiting, offlineReason: 'server' },
    { ...context, inTouchAt: NOW - 5 * MINUTE_MS },
  ).server;
  expect(silent.text).toBe(
    'The network is there, but the server does not answer. Last in touch 5 min ago. 2 edits not on the server yet, the oldest from 10:42.',
  );
  expect(silent.advice).toContain('tell who runs the server');
});

test('[W1] what is in this browser alone is never called stored', () => {
  const failing = { storage: 'failing', storageError: 'the disk is full' } as const;
  for (const connection of ['offline', 'signed-out', 'none', 'online'] as const) {
    const { here, server } = syncTruth({ ...calm, ...failing, connection }, context);
    expect(here).toMatchObject({ state: 'bad', text: 'Not stored. The disk is full.' });
    expect(server.advice).not.toContain('is stored here');
    expect(here.advice.startsWith('What you do still goes to the server')).toBe(connection === 'online');
  }
  expect(syncTruth(calm, { ...context, queued: 1 }).here.text).toBe('1 edit being stored');
});

test('[W1] a server that has everything, and one that refuses, say so; without an account it is the only copy', () => {
  expect(syncTruth(calm, context).server.text).toBe('The server has every edit of this device');
  expect(
    syncTruth({ ...calm, connection: 'refused', refusal: 'This account may not open these tasks' }, context)
      .server,
  ).toMatchObject({ state: 'bad', text: 'This account may not open these tasks.' });
  expect(syncTruth({ ...calm, connection: 'none' }, context).server.advice).toContain('this device only');
});

test('[W2] room that runs out, storage that is not promised, plain http, a wrong clock and a long silence are said beforehand', () => {
  expect(cautions({})).toEqual([]);
  expect(cautions({}, { storage: { ...ROOMY, usedBytes: 1_990_000_000 } })).toEqual(['nearly-full']);
  expect(cautions({}, { storage: { ...ROOMY, persisted: false } })).toEqual(['not-kept']);
  expect(cautions({}, { isSecure: false, storage: { ...ROOMY, persisted: false } })).toEqual(['insecure']);
  expect(cautions({ clockSkewMs: 12 * MINUTE_MS })).toEqual(['clock']);
  const silent = { inTouchAt: NOW - 4 * DAY_MS };
  expect(cautions({ connection: 'offline' }, silent)).toEqual(['long-silence']);
  expect(cautions({ connection: 'online' }, silent)).toEqual([]);
  expect(cautions({ connection: 'none' }, silent)).toEqual([]);
});

test('[W2] where the browser cannot promise anything, that is said once and not asked for', () => {
  const missing: MissingFeature[] = [{ feature: 'persistent-storage', reason: 'It cannot.' }];
  expect(cautions({}, { storage: { ...ROOMY, persisted: false }, missing })).toEqual([]);
});

test('[W2] the clock is said in words as coarse as it matters, and on which side it is wrong', () => {
  const title = (clockSkewMs: number): string | undefined =>
    syncTruth({ ...calm, clockSkewMs }, context).cautions[0]?.title;
  expect(title(12 * MINUTE_MS)).toBe("The clock of this device is 12 minutes behind the server's");
  expect(title(-3 * 60 * MINUTE_MS)).toBe("The clock of this device is 3 hours ahead of the server's");
  expect(title(2 * DAY_MS)).toBe("The clock of this device is 2 days behind the server's");
});

test('[W2] full is a share or a remainder; a browser that does not tell is not called full', () => {
  expect(isNearlyFull(null)).toBe(false);
  expect(isNearlyFull({ persisted: false, usedBytes: 10, quotaBytes: 0 })).toBe(false);
  expect(isNearlyFull({ persisted: false, usedBytes: 91, quotaBytes: 100 })).toBe(true);
  expect(isNearlyFull({ persisted: false, usedBytes: 1_000_000, quotaBytes: 15_000_000 })).toBe(true);
});
