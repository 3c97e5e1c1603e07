/** A clock that stands until a test moves it; then everything due runs, in order. */
import type { SyncClock } from '@holdfast/sync-server/sync/clock.ts';

export interface ManualClock extends SyncClock {
  advance(ms: number): void;
  /** Resolves when something is next planned for a single time from now. */
  planned(): Promise<void>;
}

export function manualClock(startMs = Date.UTC(2026, 10, 23)): ManualClock {
  let nowMs = startMs;
  let lastId = 0;
  const listeners: (() => void)[] = [];
  const due = new Map<number, { atMs: number; everyMs: number | null; run: () => void }>();
  const plan = (atMs: number, everyMs: number | null, run: () => void): (() => void) => {
    const id = ++lastId;
    due.set(id, { atMs, everyMs, run });
    return () => due.delete(id);
  };
  return {
    now: () => nowMs,
    every: (intervalMs, run) => plan(nowMs + intervalMs, intervalMs, run),
    after: (delayMs, run) => {
      for (const listener of listeners.splice(0)) listener();
      return plan(nowMs + delayMs, null, run);
    },
    planned: () => new Promise((resolve) => listeners.push(resolve)),
    advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        const next = [...due]
          .filter(([, job]) => job.atMs <= untilMs)
          .sort(([, a], [, b]) => a.atMs - b.atMs)[0];
        if (!next) break;
        const [id, job] = next;
        nowMs = job.atMs;
        if (job.everyMs === null) due.delete(id);
        else job.atMs += job.everyMs;
        job.run();
      }
      nowMs = untilMs;
    },
  };
}
