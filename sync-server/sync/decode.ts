/**
 * Decodes away from the event loop where that would take long.
 *
 * Promise: small tasks run at once, here, in well under a millisecond; large ones in one thread, in order.
 * A thread that dies fails the tasks it had, and the next task starts a new one.
 * Limits: one thread: a decode is rare (a client that was away for long, a content hash), and two cores are
 * what a home server has.
 */
import { Worker } from 'node:worker_threads';
import { runDecode } from './decode-tasks.ts';
import type { DecodeResult, DecodeTask } from './decode-tasks.ts';

export interface DecodeRequest {
  readonly id: number;
  readonly task: DecodeTask;
}

export type DecodeResponse =
  { readonly id: number; readonly result: DecodeResult } | { readonly id: number; readonly error: string };

export interface Decoder {
  diff(update: Uint8Array, stateVector: Uint8Array): Promise<Uint8Array>;
  merge(updates: readonly Uint8Array[]): Promise<Uint8Array>;
  /** The part of `update` beyond the state vector that builds on nothing but itself and `updates`. */
  integrable(
    updates: readonly Uint8Array[],
    update: Uint8Array,
    stateVector: Uint8Array,
  ): Promise<Uint8Array>;
  hash(updates: readonly Uint8Array[]): Promise<string>;
  close(): Promise<void>;
}

/** Above this a task goes to the thread: about a millisecond of work. */
const INLINE_BYTES = 16 * 1024;

export function createDecoder(): Decoder {
  let worker: Worker | null = null;
  let lastId = 0;
  let closed = false;
  const waiting = new Map<number, { resolve(result: DecodeResult): void; reject(error: Error): void }>();

  function fail(error: Error): void {
    worker = null;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function thread(): Worker {
    if (worker) return worker;
    const made = new Worker(new URL('./decode-worker.ts', import.meta.url));
    made.unref();
    made.on('message', (response: DecodeResponse) => {
      const task = waiting.get(response.id);
      waiting.delete(response.id);
      if (!task) return;
      if ('error' in response) task.reject(new Error(`Decoding failed: ${response.error}`));
      else task.resolve(response.result);
    });
    made.on('error', (error) => {
      if (worker === made) fail(error instanceof Error ? error : new Error(String(error)));
    });
    made.on('exit', () => {
      if (worker === made) fail(new Error('The decoding thread ended.'));
    });
    worker = made;
    return made;
  }

  function run(task: DecodeTask, bytes: number): Promise<DecodeResult> {
    if (closed) return Promise.reject(new Error('The decoder is closed.'));
    if (bytes <= INLINE_BYTES) return runDecode(task);
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      thread().postMessage({ id, task } satisfies DecodeRequest);
    });
  }

  return {
    diff: async (update, stateVector) =>
      (await run({ kind: 'diff', update, stateVector }, update.length)) as Uint8Array,
    merge: async (updates) => (await run({ kind: 'merge', updates }, totalBytes(updates))) as Uint8Array,
    integrable: async (updates, update, stateVector) =>
      (await run(
        { kind: 'integrable', updates, update, stateVector },
        totalBytes(updates) + update.length,
      )) as Uint8Array,
    hash: async (updates) => (await run({ kind: 'hash', updates }, totalBytes(updates))) as string,
    async close() {
      closed = true;
      const ending = worker;
      fail(new Error('The decoder is closed.'));
      await ending?.terminate();
    },
  };
}

function totalBytes(updates: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const update of updates) bytes += update.length;
  return bytes;
}
