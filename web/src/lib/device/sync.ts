/**
 * Tabs and connection together: which tab holds the socket, and what each of them knows of it.
 *
 * Promise: every tab has a true `link`: the leader from its own socket, the others from what the leader
 * told last. Until a leader has spoken it is 'connecting'. Rows that one tab committed reach the others
 * and the server; an edit that a tab cannot store reaches the leader, which sends it.
 */

import * as Y from 'yjs';
import type { ClientIds, ServerView } from './clients.ts';
import { createConnection, MAX_BACKOFF_SEEN_MS, type Connection } from './connection.ts';
import type { RegisteredAccount } from './registry.ts';
import type { EpochMs } from './status.ts';
import type { Storage } from './storage.ts';
import { createTabs, type LinkState, type TabMessage } from './tabs.ts';

export interface Sync {
  readonly link: LinkState;
  readonly isLeader: boolean;
  /** Null: no server. */
  setAccount(account: RegisteredAccount | null): void;
  /** Edits in the memory of other tabs, as far as they answer within a quarter of a second. */
  unsavedElsewhere(): Promise<number>;
  /** The registration changed: other tabs read it again. */
  tellAccount(): void;
  /** This device has another name: the server learns it now, if this tab holds the socket. */
  introduce(): void;
  tellClosing(reason: 'signed-out' | 'cleared'): void;
  tryNow(): void;
  contentHash(): Promise<{ seq: number; hash: string } | null>;
  close(): void;
}

interface SyncOptions {
  storage: Storage;
  ids: ClientIds;
  /** One per document database. */
  scope: string;
  serverUrl: string;
  locks: LockManager | null;
  self: () => { id: string; name: string };
  now: () => EpochMs;
  random: () => number;
  onLink: () => void;
  onAccount: () => void;
  onNamed: (said: string, name: string) => void;
  onClosing: (reason: 'signed-out' | 'cleared') => void;
  /** The server has something to tell this person. */
  onNotify: () => void;
}

const UNSAVED_ANSWER_MS = 250;

const NO_SERVER: LinkState = { connection: 'none', saving: false, seenBy: [], clockSkewMs: null };
const NOT_HEARD: LinkState = { ...NO_SERVER, connection: 'connecting' };

