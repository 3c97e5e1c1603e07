/**
 * Measurements for Prometheus.
 *
 * Promise: each server has its own registry, so that two in one process do not mix; asking for the same
 * name twice gives the same measure.
 * Limits: labels are few and closed (method, route, outcome); never an id of a user, a space or a task,
 * which would make a time series for each of them.
 * Why a slice of prom-client: the rest of the server counts, observes and offers gauges, no more.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

export interface Count {
  add(amount?: number, labels?: Labels): void;
}

export interface Distribution {
  observe(value: number, labels?: Labels): void;
}

export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Count;
  /** Buckets are upper bounds in the unit that ends the name. */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames?: readonly string[],
  ): Distribution;
  /** Read when Prometheus asks. */
  gauge(name: string, help: string, read: () => number): void;
  readonly contentType: string;
  text(): Promise<string>;
  close(): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Count>();
  const histograms = new Map<string, Distribution>();
  return {
    counter(name, help, labelNames = []) {
      const known = counters.get(name);
      if (known) return known;
      const counter = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
      const count: Count = {
        add: (amount = 1, labels) => (labels ? counter.inc({ ...labels }, amount) : counter.inc(amount)),
      };
      counters.set(name, count);
      return count;
    },
    histogram(name, help, buckets, labelNames = []) {
      const known = histograms.get(name);
      if (known) return known;
      const histogram = new Histogram({
        name,
        help,
        buckets: [...buckets],
        labelNames: [...labelNames],
        registers: [registry],
      });
      const distribution: Distribution = {
        observe: (value, labels) =>
          labels ? histogram.observe({ ...labels }, value) : histogram.observe(value),
      };
      histograms.set(name, distribution);
      return distribution;
    },
    gauge(name, help, read) {
      if (registry.getSingleMetric(name)) return;
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
    close: () => registry.clear(),
  };
}
