/**
 * Export and import as JSON, on the device, offline, exact.
 *
 * Promise: an export holds all that a document says: every root map, known or not, each register with its author and stamp,
 * unresolved conflicts, texts of notes. Importing it into an empty document and exporting again gives the same file.
 * Importing into a document that has content is a merge: what the document has seen already, or something newer of, is left;
 * what the file has seen and overwritten gives way; what neither knew of the other is kept side by side. So importing twice
 * changes nothing more, and nothing is lost in either direction. What was purged here stays purged.
 *
 * How "has seen" is known: the stamps of one author only grow and travel in order, so whoever holds a stamp of an author has
 * seen all smaller ones of that author. (Causality by dots, after Preguica et al., "Dotted Version Vectors", 2012, with a
 * context that may be too small: the error is then a conflict too many, never an edit lost.)
 *
 * Nothing is written under another's name: an edit of `author` that `me` brings in stands at `<field>@<me>.<author>`; an export
 * names only the author. A text of notes is written where its register stands, `{"$": "text", "v": ...}`, so that the file
 * does not depend on the key that the text had.
 *
 * Limits: two devices that import one file and then edit the notes of one task concurrently get a conflict of two texts
 * instead of one merged text. Shared types inside maps that Holdfast does not know are brought in only where the key is free.
 */
import * as Y from 'yjs';
import { canonicalJson } from './canonical.ts';
import type { Writer } from './ids.ts';
import type { Birth, FieldChange } from './intent.ts';
import { namedText, textKey } from './notes.ts';
import {
  fromPortable,
  isJsonArray,
  isPortableText,
  textToPortable,
  toPortable,
  UnreadableValue,
  type Json,
} from './portable.ts';
import {
  authorOf,
  carriedSuffix,
  compareRegisters,
  effective,
  parseKey,
  readRegister,
  registerKey,
  type Register,
} from './register.ts';
import { failure, type Failure, type Result } from './result.ts';
import { isStamp } from './stamp.ts';
import type { EntityKind } from './task.ts';

export interface ExportFile {
  readonly format: 'holdfast-export';
  readonly version: 1;
  /** By root and key; keys as in the document, but with the author alone after `@`. */
  readonly maps: { readonly [root: string]: { readonly [key: string]: Json } };
  /** Roots that Holdfast does not know and that are texts or arrays. */
  readonly sequences?: { readonly [root: string]: Json };
}

export interface ImportSummary {
  /** Tasks that were not here before. */
  readonly created: number;
  /** Tasks that were here and got something from the file. */
  readonly merged: number;
  /** Tasks of the file from which nothing had to be taken. */
  readonly unchanged: number;
}

export interface ImportDependencies {
  readonly writer: Writer;
  /** Stamps further ahead than clocks go wrong prove nothing about what was seen. */
  readonly isBelievable: (t: number) => boolean;
  readonly origin: symbol;
  /** Gets what was written, so that it can be taken back. */
  readonly record: (births: readonly Birth[], fields: readonly FieldChange[]) => void;
}

/** A root type as Yjs types it. */
type Root = NonNullable<ReturnType<Y.Doc['share']['get']>>;

const FORMAT = 'holdfast-export';
const VERSION = 1;
const TASKS = 'tasks';
/** What can be taken back again. */
const KINDS: { readonly [root: string]: EntityKind } = { tasks: 'task', lists: 'list', tags: 'tag' };

export function exportDocument(doc: Y.Doc): ExportFile {
  const maps: { [root: string]: { [key: string]: Json } } = {};
  const sequences: { [root: string]: Json } = {};
  for (const name of [...doc.share.keys()].sort()) {
    const root = doc.share.get(name);
    if (root === undefined) continue;
    const entries = exportMap(name, liveEntries(root));
    if (Object.keys(entries).length > 0) maps[name] = entries;
    // A root that is both, an XML element, is carried as the map of its attributes.
    const sequence = name in maps ? null : exportSequence(root);
    if (sequence !== null) sequences[name] = sequence;
  }
  return {
    format: FORMAT,
    version: VERSION,
    maps,
    ...(Object.keys(sequences).length === 0 ? {} : { sequences }),
  };
}

