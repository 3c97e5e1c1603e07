/** Time as this folder sees it, so that a test can set it. */
export interface SyncClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls again and again until the answer is called. Never keeps the process alive. */
  every(intervalMs: number, run: () => void): () => void;
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: SyncClock = {
  now: Date.now,
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
