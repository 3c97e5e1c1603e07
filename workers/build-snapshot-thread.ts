/** The thread in which large snapshots are built; see compact.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { buildSnapshot } from './build-snapshot.ts';
import type { BuildInput } from './build-snapshot.ts';

parentPort?.postMessage(buildSnapshot(workerData as BuildInput));
