/** The state of this device's notifications in plain words: what holds, why, and what would mend it. */

import type { PushState } from './push.ts';
import { t } from '../words/language.ts';

export interface PushWords {
  readonly tone: 'on' | 'off' | 'blocked';
  readonly head: string;
  readonly body: string;
  /** What the button offers; null: nothing can be done from here. */
  readonly offer: 'turn-on' | 'turn-off' | null;
}

export function pushWords(state: PushState): PushWords {
  switch (state) {
    case 'insecure':
      return {
        tone: 'blocked',
        head: t('Only while Holdfast is open'),
        body: t(
          'This address is plain http, and browsers allow notifications only on https or on this very computer. Reminders show in the app while it is open.',
        ),
        offer: null,
      };
    case 'unsupported':
      return {
        tone: 'blocked',
        head: t('Only while Holdfast is open'),
        body: t(
          'This browser has no push messages here. Reminders show in the app while it is open, and e-mail reaches you in any case.',
        ),
        offer: null,
      };
    case 'needs-install':
      return {
        tone: 'blocked',
        head: t('Add Holdfast to the home screen first'),
        body: t(
          'On an iPhone or iPad only an installed app may notify you. Tap Share, then Add to Home Screen, and open Holdfast from there.',
        ),
        offer: null,
      };
    case 'blocked':
      return {
        tone: 'blocked',
        head: t('Blocked in the browser'),
        body: t(
          'Notifications from this site are not allowed. Open the site’s settings (the icon before the address), set Notifications to Allow, and reload this page.',
        ),
        offer: null,
      };
    case 'off':
      return {
        tone: 'off',
        head: t('Off on this device'),
        body: t(
          'Reminders show in the app while it is open. Turn notifications on to be reminded when it is closed.',
        ),
        offer: 'turn-on',
      };
    case 'on':
      return {
        tone: 'on',
        head: t('On'),
        body: t('Reminders reach this device, also while Holdfast is closed.'),
        offer: 'turn-off',
      };
    case 'on-while-open':
      return {
        tone: 'on',
        head: t('On while Holdfast is open'),
        body: t(
          'Reminders show as notifications when you look at something else. With an account they also come while Holdfast is closed.',
        ),
        offer: 'turn-off',
      };
    case 'on-unconfirmed':
      return {
        tone: 'off',
        head: t('On, but not connected yet'),
        body: t(
          'The server does not know yet where to reach this device. Until then reminders come only while Holdfast is open; it is tried again at every start.',
        ),
        offer: 'turn-off',
      };
    default:
      return state satisfies never;
  }
}
