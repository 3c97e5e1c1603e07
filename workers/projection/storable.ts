/**
 * From what a document may hold to what Postgres can store.
 *
 * Promise: any value of a document has a form here; text keeps every character but the few that no Postgres text can hold
 * (NUL, halves of surrogate pairs), which become U+FFFD. The JSON is canonical: equal for equal values, also after it was
 * stored as jsonb and read back, so a hash over it can be checked for ever.
 * Limits: a value of more than MAX_VALUE_CHARS is cut and marked, so that the audit of a huge note stays readable.
 */
import { canonicalJson } from '@holdfast/core/canonical.ts';

export const MAX_VALUE_CHARS = 10_000;
/** Longer ids and fields, which only a foreign program makes, are not projected: an index of Postgres cannot hold them. */
const MAX_NAME_CHARS = 220;

/** What stands in place of a value that was too long: its beginning, and how long it was. */
export interface CutValue {
  readonly $cut: string;
  readonly chars: number;
}

export function storableText(text: string): string {
  return text.includes('\0') || !text.isWellFormed() ? text.toWellFormed().replaceAll('\0', '\ufffd') : text;
}

export function isStorableName(name: string): boolean {
  return name.length <= MAX_NAME_CHARS && !name.includes('\0') && name.isWellFormed();
}

/** Canonical JSON that jsonb takes. */
export function storableJson(value: unknown): string {
  let json: string;
  try {
    json = canonicalJson(value);
  } catch {
    // Nested deeper than the stack, or a kind of value that a later version knows.
    return '{"$unreadable":true}';
  }
  // A half of a pair is the only surrogate that JSON.stringify escapes. `\\` goes first, so that what follows it is text.
  if (!/\\u0000|\\ud[89a-f]/.test(json)) return json;
  const cleaned = json.replace(/\\\\|\\u0000|\\ud[89a-f][0-9a-f]{2}/g, (found) =>
    found === '\\\\' ? found : '\ufffd',
  );
  return canonicalJson(JSON.parse(cleaned));
}

/** As storableJson, cut where it is too long. */
export function boundedJson(value: unknown): string {
  if (typeof value === 'string' && value.length > MAX_VALUE_CHARS) return storableJson(cut(value));
  const json = storableJson(value);
  return json.length <= 2 * MAX_VALUE_CHARS ? json : storableJson(cut(json));
}

function cut(text: string): CutValue {
  return { $cut: text.slice(0, MAX_VALUE_CHARS).toWellFormed(), chars: text.length };
}

/** An instant as ISO text; null where Postgres, or a calendar, has no such day. */
export function storableInstant(ms: number | null): string | null {
  if (ms === null || !(ms >= FIRST_MS && ms < LAST_MS)) return null;
  return new Date(ms).toISOString();
}

const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.UTC(9999, 11, 31);
