/**
 * What the test page offers to the tests: the device's modules, and the stock libraries to compare with.
 * It is bundled for the browser by harness.ts and never runs in Node.
 */
import { openDocument } from '@holdfast/core/document.ts';
import { IndexeddbPersistence } from 'y-indexeddb';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { chunkUpdate } from '../../web/src/lib/device/chunks.ts';
import { createClientIds } from '../../web/src/lib/device/clients.ts';
import { createAwareness } from '../../web/src/lib/device/connection.ts';
import { createDatabase, deleteDatabase } from '../../web/src/lib/device/database.ts';
import { openDevice, startDevice } from '../../web/src/lib/device/start-device.ts';
import type { Device, DeviceOptions } from '../../web/src/lib/device/device.ts';
import { lookAround } from '../../web/src/lib/device/missing.ts';
import { createLeftBehind, forgetLeftBehind } from '../../web/src/lib/device/left-behind.ts';
import { openStorage } from '../../web/src/lib/device/storage.ts';
import { DOCUMENT_STORES } from '../../web/src/lib/device/document-stores.ts';
import { SERVER_ORIGIN } from '../../web/src/lib/device/stored-document.ts';

const harness = {
  Y,
  IndexeddbPersistence,
  WebsocketProvider,
  chunkUpdate,
  createAwareness,
  createClientIds,
  createDatabase,
  deleteDatabase,
  lookAround,
  openDevice,
  openDocument,
  openStorage,
  createLeftBehind,
  forgetLeftBehind,
  startDevice,
  DOCUMENT_STORES,
  SERVER_ORIGIN,
  /** What a test puts here stays while the page lives. */
  kept: {} as Record<string, unknown>,
  openStore,
  rawRows,
  bumpVersion,
  nextTransactionEnd,
  fakeSockets,
  deviceUntil,
  open,
  get device(): Device {
    return harness.kept['device'] as Device;
  },
};

export type Harness = typeof harness;

declare global {
  var harness: Harness;
}

globalThis.harness = harness;

/** Opens the device of this tab; `harness.device` from then on. */
async function open(options: DeviceOptions = {}): Promise<void> {
  harness.kept['device'] = await openDevice(options);
}

/** A document storage by name, without registry and device. */
async function openStore(
  name: string,
  options: Partial<Pick<Parameters<typeof openStorage>[0], 'minTrimBytes' | 'quietMs' | 'recordOf'>> = {},
) {
  const database = createDatabase({ name: () => Promise.resolve(name), stores: DOCUMENT_STORES });
  const leftBehind = createLeftBehind(name);
  const storage = await openStorage({ database, leftBehind, now: () => Date.now() as never, ...options });
  return { database, storage };
}

/** Every row of a store, read past all of our code. */
function rawRows(name: string, store: string): Promise<{ key: IDBValidKey; value: unknown }[]> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = () => reject(opening.error as Error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction([store], 'readonly');
      const keys = transaction.objectStore(store).getAllKeys();
      const values = transaction.objectStore(store).getAll();
      transaction.oncomplete = () => {
        database.close();
        resolve(keys.result.map((key, index) => ({ key, value: values.result[index] })));
      };
    };
  });
}

/** Resolves once the device's status is as wanted. */
function deviceUntil(
  device: Device,
  isWanted: (status: Device['status']) => boolean,
): Promise<Device['status']> {
  return new Promise((resolve) => {
    if (isWanted(device.status)) return resolve(device.status);
    const stop = device.onStatus((status) => {
      if (!isWanted(status)) return;
      stop();
      resolve(status);
    });
  });
}

/** What an upgrade by another tab does to open connections: `versionchange`. */
async function bumpVersion(name: string): Promise<void> {
  const current = await new Promise<number>((resolve) => {
    const opening = indexedDB.open(name);
    opening.onsuccess = () => {
      resolve(opening.result.version);
      opening.result.close();
    };
  });
  await new Promise<void>((resolve) => {
    const opening = indexedDB.open(name, current + 1);
    opening.onsuccess = () => {
      opening.result.close();
      resolve();
    };
  });
}

interface SentSocket {
  readonly sent: Uint8Array[];
}

/** A WebSocket class whose sockets open at once, keep what is sent and are never answered. */
function fakeSockets() {
  let announce: (socket: SentSocket) => void = () => undefined;
  const opened = new Promise<SentSocket>((resolve) => (announce = resolve));
  class FakeSocket {
    static readonly OPEN = 1;
    readonly OPEN = 1;
    readyState = 1;
    binaryType = 'arraybuffer';
    sent: Uint8Array[] = [];
    onopen: (() => void) | null = null;
    onclose: ((event: object) => void) | null = null;
    onmessage: unknown = null;
    onerror: unknown = null;
    constructor() {
      queueMicrotask(() => {
        this.onopen?.();
        announce(this);
      });
    }
    send(frame: Uint8Array) {
      this.sent.push(frame);
    }
    close() {
      this.readyState = 3;
    }
  }
  return { FakeSocket, opened };
}

/** How the next transaction that anybody begins ends. */
function nextTransactionEnd(): Promise<string> {
  const original = IDBDatabase.prototype.transaction;
  return new Promise((resolve) => {
    IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...given) {
      IDBDatabase.prototype.transaction = original;
      const transaction = original.apply(this, given);
      for (const type of ['abort', 'complete']) transaction.addEventListener(type, () => resolve(type));
      return transaction;
    };
  });
}
