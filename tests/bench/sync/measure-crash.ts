/**
 * kill -9 at a random moment while ten clients write, the writers gone with it: what does a fresh client find
 * after the restart? Counted in three classes: all edits sent, all that the server acknowledged, all that
 * another client had received. What was sent within the last moments and neither acknowledged nor received is
 * what no server can keep; it is in the first class only.
 */
import { seededRandom } from '@holdfast/core/testing/random.ts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Measure } from './measure.ts';

const SHAPE = {
  documents: 5,
  writersPerDocument: 2,
  listenersPerDocument: 0,
  seedTasks: 100,
  updatesPerWriter: 800,
};
const RATE = 500;
const LONGEST_MS = 12_000;

export const measureCrash: Measure = async ({ target, load, round, seed, results }) => {
  const random = seededRandom((seed * 1_000 + round) * 0x9e3779b9);
  await load.prepare({ key: 'crash', shape: SHAPE });
  const server = await target.start();
  const documents = await server.newDocuments(SHAPE.documents);
  const endpoints = documents.map((document) => server.endpoint(document));
  await load.seed({ key: 'crash', endpoints, asOne: true });
  await load.connect({ key: 'crash', endpoints, books: true });
  await server.untilStored();

  await load.beginCrash({ from: 0, rate: RATE });
  await delay(1_000 + random() * (LONGEST_MS - 1_000));
  await server.kill();
  const report = await load.endCrash({});

  const restarted = await target.start();
  try {
    const vectors = await load.readStateVectors({
      endpoints: documents.map((document) => restarted.endpoint(document)),
    });
    const lost = report.updates.filter(
      ({ document, writer, clock }) => (vectors[document]?.get(writer) ?? 0) < clock,
    );
    const oldest = Math.max(0, ...lost.map(({ sentAt }) => report.stoppedAt - sentAt));
    Object.assign(results, {
      'crash: edits sent': report.sent,
      'crash: lost of all sent, %': share(lost.length, report.sent),
      'crash: lost of acknowledged, %': share(
        lost.filter((edit) => edit.acknowledged).length,
        report.acknowledged,
      ),
      'crash: lost of received, %': share(lost.filter((edit) => edit.received).length, report.received),
      'crash: lost edits': lost.length,
      'crash: lost though acknowledged or received': lost.filter((edit) => edit.acknowledged || edit.received)
        .length,
      'crash: age of the oldest lost, ms': oldest,
    });
  } finally {
    await load.disconnect({});
    await restarted.stop();
  }
};

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * 100;
}
