/**
 * A series goes on exactly once, whatever devices do to it offline (rules SE of core/SPEC.md).
 *
 * HOLDFAST_SERIES_RUNS sets the number of random histories, HOLDFAST_SERIES_SEED repeats a run; a failure prints its seed
 * and the smallest history that still fails.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { createReplica, type Replica } from '@holdfast/core/testing/replica.ts';
import type { TaskId } from '@holdfast/core/document.ts';
import { histories, runHistory, type Override, type World } from './world.ts';

const DEFAULT_RUNS = 150;
const runs = Number(process.env['HOLDFAST_SERIES_RUNS'] ?? DEFAULT_RUNS);
const seed = Number(process.env['HOLDFAST_SERIES_SEED'] ?? 20_261_123);
const timeoutMs = 60_000 + runs * 200;

test(
  '[SE1] [SE2] [SE3] [SE6] any history ends with the same open occurrences everywhere, one unless reopened, and no override lost',
  () => {
    fc.assert(
      fc.property(histories, (history) => checkWorld(runHistory(history))),
      {
        numRuns: runs,
        seed,
        interruptAfterTimeLimit: timeoutMs - 20_000,
        markInterruptAsFailure: true,
      },
    );
  },
  timeoutMs,
);

function checkWorld(world: World): void {
  const [first, ...others] = world.replicas;
  if (first === undefined) throw new Error('a world without replicas');
  const view = viewOf(first, world.id);
  for (const other of others) expect(viewOf(other, world.id)).toEqual(view);

  // What was kept up key by key is what a fresh start reads.
  const fresh = createReplica(999, { from: Y.encodeStateAsUpdate(first.doc) });
  expect(viewOf(fresh, world.id)).toEqual(view);

  const open = first.document.openOccurrences(world.id);
  const closed = first.document.closedOccurrences(world.id).map(({ ordinal }) => ordinal);
  // Never two that nobody asked for, at the end or on the way.
  expect(open.filter(({ ordinal }) => !world.reopened.has(ordinal)).length).toBeLessThanOrEqual(1);
  expect(world.wrong).toEqual([]);
  // Never none while it goes on.
  const head = Math.max(-1, ...closed) + 1;
  const task = first.document.task(world.id);
  // Undoing may have taken back the repeat, or the task itself.
  const isGoingOn =
    task?.rule != null && task.trashedAt === null && standing(first, `${world.id}/end`)?.v == null;
  if (isGoingOn) {
    const ordinals = open.map(({ ordinal }) => ordinal);
    if (!world.hasCount) expect(ordinals).toContain(head);
    for (const ordinal of world.reopened) {
      if (ordinal < head && !closed.includes(ordinal)) expect(ordinals).toContain(ordinal);
    }
  }
  // What was closed by hand and reopened by nobody is closed, and nothing else is.
  for (const ordinal of closed) expect(world.closedByHand).toContain(ordinal);
  for (const ordinal of world.closedByHand)
    if (!world.reopened.has(ordinal)) expect(closed).toContain(ordinal);

  // No override is lost: the latest write of each stands.
  const latest = new Map<string, Override>();
  for (const each of world.overrides) {
    const known = latest.get(each.path);
    if (known === undefined || each.t > known.t || (each.t === known.t && each.author > known.author))
      latest.set(each.path, each);
  }
  for (const { path, value } of latest.values()) expect(standing(first, path)?.v, path).toEqual(value);
}

function viewOf({ document }: Replica, id: TaskId): unknown {
  return {
    open: document.openOccurrences(id),
    closed: document.closedOccurrences(id),
    task: document.task(id),
    conflicts: document.conflicts(),
  };
}

function standing({ doc }: Replica, path: string): { v: unknown } | undefined {
  return [...doc.getMap<{ v: unknown; t: number }>('tasks')]
    .filter(([key]) => key.slice(0, key.lastIndexOf('@')) === path)
    .map(([key, { v, t }]) => ({
      v,
      t,
      author:
        key
          .slice(key.lastIndexOf('@') + 1)
          .split('.')
          .pop() ?? '',
    }))
    .sort((a, b) => b.t - a.t || (a.author < b.author ? 1 : -1))[0];
}
