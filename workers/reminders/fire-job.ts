/**
 * The job that fires reminders when they are due.
 *
 * Promise: it wakes at the next instant at which something is due and looks every half second besides. What is due is
 * claimed by lease, so of several processes one fires it; it fires only once the projection holds what the log held then,
 * so that a completion made just before is honoured; for at most some seconds, so that a space that cannot be projected does
 * not fall silent, and other spaces do not wait at all. Quiet hours hold and then give one digest; what is late by more
 * than the grace time is missed: told in the app, and not pushed.
 * Limits: nothing is sent here; deliveries are written with what the notification became, and sent by another job.
 */
import { randomUUID } from 'node:crypto';
import type { EpochMs } from '@holdfast/core/ids.ts';
import { nextTimeOfDay, quietUntil } from '@holdfast/core/notification-preferences.ts';
import type { NotificationPreferences } from '@holdfast/core/notification-preferences.ts';
import type { Database } from '@holdfast/db/database.ts';
import { claimDue, laggingSpaces, nextDue, settleFirings } from '@holdfast/db/notification-firing.ts';
import type { ClaimedNotification, Fired, Settlement } from '@holdfast/db/notification-firing.ts';
import { DAILY_KEY, HELD_KEY } from '@holdfast/db/reminder-plan.ts';
import type { WorkersConfig } from '../config.ts';
import type { Job } from '../job.ts';
import type { WorkerMetrics } from '../telemetry.ts';
import type { WorkerTraces } from '../traces.ts';
import { preferencesFrom } from './plan.ts';
import { FIRE_LEASE_MS, GRACE_MS, LOOK_MS, PROJECTION_WAIT_MS } from './timing.ts';

export interface FireJobOptions {
  readonly database: Database;
  readonly metrics: WorkerMetrics;
  readonly traces?: WorkerTraces | undefined;
  readonly config: Pick<WorkersConfig, 'vapid' | 'smtp'>;
  /** Deliveries are there to be sent. */
  readonly onFired: () => void;
  /** Something that the app of a user shows has changed. */
  readonly onTold: (userId: string) => void;
}

const BATCH = 1000;
/** Between looks at a space whose projection is waited for, and at what another process holds locked. */
const SOON_MS = 20;
const LATENESS_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900];

type Outcome =
  | { readonly kind: 'fired'; readonly fired: Fired }
  | { readonly kind: 'missed' }
  | { readonly kind: 'cancelled'; readonly reason: string }
  | { readonly kind: 'held'; readonly until: number }
  | { readonly kind: 'digest'; readonly fired: Fired }
  | { readonly kind: 'missed-digest' }
  | { readonly kind: 'postponed'; readonly until: number };

