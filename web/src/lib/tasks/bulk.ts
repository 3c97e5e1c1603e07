/**
 * What is done to one task or to a thousand at once.
 *
 * Promise: one call is one intent: one transaction, one step of undo, one toast whose "Undo" takes back exactly it, whatever
 * has followed. Where recurring tasks are among them, what it is meant for is asked once for all of them, and whoever
 * answers neither changes nothing. A task that refuses leaves the others.
 *
 * It comes after the first paint.
 */

import type {
  EpochMs,
  HoldfastDocument,
  ListId,
  OccurrencePatch,
  Result,
  TagId,
  Task,
  TaskId,
  When,
} from '@holdfast/core/document.ts';
import { duplicateTask } from '@holdfast/core/duplicate.ts';
import type { Toasts } from '../shell/toasts.svelte.ts';
import { type Due, dueWords, firstWeekday, type Present } from '../words/due-words.ts';
import { capital, dueSaid, prioritySaid } from './changes.ts';
import { nextColour } from './colours.ts';
import type { Intents } from './intents.ts';
import { type Priority, priorityName } from './priority.ts';
import { presetsFor, type RepeatPlan, startOf } from './repeat-choices.ts';
import type { Scope, ScopeAsker, ScopeQuestion } from './scope.svelte.ts';
import type { TaskRow } from './task-rules.ts';
import type { TaskStore } from './task-store.svelte.ts';
import { t } from '../words/language.ts';

export interface BulkDependencies {
  readonly intents: Intents;
  readonly tasks: TaskStore;
  readonly toasts: Toasts;
  readonly scope: ScopeAsker;
  readonly present: () => Present;
  /** What was chosen has been dealt with. */
  readonly release: () => void;
}

export type Bulk = ReturnType<typeof createBulk>;
type Ids = readonly string[];

