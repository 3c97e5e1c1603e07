/** Rule [V71] of web/SPEC.md, the part of what is on the screen. */
import { createReplica, must } from '@holdfast/core/testing/replica.ts';
import type { Task } from '@holdfast/core/document.ts';
import { expect, test, vi } from 'vitest';
import { makeOfDocument } from './going-over.ts';
import { SortedView } from './sorted-view.ts';
import { Tally } from './tally.ts';
import { rowFromTask, taskRules } from './task-rules.ts';

test('[V71] what is edited while the rows are made of the document is known, and brings them up to date', async () => {
  const { document } = createReplica(1);
  const ids = Array.from({ length: 250 }, (_, n) => must(document.createTask({ title: `task ${n}` })).id);
  const [first, second] = [ids[0]!, ids[1]!];
  // Every step is the last of its slice.
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 100));
  const rows = new WeakMap<Task, ReturnType<typeof rowFromTask>>();
  const rowFrom = (task: Task) => {
    const row = rows.get(task) ?? rowFromTask(task);
    rows.set(task, row);
    return row;
  };
  const everything = () => [...document.tasks()].map(rowFrom);
  const rowOf = (id: string) => {
    const task = document.task(id as Task['id']);
    return task && rowFrom(task);
  };

  const shown = new Map([['inbox', new SortedView(taskRules.list(null), [])]]);
  const making = makeOfDocument({ document, rowFrom }, shown);
  await new Promise(setImmediate);
  document.editTask(first, { title: 'renamed in a rest' });
  document.completeTask(second);
  const added = must(document.createTask({ title: 'added in a rest' })).id;
  const { views, counted, changed } = await making;
  clock.mockRestore();

  expect(changed).toEqual(new Set([first, second, added]));
  const inbox = views.get('inbox')!;
  inbox.update(changed, rowOf, everything);
  expect(inbox.items).toEqual(new SortedView(taskRules.list(null), everything()).items);
  expect(inbox.items.map(({ title }) => title)).toContain('added in a rest');
  counted.update(changed, rowOf);
  expect(counted).toEqual(new Tally(everything()));

  document.editTask(first, { title: 'and after' });
  expect(changed.size).toBe(3);
});
