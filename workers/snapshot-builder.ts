/**
 * Builds snapshots: small ones at once, large ones in a thread, so that nothing else waits for them.
 *
 * Promise: one thread serves all that is built until `rest`; one that dies fails what it was at, and the next
 * snapshot gets a new one.
 * Why the thread is kept: to start one and to compile what it runs takes the processor three times as long as to build
 * the snapshot of a space of an everyday size; both are paid once for a round of many spaces.
 */
import { Worker } from 'node:worker_threads';
import { buildSnapshot } from './build-snapshot.ts';
import type { BuildInput, BuiltSnapshot } from './build-snapshot.ts';

export interface SnapshotBuilder {
  /** Null: nothing can be built now; see build-snapshot.ts. */
  build(input: BuildInput): Promise<BuiltSnapshot | null>;
  /** There is nothing more to build for now: gives the thread and its memory back. */
  rest(): Promise<void>;
}

export type BuildAnswer = { readonly built: BuiltSnapshot | null } | { readonly error: unknown };

export interface SnapshotBuilderOptions {
  /** Input above this is built in the thread. */
  readonly inlineBytes: number;
  /** Told of every thread that is started. */
  readonly onThread?: (thread: Worker) => void;
}

export function createSnapshotBuilder({ inlineBytes, onThread }: SnapshotBuilderOptions): SnapshotBuilder {
  let thread: Worker | null = null;
  let last: Promise<unknown> = Promise.resolve();

  function threadOrNew(): Worker {
    if (thread) return thread;
    const started = new Worker(new URL('./build-snapshot-thread.ts', import.meta.url));
    started.once('exit', () => {
      if (thread === started) thread = null;
    });
    // Without a listener it would end the process; who waits for an answer hears of it too.
    started.on('error', () => undefined);
    onThread?.(started);
    thread = started;
    return started;
  }

  function inThread(input: BuildInput): Promise<BuiltSnapshot | null> {
    const at = threadOrNew();
    return new Promise((resolve, reject) => {
      const onMessage = (answer: BuildAnswer): void => {
        forget();
        if ('built' in answer) resolve(answer.built);
        else reject(answer.error instanceof Error ? answer.error : new Error(String(answer.error)));
      };
      const onError = (error: unknown): void => {
        forget();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const onExit = (code: number): void => {
        forget();
        reject(new Error(`The thread that builds snapshots ended with ${code}.`));
      };
      const forget = (): void => {
        at.off('message', onMessage);
        at.off('error', onError);
        at.off('exit', onExit);
      };
      at.on('message', onMessage);
      at.on('error', onError);
      at.on('exit', onExit);
      at.postMessage(input);
    });
  }

  return {
    build(input) {
      if (sizeOf(input) <= inlineBytes) return Promise.resolve(buildSnapshot(input));
      // One at a time: a large document takes memory several times its size.
      const next = last.then(() => inThread(input));
      last = next.catch(() => undefined);
      return next;
    },
    async rest() {
      await last;
      await thread?.terminate();
    },
  };
}

function sizeOf(input: BuildInput): number {
  let bytes = input.snapshot?.length ?? 0;
  for (const row of input.rows) bytes += row.body.length;
  return bytes;
}
