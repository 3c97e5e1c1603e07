/**
 * What every part of the bench is given, and what it gives back: named numbers, see the table for the names.
 *
 * Promise: a server that closes its clients under the load ends its part, not the bench; what was measured of it
 * until then counts, and why the rest is missing is told.
 */
import { PeerClosedError } from './load.ts';
import type { Load } from './load.ts';
import type { BenchPostgres } from './postgres.ts';
import type { Target } from './targets.ts';

export interface MeasureContext {
  target: Target;
  load: Load;
  postgres: BenchPostgres;
  round: number;
  seed: number;
  /** Filled as it goes, so that what was measured stays when the rest cannot be. */
  results: Record<string, number>;
}

export type Measure = (context: MeasureContext) => Promise<void>;

export interface PartResult {
  readonly results: Record<string, number>;
  /** What the server said when it closed a client under load; null when all was measured. */
  readonly closedWith: string | null;
}

export async function measurePart(
  measure: Measure,
  context: Omit<MeasureContext, 'results'>,
): Promise<PartResult> {
  const results: Record<string, number> = {};
  try {
    await measure({ ...context, results });
    return { results, closedWith: null };
  } catch (error) {
    if (!(error instanceof PeerClosedError)) throw error;
    return { results, closedWith: `${error.code} ${error.reason}`.trim() };
  }
}

/** `values` ascending; the value below which `share` of them lie. */
export function percentile(values: Float64Array, share: number): number {
  return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}
