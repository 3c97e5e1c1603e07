/**
 * What the API does with lists, their sections, tags and filters: the same habits as for tasks.
 *
 * Promise: a call is one edit. Making a tag of a name that a tag has gives that one; the others may share a name. Deleting
 * moves to the trash: the tasks of a list are then in the Inbox, those of a section in none, and come back with it. A section
 * is there as long as its list is.
 */
import type {
  Filter,
  FilterId,
  HoldfastDocument,
  List,
  ListId,
  Result,
  Section,
  SectionId,
  Tag,
  TagId,
} from '@holdfast/core/document.ts';
import { foldText } from '@holdfast/core/fold.ts';
import { compareOrdered } from '@holdfast/core/order.ts';
import { queryNames, shownText } from '@holdfast/core/query/view.ts';
import { instantText } from '@holdfast/core/task-json.ts';
import { refused } from './calls.ts';
import type { AnyNamedJson, Calls, NamedFields, NamedJson, NamedKind, Outcome, Refused } from './calls.ts';
import { attempt, must } from './refusal.ts';
import { listIdOf, tagIdFor } from './task-calls.ts';
import { acceptQuery } from './views.ts';

type Input<Name extends keyof Calls> = Calls[Name]['input'];
type Answer<Name extends keyof Calls> = Outcome<Calls[Name]['value']>;
type Named = List | Section | Tag | Filter;
type Move = { readonly before?: string; readonly after?: string };

/** What the commands of core are called for one kind. */
interface Kind<T extends Named> {
  find(document: HoldfastDocument, id: string): T | undefined;
  /** Those that are there, in the order of the app. */
  all(document: HoldfastDocument): readonly T[];
  /** @throws a refusal */
  create(document: HoldfastDocument, input: Input<'createNamed'>): { readonly id: string };
  edit(document: HoldfastDocument, id: string, patch: NamedFields): Result;
  /** Null: these have no order. */
  readonly move: ((document: HoldfastDocument, id: string, to: Move) => Result) | null;
  trash(document: HoldfastDocument, id: string): Result;
  restore(document: HoldfastDocument, id: string): Result;
  json(document: HoldfastDocument, found: T): AnyNamedJson;
}

const LIST: Kind<List> = {
  find: (document, id) => document.list(id as ListId),
  all: (document) => ordered(document.lists()),
  create(document, { name, color, icon, archived, id }) {
    const made = must(document.createList({ name, ...colorOf(color), ...idOf<ListId>(id) }), nameOrId(id));
    must(document.editList(made.id, given({ icon, archived })), 'icon');
    return made;
  },
  edit: (document, id, { name, color, icon, archived }) =>
    document.editList(id as ListId, given({ name, color, icon, archived })),
  move: (document, id, to) =>
    document.moveList(id as ListId, to as Move & { before?: ListId; after?: ListId }),
  trash: (document, id) => document.trashList(id as ListId),
  restore: (document, id) => document.restoreList(id as ListId),
  json: (_, list) => ({
    ...namedJson(list),
    color: list.color,
    icon: list.icon,
    archived: list.archivedAt !== null,
    order: list.order,
  }),
};

const SECTION: Kind<Section> = {
  find(document, id) {
    const found = document.section(id as SectionId);
    return found === undefined || listOfSection(document, found) === undefined ? undefined : found;
  },
  all: (document) => LIST.all(document).flatMap((list) => document.sections(list.id)),
  create(document, { name, id, listId = '' }) {
    return must(
      document.createSection({ name, listId: listId as ListId, ...idOf<SectionId>(id) }),
      nameOrId(id),
    );
  },
  edit: (document, id, { name }) => document.editSection(id as SectionId, given({ name })),
  move: (document, id, to) =>
    document.moveSection(id as SectionId, to as Move & { before?: SectionId; after?: SectionId }),
  trash: (document, id) => document.trashSection(id as SectionId),
  restore: (document, id) => document.restoreSection(id as SectionId),
  json: (_, section) => ({ ...namedJson(section), listId: section.listId ?? '', order: section.order }),
};

const TAG: Kind<Tag> = {
  find: (document, id) => document.tag(id as TagId),
  all: (document) =>
    [...document.tags()]
      .filter((tag) => tag.trashedAt === null)
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1)),
  create: (document, { name, color, id }) =>
    must(
      document.createTag({
        name,
        ...colorOf(color),
        ...(id === undefined ? tagIdFor(document, name.trim()) : idOf<TagId>(id)),
      }),
      nameOrId(id),
    ),
  edit: (document, id, { name, color }) => document.editTag(id as TagId, given({ name, color })),
  move: null,
  trash: (document, id) => document.trashTag(id as TagId),
  restore: (document, id) => document.restoreTag(id as TagId),
  json: (_, tag) => ({ ...namedJson(tag), color: tag.color }),
};

