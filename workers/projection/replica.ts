/**
 * A space as the projection holds it: the document at one sequence of the log, and what each row changed in it.
 *
 * Promise: rows are applied one by one, each in a transaction of its own, so every write of every register is seen with the
 * row that first carried it, also a write that the same row already overwrote. A row that brings nothing new changes nothing.
 * Limits: what a device overwrote before its first upload, and Yjs collected there, is not in the row and not seen here.
 * Several edits of one note that arrive in one row all show the text before and after that row.
 */
import * as Y from 'yjs';
import type { EpochMs, SectionId, TaskId } from '@holdfast/core/ids.ts';
import { parseOccurrenceId } from '@holdfast/core/ids.ts';
import { birthOf, createModel, rootOf } from '@holdfast/core/model.ts';
import type { Model } from '@holdfast/core/model.ts';
import { readNotesValue, textKey } from '@holdfast/core/notes.ts';
import { compareRegisters, effective, isSameValue, parseKey, readRegister } from '@holdfast/core/register.ts';
import type { Register } from '@holdfast/core/register.ts';
import { createStampClock, isStamp } from '@holdfast/core/stamp.ts';
import type { Entity } from '@holdfast/core/store.ts';
import type { EntityKind } from '@holdfast/core/task.ts';
import { isStorableName } from './storable.ts';

export type ChangedKind = EntityKind;

/** One change of one field, in the words of the document. */
export interface FieldChange {
  readonly entity: ChangedKind;
  /** The task's, of an occurrence. */
  readonly id: string;
  readonly ordinal: number | null;
  readonly field: string;
  readonly before: unknown;
  /** What was written; of notes the text. */
  readonly after: unknown;
  /** Whether it stood when it came. */
  readonly stands: boolean;
  /** 0 where it has none: `writer` is then `#` and the sequence of the row. */
  readonly stamp: number;
  readonly writer: string;
  /** Brought in by another writer than its author. */
  readonly isCarried: boolean;
}

/** What happened to a row. waits: it builds on something that is not here. broken: it can never be applied. */
export type Applied =
  | { readonly kind: 'done'; readonly changes: readonly FieldChange[] }
  | { readonly kind: 'waits' }
  | { readonly kind: 'broken'; readonly error: string };

export interface Touched {
  readonly tasks: Set<string>;
  readonly lists: Set<string>;
  readonly tags: Set<string>;
}

const KINDS = ['task', 'list', 'section', 'tag', 'filter'] as const satisfies readonly ChangedKind[];

interface Before {
  readonly kind: ChangedKind;
  readonly id: string;
  readonly field: string;
  readonly registers: readonly Register[];
}

interface Written {
  readonly register: Register;
}

export class Replica {
  readonly doc = new Y.Doc();
  readonly model: Model;
  /** Everything up to here is in the document. */
  seq: number;
  /** Bytes applied: how large it is, more or less. */
  bytes = 0;
  /** Since the last time it was asked. */
  #touched: Touched = nothing();
  readonly #maps = new Map<Y.AbstractType<unknown>, ChangedKind>();
  readonly #before = new Map<string, Before>();
  readonly #plainChanged = new Map<
    string,
    { kind: ChangedKind; id: string; name: string; before: unknown }
  >();
  readonly #openBefore = new Map<string, ReadonlySet<number> | null>();
  #result: FieldChange[] = [];
  #rowSeq = 0;
  #isTelling = true;

