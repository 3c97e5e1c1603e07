/**
 * How often the same caller may try.
 *
 * Promise: a password cannot be guessed at speed, neither from one address nor for one account; an honest
 * person who signs in and out never meets a limit, because right passwords give their try back.
 * Limits: kept in the memory of one process, so n servers allow n times as much; at most MAX_BUCKETS callers
 * are remembered, the longest unseen forgotten first.
 * Why buckets: a burst is fine, a stream is not. A bucket holds `burst` tries and regains one each `refillMs`.
 */
export interface RateLimit {
  readonly burst: number;
  readonly refillMs: number;
}

export const RATE_LIMITS = {
  'sign-in-address': { burst: 100, refillMs: 2_000 },
  'sign-in-account': { burst: 10, refillMs: 30_000 },
  'sign-up-address': { burst: 100, refillMs: 10_000 },
  'reset-address': { burst: 20, refillMs: 60_000 },
  'reset-account': { burst: 3, refillMs: 10 * 60_000 },
  'notification-test': { burst: 10, refillMs: 60_000 },
  'api-caller': { burst: 1_000, refillMs: 20 },
} as const satisfies Record<string, RateLimit>;

export type RateLimitName = keyof typeof RATE_LIMITS;

export interface RateLimits {
  /** Takes one try; the milliseconds to wait when there is none left, else 0. */
  take(name: RateLimitName, caller: string): number;
  giveBack(name: RateLimitName, caller: string): void;
}

const MAX_BUCKETS = 20_000;

interface Bucket {
  tries: number;
  atMs: number;
}

export function createRateLimits(options: { enabled: boolean; now: () => number }): RateLimits {
  const { enabled, now } = options;
  const buckets = new Map<string, Bucket>();

  function bucketFor(name: RateLimitName, caller: string): Bucket {
    const key = `${name} ${caller}`;
    const { burst, refillMs } = RATE_LIMITS[name];
    const nowMs = now();
    const bucket = buckets.get(key) ?? { tries: burst, atMs: nowMs };
    bucket.tries = Math.min(burst, bucket.tries + Math.max(0, nowMs - bucket.atMs) / refillMs);
    bucket.atMs = nowMs;
    // Put last: a Map keeps the order of insertion, so the first is the longest unseen.
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > MAX_BUCKETS) buckets.delete(buckets.keys().next().value ?? '');
    return bucket;
  }

  return {
    take(name, caller) {
      if (!enabled) return 0;
      const bucket = bucketFor(name, caller);
      if (bucket.tries < 1) return Math.ceil((1 - bucket.tries) * RATE_LIMITS[name].refillMs);
      bucket.tries -= 1;
      return 0;
    },
    giveBack(name, caller) {
      if (!enabled) return;
      const bucket = bucketFor(name, caller);
      bucket.tries = Math.min(RATE_LIMITS[name].burst, bucket.tries + 1);
    },
  };
}
