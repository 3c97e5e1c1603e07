/**
 * The way to the thread in which decoded documents live.
 *
 * Promise: requests are handled in the order in which they were made, and answered in that order, each by calling
 * back before the next is looked at; the event loop that serves sockets never decodes, searches or sorts. A thread
 * that dies fails what it was asked, and the next load starts a new one, which knows nothing of before (`onDied`).
 * Limits: one thread for all spaces, started when it is first needed: two cores are what a home server has.
 */
import { Worker } from 'node:worker_threads';
import type { CallName, Caller } from './calls.ts';
import type { ReplicaAnswer, WriteAs } from './replica.ts';

export type ThreadRequest =
  | { readonly kind: 'load'; readonly replica: number; readonly updates: readonly Uint8Array[] }
  | { readonly kind: 'take'; readonly replica: number; readonly update: Uint8Array }
  | { readonly kind: 'drop'; readonly replica: number }
  | ({ readonly kind: 'call'; readonly id: number } & ThreadCall);

export interface ThreadCall {
  readonly replica: number;
  readonly name: CallName;
  readonly input: unknown;
  readonly caller: Caller;
  readonly writeAs: WriteAs | null;
}

export type ThreadResponse =
  | { readonly id: number; readonly kind: 'answer'; readonly answer: ReplicaAnswer }
  /** There is no such replica: its thread died. */
  | { readonly id: number; readonly kind: 'gone' }
  | { readonly id: number; readonly kind: 'unfit' }
  | { readonly id: number; readonly kind: 'error'; readonly error: string };

export interface ReplicaThread {
  load(replica: number, updates: readonly Uint8Array[]): void;
  take(replica: number, update: Uint8Array): void;
  drop(replica: number): void;
  /** `settle` is called once, in the order of the calls. */
  call(call: ThreadCall, settle: (response: ThreadResponse) => void): void;
  close(): Promise<void>;
}

export function createReplicaThread(onDied: () => void): ReplicaThread {
  let worker: Worker | null = null;
  let lastId = 0;
  let closed = false;
  const waiting = new Map<number, (response: ThreadResponse) => void>();

  function died(error: string): void {
    worker = null;
    const unanswered = [...waiting];
    waiting.clear();
    if (!closed) onDied();
    for (const [id, settle] of unanswered) settle({ id, kind: 'error', error });
  }

  function thread(): Worker {
    if (worker) return worker;
    const made = new Worker(new URL('./replica-worker.ts', import.meta.url));
    made.unref();
    made.on('message', (response: ThreadResponse) => {
      const settle = waiting.get(response.id);
      waiting.delete(response.id);
      settle?.(response);
    });
    made.on('error', (error) => {
      if (worker === made) died(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
    made.on('exit', () => {
      if (worker === made) died('The thread of the documents ended.');
    });
    worker = made;
    return made;
  }

  function post(request: ThreadRequest): void {
    if (!closed) thread().postMessage(request);
  }

  return {
    load: (replica, updates) => post({ kind: 'load', replica, updates }),
    take: (replica, update) => post({ kind: 'take', replica, update }),
    drop: (replica) => post({ kind: 'drop', replica }),
    call(call, settle) {
      const id = ++lastId;
      if (closed) return settle({ id, kind: 'error', error: 'The server is shutting down.' });
      waiting.set(id, settle);
      post({ kind: 'call', id, ...call });
    },
    async close() {
      closed = true;
      const ending = worker;
      died('The server is shutting down.');
      await ending?.terminate();
    },
  };
}
