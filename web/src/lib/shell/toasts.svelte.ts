/**
 * What just happened, with a way back: one line at the foot of the window for eight seconds.
 *
 * Promise: one toast at a time, the newest; it stays while the pointer or the focus is on it; its text is also
 * spoken. `announce` speaks without showing.
 */

import { t } from '../words/language.ts';

const TOAST_MS = 8_000;

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'plain' | 'problem';
  readonly undo?: (() => void) | undefined;
}

export class Toasts {
  /** A sheet lies over the page, and has the line in it. */
  isInSheet = $state(false);
  #current: Toast | null = $state.raw(null);
  #spoken = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #count = 0;

  get current(): Toast | null {
    return this.#current;
  }

  /** The text of the polite live region. */
  get spoken(): string {
    return this.#spoken;
  }

  show(text: string, o: { undo?: () => void; tone?: 'plain' | 'problem' } = {}): void {
    this.#count += 1;
    this.#current = { id: this.#count, text, tone: o.tone ?? 'plain', undo: o.undo };
    this.announce(o.undo ? t('{text}. Undo is available.', { text }) : text);
    this.resume();
  }

  announce(text: string): void {
    // The same sentence twice is spoken twice only if the text differs: a trailing space does it unseen.
    this.#spoken = this.#spoken === text ? `${text} ` : text;
  }

  dismiss(): void {
    clearTimeout(this.#timer);
    this.#current = null;
  }

  /** Keeps the toast while someone is reaching for it. */
  hold(): void {
    clearTimeout(this.#timer);
  }

  resume(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#current = null;
    }, TOAST_MS);
  }
}
