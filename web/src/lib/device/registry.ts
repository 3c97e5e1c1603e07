/**
 * The registry: which document this browser holds, for which account, and what the device is called.
 *
 * Promise: one small database, `holdfast`, with one record that is read and changed in one transaction,
 * so that two tabs that sign in or out at the same moment cannot leave a document with two owners.
 *
 * It is a database of its own and not a store of the document's, because it must outlive it: signing out
 * deletes the whole document database and the registry points to a new, empty one in the same step.
 */

import { createDatabase, deleteDatabase, request } from './database.ts';
import type { EpochMs } from './status.ts';

export const REGISTRY_NAME = 'holdfast';

export interface RegisteredAccount {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly spaceId: string;
}

export interface Registration {
  readonly deviceId: string;
  readonly deviceName: string;
  /** Name of the document's database. */
  readonly documentName: string;
  readonly account: RegisteredAccount | null;
  /** Databases that were given up and may still have to be deleted. */
  readonly discarded: readonly string[];
  /** The server could not be told of a sign-out; to be done at the next chance. */
  readonly signOutOwed: boolean;
  readonly createdAt: EpochMs;
}

export interface Registry {
  read(): Promise<Registration>;
  /** One transaction. `change` sees the record as it stands and returns the new one, or null to leave it. */
  update(change: (current: Registration) => Registration | null): Promise<Registration>;
  /**
   * Deletes databases that were given up, once `forget` has done so with what lies beside them. Never waits for other tabs
   * longer than they need to close.
   */
  sweep(forget: (documentName: string) => void): Promise<void>;
  close(): void;
}

interface RegistryOptions {
  now: () => EpochMs;
  guessName: () => string;
}

const STORE = 'registration';
const KEY = 'this-device';

export function createRegistry(options: RegistryOptions): Registry {
  const database = createDatabase({ name: () => Promise.resolve(REGISTRY_NAME), stores: [{ name: STORE }] });

  function begin(): Registration {
    return {
      deviceId: crypto.getRandomValues(new Uint8Array(12)).reduce((text, byte) => text + hex(byte), ''),
      deviceName: options.guessName(),
      documentName: newDocumentName(),
      account: null,
      discarded: [],
      signOutOwed: false,
      createdAt: options.now(),
    };
  }

  function change(
    make: (current: Registration) => Registration | null,
    mode: IDBTransactionMode,
  ): Promise<Registration> {
    return database.run([STORE], { mode, durability: 'strict' }, async (stores) => {
      const stored = (await request(stores(STORE).get(KEY))) as Registration | undefined;
      const current = stored ?? begin();
      const next = make(current) ?? (stored ? null : current);
      if (next) await request(stores(STORE).put(next, KEY));
      return next ?? current;
    });
  }

  return {
    // Every start waits for it, and all but the first of a browser find it made: asking to write costs a sync of the disk.
    async read() {
      const stored = await database.run([STORE], { mode: 'readonly' }, (stores) =>
        request(stores(STORE).get(KEY)),
      );
      return (stored as Registration | undefined) ?? change(() => null, 'readwrite');
    },
    update: (make) => change(make, 'readwrite'),
    async sweep(forget) {
      const { discarded } = await change(() => null, 'readwrite');
      for (const name of discarded) {
        forget(name);
        await deleteDatabase(name);
        await change(
          (current) => ({ ...current, discarded: current.discarded.filter((other) => other !== name) }),
          'readwrite',
        );
      }
    },
    close: () => database.close(),
  };
}

export function newDocumentName(): string {
  const random = crypto.getRandomValues(new Uint8Array(8));
  return `holdfast-doc-${random.reduce((text, byte) => text + hex(byte), '')}`;
}

/** A name that its owner will recognise in "seen on Chrome on Android". */
export function guessDeviceName(userAgent: string): string {
  const browser = /\bEdg/.test(userAgent)
    ? 'Edge'
    : /\bFirefox\/|\bFxiOS\//.test(userAgent)
      ? 'Firefox'
      : /\bOPR\//.test(userAgent)
        ? 'Opera'
        : /\bChrome\/|\bCriOS\/|\bHeadlessChrome\//.test(userAgent)
          ? 'Chrome'
          : /\bSafari\//.test(userAgent)
            ? 'Safari'
            : 'Browser';
  const system = /\bAndroid\b/.test(userAgent)
    ? 'Android'
    : /\biPhone\b/.test(userAgent)
      ? 'iPhone'
      : /\biPad\b/.test(userAgent)
        ? 'iPad'
        : /\bMac OS X\b/.test(userAgent)
          ? 'Mac'
          : /\bWindows\b/.test(userAgent)
            ? 'Windows'
            : /\bCrOS\b/.test(userAgent)
              ? 'Chromebook'
              : /\bLinux\b/.test(userAgent)
                ? 'Linux'
                : null;
  return system ? `${browser} on ${system}` : browser;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
