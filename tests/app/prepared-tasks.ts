/**
 * Tasks with dates, reminders and repeats, as an export file that a page imports: for tests of what comes after the
 * fields were filled in, so that they do not hang on how these look.
 */
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs, HoldfastDocument, LocalDate } from '@holdfast/core/document.ts';
import * as Y from 'yjs';
import type { Person } from './person.ts';

export interface PreparedTask {
  readonly title: string;
  /** YYYY-MM-DD or YYYY-MM-DD HH:mm, floating */
  readonly due?: string;
  /** ISO 8601 durations before it */
  readonly remind?: readonly string[];
  readonly rrule?: string;
}

/** Imports them and goes to the Inbox. Gives their ids by title. */
export async function importTasks(
  person: Person,
  tasks: readonly PreparedTask[],
): Promise<Readonly<Record<string, string>>> {
  const { file, ids } = prepare(tasks);
  await person.go('Settings');
  await person.page.getByLabel('File to import').setInputFiles({
    name: 'prepared.json',
    mimeType: 'application/json',
    buffer: Buffer.from(file),
  });
  await person.page
    .getByText(`${String(tasks.length)} ${tasks.length === 1 ? 'task' : 'tasks'} added`)
    .waitFor();
  await person.go('Inbox');
  return ids;
}

function prepare(tasks: readonly PreparedTask[]): { file: string; ids: Record<string, string> } {
  const ids: Record<string, string> = {};
  const doc = new Y.Doc();
  const document = openDocument({ doc, now: () => Date.now() as EpochMs, random: Math.random });
  for (const task of tasks) ids[task.title] = add(document, task);
  const file = JSON.stringify(document.exportJson());
  document.close();
  return { file, ids };
}

function add(document: HoldfastDocument, { title, due, remind, rrule }: PreparedTask): string {
  const [date, time] = (due ?? '').split(' ');
  const created = document.createTask({
    title,
    ...(due === undefined ? {} : { due: { date: date as LocalDate, ...(time ? { time } : {}) } }),
  });
  if (!created.ok) throw new Error(created.message);
  for (const before of remind ?? []) document.addReminder(created.id, { before });
  if (rrule !== undefined) {
    const set = document.setRule(created.id, { rrule });
    if (!set.ok) throw new Error(set.message);
  }
  return created.id;
}
