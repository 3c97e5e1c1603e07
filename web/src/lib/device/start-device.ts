/**
 * The beginning of a device: what is shown and taken before its document is there.
 *
 * Promise: it needs the names and the stores of this browser and nothing else, so it is small and comes with the first
 * script; the document's code (device.ts: Yjs, storage, connection) is asked for at once and comes beside the first paint.
 */

import type { HoldfastDocument } from '@holdfast/core/document.ts';
import { createDatabase, DatabaseGone } from './database.ts';
import type { Device, DeviceOptions, DeviceStart } from './device.ts';
import { DOCUMENT_STORES } from './document-stores.ts';
import { createRegistry, guessDeviceName } from './registry.ts';
import type { EpochMs } from './status.ts';
import { readViewCache } from './view-cache.ts';

export function openDevice(options: DeviceOptions = {}): Promise<Device> {
  return startDevice(options).device;
}

/** Opens in two steps, for those who want to show and take something before the document is loaded. */
export function startDevice(options: DeviceOptions = {}): DeviceStart {
  const now = options.now ?? (() => Date.now() as EpochMs);
  const registry = createRegistry({ now, guessName: () => guessDeviceName(navigator.userAgent) });
  const queue: ((document: HoldfastDocument) => void)[] = [];
  const queuedListeners = new Set<(queued: number) => void>();
  let loaded: HoldfastDocument | null = null;
  let bound: string | null = null;
  let onGone: () => void = () => undefined;

  /** The document's database; once opened, it is that one or none. */
  async function documentName(): Promise<string> {
    const { documentName: name } = await registry.read();
    bound ??= name;
    if (bound !== name) {
      onGone();
      throw new DatabaseGone('Another window signed out or cleared this browser.');
    }
    return name;
  }

  const database = createDatabase({ name: documentName, stores: DOCUMENT_STORES });

  function tellQueued(): void {
    for (const listener of queuedListeners) listener(queue.length);
  }

  async function load(): Promise<Device> {
    const { openLoaded } = await import('./device.ts');
    const device = await openLoaded({ now, registry, database, options, whenGone: (act) => (onGone = act) });
    loaded = device.document;
    for (const run of queue.splice(0)) run(loaded);
    tellQueued();
    return device;
  }

  return {
    firstPaint: readViewCache(database),
    edit(run) {
      if (loaded) run(loaded);
      else {
        queue.push(run);
        tellQueued();
      }
    },
    get queued() {
      return queue.length;
    },
    onQueued(listener) {
      queuedListeners.add(listener);
      return () => queuedListeners.delete(listener);
    },
    device: load(),
  };
}