const FILTER: Kind<Filter> = {
  find: (document, id) => document.filter(id as FilterId),
  all: (document) => ordered(document.filters()),
  create: (document, { name, query = '', color, id }) =>
    must(document.createFilter({ name, query, ...colorOf(color), ...idOf<FilterId>(id) }), nameOrId(id)),
  edit: (document, id, { name, query, color }) =>
    document.editFilter(id as FilterId, given({ name, query, color })),
  move: (document, id, to) =>
    document.moveFilter(id as FilterId, to as Move & { before?: FilterId; after?: FilterId }),
  trash: (document, id) => document.trashFilter(id as FilterId),
  restore: (document, id) => document.restoreFilter(id as FilterId),
  json: (document, filter) => ({
    ...namedJson(filter),
    query: shownText(filter.query, queryNames(document)),
    color: filter.color,
    order: filter.order,
  }),
};

const KINDS = { list: LIST, section: SECTION, tag: TAG, filter: FILTER } as const;

/** All kinds are used alike; what goes in comes from the same kind. */
function kindOf(kind: NamedKind): Kind<Named> {
  return KINDS[kind] as unknown as Kind<Named>;
}

export function listNamed(
  document: HoldfastDocument,
  { kind, list }: Input<'listNamed'>,
): Answer<'listNamed'> {
  const calls = kindOf(kind);
  const all = calls.all(document);
  const listId = list === undefined ? undefined : listIdOf(document, list);
  const wanted = list === undefined ? all : all.filter((each) => 'listId' in each && each.listId === listId);
  return { ok: true, value: wanted.map((each) => calls.json(document, each)) };
}

export function getNamed(document: HoldfastDocument, { kind, id }: Input<'getNamed'>): Answer<'getNamed'> {
  const found = kindOf(kind).find(document, id);
  if (found === undefined || found.trashedAt !== null) return missing(kind, id, found);
  return { ok: true, value: kindOf(kind).json(document, found) };
}

export function createNamed(document: HoldfastDocument, input: Input<'createNamed'>): Answer<'createNamed'> {
  const { kind, id } = input;
  const calls = kindOf(kind);
  const wanted = foldText(input.name.trim());
  const there =
    id !== undefined
      ? calls.find(document, id)
      : kind === 'tag'
        ? calls.all(document).find((tag) => foldText(tag.name) === wanted)
        : undefined;
  if (there !== undefined && there.trashedAt !== null) {
    return refused(
      'conflict',
      `The ${kind} "${there.id}" is in the trash. Restore it, or use another id.`,
      'id',
    );
  }
  if (there !== undefined) return { ok: true, value: { named: calls.json(document, there), isNew: false } };
  const accepted = accept(document, kind, input);
  if (!accepted.ok) return accepted;
  const listId = listIdOf(document, input.listId ?? '');
  if (kind === 'section' && listId === undefined) {
    return refused('invalid', `There is no list "${input.listId ?? ''}" in this space.`, 'listId');
  }
  const fields = { ...input, ...accepted.value, ...(listId === undefined ? {} : { listId }) };
  const unfit = neighbourFault(document, { kind, id: '' }, fields, listId);
  if (unfit !== null) return unfit;
  const made = attempt(() =>
    document.batch(`Add ${kind}`, () => {
      const created = calls.create(document, fields);
      place(document, kind, created.id, fields);
      return created.id;
    }),
  );
  if (!made.ok) return made;
  const named = getNamed(document, { kind, id: made.value });
  return named.ok ? { ok: true, value: { named: named.value, isNew: true } } : named;
}

export function editNamed(
  document: HoldfastDocument,
  { kind, id, fields }: Input<'editNamed'>,
): Answer<'editNamed'> {
  const calls = kindOf(kind);
  const found = calls.find(document, id);
  if (found === undefined || found.trashedAt !== null) return missing(kind, id, found);
  const accepted = accept(document, kind, fields);
  if (!accepted.ok) return accepted;
  const listId = 'listId' in found && found.listId !== null ? found.listId : undefined;
  const unfit = neighbourFault(document, { kind, id }, fields, listId);
  if (unfit !== null) return unfit;
  const edited = attempt(() =>
    document.batch(`Edit ${kind}`, () => {
      must(calls.edit(document, id, { ...fields, ...accepted.value }), 'name');
      place(document, kind, id, fields);
    }),
  );
  return edited.ok ? getNamed(document, { kind, id }) : edited;
}

