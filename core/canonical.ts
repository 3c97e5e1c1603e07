/**
 * The canonical form of a document's content and its SHA-256: how two replicas prove that they hold the same.
 *
 * Promise: the form depends on the content alone: not on the order of insertion, on who computes it, or on which root
 * types the program happened to open. It covers every root type, known or not, and the texts inside. What was deleted
 * does not count.
 *
 * Limit: it walks the whole document (some tens of milliseconds for 10,000 tasks); call it now and then, not per edit.
 */
import * as Y from 'yjs';

/** JSON with sorted keys; equal for equal plain values. Bytes, bigint, undefined and odd numbers are told apart. */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : `{"$number":"${value}"}`;
    case 'bigint':
      return `{"$bigint":"${value}"}`;
    case 'undefined':
      return '{"$undefined":0}';
    case 'object':
      break;
    default:
      throw new TypeError(`a ${typeof value} has no canonical form`);
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value instanceof Uint8Array) {
    let hex = '';
    for (const byte of value) hex += byte.toString(16).padStart(2, '0');
    return `{"$bytes":"${hex}"}`;
  }
  if (value instanceof Y.AbstractType) return canonicalType(value);
  if (value instanceof Y.Doc) return `{"$doc":${JSON.stringify(value.guid)}}`;
  const fields = value as { [key: string]: unknown };
  const parts = Object.keys(fields)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(fields[key])}`);
  return `{${parts.join(',')}}`;
}

/** The canonical form of everything that the document holds. */
export function canonicalForm(doc: Y.Doc): string {
  const roots: string[] = [];
  for (const name of [...doc.share.keys()].sort()) {
    const form = canonicalType(doc.share.get(name) as Y.AbstractType<unknown>);
    if (form !== '{}') roots.push(`${JSON.stringify(name)}:${form}`);
  }
  return `{${roots.join(',')}}`;
}

/** SHA-256 of the canonical form, as 64 hex digits. */
export async function contentHash(doc: Y.Doc): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonicalForm(doc)));
  let hex = '';
  for (const byte of new Uint8Array(digest)) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

/**
 * A shared type by what lies in it, `{"m": keyed, "l": sequence}`. The class is not asked: a root type that nobody has
 * opened yet is a bare AbstractType on one replica and a Y.Map on another, and both must give one form.
 */
function canonicalType(type: Y.AbstractType<unknown>): string {
  const parts: string[] = [];
  const sequence = canonicalSequence(type);
  if (sequence !== '') parts.push(`"l":[${sequence}]`);
  const keyed: string[] = [];
  for (const key of [...type._map.keys()].sort()) {
    const item = type._map.get(key);
    if (item === undefined || item.deleted) continue;
    keyed.push(`${JSON.stringify(key)}:${canonicalJson(item.content.getContent()[item.length - 1])}`);
  }
  if (keyed.length > 0) parts.push(`"m":{${keyed.join(',')}}`);
  return `{${parts.join(',')}}`;
}

/** Adjacent strings are joined: how a text was typed must not show. */
function canonicalSequence(type: Y.AbstractType<unknown>): string {
  const parts: string[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') parts.push(JSON.stringify(text));
    text = '';
  };
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    if (item.content instanceof Y.ContentString) {
      text += item.content.str;
      continue;
    }
    flush();
    if (item.content instanceof Y.ContentFormat) {
      parts.push(`{"$format":${canonicalJson([item.content.key, item.content.value])}}`);
    } else {
      for (const value of item.content.getContent()) parts.push(canonicalJson(value));
    }
  }
  flush();
  return parts.join(',');
}
