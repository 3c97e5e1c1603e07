/**
 * The corpus as data, for tests: lines with the task that each is, under the rule that they are examples of. It is text
 * and not code so that hundreds of lines can be read, and checked by someone who knows a calendar and the language.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { QuickAdd } from '../../quick-add.ts';

export interface Example {
  readonly rule: string;
  readonly line: string;
  /** As `taskInWords` writes it. */
  readonly task: string;
}

export function readCorpus(name: 'english' | 'german'): readonly Example[] {
  const path = fileURLToPath(new URL(`${name}.txt`, import.meta.url));
  const examples: Example[] = [];
  let rule = '';
  for (const row of readFileSync(path, 'utf8').split('\n')) {
    if (row.startsWith('## ')) rule = row.split(' ')[1] ?? '';
    const arrow = row.lastIndexOf(' => ');
    if (row.startsWith('# ') || row.startsWith('#  ') || arrow < 0) continue;
    examples.push({ rule, line: row.slice(0, arrow), task: row.slice(arrow + 4).trim() });
  }
  return examples;
}

/** What was understood, in the short form of the corpus. */
export function taskInWords(task: QuickAdd): string {
  const parts = [task.title === '' ? '-' : task.title];
  if (task.due) parts.push(['due', task.due.date, task.due.time].filter(Boolean).join(' '));
  if (task.start) parts.push(['start', task.start.date, task.start.time].filter(Boolean).join(' '));
  if (task.recurrence) parts.push(task.recurrence.rrule);
  if (task.recurrence?.mode === 'completion') parts.push('after done');
  for (const reminder of task.reminders) {
    parts.push('before' in reminder ? `remind ${reminder.before}` : `remind at ${reminder.at}`);
  }
  if (task.priority) parts.push(`!${task.priority}`);
  if (task.list) parts.push(`#${task.list.name}`);
  for (const tag of task.tags) parts.push(`@${tag.name}`);
  return parts.join(' | ');
}
