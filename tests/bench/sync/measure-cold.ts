/**
 * A cold load: 10,000 tasks, a server that has just started, a client that has nothing. Once with the document as
 * it was written, task by task; in every round as the store keeps it after its own tidying. The first load of a
 * process also pays for what is compiled then; the further nine, each from a client without state, do not.
 */
import { cpuSeconds } from './process-stats.ts';
import type { Load } from './load.ts';
import type { Measure } from './measure.ts';
import type { Target } from './targets.ts';

const TASKS = 10_000;
const SHAPE = {
  documents: 1,
  writersPerDocument: 0,
  listenersPerDocument: 0,
  seedTasks: TASKS,
  updatesPerWriter: 0,
};
const FURTHER = 9;

const seeded = new Map<string, string>();

export const measureCold: Measure = async ({ target, load, results }) => {
  if (target.name === 'hocuspocus-every') return;
  await load.prepare({ key: 'cold', shape: SHAPE });
  let document = seeded.get(target.name);
  if (document === undefined) {
    const server = await target.start();
    [document] = await server.newDocuments(1);
    await load.seed({ key: 'cold', endpoints: [server.endpoint(document!)], asOne: false });
    await server.untilStored();
    await server.stop();
    seeded.set(target.name, document!);
    await measureLoads(target, load, document!, 'cold, as written', results);
    const tidying = await target.start();
    await tidying.untilTidy();
    await tidying.stop();
  }
  await measureLoads(target, load, document!, 'cold', results);
};

async function measureLoads(
  target: Target,
  load: Load,
  document: string,
  name: string,
  results: Record<string, number>,
): Promise<void> {
  const server = await target.start();
  try {
    const endpoint = server.endpoint(document);
    const before = cpuSeconds(server.pid);
    const first = await load.cold({ endpoint });
    const afterFirst = cpuSeconds(server.pid);
    if (first.tasks !== TASKS) throw new Error(`${target.name} gave ${first.tasks} tasks of ${TASKS}`);
    for (let n = 0; n < FURTHER; n++) await load.cold({ endpoint });
    const afterAll = cpuSeconds(server.pid);
    Object.assign(results, {
      [`${name}: server CPU s, first load`]: afterFirst - before,
      [`${name}: server CPU s, each further`]: (afterAll - afterFirst) / FURTHER,
      [`${name}: client ms until received`]: first.receivedMs,
      [`${name}: client ms until applied`]: first.appliedMs,
      [`${name}: KiB received`]: first.bytes / 1_024,
    });
  } finally {
    await load.disconnect({});
    await server.stop();
  }
}
