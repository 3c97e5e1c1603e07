/**
 * What is known of another device, and what revoking it would leave behind, in words.
 *
 * Promise: nobody but a device itself knows what it has not sent. So of one that is not connected only what follows from
 * that is said: what was changed on it since it was last seen is on it alone. Pure.
 */

import type { OtherDevice } from '../device/status.ts';
import { agoWords } from '../words/due-words.ts';
import type { OwnDevice } from './device-api.ts';
import { t } from '../words/language.ts';

interface Moment {
  readonly now: number;
  readonly locale: string;
}

export interface DeviceWords {
  readonly text: string;
  /** What may not have been sent from it. */
  readonly unsent: string;
}

/** As the socket tells of it: whether it is there, and whether it has everything. */
export function otherDeviceWords(device: OtherDevice, { now, locale }: Moment): DeviceWords {
  const has = device.current ? t('Has everything') : t('Does not have everything yet');
  if (device.connected) return { text: t('{has} · connected now', { has }), unsent: '' };
  return {
    text: t('{has} · last seen {ago}', { has, ago: agoWords(device.at, now, locale) }),
    unsent: t('What was changed on it since is on it alone until it connects again.'),
  };
}

/** One of the list. `live` is what the socket tells of it, where there is a connection. */
export function ownDeviceWords(
  device: OwnDevice,
  live: OtherDevice | undefined,
  moment: Moment,
): DeviceWords {
  if (live) return otherDeviceWords(live, moment);
  return {
    text: t('Last seen {ago}', { ago: agoWords(device.lastSeenAt, moment.now, moment.locale) }),
    unsent: t('What was changed on it since is on it alone until it connects again.'),
  };
}

/** What to know before a device is revoked. */
export function revokeWords(device: OwnDevice, live: OtherDevice | undefined, moment: Moment): string {
  const what = t(
    '{name} is signed out and gets no more notifications. The tasks that it has stay on it; nothing is deleted anywhere.',
    { name: device.name },
  );
  if (live?.connected) {
    return t(
      '{what} It is connected now, so what was changed on it has been sent, but for the last moments.',
      { what },
    );
  }
  const seen = agoWords(live?.at ?? device.lastSeenAt, moment.now, moment.locale);
  return t(
    '{what} It was last seen {seen}: what was changed on it since has not reached the server, nobody can tell from here how much that is, and it would be lost if the device is lost. Whoever signs in on it again with your password sends it.',
    { what, seen },
  );
}
