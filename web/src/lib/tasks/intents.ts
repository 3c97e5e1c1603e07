/**
 * What a person can do to tasks, each as one intent with its way back.
 *
 * Promise: one call is one step of undo; what can be regretted shows a toast with "Undo" that undoes exactly that
 * intent, also after others have followed; a refusal is shown as the sentence it comes with. Undo and redo by
 * keyboard walk the whole session.
 */

import type {
  Conflict,
  HoldfastDocument,
  ListId,
  Result,
  TagId,
  TaskId,
  TaskMove,
  When,
  Writer,
} from '@holdfast/core/document.ts';
import type { Toasts } from '../shell/toasts.svelte.ts';
import { type Due, dueWords, type Present } from '../words/due-words.ts';
import { nextColour } from './colours.ts';
import type { Priority } from './priority.ts';
import type { ReadLine } from './quick-add-grammar.svelte.ts';
import type { TaskStore } from './task-store.svelte.ts';

export interface AddContext {
  readonly due?: Due;
  readonly listId?: string;
  readonly tagId?: string;
  readonly parentId?: string;
}

export interface TaskEdit {
  readonly title?: string;
  readonly notes?: string;
  readonly due?: Due | null;
  readonly priority?: Priority | null;
  readonly listId?: string | null;
}

type Edit = (run: (document: HoldfastDocument) => void) => void;

export class Intents {
  readonly #edit: Edit;
  readonly #tasks: TaskStore;
  readonly #toasts: Toasts;
  readonly #present: () => Present;
  /** Which occurrence of a task was ticked last, so that the same tap takes just that one back. */
  readonly #ticked = new Map<string, number>();
  /** Counts intents, so that a toast knows whether its own is still the last. */
  #count = 0;

  constructor(o: { edit: Edit; tasks: TaskStore; toasts: Toasts; present: () => Present }) {
    this.#present = o.present;
    this.#edit = o.edit;
    this.#tasks = o.tasks;
    this.#toasts = o.toasts;
  }