export function importDocument(
  doc: Y.Doc,
  file: unknown,
  dependencies: ImportDependencies,
): Result<ImportSummary> {
  const parsed = parseFile(file);
  if (!parsed.ok) return parsed;
  const { maps, sequences } = parsed.content;
  for (const name of [...maps.keys(), ...sequences.keys()]) {
    const root = doc.share.get(name);
    const isMap = maps.has(name);
    if (root !== undefined && root.constructor !== Y.AbstractType && root instanceof Y.Map !== isMap) {
      return failure(
        'damaged',
        `The part “${name}” of this file is of another kind than here. Nothing was imported.`,
      );
    }
  }
  const seenHere = contextOf(
    [...doc.share.values()].map((root) => groupRegisters(liveEntries(root)).values()),
    dependencies,
  );
  const seenThere = contextOf(
    [...maps.values()].map((content) => content.registers.values()),
    dependencies,
  );
  const tasks = { created: new Set<string>(), merged: new Set<string>(), all: new Set<string>() };
  const births: Birth[] = [];
  const fields: FieldChange[] = [];

  doc.transact(() => {
    for (const [name, content] of maps) {
      const map = doc.getMap<unknown>(name);
      const before = new Map(map.entries());
      const touched = mergeMap(map, before, content, {
        name,
        seenHere,
        seenThere,
        writer: dependencies.writer,
        births,
        fields,
      });
      if (name !== TASKS) continue;
      for (const key of content.plain.keys()) {
        const id = parseKey(key)?.id;
        if (id !== undefined && key === `${id}/born`) tasks.all.add(id);
      }
      for (const id of touched) (before.has(`${id}/born`) ? tasks.merged : tasks.created).add(id);
    }
    for (const [name, json] of sequences) importSequence(doc, name, json);
    dependencies.record(births, fields);
  }, dependencies.origin);

  const count = (ids: Set<string>): number => [...ids].filter((id) => tasks.all.has(id)).length;
  const [created, merged] = [count(tasks.created), count(tasks.merged)];
  return { ok: true, created, merged, unchanged: tasks.all.size - created - merged };
}

/** What a file says of one root. */
interface MapContent {
  readonly plain: Map<string, Json>;
  /** By `<id>/<field>`, standing first. */
  readonly registers: Map<string, FileRegister[]>;
  /** Registers nobody can believe: by key. */
  readonly broken: Map<string, Json>;
}

interface FileRegister extends Register {
  readonly json: Json;
}

interface MergeContext {
  readonly name: string;
  readonly seenHere: ReadonlyMap<string, number>;
  readonly seenThere: ReadonlyMap<string, number>;
  readonly writer: Writer;
  readonly births: Birth[];
  readonly fields: FieldChange[];
}

/** Returns the ids of entities that got something. */
function mergeMap(
  map: Y.Map<unknown>,
  before: ReadonlyMap<string, unknown>,
  content: MapContent,
  context: MergeContext,
): Set<string> {
  const touched = new Set<string>();
  const here = groupRegisters(before);
  const latestThere = latestStamps(content);
  const skipped = new Set<string>();
  const born = new Set<string>();
  const kind = KINDS[context.name];

  for (const id of idsOf(content)) {
    const purgedHere = stampOf(before.get(`${id}/purged`));
    if (before.has(`${id}/purged`) && (latestThere.get(id) ?? 0) <= (purgedHere ?? Infinity)) skipped.add(id);
  }
  for (const [key, json] of content.plain) {
    const id = parseKey(key)?.id;
    if (before.has(key) || (id !== undefined && skipped.has(id))) continue;
    // Deleting is nothing that an import does to what is alive here.
    if (id !== undefined && key === `${id}/purged` && before.has(`${id}/born`)) continue;
    map.set(key, fromPortable(json));
    touched.add(id ?? key);
    if (kind === undefined || id === undefined || key !== `${id}/born`) continue;
    born.add(id);
    context.births.push({ kind, id, upTo: latestThere.get(id) ?? 0 });
  }
  for (const [path, theirs] of content.registers) {
    const id = path.slice(0, path.indexOf('/'));
    if (skipped.has(id)) continue;
    const ours = here.get(path) ?? [];
    const after = mergeRegister(map, path, ours, theirs, context);
    if (after === undefined) continue;
    touched.add(id);
    // What was born with it goes with it, its occurrences too.
    if (after === null || kind === undefined || born.has(id.split('#', 1)[0] ?? id)) continue;
    context.fields.push({ kind, id, field: path.slice(id.length + 1), before: effective(ours), after });
  }
  let keysHere: Set<string | null> | undefined;
  for (const [key, json] of content.broken) {
    const parsed = parseKey(key);
    if (parsed?.suffix == null || skipped.has(parsed.id)) continue;
    const own = registerKey(parsed.id, parsed.field, carriedSuffix(context.writer, authorOf(parsed.suffix)));
    keysHere ??= new Set([...before.keys()].map(sameAuthorKey));
    if (keysHere.has(key)) continue;
    map.set(own, fromPortable(json));
    touched.add(parsed.id);
  }
  return touched;
}

