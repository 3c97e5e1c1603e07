/**
 * The tasks as the pages see them: sorted selections that follow the document.
 *
 * Promise: reading inside a component or `$derived` follows every later change; an edit costs the tasks it
 * touches, not the whole list. Before the document is loaded, the tasks of the view cache stand in.
 *
 * The bridge is `createSubscriber`: as long as anything on the screen reads, one subscription to the document
 * lives, and views are brought up to date by it; when nothing reads, they are dropped.
 */

import type {
  ClosedOccurrence,
  Conflict,
  Filter,
  HoldfastDocument,
  List,
  Occurrence,
  Section,
  Tag,
  Task,
} from '@holdfast/core/document.ts';
import { createSubscriber } from 'svelte/reactivity';
import type { CachedTask } from '../device/device.ts';
import type { LocalDate } from '../words/calendar.ts';
import { SortedView, type ViewRule } from './sorted-view.ts';
import { type StepCount, Tally } from './tally.ts';
import { compareText, type TaskRow, rowFromCache, rowFromTask, taskRules } from './task-rules.ts';

/** How many views are kept up to date; the one unread for longest goes first. */
const MAX_VIEWS = 64;
/** A completed row stays for as long as a slip of the finger needs to be taken back. */
const LINGER_MS = 600;

interface Lingering {
  readonly timer: ReturnType<typeof setTimeout>;
  /** Of a task that repeats: what was ticked, while the document already shows its next date. */
  readonly row: TaskRow | null;
}

export class TaskStore {
  #document: HoldfastDocument | null = null;
  #cached: readonly TaskRow[] = [];
  // Read through `#changes`, which already tells whoever reads: a reactive map would tell twice.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  #views = new Map<string, SortedView<TaskRow>>();
  #rows = new WeakMap<Task, TaskRow>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #lingering = new Map<string, Lingering>();
  #update: () => void = () => undefined;
  readonly #changes: () => void;

