/** What every part of the bench is given, and what it gives back: named numbers, see the table for the names. */
import type { Load } from './load.ts';
import type { BenchPostgres } from './postgres.ts';
import type { Target } from './targets.ts';

export interface MeasureContext {
  target: Target;
  load: Load;
  postgres: BenchPostgres;
  round: number;
  seed: number;
}

export type Measure = (context: MeasureContext) => Promise<Record<string, number>>;

/** `values` ascending; the value below which `share` of them lie. */
export function percentile(values: Float64Array, share: number): number {
  return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}
