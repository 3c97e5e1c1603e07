/**
 * The device: one person's tasks in one browser, stored, counted and kept in step with a server.
 *
 * Promise: it works from the first second without account and network. An account is attached by merging
 * what is here into its personal space, never by importing or choosing. One document belongs to one account
 * for as long as it exists: another account on this browser gets its own document, or is refused. Signing
 * out and clearing are refused while edits are unsent, unless the person insists.
 *
 * Limits: after signing out or clearing the device is closed and a new one has to be opened. Nothing here
 * knows of Svelte or of words for the sync status.
 */

import { openInSteps, type HoldfastDocument } from '@holdfast/core/document.ts';
import { createAccountClient, type AccountResult, type SignedIn } from './account.ts';
import { createClientIds, type ClientIds } from './clients.ts';
import type { Database } from './database.ts';
import { createKept, type Kept } from './kept.ts';
import { lookAround, missingFeatures, type MissingFeature } from './missing.ts';
import { random } from './random.ts';
import { guessDeviceName, newDocumentName, type Registration, type Registry } from './registry.ts';
import { inSlices } from './slices.ts';
import type { EpochMs, SyncStatus } from './status.ts';
import { openStorage } from './storage.ts';
import { createSync } from './sync.ts';
import { createLeftBehind, forgetLeftBehind } from './left-behind.ts';
import { keepViewCache } from './keep-view-cache.ts';
import type { ViewCache } from './view-cache.ts';
import { plural, t } from '../words/language.ts';
import { timeZoneHere } from '../words/time-zone.ts';

export type { ConnectionState, EpochMs, OfflineReason, OtherDevice, SyncStatus } from './status.ts';
export type { CachedTask, ViewCache } from './view-cache.ts';
export type { MissingFeature } from './missing.ts';

/** Expected failures are values: `message` is a sentence for people, `code` is for the program. */
export type DeviceResult = { ok: true } | { ok: false; code: string; message: string; count?: number };

export interface Account {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly spaceId: string;
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
  /** When what `firstPaint` gave is in the page; reading the document, which keeps the page busy, waits for its frame. */
  shown?: Promise<void>;
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
  signUp(input: { name: string; email: string; password: string; invite?: string }): Promise<DeviceResult>;
  /** Codes: 'wrong-credentials', 'other-account', 'unreachable', or the server's own. */
  signIn(input: { email: string; password: string }): Promise<DeviceResult>;
  /** Refused with code 'unsent' and `count` while edits are unsent, with 'unreachable' without network. */
  signOut(o?: { insist?: boolean }): Promise<DeviceResult>;
  /** Removes everything from this browser. Refused with 'unsent' and `count` while edits would be lost. */
  clear(o?: { insist?: boolean }): Promise<DeviceResult>;
  /** Before the server is told of a sign-out: the last moment at which it knows who asks. Waited for, not for long. */
  onLeaving(listener: () => Promise<void>): () => void;
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
  /** What this device remembers besides the document. Goes with the document. */
  readonly kept: Kept;
  /** Of several tabs, the one that holds the socket. */
  readonly isLeader: boolean;
  /** Everything that was edited here is stored; false while storing fails. */
  stored(): Promise<boolean>;
  /** The server has something to tell this person (a notification was sent, missed or held). In every tab. */
  onNotify(listener: () => void): () => void;
  close(): Promise<void>;
}

/** What start-device.ts has begun. */
export interface Opening {
  now: () => EpochMs;
  registry: Registry;
  database: Database;
  options: DeviceOptions;
  firstPaint: Promise<ViewCache | null>;
  /** The document was given up by another window, which could not tell this one. */
  whenGone: (act: () => void) => void;
}

