/**
 * Stamps: the hybrid logical clock that decides which of two concurrent edits is the later one.
 *
 * A stamp is one safe integer, `milliseconds * 1024 + counter` (Kulkarni et al., "Logical Physical Clocks", 2014, packed
 * into a number so that it needs nine bytes and compares with `<`). A new stamp is later than the clock and later than
 * every stamp its writer has seen, so cause comes before effect even where clocks differ by hours.
 *
 * Limits, and why:
 * - A stamp is valid from 1 to the end of 2199. A register with another stamp is not read.
 * - A stamp more than a day ahead of the own clock is read, but does not raise the clock. Otherwise one broken clock would
 *   drag every device of the space into its future, and one stamp at the very end of the range would block all later
 *   edits. Nothing is lost by this: a writer deletes what it overwrites (core/register.ts), so the edit that follows such
 *   a stamp stands all the same; only what is truly concurrent loses to it.
 * - For the same reason an own clock that was ahead by more than a day and was put right is believed at once.
 */
import type { EpochMs } from './ids.ts';

export const STAMPS_PER_MS = 1024;
/** The first stamp that is too late to be valid: 2200-01-01T00:00Z. */
export const STAMP_LIMIT = Date.UTC(2200, 0, 1) * STAMPS_PER_MS;
const MAX_AHEAD_MS = 24 * 60 * 60 * 1000;

export interface StampClock {
  /** Later than the clock and than every believable stamp that was seen or given. */
  next(): number;
  /** A stamp that another writer gave. */
  observe(t: number): void;
  /** Is this no further ahead of the clock than clocks go wrong in practice? */
  isBelievable(t: number): boolean;
}

export function isStamp(t: unknown): t is number {
  return typeof t === 'number' && Number.isSafeInteger(t) && t > 0 && t < STAMP_LIMIT;
}

export function msOfStamp(t: number): EpochMs {
  return Math.floor(t / STAMPS_PER_MS) as EpochMs;
}

export function createStampClock(now: () => EpochMs): StampClock {
  let seen = 0;
  let given = 0;

  /** The clock as a stamp, or 0 where it shows no time that can be stamped. */
  function clockStamp(): number {
    const stamp = Math.floor(now()) * STAMPS_PER_MS;
    return isStamp(stamp) ? stamp : 0;
  }

  function horizon(clock: number): number {
    // A clock that shows nothing usable cannot judge others.
    return clock === 0 ? STAMP_LIMIT - 1 : clock + MAX_AHEAD_MS * STAMPS_PER_MS;
  }

  return {
    next() {
      const clock = clockStamp();
      const limit = horizon(clock);
      const floor = Math.max(seen <= limit ? seen : 0, given <= limit ? given : 0);
      given = Math.min(Math.max(clock, floor + 1), STAMP_LIMIT - 1);
      return given;
    },
    observe(t) {
      if (t > seen && t <= horizon(clockStamp())) seen = t;
    },
    isBelievable(t) {
      return t <= horizon(clockStamp());
    },
  };
}
