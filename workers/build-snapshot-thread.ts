/** The thread in which large snapshots are built, one after the other; see snapshot-builder.ts. */
import { parentPort } from 'node:worker_threads';
import { buildSnapshot } from './build-snapshot.ts';
import type { BuildInput } from './build-snapshot.ts';
import type { BuildAnswer } from './snapshot-builder.ts';

parentPort?.on('message', (input: BuildInput) => {
  let answer: BuildAnswer;
  try {
    answer = { built: buildSnapshot(input) };
  } catch (error) {
    answer = { error };
  }
  parentPort?.postMessage(answer);
});
