/**
 * Which tasks are chosen, so that something can be done with all of them at once.
 *
 * Promise: what is chosen is always on the page: a task that leaves it counts no more, and counts again when an undo
 * brings it back. A range goes from where it was begun to where it is now, over all lists of the page. Every change is
 * spoken. Choosing costs one set of ids, so a thousand are as quick as one.
 */

import type { TaskRow } from './task-rules.ts';
import { t } from '../words/language.ts';

/** By places, or by days. */
export type Step = -1 | 1 | -7 | 7;

/** A list on the page, as the keys see it. */
export interface ListView {
  readonly element: HTMLElement;
  readonly rows: () => readonly TaskRow[];
  readonly canReorder: () => boolean;
  /** It is one of days: moving sets the date, by days or weeks. */
  readonly isByDays: () => boolean;
  /** Draws the row first where that is needed. */
  readonly focusRow: (id: string) => void;
  readonly moveBy: (id: string, step: Step) => void;
}

export class Selection {
  /** Set by the frame: what had the focus may have gone with what was selected. */
  afterRelease: () => void = () => undefined;
  #chosen: ReadonlySet<string> = $state.raw(setOf([]));
  #isBegun = $state(false);
  #views: readonly ListView[] = $state.raw([]);
  /** Where a range begins, and what was chosen besides it. */
  #anchor: string | null = null;
  #besides: readonly string[] = [];
  readonly #announce: (text: string) => void;

  readonly #rows = $derived(this.#views.flatMap((view) => view.rows()));
  readonly #ids: readonly string[] = $derived(
    this.#chosen.size === 0 ? [] : this.#rows.map(({ id }) => id).filter((id) => this.#chosen.has(id)),
  );

  constructor(announce: (text: string) => void) {
    this.#announce = announce;
  }

  /** In the order of the page. */
  get ids(): readonly string[] {
    return this.#ids;
  }
  /** Something is chosen, or someone has said that they are about to: a tap then chooses. */
  get isOn(): boolean {
    return this.#isBegun || this.#ids.length > 0;
  }
  get views(): readonly ListView[] {
    return this.#views;
  }
  /** There is something on the page that could be chosen. */
  get isPossible(): boolean {
    return this.#rows.length > 0;
  }

  has(id: string): boolean {
    return this.#chosen.has(id);
  }

  /** A list that is on the page; returns how to take it off. */
  show(view: ListView): () => void {
    this.#views = [...this.#views, view];
    return () => {
      this.#views = this.#views.filter((other) => other !== view);
    };
  }

  begin(): void {
    this.#isBegun = true;
    this.#announce(t('Choose tasks'));
  }

  toggle(id: string): void {
    const others = this.#ids.filter((other) => other !== id);
    const chosen = others.length === this.#ids.length ? [...others, id] : others;
    this.#anchor = id;
    this.#besides = chosen;
    this.#choose(chosen);
  }

  /** From where the range was begun, or from `from`, to this one. */
  extendTo(id: string, from: string | null): void {
    const ids = this.#rows.map((row) => row.id);
    if (this.#anchor === null || !ids.includes(this.#anchor) || this.#ids.length === 0) {
      this.#anchor = from ?? id;
      this.#besides = this.#ids;
    }
    const [one, other] = [ids.indexOf(this.#anchor), ids.indexOf(id)];
    if (one === -1 || other === -1) return;
    this.#choose([...this.#besides, ...ids.slice(Math.min(one, other), Math.max(one, other) + 1)]);
  }

  all(): void {
    this.#anchor = null;
    this.#choose(this.#rows.map(({ id }) => id));
  }

  clear(): void {
    if (!this.isOn) return;
    this.#end();
    this.#announce(t('None selected'));
  }

  /** What was selected has been dealt with, which says more than that nothing is selected any more. */
  release(): void {
    if (this.#chosen.size === 0) return;
    this.#end();
    this.afterRelease();
  }

  #end(): void {
    this.#isBegun = false;
    this.#anchor = null;
    this.#chosen = setOf([]);
  }

  #choose(ids: Iterable<string>): void {
    this.#chosen = setOf(ids);
    const count = this.#ids.length;
    this.#announce(
      count === 0 ? t('None selected') : t('{count} selected', { count: count.toLocaleString() }),
    );
  }
}

/** Replaced as a whole: a set that tells of each id would cost a signal for each of thousands. */
function setOf(ids: Iterable<string>): ReadonlySet<string> {
  return new Set(ids);
}