/** What stands (null: nothing) when something was taken from the file; undefined: nothing was taken. */
function mergeRegister(
  map: Y.Map<unknown>,
  path: string,
  ours: readonly Register[],
  theirs: readonly FileRegister[],
  { seenHere, seenThere, writer, name }: MergeContext,
): FieldChange['after'] | null | undefined {
  const slash = path.indexOf('/');
  const [id, field] = [path.slice(0, slash), path.slice(slash + 1)];
  const added = theirs.filter(
    ({ author, t }) =>
      (seenHere.get(author) ?? 0) < t && !ours.some((own) => own.author === author && own.t >= t),
  );
  const latest = theirs[0]?.t ?? 0;
  const removed = ours.filter(
    ({ author, t }) =>
      t < latest &&
      (seenThere.get(author) ?? 0) >= t &&
      !theirs.some((other) => other.author === author && other.t === t),
  );
  const texts = new Map<string, string>();
  const writtenKeys = new Set<string>();
  for (const register of added) {
    const key = registerKey(id, field, carriedSuffix(writer, register.author));
    writtenKeys.add(key);
    map.set(key, { ...othersOf(register), v: valueOf(register), t: register.t });
  }
  for (const { key } of removed) if (!writtenKeys.has(key)) map.delete(key);
  if (added.length + removed.length === 0) return undefined;
  const [standing] = [...ours.filter((own) => !removed.includes(own)), ...added].sort(compareRegisters);
  return standing === undefined ? null : { author: standing.author, t: standing.t };

  /** What a later version of Holdfast may put beside value and stamp. */
  function othersOf({ raw }: FileRegister): object {
    return fromPortable(raw as Json) as object;
  }

  /** A text becomes a new text under the own name; equal ones become one. */
  function valueOf({ json }: FileRegister): unknown {
    if (name !== TASKS || field !== 'notes' || !isPortableText(json)) return fromPortable(json);
    const content = canonicalJson(json);
    let text = texts.get(content);
    if (text === undefined) {
      text = freeTextName(map, id, writer);
      texts.set(content, text);
      map.set(`${id}/${namedText(text)}`, fromPortable(json));
    }
    return { text };
  }
}

function freeTextName(map: Y.Map<unknown>, id: string, writer: Writer): string {
  let name: string = writer;
  for (let n = 2; map.has(`${id}/${namedText(name)}`); n++) name = `${writer}-${n}`;
  return name;
}

function parseFile(
  file: unknown,
): { ok: true; content: { maps: Map<string, MapContent>; sequences: Map<string, Json> } } | Failure {
  if (!isRecord(file) || file['format'] !== FORMAT) {
    return failure('not-an-export', 'This file is not an export of Holdfast. Nothing was imported.');
  }
  const { version } = file;
  if (typeof version === 'number' && version > VERSION) {
    return failure(
      'newer-version',
      `This file is of version ${version}; this Holdfast reads up to ${VERSION}. Update it first. Nothing was imported.`,
    );
  }
  if (version !== VERSION || !isRecord(file['maps'])) return damaged('its frame');
  const { sequences: sequencesJson = {} } = file;
  if (!isRecord(sequencesJson)) return damaged('its sequences');
  const maps = new Map<string, MapContent>();
  const sequences = new Map<string, Json>();
  for (const [name, entries] of Object.entries(file['maps'])) {
    if (!isRecord(entries)) return damaged(`the part “${name}”`);
    const content: MapContent = { plain: new Map(), registers: new Map(), broken: new Map() };
    for (const [key, value] of Object.entries(entries)) {
      if (!isReadable(value)) return damaged(`“${key}” in “${name}”`);
      readEntry(content, key, value);
    }
    for (const registers of content.registers.values()) registers.sort(compareRegisters);
    maps.set(name, content);
  }
  for (const [name, value] of Object.entries(sequencesJson)) {
    if (!isReadable(value) || maps.has(name)) return damaged(`the part “${name}”`);
    sequences.set(name, value);
  }
  return { ok: true, content: { maps, sequences } };
}

