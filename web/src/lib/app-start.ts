/**
 * The device begins before there is an app to show it: its databases are opened while the scripts of the page still come.
 *
 * Promise: what was seen last is read by the time of the first drawing, or that goes ahead without it after `LIMIT_MS`; so one
 * frame shows the page and its rows. Whoever shows them says so, and the document is read after that.
 */
import type { DeviceStart } from './device/device.ts';
import { startDevice } from './device/start-device.ts';
import type { ViewCache } from './device/view-cache.ts';

/** A new browser makes its databases first, and a slow disk takes as long as it likes. */
const LIMIT_MS = 150;

export interface AppStart {
  readonly device: DeviceStart;
  /** What has been read of `device.firstPaint` by now; null also while that is not known. */
  readonly seen: ViewCache | null;
  /** Resolves when `seen` is known, and never rejects. */
  readonly isRead: Promise<void>;
  readonly tellShown: () => void;
}

let begun: AppStart | null = null;

export function beginApp(): void {
  begun ??= begin();
}

/** Resolves when the first drawing should wait no longer; at once where the app is drawn already. */
export async function untilSeen(): Promise<void> {
  if (begun) await Promise.race([begun.isRead, new Promise((resolve) => setTimeout(resolve, LIMIT_MS))]);
}

/** What `beginApp` has begun; who asks again gets another. */
export function takeStart(): AppStart {
  const start = begun ?? begin();
  begun = null;
  return start;
}

function begin(): AppStart {
  let tellShown: () => void = () => undefined;
  const shown = new Promise<void>((resolve) => (tellShown = resolve));
  const device = startDevice({ shown });
  let seen: ViewCache | null = null;
  const isRead = device.firstPaint.then(
    (cache) => void (seen = cache),
    // Without the cache the first drawing has no rows; the document reports its own failures.
    () => undefined,
  );
  return {
    device,
    get seen() {
      return seen;
    },
    isRead,
    tellShown,
  };
}
