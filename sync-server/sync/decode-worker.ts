/** The thread in which documents are decoded; see decode.ts. */
import { parentPort } from 'node:worker_threads';
import type { DecodeRequest, DecodeResponse } from './decode.ts';
import { runDecode } from './decode-tasks.ts';

parentPort?.on('message', (request: DecodeRequest) => {
  runDecode(request.task).then(
    (result) => answer({ id: request.id, result }),
    (error: unknown) =>
      answer({ id: request.id, error: error instanceof Error ? error.message : String(error) }),
  );
});

function answer(response: DecodeResponse): void {
  parentPort?.postMessage(response);
}
