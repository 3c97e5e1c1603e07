/**
 * Values of a document as JSON and back, exactly.
 *
 * JSON cannot hold everything that Yjs can: bytes, big integers, undefined, odd numbers and shared types are written as an
 * object with the one reserved key `$`. A plain object that has such a key itself is wrapped, so nothing is mistaken.
 *
 * Limits: what someone embeds in a text other than plain values is left out, and so are XML types; nothing in Holdfast
 * makes them.
 */
import * as Y from 'yjs';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export class UnreadableValue extends Error {
  override name = 'UnreadableValue';
}

/** Deep enough for anything sensible, shallow enough for any stack. */
const MAX_DEPTH = 64;

export function toPortable(value: unknown, depth = 0): Json {
  if (depth > MAX_DEPTH) return { $: 'undefined' };
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $: 'number', v: Object.is(value, -0) ? '-0' : `${value}` };
    case 'bigint':
      return { $: 'bigint', v: `${value}` };
    case 'object':
      break;
    default:
      return { $: 'undefined' };
  }
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item) => toPortable(item, depth + 1));
  if (value instanceof Uint8Array) return { $: 'bytes', v: toHex(value) };
  if (value instanceof Y.Text) return textToPortable(value);
  if (value instanceof Y.Map) return { $: 'map', v: entriesToPortable(value.entries(), depth) };
  if (value instanceof Y.Array)
    return { $: 'array', v: value.toArray().map((item) => toPortable(item, depth + 1)) };
  if (value instanceof Y.AbstractType || value instanceof Y.Doc) return { $: 'undefined' };
  const plain = entriesToPortable(Object.entries(value), depth);
  return Object.hasOwn(plain, '$') ? { $: 'object', v: plain } : plain;
}

/** Shared types come back new, ready to be put into a document. Throws UnreadableValue. */
export function fromPortable(json: Json, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new UnreadableValue('nested too deep');
  if (json === null || typeof json !== 'object') return json;
  if (isJsonArray(json)) return json.map((item) => fromPortable(item, depth + 1));
  if (!Object.hasOwn(json, '$')) return entriesFromPortable(json, depth);
  const { $: kind, v } = json;
  switch (kind) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(v);
    case 'bigint':
      if (typeof v !== 'string' || !/^-?\d{1,400}$/.test(v)) throw new UnreadableValue('a bad bigint');
      return BigInt(v);
    case 'bytes':
      return fromHex(v);
    case 'text':
      return textFromPortable(v);
    case 'map': {
      const map = new Y.Map<unknown>();
      for (const [key, value] of Object.entries(entriesFromPortable(v, depth))) map.set(key, value);
      return map;
    }
    case 'array': {
      if (v === undefined || !isJsonArray(v)) throw new UnreadableValue('a bad array');
      const array = new Y.Array<unknown>();
      array.push(v.map((item) => fromPortable(item, depth + 1)));
      return array;
    }
    case 'object':
      return entriesFromPortable(v, depth);
    default:
      throw new UnreadableValue(`a value of the unknown kind ${JSON.stringify(kind)}`);
  }
}

/** A text as its string, or as Quill deltas where it is formatted. */
export function textToPortable(text: Y.Text): Json {
  const delta = text.toDelta() as { insert: unknown; attributes?: object }[];
  const isPlain = delta.every((part) => typeof part.insert === 'string' && part.attributes === undefined);
  if (isPlain) return { $: 'text', v: text.toString() };
  return { $: 'text', v: delta.map((part) => toPortable(part)) };
}

export function isPortableText(json: Json | undefined): json is { readonly $: 'text'; readonly v: Json } {
  return typeof json === 'object' && json !== null && !isJsonArray(json) && json['$'] === 'text';
}

function textFromPortable(v: Json | undefined): Y.Text {
  const text = new Y.Text();
  if (typeof v === 'string') {
    if (v !== '') text.insert(0, v);
    return text;
  }
  if (v === undefined || !isJsonArray(v)) throw new UnreadableValue('a bad text');
  text.applyDelta(v.map((part) => fromPortable(part)));
  return text;
}

function entriesToPortable(entries: Iterable<[string, unknown]>, depth: number): { [key: string]: Json } {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, value]) => [key, toPortable(value, depth + 1)]));
}

function entriesFromPortable(json: Json | undefined, depth: number): { [key: string]: unknown } {
  if (typeof json !== 'object' || json === null || isJsonArray(json))
    throw new UnreadableValue('a bad object');
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, fromPortable(value, depth + 1)]),
  );
}

/** Array.isArray does not narrow readonly arrays. */
export function isJsonArray(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

function fromHex(v: Json | undefined): Uint8Array {
  if (typeof v !== 'string' || !/^([0-9a-f]{2})*$/.test(v)) throw new UnreadableValue('bad bytes');
  return Uint8Array.from(v.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
