/**
 * The write side: one intent of a person is one transaction, one stamp and one entry of undo.
 *
 * Promise: whatever runs inside one `run` (also nested) reaches other replicas as one update, writes at least one new
 * struct whenever it writes at all, and is recorded so that it can be taken back. Each write deletes the values of others
 * that it has seen and no others. The writer's name is asked for at each write, because the client id of a Yjs document
 * may change while it is open.
 */
import type * as Y from 'yjs';
import { writerOf, type Writer } from './ids.ts';
import { rootOf, type Model } from './model.ts';
import type { TextEdit } from './notes.ts';
import { carriedSuffix, effective, registerKey, type Register } from './register.ts';
import type { StampClock } from './stamp.ts';
import type { EntityKind } from './task.ts';

/** What a field held before an intent and what stood after it. */
export interface FieldChange {
  readonly kind: EntityKind;
  readonly id: string;
  readonly field: string;
  /** Standing first; empty where there was nothing. */
  readonly before: readonly Register[];
  readonly after: { readonly author: Writer; readonly t: number };
}

export interface TextChange {
  readonly id: string;
  /** The value of the register `notes` that names the text. */
  readonly reference: unknown;
  readonly before: readonly Register[];
  readonly edit: TextEdit;
}

export interface Birth {
  readonly kind: EntityKind;
  readonly id: string;
  /** Of what a file brought: its latest stamp there, since its authors are others. */
  readonly upTo?: number;
}

/** All that one intent did. */
export interface Deed {
  /** Counted up; no two deeds of this replica have the same. */
  readonly id: number;
  label: string;
  readonly fields: Map<string, FieldChange>;
  readonly texts: TextChange[];
  readonly births: Birth[];
  /** Names this replica wrote under while it did it. */
  readonly writers: Set<Writer>;
}

export interface Intents {
  /** Run commands as one intent. `record` gets what was done, if anything was. */
  run<T>(label: string, commands: () => T, record: (deed: Deed) => void): T;
  /** Write a field and delete the values of others that are seen. */
  setField(kind: EntityKind, id: string, field: string, value: unknown): void;
  /** The same, leaving the undoing to someone else's record. */
  stampField(kind: EntityKind, id: string, field: string, value: unknown): void;
  /**
   * Put back several values that disagreed, with the authors and stamps that they had. This is how undoing a dismissal
   * brings the conflict back; writing the standing one anew would leave the others lost.
   */
  restoreField(kind: EntityKind, id: string, field: string, registers: readonly Register[]): void;
  setPlain(kind: EntityKind, id: string, name: string, value: unknown): void;
  removeKey(kind: EntityKind, key: string): void;
  recordText(change: TextChange): void;
  recordBirth(birth: Birth): void;
  /** What was written past these functions: a file was read in. */
  recordImport(births: readonly Birth[], fields: readonly FieldChange[]): void;
  stamp(): number;
  writer(): Writer;
}

export interface IntentDependencies {
  readonly doc: Y.Doc;
  readonly model: Model;
  readonly clock: StampClock;
  readonly origin: symbol;
  readonly device?: { readonly id: string; readonly name: string };
}

export function deviceKey(writer: string): string {
  return `writer/${writer}/device`;
}

export function createIntents({ doc, model, clock, origin, device }: IntentDependencies): Intents {
  let open: { readonly deed: Deed; stamp: number | null } | null = null;
  let count = 0;

  function current(): NonNullable<typeof open> {
    if (open === null) throw new Error('a write outside of an intent');
    return open;
  }

  function writer(): Writer {
    return writerOf(doc.clientID);
  }

  function stamp(): number {
    const intent = current();
    intent.stamp ??= clock.next();
    return intent.stamp;
  }

  /** Before its first write a replica says which device it is. */
  function introduce(): Writer {
    const name = writer();
    const { deed } = current();
    if (deed.writers.has(name)) return name;
    deed.writers.add(name);
    if (device !== undefined && !model.meta.has(deviceKey(name))) {
      model.meta.set(deviceKey(name), { id: device.id, name: device.name });
    }
    return name;
  }

  function put(kind: EntityKind, key: string, value: unknown): void {
    model.tables[kind].map.set(key, value);
    model.wrote(kind, key);
  }

  function removeKey(kind: EntityKind, key: string): void {
    introduce();
    model.tables[kind].map.delete(key);
    model.wrote(kind, key);
  }

  function stampField(kind: EntityKind, id: string, field: string, value: unknown): FieldChange['after'] {
    const author = introduce();
    const entity = model.entity(kind, id);
    const seen = (entity?.registers.get(field) ?? []).map((register) => register.key);
    // What stands here and cannot be believed is overwritten like everything else that is seen.
    for (const [key, of] of entity?.broken ?? []) if (of === field) seen.push(key);
    const key = registerKey(id, field, author);
    const t = stamp();
    put(kind, key, { v: value, t });
    for (const other of seen) if (other !== key) removeKey(kind, other);
    return { author, t };
  }

  function recordField(
    kind: EntityKind,
    id: string,
    field: string,
    before: readonly Register[],
    after: FieldChange['after'],
  ): void {
    const { fields } = current().deed;
    const path = `${rootOf(kind)}/${id}/${field}`;
    fields.set(path, { kind, id, field, before: fields.get(path)?.before ?? before, after });
  }

  return {
    run(label, commands, record) {
      if (open !== null) return commands();
      const deed: Deed = { id: ++count, label, fields: new Map(), texts: [], births: [], writers: new Set() };
      open = { deed, stamp: null };
      try {
        return doc.transact(() => {
          try {
            return commands();
          } finally {
            // Closed before observers run: a listener's own edit is an intent of its own.
            open = null;
            if (deed.writers.size > 0) record(deed);
          }
        }, origin);
      } finally {
        open = null;
      }
    },
    setField(kind, id, field, value) {
      const before = effective(model.entity(kind, id)?.registers.get(field) ?? []);
      recordField(kind, id, field, before, stampField(kind, id, field, value));
    },
    stampField: (kind, id, field, value) => void stampField(kind, id, field, value),
    restoreField(kind, id, field, registers) {
      const name = introduce();
      const entity = model.entity(kind, id);
      const before = entity?.registers.get(field) ?? [];
      const kept = new Set<string>();
      for (const { author, raw } of registers) {
        const key = registerKey(id, field, carriedSuffix(name, author));
        kept.add(key);
        put(kind, key, { ...(raw as object) });
      }
      for (const { key } of before) if (!kept.has(key)) removeKey(kind, key);
      const [standing] = registers;
      if (standing !== undefined) {
        recordField(kind, id, field, effective(before), { author: standing.author, t: standing.t });
      }
    },
    setPlain(kind, id, name, value) {
      introduce();
      put(kind, `${id}/${name}`, value);
    },
    removeKey,
    recordText: (change) => void current().deed.texts.push(change),
    recordBirth: (birth) => void current().deed.births.push(birth),
    recordImport(births, fields) {
      const { deed } = current();
      // An import introduces no device: whoever exports it again gets the same file.
      if (births.length + fields.length > 0) deed.writers.add(writer());
      deed.births.push(...births);
      for (const { kind, id, field, before, after } of fields) recordField(kind, id, field, before, after);
    },
    stamp,
    writer,
  };
}
