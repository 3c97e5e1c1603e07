/**
 * Several tabs of one browser on one document.
 *
 * Promise: tabs tell each other only of rows that IndexedDB has committed. One tab, the leader, holds the
 * socket; when it is closed, crashes or is frozen in the background while another is looked at, another
 * tab takes its place and with it every unsent row. Correctness does not depend on there being one leader:
 * two at once store and send the same things, which merge.
 *
 * Limits: leading needs Web Locks and BroadcastChannel. Without either (plain http, old browsers) each tab
 * leads for itself; without BroadcastChannel the rows of other tabs are read again every few seconds.
 */

import type { Commit } from './storage.ts';
import type { ConnectionState, OfflineReason, OtherDevice } from './status.ts';

/** What the leader knows of the server, for the status of the other tabs. */
export interface LinkState {
  readonly connection: ConnectionState;
  readonly offlineReason?: OfflineReason;
  readonly refusal?: string;
  readonly saving: boolean;
  readonly seenBy: readonly OtherDevice[];
  readonly clockSkewMs: number | null;
}

export type TabMessage =
  | { readonly type: 'commit'; readonly commit: Commit }
  | { readonly type: 'trimmed'; readonly upTo: number; readonly key: number }
  /** Of the leader: to every tab, on change and when asked. */
  | { readonly type: 'link'; readonly link: LinkState }
  | { readonly type: 'who-leads' }
  /** To the leader: may these ids be written with? */
  | { readonly type: 'ask-id'; readonly ids: readonly number[] }
  /** Of the leader: what the server knows of some ids. */
  | {
      readonly type: 'id-view';
      readonly spaceId: string;
      readonly clocks: readonly (readonly [number, number])[];
      readonly refused: readonly number[];
    }
  /** To the leader: edits that the sender cannot store. */
  | { readonly type: 'unstored'; readonly updates: readonly Uint8Array[] }
  /** To the leader: try the connection now. */
  | { readonly type: 'reconnect' }
  /** Of the leader: the server has something to tell this person. */
  | { readonly type: 'notify' }
  /** How many edits can you not store? */
  | { readonly type: 'ask-unsaved' }
  | { readonly type: 'unsaved'; readonly tab: string; readonly count: number }
  /** The registry changed: an account was attached, or the device has another name. */
  | { readonly type: 'account' }
  /** The document is given up. */
  | { readonly type: 'closing'; readonly reason: 'signed-out' | 'cleared' };

export interface Tabs {
  readonly isLeader: boolean;
  /** No Web Locks or no BroadcastChannel: this tab does everything itself. */
  readonly isAlone: boolean;
  send(message: TabMessage): void;
  close(): void;
}

interface TabOptions {
  scope: string;
  locks: LockManager | null;
  /** Absent in some old browsers. */
  channel: BroadcastChannel | null;
  isVisible: () => boolean;
  onMessage: (message: TabMessage) => void;
  onLead: () => void;
  onFollow: () => void;
  /** Called every few seconds where rows cannot be told. */
  onPoll: () => void;
}

const LEADER_ANSWER_MS = 5000;
const POLL_MS = 2000;

export function createTabs(options: TabOptions): Tabs {
  const { locks, channel } = options;
  const lockName = `${options.scope}:leader`;
  const isAlone = !locks || !channel;
  const waiting = new AbortController();
  let isLeader = false;
  let isClosed = false;
  let resign: (() => void) | null = null;
  let answerTimer: ReturnType<typeof setTimeout> | undefined;
  let pollTimer: ReturnType<typeof setInterval> | undefined;

  if (channel) {
    channel.onmessage = (event: MessageEvent<TabMessage>) => {
      if (isClosed) return;
      if (event.data.type === 'link') clearTimeout(answerTimer);
      options.onMessage(event.data);
    };
  } else {
    pollTimer = setInterval(options.onPoll, POLL_MS);
  }

  if (isAlone) {
    isLeader = true;
    // After construction, so that the owner holds this object when it is told to lead.
    queueMicrotask(() => {
      if (!isClosed) options.onLead();
    });
  } else {
    void stand({ signal: waiting.signal });
    askWhoLeads();
    if (typeof document !== 'undefined') document.addEventListener('visibilitychange', askWhoLeads);
  }

  /** Waits for the lead and holds it until it resigns, closes or is unseated; then waits again. */
  async function stand(how: LockOptions): Promise<void> {
    while (!isClosed) {
      try {
        await locks?.request(lockName, how, () => {
          if (isClosed) return;
          clearTimeout(answerTimer);
          isLeader = true;
          const held = new Promise<void>((release) => (resign = release));
          options.onLead();
          return held;
        });
      } catch {
        // Unseated by a tab that is being looked at, or closed.
      }
      if (isLeader) {
        isLeader = false;
        resign = null;
        if (!isClosed) options.onFollow();
      }
      if (how.steal) return;
    }
  }

  /** A leader that a browser froze in the background answers nobody; a tab that is looked at unseats it. */
  function askWhoLeads(): void {
    if (isLeader || isClosed || !options.isVisible()) return;
    clearTimeout(answerTimer);
    answerTimer = setTimeout(() => {
      if (!isLeader && !isClosed) void stand({ steal: true });
    }, LEADER_ANSWER_MS);
    channel?.postMessage({ type: 'who-leads' } satisfies TabMessage);
  }

  return {
    get isLeader() {
      return isLeader;
    },
    isAlone,
    send(message) {
      if (!isClosed) channel?.postMessage(message);
    },
    close() {
      isClosed = true;
      isLeader = false;
      clearTimeout(answerTimer);
      clearInterval(pollTimer);
      if (typeof document !== 'undefined') document.removeEventListener('visibilitychange', askWhoLeads);
      waiting.abort();
      resign?.();
      channel?.close();
    },
  };
}