function readEntry(content: MapContent, key: string, json: Json): void {
  const parsed = parseKey(key);
  if (parsed?.suffix == null) {
    content.plain.set(key, json);
    return;
  }
  const register = readRegister(key, parsed.suffix, json);
  if (register === null) {
    content.broken.set(key, json);
    return;
  }
  const path = `${parsed.id}/${parsed.field}`;
  const registers = content.registers.get(path) ?? [];
  registers.push({ ...register, json: (json as { v: Json }).v });
  content.registers.set(path, registers);
}

/** Does fromPortable read it? */
function isReadable(value: unknown): value is Json {
  try {
    fromPortable(value as Json);
    return value !== undefined;
  } catch (error) {
    if (error instanceof UnreadableValue) return false;
    throw error;
  }
}

function damaged(part: string): Failure {
  return failure(
    'damaged',
    `This file is an export of Holdfast, but ${part} cannot be read. Nothing was imported.`,
  );
}

/** The entries of a root map under the names that an export gives them. */
function exportMap(root: string, entries: ReadonlyMap<string, unknown>): { [key: string]: Json } {
  const out = new Map<string, Json>();
  const registers = groupRegisters(entries);
  const texts = root === TASKS ? notesTexts(entries) : new Set<string>();
  for (const [key, value] of entries) {
    if (texts.has(key)) continue;
    const parsed = parseKey(key);
    if (parsed?.suffix == null) out.set(key, toPortable(value));
    else if (readRegister(key, parsed.suffix, value) === null) {
      const name = registerKey(parsed.id, parsed.field, authorOf(parsed.suffix));
      const known = out.get(name);
      const json = toPortable(value);
      // Of two unreadable ones of one author either will do, but always the same.
      if (known === undefined || canonicalJson(json) < canonicalJson(known)) out.set(name, json);
    }
  }
  for (const [path, all] of registers) {
    const slash = path.indexOf('/');
    const [id, field] = [path.slice(0, slash), path.slice(slash + 1)];
    // Later ones first, so that of one author the latest is written last.
    for (const { author, v, t, raw } of [...effective(all)].reverse()) {
      const json = root === TASKS && field === 'notes' ? exportNotes(entries, id, v) : toPortable(v);
      const others = toPortable({ ...(raw as object), v: null });
      out.set(registerKey(id, field, author), { ...(others as object), t, v: json });
    }
  }
  if (root === TASKS) {
    for (const key of texts) {
      const id = key.slice(0, key.indexOf('/'));
      const text = entries.get(key);
      if (key !== `${id}/notes` || registers.has(key) || !(text instanceof Y.Text) || text.length === 0)
        continue;
      // Written without a register: its creator's word at birth.
      const born = entries.get(`${id}/born`);
      const author = isRecord(born) && typeof born['by'] === 'string' ? born['by'] : '0';
      out.set(registerKey(id, 'notes', author), { t: stampOf(born) ?? 1, v: textToPortable(text) });
    }
  }
  return Object.fromEntries([...out].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Texts of notes are exported with the registers that name them, or not at all where none does. */
function notesTexts(entries: ReadonlyMap<string, unknown>): Set<string> {
  const texts = new Set<string>();
  for (const [key, value] of entries) {
    const parsed = value instanceof Y.Text ? parseKey(key) : null;
    if (parsed?.suffix === null && (parsed.field === 'notes' || parsed.field.startsWith(namedText(''))))
      texts.add(key);
  }
  return texts;
}

function exportNotes(entries: ReadonlyMap<string, unknown>, id: string, v: unknown): Json {
  const key = textKey(v);
  const text = key === null ? undefined : entries.get(`${id}/${key}`);
  return text instanceof Y.Text ? textToPortable(text) : toPortable(v);
}

function groupRegisters(entries: ReadonlyMap<string, unknown>): Map<string, Register[]> {
  const groups = new Map<string, Register[]>();
  for (const [key, value] of entries) {
    const parsed = parseKey(key);
    if (parsed?.suffix == null) continue;
    const register = readRegister(key, parsed.suffix, value);
    if (register === null) continue;
    const path = `${parsed.id}/${parsed.field}`;
    const group = groups.get(path);
    if (group === undefined) groups.set(path, [register]);
    else group.push(register);
  }
  for (const group of groups.values()) if (group.length > 1) group.sort(compareRegisters);
  return groups;
}

/** The highest stamp of each author. */
function contextOf(
  maps: readonly Iterable<readonly Register[]>[],
  { isBelievable }: ImportDependencies,
): Map<string, number> {
  const seen = new Map<string, number>();
  for (const registers of maps) {
    for (const group of registers) {
      for (const { author, t } of group) {
        if (t > (seen.get(author) ?? 0) && isBelievable(t)) seen.set(author, t);
      }
    }
  }
  return seen;
}

function idsOf(content: MapContent): Set<string> {
  const ids = new Set<string>();
  for (const keys of [content.plain.keys(), content.registers.keys(), content.broken.keys()]) {
    for (const key of keys) {
      const slash = key.indexOf('/');
      if (slash > 0) ids.add(key.slice(0, slash));
    }
  }
  return ids;
}

/** The latest stamp that a file has for each entity. */
function latestStamps(content: MapContent): Map<string, number> {
  const latest = new Map<string, number>();
  for (const [path, [standing]] of content.registers) {
    const id = path.slice(0, path.indexOf('/'));
    latest.set(id, Math.max(latest.get(id) ?? 0, standing?.t ?? 0));
  }
  return latest;
}

function stampOf(value: unknown): number | null {
  return isRecord(value) && isStamp(value['t']) ? value['t'] : null;
}

function sameAuthorKey(key: string): string | null {
  const parsed = parseKey(key);
  return parsed?.suffix == null ? null : registerKey(parsed.id, parsed.field, authorOf(parsed.suffix));
}

/** The entries of a root whatever class it was opened as, if any. */
function liveEntries(root: Root): Map<string, unknown> {
  const entries = new Map<string, unknown>();
  for (const [key, item] of root._map) {
    if (!item.deleted) entries.set(key, item.content.getContent()[item.length - 1]);
  }
  return entries;
}

function exportSequence(root: Root): Json | null {
  if (root instanceof Y.Text) return root.length === 0 ? null : textToPortable(root);
  const items: unknown[] = [];
  let isText = false;
  for (let item = root._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    if (item.content instanceof Y.ContentString || item.content instanceof Y.ContentFormat) isText = true;
    else items.push(...item.content.getContent());
  }
  if (isText) {
    // A bare root can be read as a text only by opening it; a copy is opened, so that the original keeps its openness.
    return textToPortable(copyOf(root).getText('root'));
  }
  return items.length === 0 ? null : { $: 'array', v: items.map((item) => toPortable(item)) };
}

function copyOf(root: Root): Y.Doc {
  const { doc } = root;
  const copy = new Y.Doc();
  if (doc === null) return copy;
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  const name = [...doc.share].find(([, other]) => other === root)?.[0] ?? '';
  const text = copy.getText(name);
  const out = new Y.Doc();
  out.getText('root').applyDelta(text.toDelta());
  return out;
}

function importSequence(doc: Y.Doc, name: string, json: Json): void {
  const value = fromPortable(json);
  if (value instanceof Y.Text) {
    const text = doc.getText(name);
    if (text.length === 0) text.applyDelta(deltaOf(json));
  } else if (value instanceof Y.Array) {
    const array = doc.getArray<unknown>(name);
    if (array.length === 0) array.push(itemsOf(json));
  }
}

function deltaOf(json: Json): unknown[] {
  const v = isPortableText(json) ? json.v : '';
  if (typeof v === 'string') return v === '' ? [] : [{ insert: v }];
  return v !== null && isJsonArray(v) ? v.map((part) => fromPortable(part)) : [];
}

function itemsOf(json: Json): unknown[] {
  const v = isRecord(json) ? (json['v'] as Json | undefined) : undefined;
  return v !== undefined && isJsonArray(v) ? v.map((item) => fromPortable(item)) : [];
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
