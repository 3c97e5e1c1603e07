/**
 * The slices of the logger and of the metrics that workers use. Their makers stand elsewhere and are handed in.
 *
 * Why types alone: workers and the sync server never import each other, and neither does without the other's tools.
 */

export interface WorkerLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

type Labels = Readonly<Record<string, string>>;

/** Labels are few and closed: never an id of a user, a space or a task. */
export interface WorkerMetrics {
  counter(
    name: string,
    help: string,
    labelNames?: readonly string[],
  ): { add(amount?: number, labels?: Labels): void };
  /** Buckets are upper bounds in the unit that ends the name. */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames?: readonly string[],
  ): { observe(value: number, labels?: Labels): void };
  /** Read when it is asked for. */
  gauge(name: string, help: string, read: () => number): void;
}

/** Measures nothing: for tests and for single commands. */
export const NO_METRICS: WorkerMetrics = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  gauge: () => undefined,
};