  constructor(base: { readonly seq: number; readonly body: Uint8Array } | null, now: () => number) {
    this.seq = base?.seq ?? 0;
    if (base) {
      Y.applyUpdate(this.doc, base.body);
      this.bytes += base.body.length;
    }
    const clock = createStampClock(() => now() as EpochMs);
    // Before the model's own observers, which bring its tables up to date: here they still say what was.
    for (const kind of KINDS) {
      const map = this.doc.getMap<unknown>(rootOf(kind));
      this.#maps.set(map as unknown as Y.AbstractType<unknown>, kind);
      map.observe((event) => this.#note(kind, event));
    }
    this.model = createModel(this.doc, clock);
    this.model.onTransaction(({ tasks, lists, tags }) => {
      for (const id of tasks) this.#touched.tasks.add(parseOccurrenceId(id)?.taskId ?? id);
      for (const id of lists) this.#touched.lists.add(id);
      for (const id of tags) this.#touched.tags.add(id);
    });
    this.doc.on('afterTransaction', (transaction: Y.Transaction) => this.#read(transaction));
  }

  get isWhole(): boolean {
    return this.doc.store.pendingStructs === null && this.doc.store.pendingDs === null;
  }

  /** After `waits` or `broken` this replica is of no more use. */
  apply(row: { readonly seq: number; readonly body: Uint8Array }): Applied {
    this.#result = [];
    this.#before.clear();
    this.#plainChanged.clear();
    this.#openBefore.clear();
    this.#rowSeq = row.seq;
    try {
      Y.applyUpdate(this.doc, row.body);
    } catch (error) {
      return { kind: 'broken', error: error instanceof Error ? error.message : String(error) };
    }
    if (!this.isWhole) return { kind: 'waits' };
    this.seq = row.seq;
    this.bytes += row.body.length;
    return { kind: 'done', changes: this.#result };
  }

  /** Rows whose changes were told before. False when one cannot be applied: then this replica is of no more use. */
  applyUnseen(rows: readonly { readonly seq: number; readonly body: Uint8Array }[]): boolean {
    this.#isTelling = false;
    try {
      this.doc.transact(() => {
        for (const row of rows) Y.applyUpdate(this.doc, row.body);
      });
    } catch {
      return false;
    } finally {
      this.#isTelling = true;
    }
    for (const row of rows) this.bytes += row.body.length;
    this.seq = rows.at(-1)?.seq ?? this.seq;
    return true;
  }

  /** Whether this update builds on something that is not here. Nothing is changed by asking. */
  lacksFor(update: Uint8Array): boolean {
    try {
      return lacksFor(this.doc, update);
    } catch {
      // What cannot be read shows when it is applied.
      return false;
    }
  }

  /** What changed since this was last asked, whatever the number of rows. */
  takeTouched(): Touched {
    const touched = this.#touched;
    this.#touched = nothing();
    return touched;
  }

  close(): void {
    this.model.close();
    this.doc.destroy();
  }

  #entity(kind: ChangedKind, id: string): Entity | undefined {
    return this.model.tables[kind].entities.get(id);
  }

  /** What the keys that a transaction changed said before it. */
  #note(kind: ChangedKind, event: Y.YMapEvent<unknown>): void {
    if (!this.#isTelling) return;
    for (const key of event.keysChanged) {
      const parsed = parseKey(key);
      if (parsed === null || !isStorableName(parsed.id) || !isStorableName(parsed.field)) continue;
      const { id, field, suffix } = parsed;
      const entity = this.#entity(kind, id);
      if (suffix === null) {
        this.#plainChanged.set(`${kind}/${id}/${field}`, {
          kind,
          id,
          name: field,
          before: entity?.plain.get(field),
        });
      } else {
        const path = `${kind}/${id}/${field}`;
        if (!this.#before.has(path)) {
          this.#before.set(path, {
            kind,
            id,
            field,
            registers: effective(entity?.registers.get(field) ?? []),
          });
        }
      }
      if (kind === 'task') this.#noteOpen(parseOccurrenceId(id)?.taskId ?? id);
    }
  }

  /** Which occurrences of a series were open. Of a plain task: null, so that nobody pays for series who has none. */
  #noteOpen(taskId: string): void {
    if (this.#openBefore.has(taskId)) return;
    this.#openBefore.set(taskId, null);
    const series = this.#hasRule(taskId) ? this.model.series(taskId as TaskId) : undefined;
    if (series !== undefined) this.#openBefore.set(taskId, new Set(series.open.map((each) => each.ordinal)));
    else if (this.model.isAlive('task', taskId)) this.#openBefore.set(taskId, PLAIN);
  }

  #hasRule(taskId: string): boolean {
    return this.model.tables.task.entities.get(taskId)?.registers.has('rule') === true;
  }

  #read(transaction: Y.Transaction): void {
    if (!this.#isTelling) return;
    const texts = this.#touchedTexts(transaction);
    if (this.#before.size + this.#plainChanged.size + texts.size === 0) return;
    const written = this.#written(transaction);
    const changes: FieldChange[] = [];
    const purged = new Set<string>();
    for (const { kind, id, name, before } of this.#plainChanged.values()) {
      const entity = this.#entity(kind, id);
      const after = entity?.plain.get(name);
      if (name === 'purged' && after !== undefined) purged.add(`${kind}/${id}`);
      if (after === undefined || before !== undefined || entity === undefined) continue;
      if (name === 'born') {
        // Of which list a section is stands nowhere else.
        const list = kind === 'section' ? this.model.section(id as SectionId)?.listId : undefined;
        const made = this.#plain(kind, id, 'born', birthOf(entity));
        changes.push(list == null ? made : { ...made, after: { list } });
      }
      if (name === 'purged') changes.push(this.#plain(kind, id, 'purged', markOf(after)));
    }
    for (const [path, before] of this.#before) {
      const { kind, id, field } = before;
      const owner = kind === 'task' ? (parseOccurrenceId(id)?.taskId ?? id) : id;
      const entity = this.#entity(kind, id);
      const after = effective(entity?.registers.get(field) ?? []);
      const writes = written.get(path) ?? [];
      if (field === 'notes' && kind === 'task' && parseOccurrenceId(id) === null) {
        texts.delete(id);
        this.#readNotes(transaction, entity, before, writes, after, changes);
      } else if (writes.length > 0) {
        this.#readWrites(before, writes, after, changes);
      } else if (!purged.has(`${kind}/${owner}`)) {
        this.#readLoss(before, after, changes);
      }
    }
    for (const id of texts) this.#readBareText(transaction, id, changes);
    this.#readOpened(changes);
    this.#result.push(...changes.sort(byStamp));
  }

  #plain(kind: ChangedKind, id: string, field: string, mark: { t: number; by: string }): FieldChange {
    return {
      entity: kind,
      id,
      ordinal: null,
      field,
      before: null,
      after: true,
      stands: true,
      stamp: mark.t,
      writer: mark.t === 0 ? this.#nobody() : mark.by,
      isCarried: false,
    };
  }

  /** Who did it does not stand in the document. */
  #nobody(): string {
    return `#${this.#rowSeq}`;
  }

  /** Each write in the order of stamps, as if each had come by itself; the last one by what now truly stands. */
  #readWrites(
    { kind, id, field, registers }: Before,
    writes: readonly Written[],
    after: readonly Register[],
    changes: FieldChange[],
  ): void {
    const [now] = after;
    let standing = registers[0];
    for (const [i, { register }] of writes.entries()) {
      const isLast = i === writes.length - 1;
      const stands = isLast
        ? now !== undefined && now.author === register.author && now.t === register.t
        : standing === undefined || compareRegisters(register, standing) < 0;
      changes.push(this.#fieldChange(kind, id, field, standing?.v ?? null, register.v, stands, register));
      if (stands) standing = register;
    }
  }

  #fieldChange(
    kind: ChangedKind,
    id: string,
    field: string,
    before: unknown,
    after: unknown,
    stands: boolean,
    register: { readonly t: number; readonly author: string; readonly suffix: string } | null,
  ): FieldChange {
    const occurrence = kind === 'task' ? parseOccurrenceId(id) : null;
    return {
      entity: kind,
      id: occurrence?.taskId ?? id,
      ordinal: occurrence?.ordinal ?? null,
      field,
      before,
      after,
      stands,
      stamp: register?.t ?? 0,
      writer: register?.author ?? this.#nobody(),
      isCarried: register !== null && register.suffix !== register.author,
    };
  }

  /** Registers that went without another in their place: a foreign program took the value back. */
  #readLoss(
    { kind, id, field, registers }: Before,
    after: readonly Register[],
    changes: FieldChange[],
  ): void {
    const [was, is] = [registers[0]?.v ?? null, after[0]?.v ?? null];
    if (!isSameValue(was, is)) changes.push(this.#fieldChange(kind, id, field, was, is, true, null));
  }

  #readNotes(
    transaction: Y.Transaction,
    entity: Entity | undefined,
    { kind, id, registers }: Before,
    writes: readonly Written[],
    after: readonly Register[],
    changes: FieldChange[],
  ): void {
    if (entity === undefined) return;
    const before = textBefore(transaction, entity, registers[0]?.v ?? true);
    const now = after[0];
    const text = readNotesValue(entity, now?.v ?? true) ?? '';
    for (const { register } of writes) {
      const stands = now !== undefined && textKey(register.v) === textKey(now.v);
      const own = stands ? text : (readNotesValue(entity, register.v) ?? '');
      changes.push(this.#fieldChange(kind, id, 'notes', before, own, stands, register));
    }
    if (writes.length === 0 && before !== text && !entity.plain.has('purged')) {
      changes.push(this.#fieldChange(kind, id, 'notes', before, text, true, null));
    }
  }

  /** A text that someone changed without saying when. */
  #readBareText(transaction: Y.Transaction, id: string, changes: FieldChange[]): void {
    const entity = this.#entity('task', id);
    if (entity === undefined) return;
    const value = entity.registers.get('notes')?.[0]?.v ?? true;
    const before = textBefore(transaction, entity, value);
    const after = readNotesValue(entity, value) ?? '';
    if (before !== after) changes.push(this.#fieldChange('task', id, 'notes', before, after, true, null));
  }

  /** Occurrences that are open and were not: that is how a series goes on. */
  #readOpened(changes: FieldChange[]): void {
    for (const [taskId, before] of this.#openBefore) {
      if (before === null || !this.#hasRule(taskId)) continue;
      const series = this.model.series(taskId as TaskId);
      if (series === undefined || series.rule === null) continue;
      for (const { ordinal, due } of series.open) {
        if (before.has(ordinal)) continue;
        const cause = latestOf(changes, taskId);
        changes.push({
          entity: 'task',
          id: taskId,
          ordinal,
          field: 'occurrence',
          before: null,
          after: { ordinal, due },
          stands: true,
          stamp: cause?.stamp ?? 0,
          writer: cause?.writer ?? this.#nobody(),
          isCarried: false,
        });
      }
    }
  }

  /** The registers that a transaction wrote, also those that it overwrote itself, by field and in the order of stamps. */
  #written(transaction: Y.Transaction): Map<string, Written[]> {
    const found = new Map<string, Written[]>();
    for (const [client, clock] of transaction.afterState) {
      const from = transaction.beforeState.get(client) ?? 0;
      if (from === clock) continue;
      const structs = this.doc.store.clients.get(client) ?? [];
      for (let i = Y.findIndexSS(structs, from); i < structs.length; i++) {
        const struct = structs[i];
        if (!(struct instanceof Y.Item) || struct.parentSub === null) continue;
        const kind = this.#maps.get(struct.parent as Y.AbstractType<unknown>);
        const parsed = kind === undefined ? null : parseKey(struct.parentSub);
        if (kind === undefined || parsed === null || parsed.suffix === null) continue;
        const register = readRegister(struct.parentSub, parsed.suffix, struct.content.getContent().at(-1));
        if (register === null) continue;
        const path = `${kind}/${parsed.id}/${parsed.field}`;
        const known = found.get(path);
        if (known === undefined) found.set(path, [{ register }]);
        else if (!known.some((other) => isSameWrite(other.register, register))) known.push({ register });
      }
    }
    for (const writes of found.values()) writes.sort((a, b) => compareRegisters(b.register, a.register));
    return found;
  }

  /** Tasks in whose texts something was written or deleted. */
  #touchedTexts(transaction: Y.Transaction): Set<string> {
    const found = new Set<string>();
    for (const type of transaction.changed.keys()) {
      const item = (type as Y.AbstractType<unknown>)._item;
      if (!(type instanceof Y.Text) || item === null || item.parentSub === null) continue;
      if (this.#maps.get(item.parent as Y.AbstractType<unknown>) !== 'task') continue;
      const id = parseKey(item.parentSub)?.id;
      if (id !== undefined && isStorableName(id)) found.add(id);
    }
    return found;
  }
}

