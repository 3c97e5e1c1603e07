/** The thread in which spaces are projected; see projector.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { EFFECTS } from './effects.ts';
import { answerQuestions } from './projector.ts';
import type { ThreadInput } from './projector.ts';

if (parentPort) answerQuestions(workerData as ThreadInput, EFFECTS, parentPort);
