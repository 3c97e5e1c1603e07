/**
 * Long work on the thread that also draws and listens: in slices, with a rest after each.
 *
 * Promise: a slice ends with the first step after `SLICE_MS`; what was typed or is to be drawn comes in the rest.
 */

import type { Steps } from '@holdfast/core/document.ts';

/** Half a frame of 60 a second: the other half is for whatever waited. */
const SLICE_MS = 8;

export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const end = performance.now() + SLICE_MS;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (performance.now() < end);
    await rest();
  }
}

interface Yielding {
  readonly scheduler?: { yield?: () => Promise<void> };
}

/** Not by a timer: nested ones come four milliseconds late, and those of a page in the background once a second. */
export function rest(): Promise<void> {
  const { scheduler } = globalThis as Yielding;
  if (scheduler?.yield) return scheduler.yield();
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
