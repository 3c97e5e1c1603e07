/**
 * The push service of the bench, in a process of its own: what it costs to decrypt is then not counted to the workers, and
 * nothing that they do delays the clock by which arrivals are written down.
 */
import { startPushService } from '../../support/push-service.ts';
import type { TestSubscription } from '../../support/push-service.ts';

export interface Ready {
  readonly ca: string;
  readonly subscriptions: readonly TestSubscription[];
}

/** Since the last report. */
export interface Report {
  /** When each reminder was to fire, and when it came, in milliseconds since the epoch. */
  readonly arrivals: readonly (readonly [at: number, receivedAt: number])[];
  /** Distinct notifications among them. */
  readonly distinct: number;
  readonly refusals: readonly string[];
}

const service = await startPushService();
let reported = 0;

process.on('message', (asked: { readonly subscriptions: number } | { readonly waitFor: number }) => {
  if ('subscriptions' in asked) {
    const subscriptions = Array.from({ length: asked.subscriptions }, () => service.subscribe());
    process.send?.({ ca: service.ca, subscriptions } satisfies Ready);
    return;
  }
  void service.received(reported + asked.waitFor).then(() => {
    const news = service.messages.slice(reported);
    reported = service.messages.length;
    process.send?.({
      arrivals: news.map(({ payload, receivedAtMs }) => [payload.at as number, receivedAtMs] as const),
      distinct: new Set(news.map(({ payload }) => payload.id)).size,
      refusals: service.refusals.slice(0, 5),
    } satisfies Report);
  });
});
process.on('disconnect', () => process.exit(0));