export function trashNamed(
  document: HoldfastDocument,
  { kind, id }: Input<'trashNamed'>,
): Answer<'trashNamed'> {
  if (kindOf(kind).find(document, id) === undefined) return missing(kind, id, undefined);
  const result = kindOf(kind).trash(document, id);
  return result.ok ? { ok: true, value: null } : missing(kind, id, undefined);
}

export function restoreNamed(
  document: HoldfastDocument,
  { kind, id }: Input<'restoreNamed'>,
): Answer<'restoreNamed'> {
  if (kindOf(kind).find(document, id) === undefined) return missing(kind, id, undefined);
  const result = kindOf(kind).restore(document, id);
  return result.ok ? getNamed(document, { kind, id }) : missing(kind, id, undefined);
}

/** What is kept in another form than it is given. */
function accept(
  document: HoldfastDocument,
  kind: NamedKind,
  fields: NamedFields,
): Outcome<{ query?: string }> {
  if (kind !== 'filter' || fields.query === undefined) return { ok: true, value: {} };
  const query = acceptQuery(document, fields.query);
  return query.ok ? { ok: true, value: { query: query.value } } : query;
}

/** Before anything is written: is that which it shall stand next to there, and of the same row? */
function neighbourFault(
  document: HoldfastDocument,
  { kind, id }: { readonly kind: NamedKind; readonly id: string },
  { before, after }: NamedFields,
  listId: string | undefined,
): Refused | null {
  const field = before === undefined ? 'after' : 'before';
  const wanted = before ?? after;
  if (wanted === undefined) return null;
  if (before !== undefined && after !== undefined) {
    return refused('invalid', 'There is a `before` already; say one of the two.', 'after');
  }
  const found = wanted === id ? undefined : kindOf(kind).find(document, wanted);
  if (found === undefined || found.trashedAt !== null) {
    return refused('invalid', `There is no other ${kind} "${wanted}" to put it next to.`, field);
  }
  if ('listId' in found && found.listId !== listId) {
    return refused('invalid', `The section "${wanted}" is in another list.`, field);
  }
  return null;
}

/** Where it stands there already nothing is written. */
function place(
  document: HoldfastDocument,
  kind: NamedKind,
  id: string,
  { before, after }: NamedFields,
): void {
  const { move, all, find } = kindOf(kind);
  const neighbour = before ?? after;
  if (move === null || neighbour === undefined) return;
  const listId = listIdIn(find(document, id));
  const row = all(document).filter((each) => listIdIn(each) === listId);
  const at = row.findIndex((each) => each.id === id);
  if (row[before === undefined ? at - 1 : at + 1]?.id === neighbour) return;
  must(move(document, id, before === undefined ? { after: neighbour } : { before: neighbour }), 'after');
}

function listIdIn(named: Named | undefined): string | null | undefined {
  return named !== undefined && 'listId' in named ? named.listId : undefined;
}

function listOfSection(document: HoldfastDocument, { listId }: Section): List | undefined {
  const list = listId === null ? undefined : document.list(listId);
  return list?.trashedAt === null ? list : undefined;
}

function ordered<T extends List | Filter>(all: Iterable<T>): T[] {
  return [...all]
    .filter((each) => each.trashedAt === null)
    .sort((a, b) => compareOrdered({ ...a, bornT: a.createdAt }, { ...b, bornT: b.createdAt }));
}

function namedJson({ id, name, createdAt, updatedAt }: Named): NamedJson {
  return { id, name, createdAt: instantText(createdAt), updatedAt: instantText(updatedAt) };
}

/** Without what was left out. */
function given<T extends object>(fields: T): { [field in keyof T]?: Exclude<T[field], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function colorOf(color: string | null | undefined): { color?: string | null } {
  return color === undefined ? {} : { color };
}

function idOf<Id extends string>(id: string | undefined): { id?: Id } {
  return id === undefined ? {} : { id: id as Id };
}

/** What of a new one core may refuse: its id, where one was given, for another has had it. */
function nameOrId(id: string | undefined): 'name' | 'id' {
  return id === undefined ? 'name' : 'id';
}

function missing(kind: NamedKind, id: string, found: Named | undefined): Refused {
  return found === undefined
    ? refused('not-found', `There is no ${kind} "${id}" in this space.`)
    : refused('not-found', `The ${kind} "${id}" is in the trash; restore it first.`);
}
