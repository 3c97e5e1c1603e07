/** The device's account of where each edit is, for components: the bridge from its listeners to runes. */

import { createSubscriber } from 'svelte/reactivity';
import type { Account, Device, StorageReport, SyncStatus } from './device/device.ts';
import { t } from './words/language.ts';

const NOTHING_YET: SyncStatus = {
  storage: 'ok',
  connection: 'none',
  unsaved: 0,
  waiting: 0,
  oldestWaitingAt: null,
  saving: false,
  seenBy: [],
  clockSkewMs: null,
};

const NOT_OPENED: SyncStatus = {
  ...NOTHING_YET,
  storage: 'failing',
  storageError: t('your tasks could not be opened'),
};

export class SyncState {
  /** Edits made before the document was loaded. */
  queued: number = $state(0);
  /** What the browser says about room and keeping; null: it was not asked yet. */
  #storage: StorageReport | null = $state.raw(null);
  #device: Device | null = $state.raw(null);
  #hasFailed = $state(false);
  readonly #changes = createSubscriber((update) => {
    const device = this.#device;
    if (!device) return undefined;
    const stops = [device.onStatus(update), device.onAccount(update)];
    return () => {
      for (const stop of stops) stop();
    };
  });

  open(device: Device): void {
    this.#device = device;
    void this.lookAtStorage();
  }

  get storage(): StorageReport | null {
    return this.#storage;
  }

  /** Asks the browser again. */
  async lookAtStorage(): Promise<void> {
    this.#storage = (await this.#device?.storage().catch(() => null)) ?? this.#storage;
  }

  /** The device did not open: nothing that is done now is kept. */
  fail(): void {
    this.#hasFailed = true;
  }

  get isOpen(): boolean {
    return this.#device !== null;
  }

  get status(): SyncStatus {
    const device = this.#device;
    if (this.#hasFailed) return NOT_OPENED;
    if (!device) return NOTHING_YET;
    this.#changes();
    return device.status;
  }

  get account(): Account | null {
    const device = this.#device;
    if (!device) return null;
    this.#changes();
    return device.account;
  }
}
