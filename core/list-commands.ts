/**
 * What a person does with lists, tags and filters: make, name, colour, order, trash and restore. The same habits as for
 * tasks.
 */
import { createId, isId, type EpochMs, type FilterId, type ListId, type Random, type TagId } from './ids.ts';
import type { Intents } from './intent.ts';
import type { Model } from './model.ts';
import { compareOrdered, keysForInsert } from './order.ts';
import { effective, isSameValue } from './register.ts';
import { DONE, failure, type Failure, type Result } from './result.ts';
import { acceptTitle, MAX_QUERY_CHARS } from './values.ts';

export interface Named {
  readonly name: string;
  readonly color?: string | null;
  /** Of a filter, which has to have one. */
  readonly query?: string;
}

export interface ListCommandDependencies {
  readonly model: Model;
  readonly intents: Intents;
  readonly now: () => EpochMs;
  readonly random: Random;
}

type Kind = 'list' | 'tag' | 'filter';
type OrderedKind = 'list' | 'filter';

const THINGS: { readonly [kind in Kind]: string } = { list: 'A list', tag: 'A tag', filter: 'A filter' };

export type ListCommands = ReturnType<typeof createListCommands>;

/** All are to be called inside an intent. */
export function createListCommands({ model, intents, now, random }: ListCommandDependencies) {
  function create(kind: Kind, input: Named & { readonly id?: string }): Result<{ id: string }> {
    const accepted = acceptTitle(input.name, THINGS[kind]);
    if ('fault' in accepted) return failure('invalid', accepted.fault);
    const query = kind === 'filter' ? acceptQuery(input.query ?? '') : null;
    if (query !== null && 'fault' in query) return failure('invalid', query.fault);
    if (input.id !== undefined && (!isId(input.id) || model.entity(kind, input.id) !== undefined)) {
      return failure(
        'invalid',
        `“${input.id}” is taken or cannot be an id; leave it out, or choose another.`,
      );
    }
    const id = input.id ?? createId(random);
    const row = kind === 'tag' ? null : ordered(kind);
    intents.recordBirth({ kind, id });
    intents.setPlain(kind, id, 'born', { t: intents.stamp(), by: intents.writer() });
    intents.setField(kind, id, 'name', accepted.title);
    if (query !== null) intents.setField(kind, id, 'query', query.query);
    if (input.color != null) intents.setField(kind, id, 'color', input.color);
    if (kind !== 'tag' && row !== null) place(kind, id, row, row.length);
    return { ok: true, id };
  }

  function edit(kind: Kind, id: string, patch: Partial<Named>): Result {
    if (!model.isAlive(kind, id)) return missing(kind);
    const accepted = patch.name === undefined ? null : acceptTitle(patch.name, THINGS[kind]);
    if (accepted !== null && 'fault' in accepted) return failure('invalid', accepted.fault);
    const query = kind !== 'filter' || patch.query === undefined ? null : acceptQuery(patch.query);
    if (query !== null && 'fault' in query) return failure('invalid', query.fault);
    if (accepted !== null) setIfNew(kind, id, 'name', accepted.title);
    if (query !== null) setIfNew(kind, id, 'query', query.query);
    if (patch.color !== undefined) setIfNew(kind, id, 'color', patch.color);
    return DONE;
  }

  function trash(kind: Kind, id: string): Result {
    const found = find(kind, id);
    if (found === undefined) return missing(kind);
    if (found.trashedAt === null) intents.setField(kind, id, 'trashed', { at: now() });
    return DONE;
  }

  function restore(kind: Kind, id: string): Result {
    const found = find(kind, id);
    if (found === undefined) return missing(kind);
    if (found.trashedAt !== null) intents.setField(kind, id, 'trashed', null);
    return DONE;
  }

  function move(
    kind: OrderedKind,
    id: string,
    to: { readonly before?: string; readonly after?: string },
  ): Result {
    if (!model.isAlive(kind, id)) return missing(kind);
    const row = ordered(kind).filter((entry) => entry.id !== id);
    const neighbour = to.before ?? to.after;
    if (neighbour === id) return DONE;
    const index = row.findIndex((entry) => entry.id === neighbour);
    if (index === -1) return failure('not-found', `The ${kind} to put it next to is not here any more.`);
    place(kind, id, row, to.before === undefined ? index + 1 : index);
    return DONE;
  }

  function place(kind: OrderedKind, id: string, row: ReturnType<typeof ordered>, index: number): void {
    const { key, rekeyed } = keysForInsert(row, index, random);
    intents.setField(kind, id, 'order', key);
    for (const other of rekeyed) intents.setField(kind, other.id, 'order', other.key);
  }

  function ordered(kind: OrderedKind): { id: string; order: string | null; bornT: number }[] {
    return [...(kind === 'list' ? model.lists() : model.filters())]
      .map(({ id, order, createdAt }) => ({ id, order, bornT: createdAt }))
      .sort(compareOrdered);
  }

  function find(kind: Kind, id: string): { readonly trashedAt: EpochMs | null } | undefined {
    switch (kind) {
      case 'list':
        return model.list(id as ListId);
      case 'tag':
        return model.tag(id as TagId);
      case 'filter':
        return model.filter(id as FilterId);
    }
  }

  function setIfNew(kind: Kind, id: string, field: string, value: unknown): void {
    const registers = effective(model.entity(kind, id)?.registers.get(field) ?? []);
    if (registers.length < 2 && isSameValue(registers[0]?.v ?? null, value)) return;
    intents.setField(kind, id, field, value);
  }

  return { create, edit, trash, restore, move };
}

/** Whether it can be understood is judged where it is shown: a later version of the language may be better at it. */
function acceptQuery(value: string): { query: string } | { fault: string } {
  const query = value.trim();
  if (query === '') return { fault: 'A filter needs something to look for.' };
  if (query.length > MAX_QUERY_CHARS) {
    return { fault: `A query has ${query.length} characters; it can have up to ${MAX_QUERY_CHARS}.` };
  }
  return { query };
}

function missing(kind: Kind): Failure {
  return failure('not-found', `This ${kind} is not here any more.`);
}