/** The only open occurrence of what does not repeat. */
const PLAIN: ReadonlySet<number> = new Set([0]);

function nothing(): Touched {
  return { tasks: new Set(), lists: new Set(), tags: new Set() };
}

function isSameWrite(a: Register, b: Register): boolean {
  return a.author === b.author && a.t === b.t;
}

function markOf(raw: unknown): { t: number; by: string } {
  const { t, by } = (typeof raw === 'object' && raw !== null ? raw : {}) as { t?: unknown; by?: unknown };
  return { t: isStamp(t) ? t : 0, by: typeof by === 'string' ? by : '' };
}

function byStamp(a: FieldChange, b: FieldChange): number {
  if (a.stamp !== b.stamp) return a.stamp - b.stamp;
  if (a.writer !== b.writer) return a.writer < b.writer ? -1 : 1;
  // The next occurrence comes after what opened it.
  if ((a.field === 'occurrence') !== (b.field === 'occurrence')) return a.field === 'occurrence' ? 1 : -1;
  return pathOf(a) < pathOf(b) ? -1 : 1;
}

function pathOf({ entity, id, ordinal, field }: FieldChange): string {
  return `${entity}/${id}/${ordinal ?? ''}/${field}`;
}

function latestOf(changes: readonly FieldChange[], taskId: string): FieldChange | undefined {
  let latest: FieldChange | undefined;
  for (const change of changes) {
    if (change.entity !== 'task' || change.id !== taskId || change.field === 'occurrence') continue;
    if (latest === undefined || byStamp(latest, change) < 0) latest = change;
  }
  return latest;
}

