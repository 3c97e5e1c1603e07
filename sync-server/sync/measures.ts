/** What sync counts, under the names that Prometheus shows. */
import type { Metrics } from '../metrics.ts';

export interface SyncMeasures {
  edits(count: number): void;
  refused(): void;
  closed(code: number): void;
  committed(durationMs: number, rows: number): void;
  /** From the arrival of the first edit of a commit until all of them were handed to the other sockets. */
  relayed(durationMs: number): void;
  /** Edits came that build on others which nobody here has. */
  gap(): void;
}

/** The slice of Metrics that sync uses. */
export type SyncMetrics = Pick<Metrics, 'counter' | 'histogram' | 'gauge'>;

export interface SyncStats {
  readonly connections: number;
  readonly rooms: number;
  readonly pendingBytes: number;
}

const LATENCY_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export function createMeasures(metrics: SyncMetrics, stats: () => SyncStats): SyncMeasures {
  const edits = metrics.counter('holdfast_sync_edits_total', 'Edits committed.');
  const refused = metrics.counter('holdfast_sync_refused_total', 'Edits refused.');
  const closed = metrics.counter('holdfast_sync_closed_total', 'Sockets closed by the server.', ['code']);
  const commits = metrics.histogram(
    'holdfast_sync_commit_seconds',
    'From the first byte of a batch sent to the database to its commit.',
    LATENCY_BUCKETS_S,
  );
  const rows = metrics.histogram(
    'holdfast_sync_commit_rows',
    'Edits per commit.',
    [1, 2, 5, 10, 50, 100, 500, 2000],
  );
  const relays = metrics.histogram(
    'holdfast_sync_relay_seconds',
    'From the arrival of the first edit of a commit to its being handed to the other sockets of its space.',
    LATENCY_BUCKETS_S,
  );
  const gaps = metrics.counter(
    'holdfast_sync_gaps_total',
    'Updates that build on edits which neither the server nor their sender has.',
  );
  metrics.gauge('holdfast_sync_connections', 'Open sockets.', () => stats().connections);
  metrics.gauge('holdfast_sync_rooms', 'Spaces held in memory.', () => stats().rooms);
  metrics.gauge(
    'holdfast_sync_pending_bytes',
    'Bytes that wait for their commit.',
    () => stats().pendingBytes,
  );
  return {
    edits: (count) => edits.add(count),
    refused: () => refused.add(),
    closed: (code) => closed.add(1, { code: String(code) }),
    committed(durationMs, count) {
      commits.observe(durationMs / 1000);
      rows.observe(count);
    },
    relayed: (durationMs) => relays.observe(durationMs / 1000),
    gap: () => gaps.add(),
  };
}
