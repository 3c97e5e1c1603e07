/**
 * The device: one person's tasks in one browser, stored, counted and kept in step with a server.
 */

import type { HoldfastDocument } from '@holdfast/core/document.ts';
import type { EpochMs, SyncStatus } from './status.ts';
import type { ViewCache } from './view-cache.ts';

export type { ConnectionState, EpochMs, OtherDevice, SyncStatus } from './status.ts';
export type { CachedTask, ViewCache } from './view-cache.ts';

/** Expected failures are values: `message` is a sentence for people, `code` is for the program. */
export type DeviceResult = { ok: true } | { ok: false; code: string; message: string; count?: number };

export interface Account {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly spaceId: string;
}

export interface MissingFeature {
  readonly feature: 'offline-start' | 'push' | 'tab-locks' | 'persistent-storage';
  /** Why it is missing and what would mend it, in plain words. */
  readonly reason: string;
}

export interface StorageReport {
  /** The browser has promised not to clear this site's data on its own. */
  readonly persisted: boolean;
  readonly usedBytes: number;
  readonly quotaBytes: number;
}

/** Why a device closed itself; the page should then reload (or call `openDevice` again). */
export type ClosedReason = 'signed-out' | 'cleared';

export interface DeviceOptions {
  /** Default: `Date.now`. */
  now?: () => EpochMs;
  /** Origin of the server, default: where the page came from. */
  serverUrl?: string;
}

/** A device that is still loading: what can be shown and what can already be done. */
export interface DeviceStart {
  /** Open tasks as they were when last seen, for the first paint. Null when there is no cache. */
  readonly firstPaint: Promise<ViewCache | null>;
  /** Runs once the document is loaded, in order. Until then it counts as queued, which is not saved. */
  edit(run: (document: HoldfastDocument) => void): void;
  readonly queued: number;
  onQueued(listener: (queued: number) => void): () => void;
  readonly device: Promise<Device>;
}

export interface Device {
  /** Usable at once. */
  readonly document: HoldfastDocument;
  readonly status: SyncStatus;
  onStatus(listener: (status: SyncStatus) => void): () => void;
  readonly account: Account | null;
  /** Calls the listener when an account was attached, here or in another tab. */
  onAccount(listener: (account: Account | null) => void): () => void;
  /** This device as other devices see it. */
  readonly self: { readonly id: string; readonly name: string };
  rename(name: string): Promise<DeviceResult>;
  /** Makes an account and attaches it: what is on this device is merged into its personal space. */
  signUp(input: { name: string; email: string; password: string }): Promise<DeviceResult>;
  /** Codes: 'wrong-credentials', 'other-account', 'unreachable', or the server's own. */
  signIn(input: { email: string; password: string }): Promise<DeviceResult>;
  /** Refused with code 'unsent' and `count` while edits are unsent, with 'unreachable' without network. */
  signOut(o?: { insist?: boolean }): Promise<DeviceResult>;
  /** Removes everything from this browser. Refused with 'unsent' and `count` while edits would be lost. */
  clear(o?: { insist?: boolean }): Promise<DeviceResult>;
  /** After signing out or clearing, here or in another tab. The device is closed by then. */
  onClosed(listener: (reason: ClosedReason) => void): () => void;
  readonly missing: readonly MissingFeature[];
  storage(): Promise<StorageReport>;
  /** Asks the browser never to clear this site's data on its own. */
  persist(): Promise<boolean>;
  /** Compares content with the server, by hash. Null when that cannot be asked now. */
  compareWithServer(): Promise<{ same: boolean; seq: number } | null>;
  /** Tries the connection now instead of at the next planned attempt. */
  reconnect(): void;
  close(): Promise<void>;
}

export declare function startDevice(o?: DeviceOptions): DeviceStart;
/** The same without the early stage. */
export declare function openDevice(o?: DeviceOptions): Promise<Device>;