export async function openLoaded(opening: Opening): Promise<Device> {
  const { now, registry, database, options, firstPaint, whenGone } = opening;
  const serverUrl = options.serverUrl ?? location.origin;
  const locks = navigator.locks ?? null;
  const accounts = createAccountClient(serverUrl);
  const statusListeners = new Set<(status: SyncStatus) => void>();
  const accountListeners = new Set<(account: Account | null) => void>();
  const closedListeners = new Set<(reason: ClosedReason) => void>();
  const notifyListeners = new Set<() => void>();
  const leavingListeners = new Set<() => Promise<void>>();
  let ids: ClientIds | null = null;
  let isClosed = false;

  // Without a readable registry the window works from memory and says so; the storage keeps trying.
  let registration: Registration = await registry.read().catch(() => unregistered(now()));
  const storage = await openStorage({
    database,
    now,
    recordOf: (writer) => ids?.recordOf(writer) ?? { id: writer, createdAt: now() },
    leftBehind: createLeftBehind(registration.documentName),
  });
  const scope = `holdfast:${registration.documentName}`;
  ids = createClientIds({ database, doc: storage.doc, scope, locks, now });
  await ids
    .begin({ hasAccount: registration.account !== null, isDamaged: storage.isDamaged })
    .catch(() => undefined);
  const document = await inSlices(
    openInSteps({
      doc: storage.doc,
      now,
      random,
      device: { id: registration.deviceId, name: registration.deviceName },
      // Asked each time: a person travels while the app is open.
      timeZone: timeZoneHere,
    }),
  );
  const viewCache = keepViewCache(database, document, { now, found: firstPaint });
  const sync = createSync({
    storage,
    ids,
    scope,
    serverUrl,
    locks,
    self: () => ({ id: registration.deviceId, name: registration.deviceName }),
    now,
    random,
    onLink: changed,
    onAccount: () => void readRegistration().catch(() => undefined),
    onNamed: (said, name) => void takeName(said, name).catch(() => undefined),
    onClosing: (reason) => void shut(reason),
    onNotify: () => {
      for (const listener of notifyListeners) listener();
    },
  });
  let status = takeStatus();
  whenGone(() => void shut('signed-out'));
  storage.onState(() => {
    // The registry could not be read at the start and the storage is back: learn who this is.
    if (registration.deviceId === UNREGISTERED && storage.state.failing === null) {
      void readRegistration().catch(() => undefined);
    }
    changed();
  });
  sync.setAccount(registration.account);
  globalThis.document.addEventListener('visibilitychange', onHidden);
  globalThis.addEventListener('pagehide', storage.leave);
  void registry.sweep(forgetLeftBehind).catch(() => undefined);
  if (registration.signOutOwed) void paySignOut().catch(() => undefined);
  askToPersist(false);

  function takeStatus(): SyncStatus {
    const { failing, unsaved, unsent, oldestUnsentAt } = storage.state;
    const { connection, offlineReason, refusal, saving, seenBy, clockSkewMs } = sync.link;
    const hasAccount = registration.account !== null;
    return {
      storage: failing === null ? 'ok' : 'failing',
      ...(failing === null ? {} : { storageError: failing }),
      connection,
      ...(offlineReason === undefined ? {} : { offlineReason }),
      ...(refusal === undefined ? {} : { refusal }),
      unsaved,
      waiting: hasAccount ? unsent : 0,
      oldestWaitingAt: hasAccount ? oldestUnsentAt : null,
      saving,
      seenBy,
      clockSkewMs,
    };
  }

  function changed(): void {
    if (isClosed) return;
    const next = takeStatus();
    if (JSON.stringify(next) === JSON.stringify(status)) return;
    status = next;
    for (const listener of statusListeners) listener(status);
  }

  function onHidden(): void {
    if (globalThis.document.visibilityState === 'hidden') void viewCache.flush();
  }

  async function readRegistration(): Promise<void> {
    const { account: before, deviceName } = registration;
    registration = await registry.read();
    if (deviceName !== registration.deviceName) sync.introduce();
    if (JSON.stringify(before) === JSON.stringify(registration.account)) {
      // Signed in again elsewhere: the session is good now.
      sync.tryNow();
      return;
    }
    sync.setAccount(registration.account);
    changed();
    for (const listener of accountListeners) listener(registration.account);
  }

  /** Another device of this person has the name already, so the server gave it a number. */
  async function takeName(said: string, name: string): Promise<void> {
    registration = await registry.update((current) =>
      current.deviceName === said ? { ...current, deviceName: name } : null,
    );
    sync.tellAccount();
  }

  async function enter(email: string, ask: () => Promise<AccountResult<SignedIn>>): Promise<DeviceResult> {
    const held = registration.account;
    if (held && held.email.toLowerCase() !== email.trim().toLowerCase()) return otherAccount(held.email);
    const answer = await ask();
    if (!answer.ok) return { ok: false, code: answer.code, message: answer.message };
    await storage.attach().catch(() => undefined);
    let rival: string | null = null;
    await registry.update((current) => {
      rival =
        current.account && current.account.userId !== answer.value.userId ? current.account.email : null;
      return rival === null ? { ...current, account: answer.value, signOutOwed: false } : null;
    });
    if (rival !== null) {
      await accounts.signOut();
      return otherAccount(rival);
    }
    await readRegistration();
    sync.tellAccount();
    askToPersist(true);
    return { ok: true };
  }

  /** Null: nothing would be lost. */
  async function wouldLose(): Promise<DeviceResult | null> {
    await storage.settled();
    await storage.catchUp();
    const { unsaved, unsent } = storage.state;
    const count = unsaved + unsent + (await sync.unsavedElsewhere());
    if (count === 0) return null;
    const edits = plural(count, '{count} edit is', '{count} edits are');
    return {
      ok: false,
      code: 'unsent',
      count,
      message: t('{edits} only on this device and would be lost.', { edits }),
    };
  }

  async function giveUp(reason: ClosedReason, insist: boolean): Promise<DeviceResult> {
    if (!insist) {
      const loss = await wouldLose();
      if (loss) return loss;
    }
    let signOutOwed = false;
    if (registration.account) {
      await leave();
      const answer = await accounts.signOut();
      signOutOwed = !answer.ok;
      if (!answer.ok && !insist) return { ok: false, code: answer.code, message: answer.message };
      // An edit may have been made while the server was asked. It waits for the next sign-in then.
      const loss = insist ? null : await wouldLose();
      if (loss) {
        sync.tryNow();
        return loss;
      }
    }
    await registry.update((current) => ({
      ...current,
      documentName: newDocumentName(),
      account: null,
      discarded: [...current.discarded, current.documentName],
      signOutOwed,
    }));
    sync.tellClosing(reason);
    await shut(reason);
    return { ok: true };
  }

  /** Whoever does not answer in time does not keep anyone from signing out. */
  async function leave(): Promise<void> {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, LEAVING_LIMIT_MS));
    const left = [...leavingListeners].map((listener) => listener().catch(() => undefined));
    await Promise.race([Promise.all(left), limit]);
  }

  async function paySignOut(): Promise<void> {
    const answer = await accounts.signOut();
    if (answer.ok) await registry.update((current) => ({ ...current, signOutOwed: false }));
  }

  async function shut(reason: ClosedReason): Promise<void> {
    if (isClosed) return;
    await close();
    for (const listener of closedListeners) listener(reason);
    // Waits for the other windows to let go; what cannot be done now is done at the next start.
    void registry.sweep(forgetLeftBehind).catch(() => undefined);
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    await viewCache.flush();
    isClosed = true;
    globalThis.document.removeEventListener('visibilitychange', onHidden);
    globalThis.removeEventListener('pagehide', storage.leave);
    sync.close();
    viewCache.close();
    document.close();
    await storage.close();
    ids?.close();
  }

  return {
    document,
    get status() {
      return status;
    },
    onStatus: (listener) => subscribe(statusListeners, listener),
    get account() {
      return registration.account;
    },
    onAccount: (listener) => subscribe(accountListeners, listener),
    get self() {
      return { id: registration.deviceId, name: registration.deviceName };
    },
    async rename(name) {
      const trimmed = name.trim();
      if (trimmed === '') return { ok: false, code: 'invalid', message: t('A device needs a name.') };
      registration = await registry.update((current) => ({ ...current, deviceName: trimmed }));
      sync.tellAccount();
      sync.introduce();
      return { ok: true };
    },
    signUp: (input) => enter(input.email, () => accounts.signUp(input)),
    signIn: (input) => enter(input.email, () => accounts.signIn(input)),
    async signOut({ insist = false } = {}) {
      if (!registration.account) {
        return { ok: false, code: 'no-account', message: t('No account is attached to this device.') };
      }
      return giveUp('signed-out', insist);
    },
    clear: ({ insist = false } = {}) => giveUp('cleared', insist),
    onLeaving: (listener) => subscribe(leavingListeners, listener),
    onClosed: (listener) => subscribe(closedListeners, listener),
    missing: missingFeatures(lookAround()),
    async storage() {
      const [persisted, { usage = 0, quota = 0 }] = await Promise.all([
        navigator.storage?.persisted?.() ?? false,
        navigator.storage?.estimate?.() ?? {},
      ]);
      return { persisted, usedBytes: usage, quotaBytes: quota };
    },
    persist: async () => (await navigator.storage?.persist?.()) ?? false,
    async compareWithServer() {
      await storage.settled();
      if (!globalThis.crypto.subtle || storage.state.unsent > 0) return null;
      const theirs = await sync.contentHash();
      if (!theirs) return null;
      return { same: theirs.hash === (await document.contentHash()), seq: theirs.seq };
    },
    reconnect: () => sync.tryNow(),
    kept: createKept(database),
    get isLeader() {
      return sync.isLeader;
    },
    async stored() {
      await storage.settled();
      return storage.state.failing === null && storage.state.unsaved === 0;
    },
    onNotify: (listener) => subscribe(notifyListeners, listener),
    close,
  };
}

const UNREGISTERED = 'unregistered';
const LEAVING_LIMIT_MS = 3_000;

function unregistered(now: EpochMs): Registration {
  return {
    deviceId: UNREGISTERED,
    deviceName: guessDeviceName(navigator.userAgent),
    documentName: UNREGISTERED,
    account: null,
    discarded: [],
    signOutOwed: false,
    createdAt: now,
  };
}

function otherAccount(email: string): DeviceResult {
  return {
    ok: false,
    code: 'other-account',
    message: t('The tasks on this device belong to {email}. Sign in as {email2}, or sign out first.', {
      email,
      email2: email,
    }),
  };
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Firefox asks the person: there only after they signed in, which shows that they mean to stay. */
function askToPersist(isMeant: boolean): void {
  if (!isMeant && /Firefox/.test(navigator.userAgent)) return;
  void navigator.storage?.persist?.().catch(() => undefined);
}