/** What the notes said before the transaction, out of what it has not yet collected. */
function textBefore(transaction: Y.Transaction, entity: Entity, value: unknown): string {
  const key = textKey(value);
  if (key === null) return typeof value === 'string' ? value : '';
  const type = entity.plain.get(key);
  if (!(type instanceof Y.Text)) return '';
  let text = '';
  for (let item = type._start; item !== null; item = item.right) {
    const isNew = item.id.clock >= (transaction.beforeState.get(item.id.client) ?? 0);
    const wasThere = !isNew && (!item.deleted || Y.isDeleted(transaction.deleteSet, item.id));
    if (wasThere && item.content instanceof Y.ContentString) text += item.content.str;
  }
  return text;
}

function lacksFor(doc: Y.Doc, update: Uint8Array): boolean {
  const { structs, ds } = Y.decodeUpdate(update);
  const ends = new Map<number, number>();
  const endOf = (client: number): number => ends.get(client) ?? Y.getState(doc.store, client);
  // In the order of clocks for each client; which client comes first says nothing.
  for (const struct of structs) {
    const { client, clock } = struct.id;
    if (struct instanceof Y.Skip || clock > endOf(client)) return true;
    ends.set(client, Math.max(endOf(client), clock + struct.length));
  }
  const isMissing = (id: Y.ID | null): boolean => id !== null && id.clock >= endOf(id.client);
  for (const struct of structs) {
    if (!(struct instanceof Y.Item)) continue;
    const parent: unknown = struct.parent;
    if (isMissing(struct.origin) || isMissing(struct.rightOrigin)) return true;
    if (parent instanceof Y.ID && isMissing(parent)) return true;
  }
  for (const [client, deletes] of ds.clients) {
    for (const { clock, len } of deletes) if (clock + len > endOf(client)) return true;
  }
  return false;
}
