import { expect, test } from 'vitest';
import {
  DEFAULT_NOTIFICATION_PREFERENCES,
  type NotificationPreferences,
} from '@holdfast/core/notification-preferences.ts';
import type { NotificationServer } from './notification-api.ts';
import { settlePreferences } from './own-preferences.ts';

const here: NotificationPreferences = { ...DEFAULT_NOTIFICATION_PREFERENCES, timeZone: 'Asia/Tokyo' };

function serverWith(held: NotificationPreferences | null): {
  server: Pick<NotificationServer, 'preferences' | 'savePreferences'>;
  saved: NotificationPreferences[];
} {
  const saved: NotificationPreferences[] = [];
  const away = { ok: false, code: 'unreachable', message: 'No answer.' } as const;
  return {
    saved,
    server: {
      preferences: () => Promise.resolve(held === null ? away : { ok: true, value: held }),
      savePreferences: (preferences) => {
        saved.push(preferences);
        return Promise.resolve({ ok: true, value: preferences });
      },
    },
  };
}

test('[W15] whoever never chose gets the zone of this device at the server, and with it what was chosen here', async () => {
  const { server, saved } = serverWith(DEFAULT_NOTIFICATION_PREFERENCES);
  expect(await settlePreferences(server, here)).toEqual(here);
  expect(saved).toEqual([here]);
});

test('[W15] what a person chose is used and never overwritten', async () => {
  const chosen: NotificationPreferences = { ...DEFAULT_NOTIFICATION_PREFERENCES, allDayTime: '07:00' };
  const { server, saved } = serverWith(chosen);
  expect(await settlePreferences(server, here)).toEqual(chosen);
  expect(saved).toEqual([]);
});

test('[W15] a server that cannot be asked is asked again later', async () => {
  const { server, saved } = serverWith(null);
  expect(await settlePreferences(server, here)).toBeNull();
  expect(saved).toEqual([]);
});
