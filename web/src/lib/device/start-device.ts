/**
 * The beginning of a device: what is shown and taken before its document is there.
 *
 * Promise: it needs the names and the stores of this browser and nothing else, so it is small and comes with the first
 * script. The document's code (device.ts: Yjs, storage, connection) is asked for once the first rows are in the page, and reading
 * the document waits for their frame; where there are none, for nothing.
 */

import type { HoldfastDocument } from '@holdfast/core/document.ts';
import { createDatabase, DatabaseGone } from './database.ts';
import type { Device, DeviceOptions, DeviceStart } from './device.ts';
import { DOCUMENT_STORES } from './document-stores.ts';
import { createRegistry, guessDeviceName } from './registry.ts';
import type { EpochMs } from './status.ts';
import { readViewCache, type ViewCache } from './view-cache.ts';

const FRAME_LIMIT_MS = 200;

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

  const firstPaint = readViewCache(database);

  function tellQueued(): void {
    for (const listener of queuedListeners) listener(queue.length);
  }

  async function load(): Promise<Device> {
    const cache = await firstPaint;
    if (hasRows(cache)) await options.shown;
    const code = import('./device.ts');
    // Reading the document keeps the page busy for longer than its first rows may be waited for.
    if (hasRows(cache)) await untilPainted();
    const { openLoaded } = await code;
    const device = await openLoaded({
      now,
      registry,
      database,
      options,
      firstPaint,
      whenGone: (act) => (onGone = act),
    });
    loaded = device.document;
    for (const run of queue.splice(0)) run(loaded);
    tellQueued();
    return device;
  }

  return {
    firstPaint,
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

function hasRows(cache: ViewCache | null): boolean {
  return cache !== null && cache.tasks.length > 0;
}

/** The frame that is being made is on the screen. */
async function untilPainted(): Promise<void> {
  if (document.visibilityState === 'hidden') return;
  await new Promise<void>((resolve) => {
    // A window that is hidden meanwhile draws no frame.
    const limit = setTimeout(resolve, FRAME_LIMIT_MS);
    requestAnimationFrame(() => {
      // The frame is drawn after this callback and before the next task.
      setTimeout(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  });
}
