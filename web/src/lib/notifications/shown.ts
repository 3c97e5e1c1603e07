/**
 * Which firings this device has shown, so that a reload, a second tab or a push repeats none of them.
 *
 * Promise: of all that claim one key, one gets it. Keys are forgotten after two weeks: a firing that old is not looked
 * at any more (reminder-clock.ts).
 */

import type { Kept } from '../device/kept.ts';

const SHOWN = 'shown-reminders';
const REMEMBERED_MS = 14 * 24 * 60 * 60_000;

/** False: it was shown already, by whom ever. */
export function claimShown(kept: Kept, tag: string, at: number): Promise<boolean> {
  return kept.change(SHOWN, (current) => {
    const shown = readShown(current);
    if (shown[tag] !== undefined) return [undefined, false];
    const recent = Object.entries(shown).filter(([, then]) => then > at - REMEMBERED_MS);
    return [{ ...Object.fromEntries(recent), [tag]: at }, true];
  });
}

/** When each was due, by its key. */
export async function shownKeys(kept: Kept): Promise<ReadonlyMap<string, number>> {
  return new Map(Object.entries(readShown(await kept.read(SHOWN))));
}

function readShown(value: unknown): Record<string, number> {
  return typeof value === 'object' && value !== null ? (value as Record<string, number>) : {};
}
