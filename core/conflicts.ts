/**
 * Conflicts: several values that were written to one field without knowledge of each other.
 *
 * The standing one is in force everywhere; the others are kept until someone dismisses them or lets one of them stand. Both
 * are ordinary edits: they write the chosen value anew and delete the rest, and can be undone. A conflict that has changed
 * since it was shown is refused, so that nobody dismisses what they have not seen.
 */
import { deviceKey, type Intents } from './intent.ts';
import type { Writer } from './ids.ts';
import { conflictingFields, dissenting, type Model } from './model.ts';
import { readNotesValue } from './notes.ts';
import type { Register } from './register.ts';
import { DONE, failure, type Result } from './result.ts';
import { msOfStamp } from './stamp.ts';
import type { Entity } from './store.ts';
import type { Conflict, EntityKind, Version } from './task.ts';

const KINDS = ['task', 'list', 'tag', 'section', 'filter'] as const satisfies readonly EntityKind[];

export function readConflicts(model: Model): readonly Conflict[] {
  return KINDS.flatMap((kind) =>
    [...model.conflicted(kind)].flatMap((entity) =>
      conflictingFields(kind, entity).flatMap((field) => readConflict(model, kind, entity, field) ?? []),
    ),
  );
}

export function resolveConflict(
  model: Model,
  intents: Intents,
  conflict: Conflict,
  choice: 'keep' | { readonly take: Writer },
): Result {
  const { entity: kind, id, field } = conflict;
  const entity = model.entity(kind, id);
  if (entity === undefined || !model.isAlive(kind, id)) {
    return failure('not-found', `This ${kind} is not here any more.`);
  }
  const now = readConflict(model, kind, entity, field);
  if (now === null) return failure('nothing', 'This was settled already.');
  if (!isSameConflict(now, conflict)) {
    return failure('superseded', 'This was changed since you looked at it. Look again, then choose.');
  }
  const standing = entity.registers.get(field)?.[0];
  const chosen =
    choice === 'keep' ? standing : dissenting(entity, field).find((other) => other.author === choice.take);
  if (chosen === undefined) return failure('not-found', 'That version is not here any more.');
  intents.setField(kind, id, field, chosen.v);
  return DONE;
}

function readConflict(model: Model, kind: EntityKind, entity: Entity, field: string): Conflict | null {
  const standing = entity.registers.get(field)?.[0];
  const others = dissenting(entity, field);
  if (standing === undefined || others.length === 0) return null;
  const version = (register: Register): Version => readVersion(model, entity, field, register);
  return Object.freeze({
    entity: kind,
    id: entity.id,
    field,
    standing: version(standing),
    others: Object.freeze(others.map(version)),
  });
}

function readVersion(model: Model, entity: Entity, field: string, { v, t, author }: Register): Version {
  const raw = model.meta.get(deviceKey(author));
  const { id, name } = (typeof raw === 'object' && raw !== null ? raw : {}) as {
    id?: unknown;
    name?: unknown;
  };
  const value = field === 'notes' ? (readNotesValue(entity, v) ?? null) : v;
  return Object.freeze({
    value,
    t,
    at: msOfStamp(t),
    writer: author,
    ...(typeof id === 'string' && typeof name === 'string' ? { device: Object.freeze({ id, name }) } : {}),
  });
}

function isSameConflict(a: Conflict, b: Conflict): boolean {
  const edits = ({ standing, others }: Conflict): string =>
    [standing, ...others].map(({ writer, t }) => `${t}@${writer}`).join();
  return edits(a) === edits(b);
}
