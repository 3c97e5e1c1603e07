/**
 * What the service worker can ask of the document while no window is open: types alone, in one place for both sides.
 *
 * Why a door: the document's code (Yjs, recurrence, connection) is some ten times the size of the worker, and is needed
 * only when a reminder comes or is acted upon. It is a script of its own (background.ts) that the worker loads then.
 */

import type { ActionName, Target } from '../notifications/payload.ts';

export interface Look {
  /**
   * open: remind. over: done, skipped, snoozed for later or thrown away, so nothing is to be said any more. unknown: this
   * device does not have it yet and could not ask.
   */
  readonly state: 'open' | 'over' | 'unknown';
  readonly title: string | null;
  /** A sentence part: when it is due, and in which list. */
  readonly detail: string | null;
  /** Open tasks of today and before, for the badge. */
  readonly dueCount: number;
}

export interface Acted {
  /** It is in this device's store. */
  readonly isSaved: boolean;
  /** The server has it; true without an account, where nobody waits for it. */
  readonly isSent: boolean;
  /** Why it could not be done, for people. */
  readonly problem?: string;
}

export interface Background {
  /** `language`: of the app, in which `detail` is said. */
  look(target: Target, language: string): Promise<Look>;
  act(action: ActionName, target: Target, until: number): Promise<Acted>;
  /** Sends what waits. False: something still does. */
  send(): Promise<boolean>;
  /** Marks a firing as shown; false when a window showed it already. */
  markShown(tag: string, at: number): Promise<boolean>;
  /** Which device and account this is. */
  whoAmI(): Promise<{ readonly deviceId: string; readonly hasAccount: boolean }>;
}

declare global {
  var holdfastBackground: Background | undefined;
}
