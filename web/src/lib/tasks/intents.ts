/**
 * What a person can do to tasks, each as one intent with its way back.
 *
 * Promise: one call is one step of undo; what can be regretted shows a toast with "Undo" that undoes exactly that
 * intent, also after others have followed; a refusal is shown as the sentence it comes with. Undo and redo by
 * keyboard walk the whole session.
 *
 * It is one place for all of them, so that none can lack its undo or its words; what is done to many tasks at once is in
 * bulk.ts.
 */

import type {
  Conflict,
  EpochMs,
  FilterId,
  HoldfastDocument,
  ImportSummary,
  ListId,
  OccurrencePatch,
  Result,
  RuleInput,
  SectionId,
  Task,
  TagId,
  TaskId,
  TaskMove,
  When,
  Writer,
} from '@holdfast/core/document.ts';
import { placeWords } from '../shell/place-words.ts';
import type { Toasts } from '../shell/toasts.svelte.ts';
import { addDays, daysBetween } from '../words/calendar.ts';
import { type Due, type Present, nextDateWords } from '../words/due-words.ts';
import { localDue } from '../words/local-due.ts';
import { nextColour } from './colours.ts';
import { outlineIn } from './outline.ts';
import type { Priority } from './priority.ts';
import type { ReadLine } from './quick-add-grammar.svelte.ts';
import type { Scope, ScopeAsker } from './scope.svelte.ts';
import type { TaskStore } from './task-store.svelte.ts';
import { t, tIn, translated } from '../words/language.ts';

export interface AddContext {
  readonly due?: Due;
  readonly listId?: string;
  readonly tagId?: string;
  readonly parentId?: string;
  /** Of `listId`. */
  readonly section?: string;
}

export interface TaskEdit {
  readonly title?: string;
  readonly notes?: string;
  readonly due?: Due | null;
  readonly start?: Due | null;
  readonly priority?: Priority | null;
  readonly listId?: string | null;
}

type Edit = (run: (document: HoldfastDocument) => void) => void;
/** `parentId`: of a line that is a step of one before it. */
type Create = (document: HoldfastDocument, index: number, parentId?: TaskId) => Result<{ id: TaskId }>;

export class Intents {
  readonly #edit: Edit;
  readonly #tasks: TaskStore;
  readonly #toasts: Toasts;
  readonly #scope: ScopeAsker;
  readonly #present: () => Present;
  readonly #stored: () => Promise<boolean>;
  /** Counts intents, so that a toast knows whether its own is still the last. */
  #count = 0;

  constructor(o: {
    edit: Edit;
    tasks: TaskStore;
    toasts: Toasts;
    scope: ScopeAsker;
    present: () => Present;
    /** Resolves when everything edited so far is stored on this device; false: it cannot be stored now. */
    stored: () => Promise<boolean>;
  }) {
    this.#edit = o.edit;
    this.#tasks = o.tasks;
    this.#toasts = o.toasts;
    this.#scope = o.scope;
    this.#present = o.present;
    this.#stored = o.stored;
  }

