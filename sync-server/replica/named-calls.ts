/**
 * What the API does with lists and tags: the same habits as for tasks.
 *
 * Promise: making a tag of a name that a tag has gives that one; lists may share a name. Deleting moves to the trash:
 * the tasks of a list are then in the Inbox, and come back with it.
 */
import type { HoldfastDocument, List, ListId, Result, Tag, TagId } from '@holdfast/core/document.ts';
import { foldText } from '@holdfast/core/fold.ts';
import { compareOrdered } from '@holdfast/core/order.ts';
import { refused } from './calls.ts';
import type { Calls, NamedFields, NamedKind, Outcome, Refused } from './calls.ts';
import { namedJson } from './task-json.ts';
import { tagIdFor } from './task-calls.ts';

type Input<Name extends keyof Calls> = Calls[Name]['input'];
type Answer<Name extends keyof Calls> = Outcome<Calls[Name]['value']>;

export function listNamed(document: HoldfastDocument, { kind }: Input<'listNamed'>): Answer<'listNamed'> {
  const all = kind === 'list' ? orderedLists(document) : orderedTags(document);
  return { ok: true, value: all.map(namedJson) };
}

export function getNamed(document: HoldfastDocument, { kind, id }: Input<'getNamed'>): Answer<'getNamed'> {
  const found = find(document, kind, id);
  if (found === undefined || found.trashedAt !== null) return missing(kind, id, found);
  return { ok: true, value: namedJson(found) };
}

export function createNamed(
  document: HoldfastDocument,
  { kind, id, name, color }: Input<'createNamed'>,
): Answer<'createNamed'> {
  const wanted = foldText(name.trim());
  const there =
    id === undefined
      ? kind === 'tag'
        ? orderedTags(document).find((tag) => foldText(tag.name) === wanted)
        : undefined
      : find(document, kind, id);
  if (there !== undefined && there.trashedAt !== null) {
    return refused(
      'conflict',
      `The ${kind} "${there.id}" is in the trash. Restore it, or use another id.`,
      'id',
    );
  }
  if (there !== undefined) return { ok: true, value: { named: namedJson(there), isNew: false } };
  const shade = color === undefined ? {} : { color };
  const made =
    kind === 'list'
      ? document.createList({ name, ...shade, ...(id === undefined ? {} : { id: id as ListId }) })
      : document.createTag({
          name,
          ...shade,
          ...(id === undefined ? tagIdFor(document, name.trim()) : { id: id as TagId }),
        });
  if (!made.ok) return refused(made.code, made.message, 'name');
  const named = getNamed(document, { kind, id: made.id });
  return named.ok ? { ok: true, value: { named: named.value, isNew: true } } : named;
}

export function editNamed(
  document: HoldfastDocument,
  { kind, id, fields }: Input<'editNamed'>,
): Answer<'editNamed'> {
  const found = find(document, kind, id);
  if (found === undefined || found.trashedAt !== null) return missing(kind, id, found);
  const patch = patchOf(fields);
  const edited =
    kind === 'list' ? document.editList(id as ListId, patch) : document.editTag(id as TagId, patch);
  return edited.ok ? getNamed(document, { kind, id }) : refused(edited.code, edited.message, 'name');
}

export function trashNamed(
  document: HoldfastDocument,
  { kind, id }: Input<'trashNamed'>,
): Answer<'trashNamed'> {
  const result = kind === 'list' ? document.trashList(id as ListId) : document.trashTag(id as TagId);
  return result.ok ? { ok: true, value: null } : missing(kind, id, undefined);
}

export function restoreNamed(
  document: HoldfastDocument,
  { kind, id }: Input<'restoreNamed'>,
): Answer<'restoreNamed'> {
  const result: Result =
    kind === 'list' ? document.restoreList(id as ListId) : document.restoreTag(id as TagId);
  return result.ok ? getNamed(document, { kind, id }) : missing(kind, id, undefined);
}

function find(document: HoldfastDocument, kind: NamedKind, id: string): List | Tag | undefined {
  return kind === 'list' ? document.list(id as ListId) : document.tag(id as TagId);
}

function orderedLists(document: HoldfastDocument): List[] {
  return [...document.lists()]
    .filter((list) => list.trashedAt === null)
    .sort((a, b) => compareOrdered({ ...a, bornT: a.createdAt }, { ...b, bornT: b.createdAt }));
}

function orderedTags(document: HoldfastDocument): Tag[] {
  return [...document.tags()]
    .filter((tag) => tag.trashedAt === null)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1));
}

function patchOf({ name, color }: NamedFields): { name?: string; color?: string | null } {
  return { ...(name === undefined ? {} : { name }), ...(color === undefined ? {} : { color }) };
}

function missing(kind: NamedKind, id: string, found: List | Tag | undefined): Refused {
  return found === undefined
    ? refused('not-found', `There is no ${kind} "${id}" in this space.`)
    : refused('not-found', `The ${kind} "${id}" is in the trash; restore it first.`);
}
