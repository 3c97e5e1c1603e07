/**
 * What the device knows about where each edit is, as data.
 *
 * Promise: every number here is counted, never guessed: `unsaved` from the write queue, `waiting` from
 * the stored set of unsent rows, `saving` from receipts that are still to come. Words are made of it
 * elsewhere (`sync-words.ts`); nothing in this folder makes sentences about syncing.
 */

import type { EpochMs } from '@holdfast/core/ids.ts';

export type { EpochMs } from '@holdfast/core/ids.ts';

export type ConnectionState =
  /** No account is attached: this device is all there is. */
  | 'none'
  /** The session ended. Edits go on being stored and wait for the next sign-in. */
  | 'signed-out'
  /** The last attempt failed, or the browser says that there is no network. */
  | 'offline'
  /** None has failed since the start or since the last connection ended. */
  | 'connecting'
  | 'online'
  /** The server is there and will not take this device's edits; `refusal` says why. */
  | 'refused';

export type OfflineReason = 'network' | 'server';

/** Another device of this account, as the server last heard of it. */
export interface OtherDevice {
  readonly id: string;
  readonly name: string;
  /** When the server last heard from it. */
  readonly at: EpochMs;
  /** It has stored everything that the server has. */
  readonly current: boolean;
  /** It has a connection to the server now. */
  readonly connected: boolean;
}

export interface SyncStatus {
  readonly storage: 'ok' | 'failing';
  /** Why this device cannot store, as a sentence for people. Only while `storage` is 'failing'. */
  readonly storageError?: string;
  readonly connection: ConnectionState;
  /** Whether the browser has no network at all, or the server does not answer. Only while `connection` is 'offline'. */
  readonly offlineReason?: OfflineReason;
  /** Why the server refuses, as a sentence for people. Only while `connection` is 'refused'. */
  readonly refusal?: string;
  /** Edits in memory that IndexedDB has not committed. */
  readonly unsaved: number;
  /** Edits of this device, all its tabs together, that the server has not confirmed. 0 without an account. */
  readonly waiting: number;
  readonly oldestWaitingAt: EpochMs | null;
  /** Edits were sent and their receipt is not here yet. */
  readonly saving: boolean;
  readonly seenBy: readonly OtherDevice[];
  /** Server's clock minus this device's, only when they are more than two minutes apart. */
  readonly clockSkewMs: number | null;
}