  /**
   * One task a line, and one that is indented a step of the line above. Empty lines and bullets of pasted lists are not part
   * of a title. Gives the new ids, which are there at once when the document is loaded, else when it is.
   */
  add(text: string, context: AddContext = {}): readonly string[] {
    const lines = outlineIn(text);
    return this.#addEach(lines, (document, index, parentId) => {
      const title = lines[index]?.title ?? '';
      if (parentId !== undefined) return document.createTask({ title, parentId });
      return document.createTask({
        title,
        ...(context.due ? { due: context.due as When } : {}),
        ...(context.listId ? { listId: context.listId as ListId } : {}),
        ...(context.parentId ? { parentId: context.parentId as TaskId } : {}),
        ...(context.section ? { section: context.section as SectionId } : {}),
        ...(context.tagId ? { tags: [context.tagId as TagId] } : {}),
      });
    });
  }

  /**
   * Lines of quick add with all that was understood of them, as one intent; what they do not say the place fills in.
   * `elsewhere` is a sentence for a task that is not seen from where it was written.
   */
  addRead(lines: readonly ReadLine[], context: AddContext = {}, elsewhere?: string): readonly string[] {
    const create: Create = (document, index, parentId) => {
      const line = lines[index];
      if (!line) throw new Error(`there is no line ${String(index)}`);
      if (parentId !== undefined) return line.write(document, { parentId });
      return line.write(document, {
        ...(context.due ? { due: context.due as When } : {}),
        ...(context.listId ? { listId: context.listId as ListId } : {}),
        ...(context.tagId ? { tagId: context.tagId as TagId } : {}),
        ...(context.section ? { section: context.section as SectionId } : {}),
      });
    };
    return this.#addEach(lines, create, elsewhere);
  }

  #addEach(
    lines: readonly { readonly title: string; readonly parent?: number }[],
    create: Create,
    sentence?: string,
  ): readonly string[] {
    if (lines.length === 0) return [];
    const ids: TaskId[] = [];
    this.#run((document) => {
      const addAll = (): Result => {
        for (const [index, { parent }] of lines.entries()) {
          const added = create(document, index, parent === undefined ? undefined : ids[parent]);
          if (!added.ok) return added;
          ids.push(added.id);
        }
        return { ok: true };
      };
      return lines.length === 1
        ? addAll()
        : document.batch(t('add {count} tasks', { count: String(lines.length) }), addAll);
    });
    if (lines.length === 1 && sentence === undefined) {
      this.#toasts.announce(t('Added: {title}', { title: lines[0]?.title ?? '' }));
    } else {
      const words = sentence ?? t('{count} tasks added', { count: String(lines.length) });
      const takeBack = (document: HoldfastDocument): void => {
        document.batch(t('take back {count} tasks', { count: String(ids.length) }), () => {
          for (const id of ids) document.trashTask(id);
        });
      };
      this.#offerUndo(words, takeBack, this.#stored());
    }
    return ids;
  }

  /** Of a task that repeats: its open occurrence, and back the last one. */
  setDone(id: string, isDone: boolean): void {
    const isGoingOn = this.#goesOn(id) !== undefined;
    if (isDone) {
      this.#tasks.linger(id);
      if (isGoingOn) {
        this.#close(id, tIn('state', 'Done'), (document) => document.completeTask(id as TaskId));
        return;
      }
      this.#run((document) => document.completeTask(id as TaskId));
      this.#offerUndo(t('Task completed'), (document) => document.reopenTask(id as TaskId));
      return;
    }
    if (isGoingOn) this.reopenOccurrence(id);
    else {
      this.change(t('Task open again'), (document) => document.reopenTask(id as TaskId));
    }
    this.#tasks.settle(id);
  }

  /** Of a recurring task: asks whether this one is meant or all that come. False: nothing was deleted. */
  async trash(id: string): Promise<boolean> {
    const task = this.#goesOn(id);
    if (!task) {
      this.#trash(id);
      return true;
    }
    const scope = await this.#scope.ask('delete', this.which(task));
    if (scope === 'this') this.skip(id);
    // Where nothing was done there is nothing to stay.
    else if (scope === 'future' && this.#tasks.closedOccurrences(id).length === 0) this.#trash(id);
    else if (scope === 'future') this.endSeries(id);
    return scope !== null;
  }

  #trash(id: string): void {
    this.#run((document) => document.trashTask(id as TaskId));
    this.#offerUndo(t('Task moved to the trash'), (document) => document.restoreTask(id as TaskId));
  }

  restore(id: string): void {
    this.#run((document) => document.restoreTask(id as TaskId));
    this.#offerUndo(t('Task restored'), (document) => document.trashTask(id as TaskId));
  }

  /**
   * Of a recurring task: asks whether this one is meant or all that come, where that makes a difference. False: neither,
   * and nothing was changed. `words` say what it did; without them whoever calls does.
   */
  async edit(id: string, patch: TaskEdit, words?: string): Promise<boolean> {
    const task = this.#goesOn(id);
    const { listId, ...ofOccurrence } = patch;
    if (!task || Object.keys(ofOccurrence).length === 0) {
      const run = (document: HoldfastDocument): Result => document.editTask(id as TaskId, patchFrom(patch));
      if (words === undefined) this.#run(run);
      else this.change(words, run);
      return true;
    }
    const scope = await this.#scope.ask('change', this.which(task));
    if (scope !== null) this.editIn(id, scope, ofOccurrence);
    if (scope !== null && listId !== undefined) await this.edit(id, { listId });
    return scope !== null;
  }

  /**
   * Without asking. Where it does not repeat (any more), both scopes are the task, and nothing is shown: that is for whoever
   * has typed it, once its field is left, with the numbers of the intents that `typed` gets.
   */
  editIn(id: string, scope: Scope, patch: Omit<TaskEdit, 'listId'>, typed?: number[]): void {
    const task = this.#goesOn(id);
    const ordinal = task?.ordinal ?? null;
    const fields = patchFrom(patch);
    const before = task && fieldsOf(task, patch);
    this.#run((document) => {
      const last = document.lastIntent;
      const result =
        ordinal !== null && scope === 'this'
          ? document.editOccurrence(id as TaskId, ordinal, fields)
          : document.editFuture(id as TaskId, fields);
      const mine = document.lastIntent;
      if (ordinal === null && mine !== undefined && mine !== last) typed?.push(mine);
      return result;
    });
    if (!before || ordinal === null) return;
    this.#offerUndo(
      scope === 'this' ? t('Only this one was changed') : t('Changed from this one on'),
      (document) => document.editOccurrence(id as TaskId, ordinal, before),
    );
  }

  /** What is absent in the rule stays as it is; it goes on where it had ended. */
  setRule(id: string, rule: RuleInput, words: string): void {
    const before = this.#tasks.task(id)?.rule ?? null;
    this.#run((document) => document.setRule(id as TaskId, rule));
    this.#offerUndo(words, (document) =>
      before === null ? document.removeRule(id as TaskId) : document.setRule(id as TaskId, before),
    );
  }

  removeRule(id: string): void {
    const before = this.#tasks.task(id)?.rule ?? null;
    this.#run((document) => document.removeRule(id as TaskId));
    this.#offerUndo(t('It repeats no more'), (document) =>
      before === null ? undefined : document.setRule(id as TaskId, before),
    );
  }

  skip(id: string): void {
    this.#close(id, t('Skipped'), (document) => document.skipOccurrence(id as TaskId));
  }

  endSeries(id: string): void {
    const rule = this.#tasks.task(id)?.rule ?? null;
    this.#run((document) => document.endSeries(id as TaskId));
    this.#offerUndo(t('The repeat has ended'), (document) =>
      rule === null ? undefined : document.setRule(id as TaskId, rule),
    );
  }

  /** Default: the last one that was closed. */
  reopenOccurrence(id: string, ordinal?: number): void {
    this.change(t('Open again'), (document) => document.reopenOccurrence(id as TaskId, ordinal));
  }

  /** One that is open besides the next. */
  completeOccurrence(id: string, ordinal: number): void {
    this.#run((document) => document.completeOccurrence(id as TaskId, ordinal));
    this.#offerUndo(tIn('state', 'Done'), (document) => document.reopenOccurrence(id as TaskId, ordinal));
  }

  removeReminder(id: string, reminderId: string): void {
    const before = this.#tasks.task(id)?.reminders.find((reminder) => reminder.id === reminderId);
    this.#run((document) => document.removeReminder(id as TaskId, reminderId));
    this.#offerUndo(t('Reminder removed'), (document) =>
      before ? document.addReminder(id as TaskId, before) : undefined,
    );
  }

  /** null takes it back. */
  snooze(id: string, until: number | null, words: string): void {
    const before = this.#tasks.openOccurrences(id)[0]?.snoozedUntil ?? null;
    this.#run((document) => document.snooze(id as TaskId, until as Task['createdAt'] | null));
    this.#offerUndo(words, (document) => document.snooze(id as TaskId, before));
  }

  /** The task, if it repeats and is not over. */
  #goesOn(id: string): Task | undefined {
    const task = this.#tasks.task(id);
    return task?.rule != null && task.status === 'open' && task.trashedAt === null ? task : undefined;
  }

  /** What "only this one" is, in words. */
  which(task: Task): string {
    return task.due ? nextDateWords(task.due, this.#present()) : t('The one without a date');
  }

  #close(id: string, word: string, run: (document: HoldfastDocument) => Result): void {
    const ordinal = this.#tasks.task(id)?.ordinal ?? undefined;
    let text = word;
    this.#run((document) => {
      const result = run(document);
      const task = document.task(id as TaskId);
      if (task?.status === 'open' && task.due)
        text = t('{word}. Next: {day}', { word, day: nextDateWords(task.due, this.#present()) });
      else if (task?.status !== 'open') text = t('{word}. That was the last one', { word });
      return result;
    });
    this.#offerUndo(text, (document) => document.reopenOccurrence(id as TaskId, ordinal));
  }

  /** Until then, keeping its time; of a recurring task this one only. */
  putOff(id: string, date: string): void {
    const due = this.#tasks.task(id)?.due ?? null;
    this.#reschedule(id, whenFrom({ ...due, date }), t('Put off until tomorrow'));
  }

  /** To another day of the viewer's, keeping its time, also where that is of another zone. */
  moveToDay(id: string, date: string, words: string): void {
    const due = this.#tasks.task(id)?.due ?? null;
    const here = due && localDue(due, this.#present().timeZone);
    if (here?.date === date) return;
    const moved = due && here ? addDays(due.date, daysBetween(here.date, date)) : date;
    this.#reschedule(id, whenFrom({ ...due, date: moved }), words);
  }

  /** Of a recurring task this one only. */
  #reschedule(id: string, due: When, words: string): void {
    const before = this.#tasks.task(id)?.due ?? null;
    const ordinal = this.#goesOn(id)?.ordinal ?? null;
    const move = (document: HoldfastDocument, to: When | null): Result =>
      ordinal === null
        ? document.editTask(id as TaskId, { due: to })
        : document.editOccurrence(id as TaskId, ordinal, { due: to });
    this.#run((document) => move(document, due));
    this.#offerUndo(words, (document) => move(document, before));
  }

  /** Beside another task, into a section (null: none), or both as one. */
  move(id: string, to: { before?: string; after?: string; section?: string | null }): void {
    const move: TaskMove = {
      ...(to.before === undefined ? {} : { before: to.before as TaskId }),
      ...(to.after === undefined ? {} : { after: to.after as TaskId }),
      ...(to.section === undefined ? {} : { section: to.section as SectionId | null }),
    };
    this.#run((document) => document.moveTask(id as TaskId, move));
  }

  /**
   * Runs one intent and tells what it did: in sight with its Undo, or only aloud. Where nothing changed nothing is told.
   *
   * Of moves, in sight is what changes more than an order, and what a finger did, since a phone has no keys to undo by. What is put
   * in order with a mouse or by keys has them at hand, and whoever does it sees where it goes: ten rows would be ten toasts.
   */
  put(run: (document: HoldfastDocument) => void, words: () => string, isInSight: boolean): void {
    this.#edit((document) => {
      const before = document.lastIntent;
      this.#count += 1;
      run(document);
      const mine = document.lastIntent;
      if (mine === before) return;
      if (isInSight) this.offerBack(words(), [mine]);
      else this.#toasts.announce(words());
    });
  }

  /** One command in sight, with its words and its Undo; a refusal is the sentence that it comes with. */
  change(words: string, run: (document: HoldfastDocument) => Result): void {
    this.put(
      (document) => {
        this.#tell(run(document));
      },
      () => words,
      true,
    );
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

  moveList(id: string, to: { before: string } | { after: string }): void {
    this.#run((document) => document.moveList(id as ListId, to as { before: ListId } | { after: ListId }));
  }

  /** Before another list, or to the end. */
  dropList(id: string, beforeId: string | null, isByFinger: boolean): void {
    const last = this.#tasks.lists.findLast((list) => list.id !== id);
    this.put(
      () => {
        if (beforeId !== null) this.moveList(id, { before: beforeId });
        else if (last) this.moveList(id, { after: last.id });
      },
      () => placeWords(this.#tasks.lists, id),
      isByFinger,
    );
  }

  /** Away from the sidebar and the days, or back. */
  archiveList(id: string, archived: boolean): void {
    this.#run((document) => document.editList(id as ListId, { archived }));
    this.#offerUndo(archived ? t('List archived') : t('List is back'), (document) =>
      document.editList(id as ListId, { archived: !archived }),
    );
  }

  createSection(listId: string, name: string): string | null {
    let id: string | null = null;
    this.#run((document) => {
      const created = document.createSection({ listId: listId as ListId, name });
      if (created.ok) id = created.id;
      return created;
    });
    return id;
  }

  moveSection(id: string, to: { before: string } | { after: string }): void {
    this.#run((document) =>
      document.moveSection(id as SectionId, to as { before: SectionId } | { after: SectionId }),
    );
  }

  trashSection(id: string): void {
    this.#run((document) => document.trashSection(id as SectionId));
    this.#offerUndo(t('Section removed. Its tasks stay in the list'), (document) =>
      document.restoreSection(id as SectionId),
    );
  }

  restoreSection(id: string): void {
    this.change(t('Section restored'), (document) => document.restoreSection(id as SectionId));
  }

  trashList(id: string): void {
    this.#run((document) => document.trashList(id as ListId));
    this.#offerUndo(t('List moved to the trash'), (document) => document.restoreList(id as ListId));
  }

  restoreList(id: string): void {
    this.change(t('List restored'), (document) => document.restoreList(id as ListId));
  }

  trashTag(id: string): void {
    this.#run((document) => document.trashTag(id as TagId));
    this.#offerUndo(t('Tag moved to the trash'), (document) => document.restoreTag(id as TagId));
  }

  restoreTag(id: string): void {
    this.change(t('Tag restored'), (document) => document.restoreTag(id as TagId));
  }

  createFilter(name: string, query: string): string | null {
    const color = nextColour(this.#tasks.filters.map((filter) => filter.color));
    let id: string | null = null;
    this.#run((document) => {
      const created = document.createFilter({ name, query, color });
      if (created.ok) id = created.id;
      return created;
    });
    return id;
  }

  moveFilter(id: string, to: { before: string } | { after: string }): void {
    this.#run((document) =>
      document.moveFilter(id as FilterId, to as { before: FilterId } | { after: FilterId }),
    );
  }

  trashFilter(id: string): void {
    this.#run((document) => document.trashFilter(id as FilterId));
    this.#offerUndo(t('View moved to the trash'), (document) => document.restoreFilter(id as FilterId));
  }

  restoreFilter(id: string): void {
    this.change(t('View restored'), (document) => document.restoreFilter(id as FilterId));
  }

  resolveConflict(conflict: Conflict, choice: 'keep' | { take: Writer }): void {
    this.put(
      () => {
        this.#run((document) => document.resolveConflict(conflict, choice));
      },
      () => (choice === 'keep' ? t('The other value was dismissed') : t('The other value stands now')),
      true,
    );
  }

  /** From a reminder, which is of one occurrence. */
  completeReminded(id: string, ordinal: number): void {
    this.#tasks.linger(id);
    this.#run((document) => document.completeOccurrence(id as TaskId, ordinal));
    this.#offerUndo(t('Task completed'), (document) => document.reopenOccurrence(id as TaskId, ordinal));
  }

  snoozeReminded(id: string, ordinal: number, until: number, words: string): void {
    this.#run((document) => document.snooze(id as TaskId, until as EpochMs, ordinal));
    this.#offerUndo(t('Snoozed until {words}', { words }), (document) =>
      document.snooze(id as TaskId, null, ordinal),
    );
  }

  /** An earlier value from the history, as a new edit. Of a recurring task the edit asks and offers its own way back. */
  async putBack(id: string, patch: TaskEdit): Promise<void> {
    const task = this.#tasks.task(id);
    if (!task) return;
    const { title, due, priority, listId } = task;
    const isRepeating = this.#goesOn(id) !== undefined;
    void this.edit(id, patch).then((isDone) => {
      // Of a recurring task it was asked about, and has its own way back.
      if (!isDone || isRepeating) return;
      this.#offerUndo(t('Put back'), (document) =>
        document.editTask(id as TaskId, {
          ...(patch.title === undefined ? {} : { title }),
          ...(patch.due === undefined ? {} : { due }),
          ...(patch.priority === undefined ? {} : { priority }),
          ...(patch.listId === undefined ? {} : { listId }),
        }),
      );
    });
  }

  /**
   * Several commands as one intent, with a way back that takes back exactly it, whatever has followed. Those that are
   * refused are counted, and the first says why.
   */
  together(label: string, sentence: string, run: (document: HoldfastDocument) => readonly Result[]): void {
    this.#count += 1;
    this.#edit((document) => {
      const before = document.lastIntent;
      const refused = document.batch(label, () => run(document)).filter((result) => !result.ok);
      const [first] = refused;
      const words = first
        ? t('{sentence}. {count} could not be changed: {why}', {
            sentence,
            count: refused.length.toLocaleString(),
            why: translated(first.message),
          })
        : sentence;
      // Without an intent it was so already.
      if (document.lastIntent === before)
        this.#toasts.show(first ? words : t('{sentence} already', { sentence }));
      else this.offerBack(words, [document.lastIntent]);
    });
  }

  /**
   * A file that was exported. What is answered goes to `told`, a success only once it is stored, or cannot be stored
   * (`isStored` false); it can be undone like anything else.
   */
  importFile(file: unknown, told: (result: Result<ImportSummary>, isStored: boolean) => void): void {
    this.#count += 1;
    const count = this.#count;
    this.#edit((document) => {
      const before = document.lastIntent;
      const result = document.importJson(file);
      const mine = document.lastIntent;
      if (!result.ok) {
        told(result, true);
        return;
      }
      void this.#stored().then((isStored) => {
        told(result, isStored);
        const sentence = t('The file was imported');
        if (mine === before) this.#toasts.show(t('{sentence} already', { sentence }));
        else if (count === this.#count) this.offerBack(sentence, [mine]);
        else this.#toasts.announce(sentence);
      });
    });
  }

  /** What these intents did, in words, with an Undo that takes back exactly them, the last one first. */
  offerBack(words: string, intents: readonly (number | undefined)[]): void {
    this.#toasts.show(words, {
      undo: () => {
        this.#toasts.dismiss();
        this.#edit((document) => {
          this.#count += 1;
          const undone = intents.toReversed().map((intent) => document.undo(intent));
          const [first] = undone;
          if (!first || undone.some(({ ok }) => ok)) this.#toasts.announce(t('Undone'));
          else this.#tell(first, 'plain');
        });
      },
    });
  }

  undo(): void {
    this.#step((document) => document.undo(), t('Undone'));
  }

  redo(): void {
    this.#step((document) => document.redo(), t('Done again'));
  }

  #step(
    run: (document: HoldfastDocument) => Result<{ label: string; left: readonly string[] }>,
    word: string,
  ): void {
    this.#edit((document) => {
      const result = run(document);
      this.#count += 1;
      if (!result.ok) {
        this.#toasts.show(translated(result.message), {
          tone: result.code === 'nothing' ? 'plain' : 'problem',
        });
        return;
      }
      const left = result.left.length > 0 ? t(' What was changed elsewhere since was left alone.') : '';
      this.#toasts.show(`${word}: ${translated(result.label)}.${left}`);
    });
  }

  #run(run: (document: HoldfastDocument) => Result): void {
    this.#count += 1;
    this.#edit((document) => {
      this.#tell(run(document));
    });
  }

  #tell(result: Result, tone: 'plain' | 'problem' = 'problem'): void {
    if (!result.ok) this.#toasts.show(translated(result.message), { tone });
  }

  /**
   * Undoes the intent just made: by history while it is the last one, by its opposite after that. With `stored` it is said
   * only once that is known.
   */
  #offerUndo(
    text: string,
    opposite: (document: HoldfastDocument) => unknown,
    stored?: Promise<boolean>,
  ): void {
    const mine = this.#count;
    const undo = (): void => {
      this.#toasts.dismiss();
      this.#edit((document) => {
        const undone = mine === this.#count && document.undo().ok;
        if (!undone) opposite(document);
        this.#count += 1;
      });
      this.#toasts.announce(t('Undone'));
    };
    if (!stored) this.#toasts.show(text, { undo });
    else {
      void stored.then((isStored) => {
        const words = isStored ? text : t('{sentence}, not stored yet', { sentence: text });
        // What was done since has the toast, and whoever reaches for its Undo must not take back this.
        if (mine === this.#count) this.#toasts.show(words, { undo });
        else this.#toasts.announce(words);
      });
    }
  }
}

function patchFrom(patch: TaskEdit): OccurrencePatch & { listId?: ListId | null } {
  const { due, start, listId, ...rest } = patch;
  return {
    ...rest,
    ...(due === undefined ? {} : { due: due && whenFrom(due) }),
    ...(start === undefined ? {} : { start: start && whenFrom(start) }),
    ...(listId === undefined ? {} : { listId: listId as ListId | null }),
  };
}

/** What the fields of a patch hold now. */
function fieldsOf(task: Task, patch: Omit<TaskEdit, 'listId'>): OccurrencePatch {
  return {
    ...(patch.title === undefined ? {} : { title: task.title }),
    ...(patch.notes === undefined ? {} : { notes: task.notes }),
    ...(patch.due === undefined ? {} : { due: task.due }),
    ...(patch.start === undefined ? {} : { start: task.start }),
    ...(patch.priority === undefined ? {} : { priority: task.priority }),
  };
}

function whenFrom(due: Due): When {
  return {
    date: due.date as When['date'],
    ...(due.time === undefined ? {} : { time: due.time }),
    ...(due.timeZone === undefined ? {} : { timeZone: due.timeZone }),
  };
}
