/**
 * The words in a field while someone types: the field's own until they are written to the document.
 *
 * Promise: nothing typed is lost. It is written after a pause, when the field is left, when the page is hidden,
 * and before an update reloads the page. Meanwhile an edit from another device does not overwrite what is being
 * typed; the field follows the document again once it is written.
 */

const PAUSE_MS = 1_000;

export class Draft {
  #text: string | null = $state(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #stored: () => string;
  readonly #save: (text: string) => void;
  readonly #isHeld: () => boolean;
  readonly #forget: () => void;

  constructor(o: {
    stored: () => string;
    save: (text: string) => void;
    /** Is there a question to ask before it is written? Then a pause does not write it; leaving and hiding do. */
    isHeld?: () => boolean;
    keep: (save: () => void) => () => void;
  }) {
    this.#stored = o.stored;
    this.#save = o.save;
    this.#isHeld = o.isHeld ?? (() => false);
    this.#forget = o.keep(() => {
      this.save();
    });
  }

  get text(): string {
    return this.#text ?? this.#stored();
  }

  set text(text: string) {
    this.#text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#isHeld()) this.save();
    }, PAUSE_MS);
  }

  /** Words that are not in the document. */
  get isUnsaved(): boolean {
    return this.#text !== null && this.#text !== this.#stored();
  }

  save(): void {
    clearTimeout(this.#timer);
    const text = this.#text;
    this.#text = null;
    if (text !== null && text !== this.#stored()) this.#save(text);
  }

  drop(): void {
    clearTimeout(this.#timer);
    this.#text = null;
  }

  close(): void {
    this.save();
    this.#forget();
  }
}