  constructor() {
    this.#changes = createSubscriber((update) => {
      this.#update = update;
      this.#views.clear();
      this.#counted = null;
      if (this.#document) this.#unfollow = this.#follow(this.#document);
      return () => {
        this.#unfollow();
        this.#update = () => undefined;
        this.#views.clear();
      };
    });
  }

  #unfollow: () => void = () => undefined;
  #counted: Tally | null = null;
  /** Views that are noted instead of made; null: they are made. */
  #wanted: Map<string, { rule: ViewRule<TaskRow> }> | null = null;

  /** The rows to show until the document is there. */
  showCached(tasks: readonly CachedTask[]): void {
    if (this.#document) return;
    this.#cached = tasks.map(rowFromCache);
    this.#counted = null;
    this.#views.clear();
    this.#update();
  }

  /** Goes over from the cache to the document; until that is done, the cache is shown. */
  async open(document: HoldfastDocument): Promise<void> {
    const code = await import('./going-over.ts');
    const made = await code.makeOfDocument(this.#sources(document), this.#views);
    this.#document = document;
    this.#cached = [];
    this.#unfollow = this.#follow(document);
    this.#views = made.views;
    this.#counted = made.counted;
    this.#apply(made.changed);
  }

  /** Makes the views that `read` reads, with rests in between, so that whoever reads them next finds them made. */
  async prepare(read: () => void): Promise<void> {
    const document = this.#document;
    if (!document) return;
    const code = await import('./going-over.ts');
    // eslint-disable-next-line svelte/prefer-svelte-reactivity
    const wanted = new Map<string, { rule: ViewRule<TaskRow> }>();
    this.#wanted = wanted;
    try {
      read();
    } finally {
      this.#wanted = null;
    }
    // Their moment may end in a rest, which is no change of the document.
    const lingering = [...this.#lingering.keys()];
    const made = await code.makeViews(this.#sources(document), wanted);
    // eslint-disable-next-line svelte/prefer-svelte-reactivity
    const changed = new Set([...made.changed, ...lingering]);
    for (const [key, view] of made.views) {
      if (this.#views.has(key)) continue;
      this.#bringUp(view, changed);
      this.#views.set(key, view);
    }
  }

  /** For what is asked here and there only; null until it is loaded. */
  get document(): HoldfastDocument | null {
    this.#changes();
    return this.#document;
  }
  get isLoaded(): boolean {
    return this.document !== null;
  }

  /** Something can be shown: the document, or what it was when last seen. */
  get hasRows(): boolean {
    return this.document !== null || this.#cached.length > 0;
  }

  get inbox(): readonly TaskRow[] {
    return this.#view('inbox', () => taskRules.list(null));
  }
  list(listId: string): readonly TaskRow[] {
    return this.#view(`list ${listId}`, () => taskRules.list(listId));
  }
  tagged(tagId: string): readonly TaskRow[] {
    return this.#view(`tag ${tagId}`, () => taskRules.tagged(tagId));
  }
  /** Due on `today` or before, where the viewer is. */
  due(today: LocalDate, timeZone: string): readonly TaskRow[] {
    const archived = this.#archived;
    return this.#view(`due ${today} ${timeZone} ${archived.key}`, () =>
      taskRules.due(today, timeZone, archived.ids),
    );
  }
  upcoming(today: LocalDate, timeZone: string): readonly TaskRow[] {
    const archived = this.#archived;
    return this.#view(`upcoming ${today} ${timeZone} ${archived.key}`, () =>
      taskRules.upcoming(today, timeZone, archived.ids),
    );
  }
  /** Everything open that has a date, by date. */
  dated(timeZone: string): readonly TaskRow[] {
    const archived = this.#archived;
    return this.#view(`dated ${timeZone} ${archived.key}`, () => taskRules.dated(timeZone, archived.ids));
  }
  get trash(): readonly TaskRow[] {
    return this.#view('trash', () => taskRules.trash());
  }
  get completed(): readonly TaskRow[] {
    return this.#view('completed', () => taskRules.completed());
  }
  subtasks(parentId: string): readonly TaskRow[] {
    return this.#view(`under ${parentId}`, () => taskRules.subtasks(parentId));
  }
  /** What a rule of someone's own selects: a saved filter. The key has to say all that the rule hangs on. */
  selection(key: string, rule: () => ViewRule<TaskRow>): readonly TaskRow[] {
    return this.#view(`selection ${key}`, rule);
  }
  /** How many open tasks a list has. */
  openCount(listId: string): number {
    return this.#tally.openIn(listId);
  }
  /** How far a task's steps are; undefined when it has none. */
  steps(parentId: string): StepCount | undefined {
    return this.#tally.stepsOf(parentId);
  }
  /** Everything that is not in the trash, for searching. */
  get all(): readonly TaskRow[] {
    return this.#view('all', () => taskRules.all());
  }

  task(id: string): Task | undefined {
    return this.document?.task(id as Task['id']);
  }

  row(id: string): TaskRow | undefined {
    this.#changes();
    return this.#rowOf(id);
  }

  /** The open occurrences of a task, the next one first, then reopened ones. */
  openOccurrences(id: string): readonly Occurrence[] {
    return this.document?.openOccurrences(id as Task['id']) ?? [];
  }
  /** What was done or skipped, oldest first. */
  closedOccurrences(id: string): readonly ClosedOccurrence[] {
    return this.document?.closedOccurrences(id as Task['id']) ?? [];
  }

  /** Every field of which another value is kept, newest first. */
  get conflicts(): readonly Conflict[] {
    this.#changes();
    if (!this.#document) return [];
    return [...this.#document.conflicts()].sort((a, b) => b.standing.at - a.standing.at);
  }

  /** Neither in the trash nor archived, in their order. */
  get lists(): readonly List[] {
    return this.#keptLists.filter((list) => list.archivedAt === null);
  }
  get archivedLists(): readonly List[] {
    return this.#keptLists.filter((list) => list.archivedAt !== null);
  }
  get #keptLists(): readonly List[] {
    this.#changes();
    const lists = [...(this.#document?.lists() ?? [])].filter((list) => list.trashedAt === null);
    return lists.sort((a, b) => compareText(a.order ?? '~', b.order ?? '~') || compareText(a.id, b.id));
  }
  get #archived(): { readonly ids: ReadonlySet<string>; readonly key: string } {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity
    const ids = new Set<string>(this.archivedLists.map((list) => list.id));
    return { ids, key: [...ids].join() };
  }
  /** Of a list, in their order. */
  sections(listId: string): readonly Section[] {
    return this.document?.sections(listId as List['id']) ?? [];
  }
  sectionById(id: string): Section | undefined {
    return this.document?.section(id as Section['id']);
  }
  /** How many open tasks have a tag. */
  tagCount(tagId: string): number {
    return this.#tally.tagged(tagId);
  }
  get filters(): readonly Filter[] {
    this.#changes();
    const filters = [...(this.#document?.filters() ?? [])].filter((filter) => filter.trashedAt === null);
    return filters.sort((a, b) => compareText(a.order ?? '~', b.order ?? '~') || compareText(a.id, b.id));
  }
  filterById(id: string): Filter | undefined {
    return this.document?.filter(id as Filter['id']);
  }
  listById(id: string): List | undefined {
    return this.document?.list(id as List['id']);
  }
  get tags(): readonly Tag[] {
    this.#changes();
    const tags = [...(this.#document?.tags() ?? [])].filter((tag) => tag.trashedAt === null);
    return tags.sort((a, b) => a.name.localeCompare(b.name));
  }
  tagById(id: string): Tag | undefined {
    return this.document?.tag(id as Tag['id']);
  }

  /**
   * Keeps a task in the lists it stands in for a moment after it was completed. One that repeats stays as it was ticked
   * until then, and only then shows its next date or goes where that belongs.
   */
  linger(id: string): void {
    clearTimeout(this.#lingering.get(id)?.timer);
    const row = this.#rowOf(id);
    const timer = setTimeout(() => {
      this.settle(id);
    }, LINGER_MS);
    this.#lingering.set(id, { timer, row: row?.repeat ? { ...row, doneAt: Date.now() } : null });
  }

  /** Ends the moment: the same tap took it back, or it is over. */
  settle(id: string): void {
    const lingering = this.#lingering.get(id);
    if (!lingering) return;
    clearTimeout(lingering.timer);
    this.#lingering.delete(id);
    // eslint-disable-next-line svelte/prefer-svelte-reactivity
    this.#apply(new Set([id]));
  }

  #view(key: string, rule: () => ViewRule<TaskRow>): readonly TaskRow[] {
    this.#changes();
    let view = this.#views.get(key);
    if (view) this.#views.delete(key);
    else if (this.#wanted) {
      this.#wanted.set(key, { rule: this.#withLingering(rule()) });
      return [];
    } else view = new SortedView(this.#withLingering(rule()), this.#everything());
    this.#views.set(key, view);
    for (const oldest of this.#views.keys()) {
      if (this.#views.size <= MAX_VIEWS) break;
      this.#views.delete(oldest);
    }
    return view.items;
  }

  get #tally(): Tally {
    this.#changes();
    return (this.#counted ??= new Tally(this.#everything()));
  }

  /** A task that lingers is judged as if it were still open. */
  #withLingering(rule: ViewRule<TaskRow>): ViewRule<TaskRow> {
    return {
      compare: rule.compare,
      matches: (row) =>
        rule.matches(row) || (this.#lingering.has(row.id) && rule.matches({ ...row, doneAt: null })),
    };
  }

  *#everything(): Generator<TaskRow> {
    if (!this.#document) {
      yield* this.#cached;
      return;
    }
    for (const task of this.#document.tasks()) yield this.#rowFrom(task);
  }

  #rowOf(id: string): TaskRow | undefined {
    if (!this.#document) return this.#cached.find((row) => row.id === id);
    const task = this.#document.task(id as Task['id']);
    return task && this.#rowFrom(task);
  }

  #rowFrom(task: Task): TaskRow {
    const ticked = this.#lingering.get(task.id)?.row;
    if (ticked) return ticked;
    let row = this.#rows.get(task);
    if (!row) {
      row = rowFromTask(task);
      this.#rows.set(task, row);
    }
    return row;
  }

  #follow(document: HoldfastDocument): () => void {
    return document.subscribe((change) => {
      this.#apply(change.tasks);
    });
  }

  #apply(changed: ReadonlySet<string>): void {
    this.#counted?.update(changed, (id) => this.#rowOf(id));
    for (const view of this.#views.values()) this.#bringUp(view, changed);
    this.#update();
  }

  #bringUp(view: SortedView<TaskRow>, changed: ReadonlySet<string>): void {
    view.update(
      changed,
      (id) => this.#rowOf(id),
      () => this.#everything(),
    );
  }

  #sources(document: HoldfastDocument) {
    return { document, rowFrom: (task: Task) => this.#rowFrom(task) };
  }
}
