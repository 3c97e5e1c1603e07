/**
 * As many tasks as wanted, as people have them: some with dates, notes, tags, lists, repeats, subtasks and long titles.
 *
 * Promise: the same seed and count give the same tasks.
 */
import { openDocument } from '@holdfast/core/document.ts';
import type { EpochMs, ListId, LocalDate, TagId, TaskId } from '@holdfast/core/document.ts';
import { seededRandom } from '@holdfast/core/testing/random.ts';
import * as Y from 'yjs';

const VERBS = [
  'Call',
  'Buy',
  'Write to',
  'Clean',
  'Pay',
  'Book',
  'Mend',
  'Ask',
  'Send',
  'Read',
  'Plan',
  'Visit',
];
const THINGS = [
  ...[
    'the dentist',
    'bread',
    'the landlord',
    'the kitchen',
    'the rent',
    'a train to Lyon',
    'the bicycle',
    'Tom',
  ],
  ...[
    'the quarterly report',
    'the garden',
    'a birthday card',
    'the insurance',
    'the museum',
    'the neighbours',
  ],
  ...[
    'the invoice',
    'a new lamp',
    'the library books',
    'the Donaudampfschifffahrtsgesellschaftskapitänsmütze',
  ],
];
const DETAILS = [
  '',
  '',
  '',
  ' about Friday',
  ' before noon',
  ' for the party',
  ' again',
  ' with Anna and Ben',
];
const PRIORITIES = ['low', 'medium', 'high', 'urgent'] as const;
const RULES = ['FREQ=DAILY', 'FREQ=WEEKLY;BYDAY=TU', 'FREQ=MONTHLY;BYMONTHDAY=-1', 'FREQ=YEARLY'];
const DAY_MS = 86_400_000;

export interface ManyTasksOptions {
  /** Open tasks; as many as a tenth of that are done besides. */
  readonly count: number;
  readonly seed?: number;
  /** Milliseconds since 1970: due dates lie around it. */
  readonly now?: number;
}

/** The file that the app's Export writes and its Import reads. */
export function manyTasksFile(options: ManyTasksOptions): string {
  const doc = new Y.Doc();
  const random = seededRandom(options.seed ?? 1);
  const now = options.now ?? Date.now();
  const document = openDocument({ doc, now: () => now as EpochMs, random });
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const chance = (probability: number): boolean => random() < probability;

  document.batch('many tasks', () => {
    const lists = range(20, (index) => idOf<ListId>(document.createList({ name: `List ${index + 1}` })));
    const tags = range(30, (index) => idOf<TagId>(document.createTag({ name: `tag-${index + 1}` })));
    let parentId: TaskId | null = null;
    for (let index = 0; index < options.count; index++) {
      const isStep: boolean = parentId !== null && chance(0.1);
      const date = new Date(now + Math.floor(random() * 120 - 20) * DAY_MS).toISOString().slice(0, 10);
      const isDated = chance(0.4);
      const id: TaskId = idOf<TaskId>(
        document.createTask({
          title: `${pick(VERBS)} ${pick(THINGS)}${pick(DETAILS)} ${index + 1}`,
          ...(isStep && parentId !== null ? { parentId } : chance(0.7) ? { listId: pick(lists) } : {}),
          ...(isDated ? { due: { date: date as LocalDate, ...(chance(0.5) ? { time: '09:00' } : {}) } } : {}),
          ...(chance(0.3) ? { priority: pick(PRIORITIES) } : {}),
          ...(chance(0.3) ? { tags: [pick(tags)] } : {}),
          ...(chance(0.2) ? { notes: `Ask ${pick(THINGS)} first.\n- [ ] and then\n- [x] this` } : {}),
        }),
      );
      if (isDated && !isStep && chance(0.1)) document.setRule(id, { rrule: pick(RULES) });
      if (!isStep) parentId = id;
      if (index % 10 === 9) {
        document.completeTask(idOf<TaskId>(document.createTask({ title: `Done ${pick(THINGS)} ${index}` })));
      }
    }
  });
  const file = JSON.stringify(document.exportJson());
  document.close();
  return file;
}

/** Such a file with a task in the Inbox for each title. */
export function titlesFile(titles: readonly string[]): string {
  const document = openDocument({
    doc: new Y.Doc(),
    now: () => 1_767_225_600_000 as EpochMs,
    random: seededRandom(1),
  });
  document.batch('titles', () => {
    for (const title of titles) document.createTask({ title });
  });
  const file = JSON.stringify(document.exportJson());
  document.close();
  return file;
}

function idOf<T>(result: { ok: boolean; id?: unknown }): T {
  if (!result.ok) throw new Error('The generator made something that the document refused.');
  return result.id as T;
}

function range<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