export function fireRemindersJob(options: FireJobOptions): Job {
  const { database, metrics, traces, config, onFired, onTold } = options;
  const by = randomUUID();
  const fired = metrics.counter(
    'holdfast_notifications_total',
    'Notifications that fell due, by kind and by what became of them.',
    ['kind', 'outcome'],
  );
  const lateness = metrics.histogram(
    'holdfast_reminder_lateness_seconds',
    'From the instant of a reminder to its firing.',
    LATENESS_BUCKETS,
  );
  /** What the projection has to hold before reminders of a space fire, and since when that is waited for. */
  const waiting = new Map<string, { readonly head: number; readonly sinceMs: number }>();

  async function spacesToWaitFor(now: number): Promise<string[]> {
    const lagging = await laggingSpaces(database, now);
    const seen = new Set(lagging.map(({ spaceId }) => spaceId));
    for (const spaceId of waiting.keys()) if (!seen.has(spaceId)) waiting.delete(spaceId);
    return lagging.flatMap(({ spaceId, head, seq }) => {
      const known = waiting.get(spaceId) ?? { head, sinceMs: now };
      waiting.set(spaceId, known);
      if (seq >= known.head) {
        waiting.delete(spaceId);
        return [];
      }
      return now - known.sinceMs < PROJECTION_WAIT_MS ? [spaceId] : [];
    });
  }

  function ways(preferences: NotificationPreferences): Omit<Fired, 'id'> {
    const { push, email, app } = preferences.channels;
    return { push: push && config.vapid !== undefined, email: email && config.smtp !== undefined, app };
  }

  function outcomeOf(claimed: ClaimedNotification, now: number): Outcome {
    const preferences = preferencesFrom(claimed.preferences);
    const at = claimed.fireAt.getTime();
    const fire: Fired = { id: claimed.id, ...ways(preferences) };
    if (claimed.key.startsWith(DAILY_KEY)) return daily(preferences, claimed.id, at, now);
    const quietNow = quietUntil(preferences, now as EpochMs);
    if (claimed.kind === 'digest') {
      if (quietNow !== null) return { kind: 'postponed', until: quietNow };
      return now - at > GRACE_MS ? { kind: 'missed-digest' } : { kind: 'digest', fired: fire };
    }
    // What fell into quiet hours was to be told at their end, and is late from then on.
    const tellAt = quietUntil(preferences, at as EpochMs) ?? at;
    if (tellAt > now) return { kind: 'held', until: tellAt };
    if (now - tellAt > GRACE_MS) return { kind: 'missed' };
    if (quietNow !== null) return { kind: 'held', until: quietNow };
    if (!fire.push && !fire.email && !fire.app) return { kind: 'cancelled', reason: 'channels-off' };
    return { kind: 'fired', fired: fire };
  }

  /** A day's digest is a choice of its own and goes by e-mail, whatever channels reminders take. */
  function daily(preferences: NotificationPreferences, id: string, at: number, now: number): Outcome {
    if (preferences.digestTime === null) return { kind: 'cancelled', reason: 'removed' };
    if (config.smtp === undefined) return { kind: 'cancelled', reason: 'no-mail-server' };
    if (now - at > GRACE_MS) return { kind: 'missed' };
    return { kind: 'fired', fired: { id, push: false, email: true, app: false } };
  }

  function settlementOf(claimed: readonly ClaimedNotification[], now: number): Settlement {
    const settlement = {
      fired: [] as Fired[],
      missed: [] as string[],
      cancelled: [] as { id: string; reason: string }[],
      held: [] as Settlement['held'][number][],
      digests: [] as Settlement['digests'][number][],
      missedDigests: [] as Settlement['missedDigests'][number][],
      postponed: [] as Settlement['postponed'][number][],
      nextDaily: [] as Settlement['nextDaily'][number][],
    };
    for (const each of claimed) {
      const { id, userId, spaceId } = each;
      const outcome = outcomeOf(each, now);
      fired.add(1, { kind: each.kind, outcome: outcome.kind });
      traces?.fired({ id, spaceId, outcome: outcome.kind, lateMs: now - each.fireAt.getTime() });
      switch (outcome.kind) {
        case 'fired':
          settlement.fired.push(outcome.fired);
          if (each.kind === 'reminder') lateness.observe((now - each.fireAt.getTime()) / 1000);
          break;
        case 'missed':
          settlement.missed.push(id);
          break;
        case 'cancelled':
          settlement.cancelled.push({ id, reason: outcome.reason });
          break;
        case 'held': {
          const { until } = outcome;
          settlement.held.push({ id, userId, spaceId, until, key: `${HELD_KEY}${until}/${randomUUID()}` });
          break;
        }
        case 'digest':
          settlement.digests.push({ ...outcome.fired, userId });
          break;
        case 'missed-digest':
          settlement.missedDigests.push({ id, userId });
          break;
        case 'postponed':
          settlement.postponed.push({ id, until: outcome.until });
          break;
      }
      const { digestTime, timeZone } = preferencesFrom(each.preferences);
      if (each.key.startsWith(DAILY_KEY) && digestTime !== null) {
        settlement.nextDaily.push({
          userId,
          spaceId,
          at: nextTimeOfDay(timeZone, digestTime, now as EpochMs),
        });
      }
    }
    return settlement;
  }

  return {
    name: 'fire-reminders',
    everyMs: LOOK_MS,
    wokenBy: ['projected', 'plan'],
    async turn(turn) {
      const now = turn.now();
      const except = await spacesToWaitFor(now);
      const claim = { by, now, until: now + FIRE_LEASE_MS, limit: BATCH, except };
      const claimed = await claimDue(database, claim);
      if (claimed.length > 0) {
        const told = await settleFirings(database, by, settlementOf(claimed, now), now);
        onFired();
        for (const userId of told) onTold(userId);
      }
      if (claimed.length === BATCH && !turn.isStopping) return 'again';
      const next = await nextDue(database, turn.now());
      const look = turn.now() + (except.length > 0 ? SOON_MS : LOOK_MS);
      return next === null ? look : Math.min(look, Math.max(next, turn.now() + SOON_MS / 4));
    },
  };
}
