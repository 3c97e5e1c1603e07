/** Whether this browser will soon have no room for another edit. */

import type { StorageReport } from './device/device.ts';

/** Below this much room, or above this share, what other sites store next may take the rest. */
const LITTLE_ROOM_BYTES = 20_000_000;
const FULL_SHARE = 0.9;

/** A browser that does not tell, or was not asked yet, is not called full. */
export function isNearlyFull(storage: StorageReport | null): boolean {
  if (storage === null || storage.quotaBytes <= 0) return false;
  const { usedBytes, quotaBytes } = storage;
  return quotaBytes - usedBytes < LITTLE_ROOM_BYTES || usedBytes > quotaBytes * FULL_SHARE;
}
