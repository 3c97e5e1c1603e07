/**
 * Notes: a shared text that merges character by character, inside a register that says which text it is.
 *
 * A task's creator makes one Y.Text at `<id>/notes`, so that two devices that begin to write at once write into one text.
 * Each edit also writes the register `<id>/notes@<writer>`: `true` means "see that text", a string is the whole text of a
 * writer that keeps it simple, `{text: name}` is the text at `<id>/notes/<name>` (made by an import, or where the creator made
 * none), null is none. So notes take part in everything that registers do: they have stamps, they move the state vector,
 * and where two writers put two different texts, one stands and the other is kept as a conflict.
 *
 * Editing takes a whole string and writes the smallest change: words that are in both stay, so that what someone else types
 * meanwhile stays too. Undo takes back exactly one's own change, wherever others have moved it; where someone has written into
 * it since, it is refused.
 */
import * as Y from 'yjs';
import type { Register } from './register.ts';
import type { Entity } from './store.ts';

/** One replaced stretch of a text. */
export interface Hunk {
  readonly index: number;
  readonly removed: string;
  readonly inserted: string;
}

/** A change of a text, with what is needed to take it back after others have edited. */
export interface TextEdit {
  /** In the order of the text, with indexes of the text before any of them. */
  readonly hunks: readonly Hunk[];
  readonly after: string;
}

const MAIN_TEXT = 'notes';
/** Beyond this many differing words the stretch between the first and the last of them is replaced as one. */
const MAX_DIFF_WORDS = 400;

export function namedText(name: string): string {
  return `${MAIN_TEXT}/${name}`;
}

/** Which plain key holds the text that this notes value means; null: it is no reference. */
export function textKey(value: unknown): string | null {
  if (value === true) return MAIN_TEXT;
  if (typeof value === 'object' && value !== null) {
    const { text } = value as { text?: unknown };
    if (typeof text === 'string' && text !== '') return namedText(text);
  }
  return null;
}

/** What a notes value says; undefined: not understood. */
export function readNotesValue(entity: Entity, value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  const key = textKey(value);
  if (key === null) return undefined;
  const text = entity.plain.get(key);
  return text instanceof Y.Text ? text.toString() : undefined;
}

/** The text that stands, if it is one that can be edited in place. */
export function standingText(
  entity: Entity,
  standing: Register | undefined,
): { text: Y.Text; value: unknown } | null {
  const value = standing === undefined ? true : standing.v;
  const key = textKey(value);
  const text = key === null ? undefined : entity.plain.get(key);
  // Embedded things, which only a foreign editor makes, take a place that a string does not show.
  if (!(text instanceof Y.Text) || text.length !== text.toString().length) return null;
  return { text, value };
}

/** Change the text into `after`; returns what undoes it. */
export function rewriteText(text: Y.Text, after: string): TextEdit {
  return applyHunks(text, diffText(text.toString(), after));
}

/** Hunks are given in the order of the text, with indexes before any of them. */
export function applyHunks(text: Y.Text, hunks: readonly Hunk[]): TextEdit {
  let shift = 0;
  for (const { index, removed, inserted } of hunks) {
    if (removed !== '') text.delete(index + shift, removed.length);
    if (inserted !== '') text.insert(index + shift, inserted);
    shift += inserted.length - removed.length;
  }
  return { hunks, after: text.toString() };
}

/**
 * The hunks that take an edit back out of the text as it is now; null: someone has changed these very places since.
 *
 * What others did is the difference between the text after the edit and the text now, so nothing has to be anchored in the
 * document: characters that undo and redo type anew are other characters to Yjs, and anchors would not survive them.
 */
export function revertHunks(now: string, { hunks, after }: TextEdit): Hunk[] | null {
  const since = diffText(after, now);
  const reverse: Hunk[] = [];
  let own = 0;
  for (const { index, removed, inserted } of hunks) {
    const start = index + own;
    const end = start + inserted.length;
    own += inserted.length - removed.length;
    let shift = 0;
    for (const other of since) {
      const otherEnd = other.index + other.removed.length;
      if (otherEnd <= start) shift += other.inserted.length - other.removed.length;
      else if (other.index < end) return null;
    }
    reverse.push({ index: start + shift, removed: inserted, inserted: removed });
  }
  return reverse;
}

/** The changes that make `after` of `before`, word by word, never through the middle of a surrogate pair. */
export function diffText(before: string, after: string): Hunk[] {
  const a = wordsOf(before);
  const b = wordsOf(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail++;
  const midA = a.slice(head, a.length - tail);
  const midB = b.slice(head, b.length - tail);
  const hunks: Hunk[] = [];
  let index = lengthOf(a.slice(0, head));
  let removed = '';
  let inserted = '';
  const flush = (): void => {
    if (removed !== '' || inserted !== '') hunks.push(trimHunk({ index, removed, inserted }));
    index += removed.length;
    removed = inserted = '';
  };
  for (const step of diffWords(midA, midB)) {
    if (step.kind === 'keep') {
      flush();
      index += step.word.length;
    } else if (step.kind === 'remove') removed += step.word;
    else inserted += step.word;
  }
  flush();
  return hunks;
}

type Step = { readonly kind: 'keep' | 'remove' | 'insert'; readonly word: string };

/** Longest common subsequence by dynamic programming, bounded by MAX_DIFF_WORDS squared. */
function diffWords(a: readonly string[], b: readonly string[]): Step[] {
  if (a.length === 0 || b.length === 0 || a.length > MAX_DIFF_WORDS || b.length > MAX_DIFF_WORDS) {
    return [
      ...a.map((word): Step => ({ kind: 'remove', word })),
      ...b.map((word): Step => ({ kind: 'insert', word })),
    ];
  }
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      steps.push({ kind: 'keep', word: left });
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      steps.push({ kind: 'remove', word: left });
      i++;
    } else if (right !== undefined) {
      steps.push({ kind: 'insert', word: right });
      j++;
    }
  }
  return steps;
}

/** Words, runs of blanks, and every other character by itself. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+|\s+|[^\p{L}\p{N}\s]/gu) ?? [];
}

function lengthOf(words: readonly string[]): number {
  return words.reduce((sum, word) => sum + word.length, 0);
}

/** Within a replaced stretch, what both begin or end with stays. */
function trimHunk(hunk: Hunk): Hunk {
  const a = [...hunk.removed];
  const b = [...hunk.inserted];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  )
    tail++;
  return {
    index: hunk.index + lengthOf(a.slice(0, head)),
    removed: a.slice(head, a.length - tail).join(''),
    inserted: b.slice(head, b.length - tail).join(''),
  };
}
