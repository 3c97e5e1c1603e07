/**
 * What this browser or this address takes away, said plainly, so that nobody finds out by losing something.
 */

import { t } from '../words/language.ts';

export interface MissingFeature {
  readonly feature: 'offline-start' | 'push' | 'tab-locks' | 'persistent-storage';
  /** Why it is missing and what would mend it, in plain words. */
  readonly reason: string;
}

/** The slice of the browser that is looked at. */
export interface Surroundings {
  readonly isSecureContext: boolean;
  readonly hasServiceWorker: boolean;
  readonly hasPush: boolean;
  readonly hasLocks: boolean;
  readonly hasPersist: boolean;
}

export function lookAround(): Surroundings {
  return {
    isSecureContext: globalThis.isSecureContext,
    hasServiceWorker: 'serviceWorker' in navigator,
    // The name is there over plain http too, but nothing that could use it.
    hasPush: 'PushManager' in globalThis && 'serviceWorker' in navigator,
    hasLocks: 'locks' in navigator,
    hasPersist: 'storage' in navigator && 'persist' in navigator.storage,
  };
}

const PLAIN_HTTP = t(
  'This address is plain http, and browsers allow it only on https or on this very computer.',
);

export function missingFeatures(around: Surroundings): MissingFeature[] {
  const why = (otherwise: string) => (around.isSecureContext ? otherwise : PLAIN_HTTP);
  const missing: MissingFeature[] = [];
  if (!around.hasServiceWorker) {
    missing.push({
      feature: 'offline-start',
      reason: t(
        'Holdfast cannot be opened here without network. {why} Once it is open, it works offline and stores every edit.',
        { why: why(t('This browser has no service workers.')) },
      ),
    });
  }
  if (!around.hasPush) {
    missing.push({
      feature: 'push',
      reason: t('Reminders come only while Holdfast is open. {why}', {
        why: why(
          t('This browser has no push messages here; on an iPhone or iPad, add Holdfast to the home screen.'),
        ),
      }),
    });
  }
  if (!around.hasLocks) {
    missing.push({
      feature: 'tab-locks',
      reason: t('Several tabs work, each with a connection of its own. {why}', {
        why: why(t('This browser has no Web Locks.')),
      }),
    });
  }
  if (!around.hasPersist) {
    missing.push({
      feature: 'persistent-storage',
      reason: t(
        'The browser may clear what is stored here when it runs short of space. {why} Edits that reached a server are safe.',
        { why: why(t('This browser cannot promise to keep it.')) },
      ),
    });
  }
  return missing;
}
