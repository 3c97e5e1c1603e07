/**
 * What a person does with filters, the questions that are kept: make, rename, ask anew, colour, order, trash and restore.
 * The same habits as for lists.
 *
 * A query is kept as it is given. Whether it can be understood is judged where it is shown: that takes the whole language,
 * and a later version of it may be better at it.
 */
import { createId, isId, type EpochMs, type FilterId, type Random } from './ids.ts';
import type { Intents } from './intent.ts';
import type { Model } from './model.ts';
import { compareOrdered, keysForInsert } from './order.ts';
import { effective, isSameValue } from './register.ts';
import { DONE, failure, type Failure, type Result } from './result.ts';
import { acceptTitle, MAX_QUERY_CHARS } from './values.ts';

export interface NewFilter {
  /** Default: a new one. */
  readonly id?: FilterId;
  readonly name: string;
  readonly query: string;
  readonly color?: string | null;
}

export interface FilterPatch {
  readonly name?: string;
  readonly query?: string;
  readonly color?: string | null;
}

export interface FilterCommandDependencies {
  readonly model: Model;
  readonly intents: Intents;
  readonly now: () => EpochMs;
  readonly random: Random;
}

export type FilterCommands = ReturnType<typeof createFilterCommands>;

/** All are to be called inside an intent. */
export function createFilterCommands({ model, intents, now, random }: FilterCommandDependencies) {
  /** At the end. */
  function create(input: NewFilter): Result<{ id: FilterId }> {
    const fields = acceptFields(input);
    if ('ok' in fields) return fields;
    if (input.id !== undefined && (!isId(input.id) || model.entity('filter', input.id) !== undefined)) {
      return failure(
        'invalid',
        `“${input.id}” is taken or cannot be an id; leave it out, or choose another.`,
      );
    }
    const id = input.id ?? (createId(random) as FilterId);
    const row = ordered();
    intents.recordBirth({ kind: 'filter', id });
    intents.setPlain('filter', id, 'born', { t: intents.stamp(), by: intents.writer() });
    for (const [field, value] of Object.entries(fields)) intents.setField('filter', id, field, value);
    if (input.color != null) intents.setField('filter', id, 'color', input.color);
    place(id, row, row.length);
    return { ok: true, id };
  }

  function edit(id: FilterId, patch: FilterPatch): Result {
    if (!model.isAlive('filter', id)) return missing();
    const fields = acceptFields(patch);
    if ('ok' in fields) return fields;
    for (const [field, value] of Object.entries(fields)) setIfNew(id, field, value);
    if (patch.color !== undefined) setIfNew(id, 'color', patch.color);
    return DONE;
  }

  function trash(id: FilterId): Result {
    const found = model.filter(id);
    if (found === undefined) return missing();
    if (found.trashedAt === null) intents.setField('filter', id, 'trashed', { at: now() });
    return DONE;
  }

  function restore(id: FilterId): Result {
    const found = model.filter(id);
    if (found === undefined) return missing();
    if (found.trashedAt !== null) intents.setField('filter', id, 'trashed', null);
    return DONE;
  }

  function move(id: FilterId, to: { readonly before?: FilterId; readonly after?: FilterId }): Result {
    if (!model.isAlive('filter', id)) return missing();
    const row = ordered().filter((entry) => entry.id !== id);
    const neighbour = to.before ?? to.after;
    if (neighbour === id) return DONE;
    const index = row.findIndex((entry) => entry.id === neighbour);
    if (index === -1) return failure('not-found', 'The filter to put it next to is not here any more.');
    place(id, row, to.before === undefined ? index + 1 : index);
    return DONE;
  }

  function place(id: string, row: ReturnType<typeof ordered>, index: number): void {
    const { key, rekeyed } = keysForInsert(row, index, random);
    intents.setField('filter', id, 'order', key);
    for (const other of rekeyed) intents.setField('filter', other.id, 'order', other.key);
  }

  function ordered(): { id: string; order: string | null; bornT: number }[] {
    return [...model.filters()]
      .map(({ id, order, createdAt }) => ({ id, order, bornT: createdAt }))
      .sort(compareOrdered);
  }

  function setIfNew(id: FilterId, field: string, value: unknown): void {
    const registers = effective(model.entity('filter', id)?.registers.get(field) ?? []);
    if (registers.length < 2 && isSameValue(registers[0]?.v ?? null, value)) return;
    intents.setField('filter', id, field, value);
  }

  return { create, edit, trash, restore, move };
}

/** Name and query as they can be kept, those that are given. */
function acceptFields(input: FilterPatch): { name?: string; query?: string } | Failure {
  const fields: { name?: string; query?: string } = {};
  if (input.name !== undefined) {
    const accepted = acceptTitle(input.name, 'A filter');
    if ('fault' in accepted) return failure('invalid', accepted.fault);
    fields.name = accepted.title;
  }
  if (input.query !== undefined) {
    const query = input.query.trim();
    if (query === '') return failure('invalid', 'A filter needs something to look for.');
    if (query.length > MAX_QUERY_CHARS) {
      return failure(
        'invalid',
        `A query has ${query.length} characters; it can have up to ${MAX_QUERY_CHARS}.`,
      );
    }
    fields.query = query;
  }
  return fields;
}

function missing(): Failure {
  return failure('not-found', 'This filter is not here any more.');
}