  /**
   * One task a line. Empty lines and bullets of pasted lists are not part of a title. Gives the new ids, which are
   * there at once when the document is loaded, else when it is.
   */
  add(text: string, context: AddContext = {}): readonly string[] {
    const titles = titlesIn(text);
    return this.#addEach(titles, (document, index) =>
      document.createTask({
        title: titles[index] ?? '',
        ...(context.due ? { due: context.due as When } : {}),
        ...(context.listId ? { listId: context.listId as ListId } : {}),
        ...(context.parentId ? { parentId: context.parentId as TaskId } : {}),
        ...(context.tagId ? { tags: [context.tagId as TagId] } : {}),
      }),
    );
  }

  /**
   * Lines of quick add with all that was understood of them, as one intent; what they do not say the place fills in.
   * `elsewhere` is a sentence for a task that is not seen from where it was written.
   */
  addRead(lines: readonly ReadLine[], context: AddContext = {}, elsewhere?: string): readonly string[] {
    const titles = lines.map((line) => line.title);
    const create = (document: HoldfastDocument, index: number): Result<{ id: TaskId }> => {
      const line = lines[index];
      if (!line) throw new Error(`there is no line ${String(index)}`);
      return line.write(document, {
        ...(context.due ? { due: context.due as When } : {}),
        ...(context.listId ? { listId: context.listId as ListId } : {}),
        ...(context.tagId ? { tagId: context.tagId as TagId } : {}),
      });
    };
    return this.#addEach(titles, create, elsewhere);
  }

  #addEach(
    titles: readonly string[],
    create: (document: HoldfastDocument, index: number) => Result<{ id: TaskId }>,
    sentence?: string,
  ): readonly string[] {
    if (titles.length === 0) return [];
    const ids: TaskId[] = [];
    this.#run((document) => {
      const addAll = (): Result => {
        for (const index of titles.keys()) {
          const added = create(document, index);
          if (!added.ok) return added;
          ids.push(added.id);
        }
        return { ok: true };
      };
      return titles.length === 1 ? addAll() : document.batch(`add ${String(titles.length)} tasks`, addAll);
    });
    if (titles.length === 1 && sentence === undefined) {
      this.#toasts.announce(`Added: ${titles[0] ?? ''}`);
    } else {
      this.#offerUndo(sentence ?? `${String(titles.length)} tasks added`, (document) => {
        document.batch(`take back ${String(ids.length)} tasks`, () => {
          for (const id of ids) document.trashTask(id);
        });
      });
    }
    return ids;
  }

  /** Of a task that repeats: its open occurrence, and back that one. */
  setDone(id: string, isDone: boolean): void {
    if (!isDone) {
      const ordinal = this.#ticked.get(id);
      this.#run((document) => reopen(document, id as TaskId, ordinal));
      this.#tasks.settle(id);
      this.#toasts.dismiss();
      this.#toasts.announce('Task open again');
      return;
    }
    const ordinal = this.#tasks.task(id)?.ordinal ?? undefined;
    if (ordinal === undefined) this.#ticked.delete(id);
    else this.#ticked.set(id, ordinal);
    this.#tasks.linger(id);
    this.#run((document) => document.completeOccurrence(id as TaskId, ordinal));
    const next = this.#tasks.task(id);
    const words =
      ordinal !== undefined && next?.status === 'open' && next.due
        ? `Done. Next: ${dueWords(next.due, this.#present())}`
        : 'Task completed';
    this.#offerUndo(words, (document) => reopen(document, id as TaskId, ordinal));
  }

  trash(id: string): void {
    this.#run((document) => document.trashTask(id as TaskId));
    this.#offerUndo('Task moved to the trash', (document) => document.restoreTask(id as TaskId));
  }

  restore(id: string): void {
    this.#run((document) => document.restoreTask(id as TaskId));
    this.#offerUndo('Task restored', (document) => document.trashTask(id as TaskId));
  }

  edit(id: string, patch: TaskEdit): void {
    this.#run((document) =>
      document.editTask(id as TaskId, {
        ...(patch.title === undefined ? {} : { title: patch.title }),
        ...(patch.notes === undefined ? {} : { notes: patch.notes }),
        ...(patch.due === undefined ? {} : { due: patch.due === null ? null : whenFrom(patch.due) }),
        ...(patch.priority === undefined ? {} : { priority: patch.priority }),
        ...(patch.listId === undefined ? {} : { listId: patch.listId as ListId | null }),
      }),
    );
  }

  /** To another day, keeping its time. */
  putOff(id: string, date: string): void {
    const before = this.#tasks.task(id)?.due ?? null;
    this.edit(id, { due: { ...before, date } });
    this.#offerUndo('Put off until tomorrow', (document) => document.editTask(id as TaskId, { due: before }));
  }

  move(id: string, to: { before?: string; after?: string }): void {
    const move: TaskMove = {
      ...(to.before === undefined ? {} : { before: to.before as TaskId }),
      ...(to.after === undefined ? {} : { after: to.after as TaskId }),
    };
    this.#run((document) => document.moveTask(id as TaskId, move));
  }

  /** Tags by name: one that exists is used, a new one is made. */
  addTag(taskId: string, name: string): void {
    const wanted = name.trim().replace(/^#/, '');
    if (wanted === '') return;
    const existing = this.#tasks.tags.find(
      (tag) => tag.name.toLocaleLowerCase() === wanted.toLocaleLowerCase(),
    );
    this.#run((document) =>
      document.batch('tag a task', () => {
        if (existing) return document.tagTask(taskId as TaskId, existing.id);
        const color = nextColour(this.#tasks.tags.map((tag) => tag.color));
        const created = document.createTag({ name: wanted, color });
        return created.ok ? document.tagTask(taskId as TaskId, created.id) : created;
      }),
    );
  }

  removeTag(taskId: string, tagId: string): void {
    this.#run((document) => document.untagTask(taskId as TaskId, tagId as TagId));
  }

  createList(name: string): string | null {
    const color = nextColour(this.#tasks.lists.map((list) => list.color));
    let id: string | null = null;
    this.#run((document) => {
      const created = document.createList({ name, color });
      if (created.ok) id = created.id;
      return created;
    });
    return id;
  }

  editList(id: string, patch: { name?: string; color?: string }): void {
    this.#run((document) => document.editList(id as ListId, patch));
  }

  trashList(id: string): void {
    this.#run((document) => document.trashList(id as ListId));
    this.#offerUndo('List moved to the trash', (document) => document.restoreList(id as ListId));
  }

  restoreList(id: string): void {
    this.#run((document) => document.restoreList(id as ListId));
  }

  editTag(id: string, patch: { name?: string; color?: string }): void {
    this.#run((document) => document.editTag(id as TagId, patch));
  }

  trashTag(id: string): void {
    this.#run((document) => document.trashTag(id as TagId));
    this.#offerUndo('Tag moved to the trash', (document) => document.restoreTag(id as TagId));
  }

  restoreTag(id: string): void {
    this.#run((document) => document.restoreTag(id as TagId));
  }

  resolveConflict(conflict: Conflict, choice: 'keep' | { take: Writer }): void {
    this.#run((document) => document.resolveConflict(conflict, choice));
    this.#toasts.announce(choice === 'keep' ? 'The other value was dismissed' : 'The other value stands now');
  }

  undo(): void {
    this.#step((document) => document.undo(), 'Undone');
  }

  redo(): void {
    this.#step((document) => document.redo(), 'Done again');
  }

  #step(
    run: (document: HoldfastDocument) => Result<{ label: string; left: readonly string[] }>,
    word: string,
  ): void {
    this.#edit((document) => {
      const result = run(document);
      this.#count += 1;
      if (!result.ok) {
        this.#toasts.show(result.message, { tone: result.code === 'nothing' ? 'plain' : 'problem' });
        return;
      }
      const left = result.left.length > 0 ? ' What was changed elsewhere since was left alone.' : '';
      this.#toasts.show(`${word}: ${result.label}.${left}`);
    });
  }

  #run(run: (document: HoldfastDocument) => Result): void {
    this.#count += 1;
    this.#edit((document) => {
      const result = run(document);
      if (!result.ok) this.#toasts.show(result.message, { tone: 'problem' });
    });
  }

  /** Undoes the intent just made: by history while it is the last one, by its opposite after that. */
  #offerUndo(text: string, opposite: (document: HoldfastDocument) => unknown): void {
    const mine = this.#count;
    this.#toasts.show(text, {
      undo: () => {
        this.#toasts.dismiss();
        this.#edit((document) => {
          const undone = mine === this.#count && document.undo().ok;
          if (!undone) opposite(document);
          this.#count += 1;
        });
        this.#toasts.announce('Undone');
      },
    });
  }
}

/** The titles in a pasted text: one a line, without the bullets and boxes of other lists. */
export function titlesIn(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^\s*(?:[-*•–]\s+)?(?:\[[ xX]?\]\s+)?/, '').trim())
    .filter((line) => line !== '');
}

function reopen(document: HoldfastDocument, id: TaskId, ordinal: number | undefined): Result {
  return ordinal === undefined ? document.reopenTask(id) : document.reopenOccurrence(id, ordinal);
}

function whenFrom(due: Due): When {
  return {
    date: due.date as When['date'],
    ...(due.time === undefined ? {} : { time: due.time }),
    ...(due.timeZone === undefined ? {} : { timeZone: due.timeZone }),
  };
}
