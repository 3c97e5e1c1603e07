/**
 * What a person does with lists and tags: make, name, colour, order, trash and restore. The same habits as for tasks.
 */
import { createId, isId, type EpochMs, type ListId, type Random, type TagId } from './ids.ts';
import type { Intents } from './intent.ts';
import type { Model } from './model.ts';
import { compareOrdered, keysForInsert } from './order.ts';
import { effective, isSameValue } from './register.ts';
import { DONE, failure, type Failure, type Result } from './result.ts';
import { acceptTitle } from './values.ts';

export interface Named {
  readonly name: string;
  readonly color?: string | null;
}

export interface ListCommandDependencies {
  readonly model: Model;
  readonly intents: Intents;
  readonly now: () => EpochMs;
  readonly random: Random;
}

type Kind = 'list' | 'tag';

export type ListCommands = ReturnType<typeof createListCommands>;

/** All are to be called inside an intent. */
export function createListCommands({ model, intents, now, random }: ListCommandDependencies) {
  function create(kind: Kind, input: Named & { readonly id?: string }): Result<{ id: string }> {
    const accepted = acceptTitle(input.name, kind === 'list' ? 'A list' : 'A tag');
    if ('fault' in accepted) return failure('invalid', accepted.fault);
    if (input.id !== undefined && (!isId(input.id) || model.entity(kind, input.id) !== undefined)) {
      return failure(
        'invalid',
        `“${input.id}” is taken or cannot be an id; leave it out, or choose another.`,
      );
    }
    const id = input.id ?? createId(random);
    const lists = orderedLists();
    intents.recordBirth({ kind, id });
    intents.setPlain(kind, id, 'born', { t: intents.stamp(), by: intents.writer() });
    intents.setField(kind, id, 'name', accepted.title);
    if (input.color != null) intents.setField(kind, id, 'color', input.color);
    if (kind === 'list') placeList(id, lists, lists.length);
    return { ok: true, id };
  }

  function edit(kind: Kind, id: string, patch: Partial<Named>): Result {
    if (!model.isAlive(kind, id)) return missing(kind);
    if (patch.name !== undefined) {
      const accepted = acceptTitle(patch.name, kind === 'list' ? 'A list' : 'A tag');
      if ('fault' in accepted) return failure('invalid', accepted.fault);
      setIfNew(kind, id, 'name', accepted.title);
    }
    if (patch.color !== undefined) setIfNew(kind, id, 'color', patch.color);
    return DONE;
  }

  function trash(kind: Kind, id: string): Result {
    const found = kind === 'list' ? model.list(id as ListId) : model.tag(id as TagId);
    if (found === undefined) return missing(kind);
    if (found.trashedAt === null) intents.setField(kind, id, 'trashed', { at: now() });
    return DONE;
  }

  function restore(kind: Kind, id: string): Result {
    const found = kind === 'list' ? model.list(id as ListId) : model.tag(id as TagId);
    if (found === undefined) return missing(kind);
    if (found.trashedAt !== null) intents.setField(kind, id, 'trashed', null);
    return DONE;
  }

  function moveList(id: ListId, move: { readonly before?: ListId; readonly after?: ListId }): Result {
    if (!model.isAlive('list', id)) return missing('list');
    const row = orderedLists().filter((entry) => entry.id !== id);
    const neighbour = move.before ?? move.after;
    if (neighbour === id) return DONE;
    const index = row.findIndex((entry) => entry.id === neighbour);
    if (index === -1) return failure('not-found', 'The list to put it next to is not here any more.');
    placeList(id, row, move.before === undefined ? index + 1 : index);
    return DONE;
  }

  function placeList(id: string, row: ReturnType<typeof orderedLists>, index: number): void {
    const { key, rekeyed } = keysForInsert(row, index, random);
    intents.setField('list', id, 'order', key);
    for (const other of rekeyed) intents.setField('list', other.id, 'order', other.key);
  }

  function orderedLists(): { id: string; order: string | null; bornT: number }[] {
    return [...model.lists()]
      .map(({ id, order, createdAt }) => ({ id, order, bornT: createdAt }))
      .sort(compareOrdered);
  }

  function setIfNew(kind: Kind, id: string, field: string, value: unknown): void {
    const registers = effective(model.entity(kind, id)?.registers.get(field) ?? []);
    if (registers.length < 2 && isSameValue(registers[0]?.v ?? null, value)) return;
    intents.setField(kind, id, field, value);
  }

  return { create, edit, trash, restore, moveList };
}

function missing(kind: Kind): Failure {
  return failure('not-found', `This ${kind} is not here any more.`);
}
