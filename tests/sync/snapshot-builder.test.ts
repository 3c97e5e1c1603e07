/** The thread that builds snapshots: one for a round, and a new one where it died. */
import { buildSnapshot } from '@holdfast/workers/build-snapshot.ts';
import type { BuildInput } from '@holdfast/workers/build-snapshot.ts';
import { createSnapshotBuilder } from '@holdfast/workers/snapshot-builder.ts';
import { expect, test } from 'vitest';
import type { Worker } from 'node:worker_threads';
import { author } from './authors.ts';

function input(keys: number): BuildInput {
  const { edit } = author(7);
  const rows = Array.from({ length: keys }, (_, n) => ({
    seq: n + 1,
    body: edit(`k${n}`, 'x'.repeat(100)),
    receivedAtMs: 0,
  }));
  return { snapshot: null, rows, nowMs: 0, patienceMs: 0 };
}

test('[WK9] one thread builds all large snapshots of a round, one after the other; small ones need none', async () => {
  const threads: Worker[] = [];
  const builder = createSnapshotBuilder({ inlineBytes: 1_000, onThread: (thread) => threads.push(thread) });
  expect(await builder.build(input(2))).toMatchObject({ seq: 2 });
  expect(threads).toHaveLength(0);
  const built = await Promise.all([20, 30, 40].map((keys) => builder.build(input(keys))));
  expect(built).toEqual([20, 30, 40].map((keys) => buildSnapshot(input(keys))));
  expect(threads).toHaveLength(1);

  const ended = new Promise((resolve) => threads[0]?.once('exit', resolve));
  await builder.rest();
  await ended;
  expect(await builder.build(input(20))).toEqual(buildSnapshot(input(20)));
  expect(threads).toHaveLength(2);
  await builder.rest();
});

test('[WK9] a thread that dies fails what it was at, and the next snapshot gets a new one', async () => {
  const threads: Worker[] = [];
  const builder = createSnapshotBuilder({ inlineBytes: 0, onThread: (thread) => threads.push(thread) });
  const failing = builder.build(input(500));
  const after = builder.build(input(3));
  while (threads.length === 0) await new Promise(setImmediate);
  await threads[0]?.terminate();
  await expect(failing).rejects.toThrow(/thread that builds snapshots ended/);
  expect(await after).toEqual(buildSnapshot(input(3)));
  // What cannot be read at all fails alone, in a thread that lives on.
  const unreadable = { ...input(1), snapshot: Uint8Array.of(255, 255, 255) };
  await expect(builder.build(unreadable)).rejects.toThrow();
  expect(await builder.build(input(3))).toEqual(buildSnapshot(input(3)));
  expect(threads).toHaveLength(2);
  await builder.rest();
});
