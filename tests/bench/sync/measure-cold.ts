/**
 * A cold load: 10,000 tasks, a server that has just started, a client that has nothing. First the document as
 * it was written, task by task; then again as the store keeps it after its own tidying. The first load of a
 * process also pays for what is compiled then; the further nine, each from a client without state, do not.
 */
import { cpuSeconds } from './process-stats.ts';
import type { Measure } from './measure.ts';

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

export const measureCold: Measure = async ({ target, load }) => {
  if (target.name === 'hocuspocus-every') return {};
  await load.prepare({ key: 'cold', shape: SHAPE });
  if (!seeded.has(target.name)) {
    const server = await target.start();
    const [document] = await server.newDocuments(1);
    await load.seed({ key: 'cold', endpoints: [server.endpoint(document!)], asOne: false });
    await server.untilStored();
    await server.stop();
    seeded.set(target.name, document!);
  }
  const server = await target.start();
  try {
    const endpoint = server.endpoint(seeded.get(target.name)!);
    const before = cpuSeconds(server.pid);
    const first = await load.cold({ endpoint });
    const afterFirst = cpuSeconds(server.pid);
    if (first.tasks !== TASKS) throw new Error(`${target.name} gave ${first.tasks} tasks of ${TASKS}`);
    for (let n = 0; n < FURTHER; n++) await load.cold({ endpoint });
    const afterAll = cpuSeconds(server.pid);
    return {
      'cold: server CPU s, first load': afterFirst - before,
      'cold: server CPU s, each further': (afterAll - afterFirst) / FURTHER,
      'cold: client ms until received': first.receivedMs,
      'cold: client ms until applied': first.appliedMs,
      'cold: KiB received': first.bytes / 1_024,
    };
  } finally {
    await load.disconnect({});
    await server.stop();
  }
};
