/**
 * Throughput, its CPU, and propagation latency, in two shapes: many small spaces (a household's devices) and
 * few large ones (a team in one space). First a closed loop at full speed, then a steady pace far below it.
 */
import type { Shape } from './load-process.ts';
import { percentile, type Measure } from './measure.ts';
import { cpuSeconds, cpuSecondsOfFamily } from './process-stats.ts';

const SHAPES: Record<string, Shape & { rate: number }> = {
  small: {
    documents: 24,
    writersPerDocument: 3,
    listenersPerDocument: 1,
    seedTasks: 300,
    updatesPerWriter: 700,
    rate: 1_000,
  },
  large: {
    documents: 2,
    writersPerDocument: 20,
    listenersPerDocument: 4,
    seedTasks: 1_000,
    updatesPerWriter: 900,
    rate: 500,
  },
};

const WARM_UP = 50;
const WINDOW = 8;
const PACE_SECONDS = 5;

export const measureLoad: Measure = async ({ target, load, postgres, results }) => {
  // A server that stores every change sustains a few hundred updates a second: it gets a shorter run.
  const share = target.name === 'hocuspocus-every' ? 0.06 : 1;

  for (const [name, shape] of Object.entries(SHAPES)) {
    const server = await target.start();
    try {
      const paced = Math.ceil((shape.rate * PACE_SECONDS) / (shape.documents * shape.writersPerDocument));
      const warm = Math.ceil(WARM_UP * share);
      const full = warm + Math.floor((shape.updatesPerWriter - WARM_UP - paced) * share);
      await load.prepare({ key: name, shape });
      const documents = await server.newDocuments(shape.documents);
      const endpoints = documents.map((document) => server.endpoint(document));
      await load.seed({ key: name, endpoints, asOne: true });
      await load.connect({ key: name, endpoints, books: false });
      await load.flood({ from: 0, to: warm, window: WINDOW, receipts: false });
      await server.untilStored();

      const cpuBefore = cpuSeconds(server.pid);
      const databaseBefore = cpuSecondsOfFamily(postgres.pid);
      const startedAt = performance.now();
      const flood = await load.flood({ from: warm, to: full, window: WINDOW, receipts: false });
      await server.untilStored();
      const storedSeconds = (performance.now() - startedAt) / 1_000;
      const cpu = cpuSeconds(server.pid) - cpuBefore;
      results[`${name}: updates per second`] = flood.updates / flood.wallSeconds;
      results[`${name}: updates per second, stored`] = flood.updates / storedSeconds;
      results[`${name}: updates per core second`] = flood.updates / cpu;
      results[`${name}: server CPU s per 1,000`] = (cpu / flood.updates) * 1_000;
      results[`${name}: database CPU s per 1,000`] =
        ((cpuSecondsOfFamily(postgres.pid) - databaseBefore) / flood.updates) * 1_000;
      results[`${name}: p99 at full speed, ms`] = percentile(flood.latencies, 0.99);

      const rate = share === 1 ? shape.rate : 100;
      const seconds = Math.min(
        PACE_SECONDS,
        ((shape.updatesPerWriter - full) * shape.documents * shape.writersPerDocument) / rate,
      );
      const pace = await load.pace({ from: full, rate, seconds: Math.floor(seconds) });
      results[`${name}: p50, ms`] = percentile(pace.latencies, 0.5);
      results[`${name}: p95, ms`] = percentile(pace.latencies, 0.95);
      results[`${name}: p99, ms`] = percentile(pace.latencies, 0.99);

      // What the server still does for these updates when they are long relayed, and must not do in the next part.
      const tidyBefore = cpuSeconds(server.pid);
      await server.untilTidy();
      const updates = flood.updates + pace.updates + warm * shape.documents * shape.writersPerDocument;
      results[`${name}: server CPU s per 1,000, tidying up`] =
        ((cpuSeconds(server.pid) - tidyBefore) / updates) * 1_000;
    } finally {
      await load.disconnect({});
      await server.stop();
    }
  }
};
