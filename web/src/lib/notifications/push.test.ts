import { afterEach, expect, test, vi } from 'vitest';
import type { NotificationServer } from './notification-api.ts';
import { createPush, type Push } from './push.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

function pushHere({ hasAccount }: { hasAccount: boolean }): { push: Push; told: string[] } {
  const subscription = { endpoint: 'https://push.example.org/1', unsubscribe: () => Promise.resolve(true) };
  const pushManager = { getSubscription: () => Promise.resolve(subscription) };
  const registration = { pushManager, getNotifications: () => Promise.resolve([]) };
  vi.stubGlobal('navigator', {
    serviceWorker: { getRegistration: () => Promise.resolve(registration) },
  });
  const told: string[] = [];
  const server = {
    unsubscribe: (endpoint: string) => {
      told.push(endpoint);
      return Promise.resolve({ ok: true, value: null } as const);
    },
  } as unknown as NotificationServer;
  const kept = { read: () => Promise.resolve(true), write: () => Promise.resolve() };
  const push = createPush({
    kept: kept as never,
    server,
    deviceId: () => 'laptop',
    hasAccount: () => hasAccount,
  });
  return { push, told };
}

test('[W16] before someone signs out the server is told to push here no more', async () => {
  const { push, told } = pushHere({ hasAccount: true });
  await push.leave();
  expect(told).toEqual(['https://push.example.org/1']);
});

test('[W16] where nobody is signed in there is nobody to tell', async () => {
  const { push, told } = pushHere({ hasAccount: false });
  await push.leave();
  expect(told).toEqual([]);
});