export function createSync(options: SyncOptions): Sync {
  const { storage, ids, scope } = options;
  const forwarded = new WeakSet<object>();
  const self = crypto.getRandomValues(new Uint32Array(2)).join('-');
  const unsavedOf = new Map<string, number>();
  let account: RegisteredAccount | null = null;
  let connection: Connection | null = null;
  let heard: LinkState = NOT_HEARD;
  let lastTold = '';
  let isClosed = false;
  let reminder: ReturnType<typeof setTimeout> | undefined;

  const isVisible = () => document.visibilityState === 'visible';
  const tabs = createTabs({
    scope,
    locks: options.locks,
    channel: typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(scope),
    isVisible,
    onMessage: hear,
    onLead: follow,
    onFollow: follow,
    onPoll: () => void storage.catchUp(),
  });

  storage.onCommit((commit) => {
    tabs.send({ type: 'commit', commit });
    connection?.poke();
  });
  storage.onTrim((trimmed) => tabs.send({ type: 'trimmed', ...trimmed }));
  storage.onState(() => {
    if (storage.state.failing === null || !account) return;
    if (connection) connection.poke();
    else forwardUnstored();
  });

  const onOnline = () => tryNow();
  const onOffline = () => connection?.drop();
  const onVisible = () => {
    if (isVisible()) tryNow();
  };
  addEventListener('online', onOnline);
  addEventListener('offline', onOffline);
  addEventListener('focus', onVisible);
  document.addEventListener('visibilitychange', onVisible);

  /** Starts or stops the socket as the account and the lead ask for it. */
  function follow(): void {
    if (isClosed) return;
    const isWanted = tabs.isLeader && account !== null;
    if (isWanted && !connection && account) {
      connection = connect(account);
      // What other tabs registered is known before the first hello.
      const started = connection;
      void ids
        .refresh()
        .catch(() => undefined)
        .finally(() => {
          if (connection === started) started.start();
        });
    } else if (!isWanted && connection) {
      connection.close();
      connection = null;
      heard = NOT_HEARD;
    }
    if (!tabs.isLeader && account) askForIds();
    tell();
  }

  function connect({ spaceId }: RegisteredAccount): Connection {
    return createConnection({
      syncUrl: `${options.serverUrl.replace(/^http/, 'ws').replace(/\/$/, '')}/sync`,
      spaceId,
      storage,
      ids,
      self: options.self,
      now: options.now,
      random: options.random,
      isOnline: () => navigator.onLine,
      isVisible,
      onLink: tell,
      onNamed: options.onNamed,
      onView: ({ spaceId: space, clocks, refused }) =>
        tabs.send({ type: 'id-view', spaceId: space, clocks: [...clocks], refused: [...refused] }),
      onNotify: () => {
        tabs.send({ type: 'notify' });
        options.onNotify();
      },
    });
  }

  function tell(): void {
    options.onLink();
    if (!connection || tabs.isAlone) return;
    const { link } = connection;
    const text = JSON.stringify(link);
    if (text === lastTold) return;
    lastTold = text;
    tabs.send({ type: 'link', link });
  }

  function hear(message: TabMessage): void {
    switch (message.type) {
      case 'commit':
        storage.receive(message.commit);
        connection?.poke();
        return;
      case 'trimmed':
        storage.receiveTrim(message);
        return;
      case 'link':
        if (connection) return;
        // The leader's socket has just come up: it can confirm ids now, and must claim the one in use.
        if (heard.connection !== 'online' && message.link.connection === 'online') askForIds();
        heard = message.link;
        remind();
        options.onLink();
        return;
      case 'who-leads':
        if (!tabs.isLeader) return;
        lastTold = '';
        if (connection) tell();
        else tabs.send({ type: 'link', link: account ? NOT_HEARD : NO_SERVER });
        return;
      case 'ask-id':
        connection?.askIds(message.ids);
        return;
      case 'id-view':
        void decide({
          spaceId: message.spaceId,
          clocks: new Map(message.clocks),
          refused: new Set(message.refused),
        });
        return;
      case 'unstored':
        // As if made here: stored if this tab can, sent in any case.
        for (const update of message.updates) Y.applyUpdate(storage.doc, update, 'another tab');
        return;
      case 'reconnect':
        connection?.tryNow();
        return;
      case 'notify':
        options.onNotify();
        return;
      case 'ask-unsaved':
        tabs.send({ type: 'unsaved', tab: self, count: storage.state.unsaved });
        return;
      case 'unsaved':
        unsavedOf.set(message.tab, message.count);
        return;
      case 'account':
        options.onAccount();
        return;
      case 'closing':
        options.onClosing(message.reason);
        return;
    }
  }

  async function decide(view: ServerView): Promise<void> {
    if (connection || view.spaceId !== account?.spaceId) return;
    try {
      await storage.catchUp();
      await ids.decide(view);
    } catch {
      // The id stays unconfirmed, which is always safe.
    }
  }

  function askForIds(): void {
    const wanted = ids.candidate === null ? [] : [ids.candidate];
    tabs.send({ type: 'ask-id', ids: [...wanted, storage.doc.clientID] });
  }

  function forwardUnstored(): void {
    const fresh = storage.unstored().filter((write) => !forwarded.has(write));
    if (fresh.length === 0) return;
    for (const write of fresh) forwarded.add(write);
    tabs.send({ type: 'unstored', updates: fresh.map((write) => write.update) });
  }

  /** The leader may be a window in the background, which tries seldom: one that is looked at goes on asking it. */
  function remind(): void {
    clearTimeout(reminder);
    const isLost = heard.connection === 'offline' || heard.connection === 'connecting';
    if (isClosed || connection || !account || !isLost || !isVisible()) return;
    const delayMs = MAX_BACKOFF_SEEN_MS * (0.5 + options.random() / 2);
    reminder = setTimeout(() => {
      if (connection || !isVisible()) return;
      tabs.send({ type: 'reconnect' });
      remind();
    }, delayMs);
  }

  function tryNow(): void {
    storage.retryNow();
    if (connection) connection.tryNow();
    else {
      tabs.send({ type: 'reconnect' });
      remind();
    }
  }

  return {
    get link() {
      if (!account) return NO_SERVER;
      return connection ? connection.link : heard;
    },
    get isLeader() {
      return tabs.isLeader;
    },
    setAccount(next) {
      account = next;
      follow();
    },
    async unsavedElsewhere() {
      unsavedOf.clear();
      tabs.send({ type: 'ask-unsaved' });
      // Nobody knows how many tabs there are, and a frozen one answers never.
      await new Promise((resolve) => setTimeout(resolve, UNSAVED_ANSWER_MS));
      return [...unsavedOf.values()].reduce((sum, count) => sum + count, 0);
    },
    tellAccount: () => tabs.send({ type: 'account' }),
    introduce: () => connection?.introduce(),
    tellClosing: (reason) => tabs.send({ type: 'closing', reason }),
    tryNow,
    contentHash: () => connection?.contentHash() ?? Promise.resolve(null),
    close() {
      isClosed = true;
      clearTimeout(reminder);
      removeEventListener('focus', onVisible);
      removeEventListener('online', onOnline);
      removeEventListener('offline', onOffline);
      document.removeEventListener('visibilitychange', onVisible);
      connection?.close();
      connection = null;
      tabs.close();
    },
  };
}
