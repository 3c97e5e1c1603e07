/** The thread in which decoded documents live; see thread.ts. */
import { parentPort } from 'node:worker_threads';
import { ClientIdUnfitError, Replica } from './replica.ts';
import type { ThreadRequest, ThreadResponse } from './thread.ts';

const replicas = new Map<number, Replica>();

parentPort?.on('message', (request: ThreadRequest) => {
  switch (request.kind) {
    case 'load':
      replicas.set(request.replica, new Replica(request.updates));
      return;
    case 'take':
      replicas.get(request.replica)?.take(request.update);
      return;
    case 'drop':
      replicas.get(request.replica)?.close();
      replicas.delete(request.replica);
      return;
    case 'call':
      answer(call(request));
      return;
  }
});

function call(request: Extract<ThreadRequest, { kind: 'call' }>): ThreadResponse {
  const { id, name, input, caller, writeAs } = request;
  try {
    const replica = replicas.get(request.replica);
    if (!replica) return { id, kind: 'gone' };
    return { id, kind: 'answer', answer: replica.run(name, input, caller, writeAs) };
  } catch (error) {
    if (error instanceof ClientIdUnfitError) return { id, kind: 'unfit' };
    return {
      id,
      kind: 'error',
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

function answer(response: ThreadResponse): void {
  parentPort?.postMessage(response);
}
