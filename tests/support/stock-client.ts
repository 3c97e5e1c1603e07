/**
 * The stock y-websocket client, unmodified: what any Yjs program would connect with.
 *
 * The only thing added is what Node lacks, a WebSocket that can carry the Authorization header. Its
 * BroadcastChannel is off, since two clients in one process would otherwise meet without the server.
 */
import WebSocket from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

export interface StockClient {
  readonly doc: Y.Doc;
  readonly provider: WebsocketProvider;
  /** Resolves at the next (or present) moment at which the first sync of this connection is done. */
  synced(): Promise<void>;
  goOffline(): Promise<void>;
  goOnline(): Promise<void>;
  destroy(): void;
}

export interface StockClientOptions {
  /** http://host:port of the server */
  url: string;
  spaceId: string;
  token: string;
  doc?: Y.Doc;
}

export function connectStockClient(options: StockClientOptions): StockClient {
  const doc = options.doc ?? new Y.Doc();
  class AuthorizedWebSocket extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols, { headers: { authorization: `Bearer ${options.token}` } });
    }
  }
  const provider = new WebsocketProvider(`${options.url.replace(/^http/, 'ws')}/sync`, options.spaceId, doc, {
    WebSocketPolyfill: AuthorizedWebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
  });

  const synced = (): Promise<void> =>
    new Promise((resolve) => {
      if (provider.synced) return resolve();
      const listener = (state: boolean): void => {
        if (!state) return;
        provider.off('sync', listener);
        resolve();
      };
      provider.on('sync', listener);
    });

  return {
    doc,
    provider,
    synced,
    goOffline: () =>
      new Promise((resolve) => {
        if (!provider.wsconnected && !provider.wsconnecting) return resolve();
        provider.once('connection-close', () => resolve());
        provider.disconnect();
      }),
    goOnline: async () => {
      provider.connect();
      await synced();
    },
    destroy: () => {
      provider.destroy();
      doc.destroy();
    },
  };
}

/** Resolves as soon as the predicate holds for the document; looks again at every update, never by the clock. */
export function untilDoc(doc: Y.Doc, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (holds()) return resolve();
    const listener = (): void => {
      if (!holds()) return;
      doc.off('update', listener);
      resolve();
    };
    doc.on('update', listener);
  });
}
