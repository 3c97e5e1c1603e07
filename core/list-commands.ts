/**
 * What a person does with lists, their sections, and tags: make, name, colour, order, archive, merge, trash and restore.
 * The same habits as for tasks.
 *
 * A section belongs to its list for good: `born` names it. Tasks say of themselves in which section they are, so a section
 * in the trash takes none along; they are then in no section, and in it again when it comes back.
 */
import {
  createId,
  isId,
  type EpochMs,
  type ListId,
  type Random,
  type SectionId,
  type TagId,
  type TaskId,
} from './ids.ts';
import type { Intents } from './intent.ts';
import { standingValue, tagField, type Model } from './model.ts';
import { compareOrdered, keysForInsert, type Ordered } from './order.ts';
import { effective, isSameValue } from './register.ts';
import { DONE, failure, type Failure, type Result } from './result.ts';
import type { ListIcon } from './task.ts';
import { acceptTitle, LIST_ICONS } from './values.ts';

export interface Named {
  readonly name: string;
  readonly color?: string | null;
}

export interface ListPatch extends Partial<Named> {
  readonly icon?: ListIcon | null;
  readonly archived?: boolean;
}

export interface NewSection {
  /** Default: a new one. */
  readonly id?: SectionId;
  readonly listId: ListId;
  readonly name: string;
}

export interface ListCommandDependencies {
  readonly model: Model;
  readonly intents: Intents;
  readonly now: () => EpochMs;
  readonly random: Random;
}

type Kind = 'list' | 'tag' | 'section';
const THINGS = { list: 'A list', tag: 'A tag', section: 'A section' } as const satisfies Record<Kind, string>;

export type ListCommands = ReturnType<typeof createListCommands>;