export function createBulk({ intents, tasks, toasts, scope, present, release }: BulkDependencies) {
  /** Of one the sentence alone, of several with their number before it. */
  function said(ids: Ids, one: string, many: string): string {
    return ids.length === 1
      ? one
      : t('{count} tasks {many}', { count: ids.length.toLocaleString(present().locale), many });
  }

  function label(verb: string, ids: Ids): string {
    return ids.length === 1
      ? t('{verb} a task', { verb })
      : t('{verb} {count} tasks', { verb, count: String(ids.length) });
  }

  /** undefined: neither, and nothing is to be done. Where none repeats the scope makes no difference. */
  async function askScope(ids: Ids, deed: ScopeQuestion['deed']): Promise<Scope | undefined> {
    const repeating = ids.map((id) => tasks.task(id)).filter((task) => task !== undefined && goesOn(task));
    const [first] = repeating;
    if (!first) return 'future';
    const which = repeating.length === 1 ? intents.which(first) : t('One of each');
    return (await scope.ask(deed, which)) ?? undefined;
  }

  /** Fields of each, of a recurring one in the scope that was asked for. */
  async function edit(
    ids: Ids,
    patchOf: (task: Task) => OccurrencePatch,
    words: { one: string; many: string },
  ): Promise<void> {
    if (ids.length === 0) return;
    const wanted = await askScope(ids, 'change');
    if (wanted === undefined) return;
    intents.together(label(t('Edit'), ids), said(ids, words.one, words.many), (document) =>
      ids.map((id) => {
        const task = document.task(id as TaskId);
        if (!task) return missing();
        return goesOn(task) && wanted === 'this'
          ? document.editOccurrence(task.id, task.ordinal ?? 0, patchOf(task))
          : document.editTask(task.id, patchOf(task));
      }),
    );
  }

  return {
    /** What is open is completed; where nothing is, all of it is opened again. */
    toggleDone(ids: Ids): void {
      const [only] = ids;
      if (only === undefined) return;
      const open = ids.filter((id) => tasks.row(id)?.doneAt === null);
      if (ids.length === 1) intents.setDone(only, open.length > 0);
      else if (open.length > 0) this.complete(open);
      else {
        intents.together(label(t('Reopen'), ids), said(ids, t('Open again'), t('open again')), (document) =>
          ids.map((id) => document.reopenTask(id as TaskId)),
        );
      }
      if (ids.length > 1) release();
    },

    complete(ids: Ids): void {
      intents.together(
        label(t('Complete'), ids),
        said(ids, t('Task completed'), t('completed')),
        (document) => ids.map((id) => document.completeTask(id as TaskId)),
      );
    },

    setDue(ids: Ids, due: Due | null): Promise<void> {
      const one = dueSaid(due, present());
      if (due === null) return edit(ids, () => ({ due: null }), { one, many: t('without a date') });
      const many = t('due {due}', { due: dueWords(due, present()) });
      return edit(ids, () => ({ due: due as When }), { one, many });
    },

    /** To this day; each keeps its time. */
    setDay(ids: Ids, date: string): Promise<void> {
      const words = t('due {due}', { due: dueWords({ date }, present()) });
      return edit(ids, (task) => ({ due: { ...task.due, date } as When }), {
        one: capital(words),
        many: words,
      });
    },

    setPriority(ids: Ids, priority: Priority | null): Promise<void> {
      const words =
        priority === null
          ? t('without a priority')
          : t('with {priority} priority', { priority: priorityName(priority).toLowerCase() });
      return edit(ids, () => ({ priority }), { one: prioritySaid(priority), many: words });
    },

    /** null: the Inbox. A step becomes a task of its own there. */
    moveTo(ids: Ids, listId: string | null): void {
      const name = listId === null ? t('the Inbox') : (tasks.listById(listId)?.name ?? t('a list'));
      intents.together(
        label(t('Move'), ids),
        said(ids, t('Moved to {name}', { name }), t('moved to {name}', { name })),
        (document) =>
          ids.map((id) => {
            const task = document.task(id as TaskId);
            if (!task) return missing();
            return task.parentId === null && task.listId === listId
              ? { ok: true }
              : document.moveTask(task.id, { listId: listId as ListId | null, parentId: null });
          }),
      );
      release();
    },

    /** By name: one that exists is used, a new one is made. */
    addTag(ids: Ids, name: string): void {
      const known = tasks.tags.find((tag) => tag.name.toLocaleLowerCase() === name.toLocaleLowerCase());
      intents.together(
        label(t('Tag'), ids),
        said(ids, t('Tagged {name}', { name }), t('tagged {name}', { name })),
        (document) => {
          const color = nextColour(tasks.tags.map((tag) => tag.color));
          const tag = known ? { ok: true as const, id: known.id } : document.createTag({ name, color });
          return tag.ok ? ids.map((id) => document.tagTask(id as TaskId, tag.id)) : [tag];
        },
      );
    },

    removeTag(ids: Ids, tagId: string): void {
      const name = tasks.tagById(tagId)?.name ?? t('the tag');
      intents.together(
        label(t('Untag'), ids),
        said(ids, t('No longer tagged {name}', { name }), t('no longer tagged {name}', { name })),
        (document) => ids.map((id) => document.untagTask(id as TaskId, tagId as TagId)),
      );
    },

    async trash(ids: Ids): Promise<void> {
      const [only] = ids;
      if (only === undefined) return;
      if (ids.length === 1) {
        await intents.trash(only);
        return;
      }
      const wanted = await askScope(ids, 'delete');
      if (wanted === undefined) return;
      intents.together(
        label(t('Delete'), ids),
        said(ids, t('Task moved to the trash'), t('moved to the trash')),
        (document) =>
          ids.map((id) => {
            const task = document.task(id as TaskId);
            if (!task) return missing();
            if (!goesOn(task)) return document.trashTask(task.id);
            if (wanted === 'this') return document.skipOccurrence(task.id);
            // Where nothing was done there is nothing to stay.
            return document.closedOccurrences(task.id).length === 0
              ? document.trashTask(task.id)
              : document.endSeries(task.id);
          }),
      );
      release();
    },

    duplicate(ids: Ids): void {
      intents.together(label(t('Duplicate'), ids), said(ids, t('Duplicated'), t('duplicated')), (document) =>
        ids.map((id) => duplicateTask(document, id as TaskId)),
      );
    },

    /** Below the task that stands before the first of them. */
    indent(ids: Ids, rows: readonly TaskRow[]): void {
      const moved = rows.filter(({ id }) => ids.includes(id));
      const [first] = moved;
      const above = first && rows[rows.indexOf(first) - 1];
      if (!above) {
        toasts.announce(t('There is no task above it'));
        return;
      }
      const title = above.title || t('Untitled');
      intents.together(
        label(t('Indent'), ids),
        said(ids, t('Now a step of “{title}”', { title }), t('are now steps of “{title}”', { title })),
        (document) =>
          moved.map(({ id }) => document.moveTask(id as TaskId, { parentId: above.id as TaskId })),
      );
      release();
    },

    /** Each right behind the task that it was a step of. */
    outdent(ids: Ids): void {
      const steps = ids.filter((id) => tasks.task(id)?.parentId != null);
      if (steps.length === 0) {
        toasts.announce(t('It is a task of its own already'));
        return;
      }
      intents.together(
        label(t('Outdent'), steps),
        said(steps, t('A task of its own now'), t('of their own now')),
        (document) =>
          // The last one first, so that they keep their order behind it.
          steps.toReversed().map((id) => {
            const parentId = document.task(id as TaskId)?.parentId;
            return parentId == null ? missing() : document.moveTask(id as TaskId, { after: parentId });
          }),
      );
    },

    snooze(ids: Ids, until: number, words: string): void {
      intents.together(
        label(t('Snooze'), ids),
        said(ids, t('Snoozed until {words}', { words }), t('snoozed until {words}', { words })),
        (document) => ids.map((id) => document.snooze(id as TaskId, until as EpochMs)),
      );
    },

    /** The ready repeats; what fits a date fits that of each. */
    repeatChoices(ids: Ids): readonly { words: string; index: number }[] {
      const [first] = ids;
      const date = (first === undefined ? undefined : tasks.task(first)?.due?.date) ?? present().today;
      return presetsFor(date, firstWeekday(present().locale), present().locale).map(({ words }, index) => ({
        words,
        index,
      }));
    },

    repeat(ids: Ids, index: number, words: string): void {
      const { locale, today } = present();
      intents.together(label(t('Repeat'), ids), said(ids, words, t('repeat')), (document) =>
        ids.map((id) => {
          const task = document.task(id as TaskId);
          if (!task) return missing();
          const date = task.due?.date ?? today;
          const plan: RepeatPlan | undefined = presetsFor(date, firstWeekday(locale), locale)[index]?.plan;
          if (!plan) return missing();
          return document.setRule(task.id, task.due ? plan : { ...plan, start: startOf({ date }) });
        }),
      );
    },

    repeatNoMore(ids: Ids): void {
      const repeating = ids.filter((id) => tasks.task(id)?.rule != null);
      if (repeating.length === 0) return;
      intents.together(
        label(t('Stop repeating'), repeating),
        said(repeating, t('It repeats no more'), t('repeat no more')),
        (document: HoldfastDocument) => repeating.map((id) => document.removeRule(id as TaskId)),
      );
    },
  };
}

/** It repeats and is not over. */
function goesOn(task: Task): boolean {
  return task.rule !== null && task.status === 'open' && task.trashedAt === null;
}

function missing(): Result {
  return { ok: false, code: 'not-found', message: t('This task is not here any more.') };
}
