/**
 * Multi-value registers: how one field is kept so that no concurrent edit is lost.
 *
 * Each writer writes its own key, `<id>/<field>@<writer>` = {v, t}, and deletes the keys of others that it sees. What is
 * left are exactly the edits that did not know of each other. The one with the highest (t, writer) stands; the others are
 * kept until a later edit or a dismissal deletes them. Yjs alone would let the higher client id win and drop the loser.
 *
 * A part after `@` that has a dot, `<writer>.<author>`, carries an edit of `author` that `writer` brought in (import, or
 * an undo that brings back a conflict): nobody writes under another's name, because two live values under one key would
 * again be decided by Yjs. Such a carried copy is ignored where the author's own word of the same or a later stamp is here.
 */
import { canonicalJson } from './canonical.ts';
import type { Writer } from './ids.ts';
import { isStamp } from './stamp.ts';

export interface Register {
  readonly key: string;
  /** What stands after `@`: the author, or `<writer>.<author>`. */
  readonly suffix: string;
  readonly author: Writer;
  readonly v: unknown;
  readonly t: number;
  /** The very object in the document, to tell whether it changed. Never mutated. */
  readonly raw: unknown;
}

export interface ParsedKey {
  readonly id: string;
  /** The field, or the whole rest of a key without a writer. */
  readonly field: string;
  /** null: a plain key, such as `<id>/born`. */
  readonly suffix: string | null;
}

/** null: not of the form `<id>/<name>`; such a key is left alone. */
export function parseKey(key: string): ParsedKey | null {
  const slash = key.indexOf('/');
  if (slash <= 0 || slash === key.length - 1) return null;
  const at = key.lastIndexOf('@');
  if (at <= slash + 1 || at === key.length - 1) {
    return { id: key.slice(0, slash), field: key.slice(slash + 1), suffix: null };
  }
  return { id: key.slice(0, slash), field: key.slice(slash + 1, at), suffix: key.slice(at + 1) };
}

export function registerKey(id: string, field: string, suffix: string): string {
  return `${id}/${field}@${suffix}`;
}

export function authorOf(suffix: string): Writer {
  return suffix.slice(suffix.lastIndexOf('.') + 1) as Writer;
}

/** The suffix under which `writer` may carry an edit of `author`. */
export function carriedSuffix(writer: Writer, author: Writer): string {
  return writer === author ? writer : `${writer}.${author}`;
}

/** null: this is no register that can be believed. */
export function readRegister(key: string, suffix: string, raw: unknown): Register | null {
  if (typeof raw !== 'object' || raw === null) return null;
  const { v, t } = raw as { v?: unknown; t?: unknown };
  if (v === undefined || !isStamp(t)) return null;
  return { key, suffix, author: authorOf(suffix), v, t, raw };
}

/** Standing first. Total, and the same on every replica. */
export function compareRegisters(a: Register, b: Register): number {
  if (a.t !== b.t) return b.t - a.t;
  if (a.author !== b.author) return a.author < b.author ? 1 : -1;
  const carriedA = isCarried(a);
  if (carriedA !== isCarried(b)) return carriedA ? 1 : -1;
  return a.suffix < b.suffix ? -1 : a.suffix > b.suffix ? 1 : 0;
}

/** The edits that count, of registers sorted by compareRegisters: without carried copies that their author outran. */
export function effective(sorted: readonly Register[]): readonly Register[] {
  if (sorted.length < 2 || !sorted.some(isCarried)) return sorted;
  return sorted.filter(
    (register, i) =>
      !isCarried(register) || !sorted.slice(0, i).some((other) => other.author === register.author),
  );
}

export function isSameValue(a: unknown, b: unknown): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}

function isCarried(register: Register): boolean {
  return register.suffix.length > register.author.length;
}