/** All are to be called inside an intent. */
export function createListCommands({ model, intents, now, random }: ListCommandDependencies) {
  function create(
    kind: Kind,
    input: Named & { readonly id?: string },
    born: { readonly list?: ListId } = {},
  ): Result<{ id: string }> {
    const accepted = acceptTitle(input.name, THINGS[kind]);
    if ('fault' in accepted) return failure('invalid', accepted.fault);
    if (input.id !== undefined && (!isId(input.id) || model.entity(kind, input.id) !== undefined)) {
      return failure(
        'invalid',
        `“${input.id}” is taken or cannot be an id; leave it out, or choose another.`,
      );
    }
    const id = input.id ?? createId(random);
    const row = kind === 'tag' ? [] : orderedRow(kind, born.list);
    intents.recordBirth({ kind, id });
    intents.setPlain(kind, id, 'born', { t: intents.stamp(), by: intents.writer(), ...born });
    intents.setField(kind, id, 'name', accepted.title);
    if (input.color != null) intents.setField(kind, id, 'color', input.color);
    if (kind !== 'tag') place(kind, id, row, row.length);
    return { ok: true, id };
  }

  /** At the end of its list. */
  function createSection({ id, listId, name }: NewSection): Result<{ id: SectionId }> {
    const list = model.list(listId);
    if (list === undefined || list.trashedAt !== null) return missing('list');
    const created = create('section', { name, ...(id === undefined ? {} : { id }) }, { list: listId });
    return created as Result<{ id: SectionId }>;
  }

  function edit(kind: Kind, id: string, patch: ListPatch): Result {
    if (!model.isAlive(kind, id)) return missing(kind);
    if (patch.icon != null && !LIST_ICONS.includes(patch.icon)) {
      return failure('invalid', `“${String(patch.icon)}” is not an icon of a list.`);
    }
    if (patch.name !== undefined) {
      const accepted = acceptTitle(patch.name, THINGS[kind]);
      if ('fault' in accepted) return failure('invalid', accepted.fault);
      setIfNew(kind, id, 'name', accepted.title);
    }
    if (patch.color !== undefined) setIfNew(kind, id, 'color', patch.color);
    if (patch.icon !== undefined) setIfNew(kind, id, 'icon', patch.icon);
    const isArchived = kind === 'list' && model.list(id as ListId)?.archivedAt != null;
    if (patch.archived !== undefined && patch.archived !== isArchived) {
      intents.setField(kind, id, 'archived', patch.archived ? { at: now() } : null);
    }
    return DONE;
  }

  function named(kind: Kind, id: string): { readonly trashedAt: EpochMs | null } | undefined {
    switch (kind) {
      case 'list':
        return model.list(id as ListId);
      case 'tag':
        return model.tag(id as TagId);
      case 'section':
        return model.section(id as SectionId);
    }
  }

  function trash(kind: Kind, id: string): Result {
    const found = named(kind, id);
    if (found === undefined) return missing(kind);
    if (found.trashedAt === null) intents.setField(kind, id, 'trashed', { at: now() });
    return DONE;
  }

  function restore(kind: Kind, id: string): Result {
    const found = named(kind, id);
    if (found === undefined) return missing(kind);
    if (found.trashedAt !== null) intents.setField(kind, id, 'trashed', null);
    return DONE;
  }

  function moveList(id: ListId, move: { readonly before?: ListId; readonly after?: ListId }): Result {
    return moveIn('list', id, undefined, move);
  }

  /** Among the sections of its list. */
  function moveSection(
    id: SectionId,
    move: { readonly before?: SectionId; readonly after?: SectionId },
  ): Result {
    const section = model.section(id);
    if (section?.listId == null) return missing('section');
    return moveIn('section', id, section.listId, move);
  }

  function moveIn(
    kind: 'list' | 'section',
    id: string,
    list: ListId | undefined,
    move: { readonly before?: string; readonly after?: string },
  ): Result {
    if (!model.isAlive(kind, id)) return missing(kind);
    const row = orderedRow(kind, list).filter((entry) => entry.id !== id);
    const neighbour = move.before ?? move.after;
    if (neighbour === id) return DONE;
    const index = row.findIndex((entry) => entry.id === neighbour);
    if (index === -1) return failure('not-found', `The ${kind} to put it next to is not here any more.`);
    place(kind, id, row, move.before === undefined ? index + 1 : index);
    return DONE;
  }

  /**
   * All that have the one tag get the other instead, those in the trash and the completed ones too, and the first goes to
   * the trash. Costs a look at every task.
   */
  function mergeTags(from: TagId, into: TagId): Result {
    for (const id of [from, into]) {
      const tag = model.tag(id);
      if (tag === undefined || tag.trashedAt !== null) return missing('tag');
    }
    if (from === into) return failure('invalid', 'Choose another tag to merge it into.');
    for (const [id, entity] of [...model.tables.task.entities]) {
      if (standingValue(entity, tagField(from)) !== true || model.task(id as TaskId) === undefined) continue;
      if (standingValue(entity, tagField(into)) !== true) {
        intents.setField('task', id, tagField(into), true);
      }
      intents.setField('task', id, tagField(from), null);
    }
    return trash('tag', from);
  }

  function place(kind: 'list' | 'section', id: string, row: readonly Ordered[], index: number): void {
    const { key, rekeyed } = keysForInsert(row, index, random);
    intents.setField(kind, id, 'order', key);
    for (const other of rekeyed) intents.setField(kind, other.id, 'order', other.key);
  }

  /** Those in the trash too: they come back to their place. */
  function orderedRow(kind: 'list' | 'section', list: ListId | undefined): Ordered[] {
    const all =
      kind === 'list' ? [...model.lists()] : [...model.sections()].filter(({ listId }) => listId === list);
    return all
      .map(({ id, order, createdAt }) => ({ id, order, bornT: createdAt as number }))
      .sort(compareOrdered);
  }

  function setIfNew(kind: Kind, id: string, field: string, value: unknown): void {
    const registers = effective(model.entity(kind, id)?.registers.get(field) ?? []);
    if (registers.length < 2 && isSameValue(registers[0]?.v ?? null, value)) return;
    intents.setField(kind, id, field, value);
  }

  return { create, createSection, edit, trash, restore, moveList, moveSection, mergeTags };
}

function missing(kind: Kind): Failure {
  return failure('not-found', `This ${kind} is not here any more.`);
}
