/**
 * Resident memory per idle connection: in step, silent, on documents that hold tasks. Once with two
 * connections a document (a server's everyday: many people, each with a phone and a laptop), once with all on
 * one document.
 *
 * The documents are written by an earlier process, so that the one measured begins with nothing loaded and
 * nothing freed; a few connections to another document come first and are not counted, for what a process
 * needs once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Measure } from './measure.ts';
import { cpuSeconds, restingResidentBytes } from './process-stats.ts';

const FIRST = 50;
/** Holds two of each of the server's slower beats. */
const CPU_MS = 10_000;
const CASES = [
  { name: 'two a document', documents: 500, perDocument: 2, tasks: 200 },
  { name: 'one document', documents: 1, perDocument: 1_000, tasks: 200 },
];

const seeded = new Map<string, string[]>();

export const measureIdle: Measure = async ({ target, load, results }) => {
  if (target.name === 'hocuspocus-every') return;
  for (const { name, documents, perDocument, tasks } of CASES) {
    const key = `idle ${name}`;
    const seedKey = `${target.name} ${name}`;
    if (!seeded.has(seedKey)) {
      const shape = {
        documents,
        writersPerDocument: 0,
        listenersPerDocument: 0,
        seedTasks: tasks,
        updatesPerWriter: 0,
      };
      await load.prepare({ key, shape });
      const server = await target.start();
      const made = await server.newDocuments(documents + 1);
      await load.seed({ key, endpoints: made.map((document) => server.endpoint(document)), asOne: true });
      await server.untilTidy();
      await server.stop();
      seeded.set(seedKey, made);
    }
    const server = await target.start();
    try {
      const endpoints = seeded.get(seedKey)!.map((document) => server.endpoint(document));
      await load.idle({ endpoints: endpoints.slice(0, 1), perDocument: FIRST });
      const before = await restingResidentBytes(server.pid);
      await load.idle({ endpoints: endpoints.slice(1), perDocument });
      const after = await restingResidentBytes(server.pid);
      results[`idle: KiB per connection, ${name}`] = (after - before) / 1_024 / (documents * perDocument);
      await server.untilTidy();
      const cpuBefore = cpuSeconds(server.pid);
      const startedAt = performance.now();
      await delay(CPU_MS);
      results[`idle: server CPU %, ${name}`] =
        ((cpuSeconds(server.pid) - cpuBefore) / ((performance.now() - startedAt) / 1_000)) * 100;
    } finally {
      await load.disconnect({});
      await server.stop();
    }
  }
};
