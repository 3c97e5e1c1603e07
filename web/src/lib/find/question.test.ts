/** Rule [F1] of web/SPEC.md, the part of looking through texts without an index. */
import { parseQuery } from '@holdfast/core/query.ts';
import { runSteps } from '@holdfast/core/steps.ts';
import { createReplica, must } from '@holdfast/core/testing/replica.ts';
import { expect, test } from 'vitest';
import { TaskStore } from '../tasks/task-store.svelte.ts';
import { findRows } from './question.ts';

test('[F1] without an index all texts are looked through with rests, and no further once the question is another', async () => {
  const { document } = createReplica(1);
  for (let n = 0; n < 1000; n++)
    must(document.createTask({ title: n % 2 === 0 ? `lamp ${n}` : `bread ${n}` }));
  const tasks = new TaskStore();
  await tasks.open(document);
  const names = { lists: [], tags: [] };
  const look = (isOver?: () => boolean) =>
    findRows(
      parseQuery('lamp', names),
      tasks.all,
      tasks,
      { now: 0, timeZone: 'UTC', ...names },
      () => 0,
      10,
      isOver,
    );

  const whole = runSteps(look());
  expect([whole.count, whole.open.length]).toEqual([500, 10]);

  const steps = look();
  let rests = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) rests += 1;
  expect(rests).toBe(5);
  expect(step.value).toEqual(whole);

  let isOver = false;
  const given = look(() => isOver);
  given.next();
  given.next();
  isOver = true;
  expect(given.next().done).toBe(true);
});
