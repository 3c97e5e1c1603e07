/**
 * Lists, their sections, tags and saved filters over HTTP: /api/v1/spaces/{spaceId}/lists, /sections, /tags and /filters, with
 * the habits of tasks.
 *
 * Why one description for four kinds: they differ in their fields alone, and what is mended for one is mended for all.
 */
import type { AnyNamedJson, NamedFields, NamedJsons, NamedKind } from '../replica/calls.ts';
import * as schemas from './named-schemas.ts';
import { operation } from './operation.ts';
import type { Operation } from './operation.ts';
import type { ObjectSchema, Schema } from './schemas.ts';
import { idFromKey } from './space-door.ts';
import type { SpaceDoor } from './space-door.ts';
import { IDEMPOTENCY_KEY } from './task-operations.ts';

const WRITE_PROBLEMS = ['read-only', 'not-found', 'conflict', 'unavailable'] as const;

/** One kind in words and shapes. */
interface Kind<K extends NamedKind> {
  readonly kind: K;
  readonly path: `${K}s`;
  /** "a list" */
  readonly one: string;
  readonly title: string;
  readonly group: string;
  readonly making: string;
  readonly changing: string;
  readonly changingMore?: string;
  /** What becomes of the tasks of one that is deleted. */
  readonly fate: string;
  readonly json: Schema<NamedJsons[K]>;
  readonly all: Schema<Record<`${K}s`, NamedJsons[K][]>>;
  readonly query?: ObjectSchema<{ readonly list?: string | undefined }>;
  readonly fresh: Schema<NamedFields & { readonly name: string; readonly id?: string | undefined }>;
  readonly patch: Schema<NamedFields>;
}

const LIST: Kind<'list'> = {
  kind: 'list',
  path: 'lists',
  one: 'a list',
  title: 'List',
  group: 'Lists',
  making: 'Make a list',
  changing: 'Change the name, colour, icon or place of a list, or put it away',
  fate: '; its tasks are then in the Inbox',
  json: schemas.list,
  all: schemas.lists,
  fresh: schemas.newList,
  patch: schemas.listPatch,
};
const SECTION: Kind<'section'> = {
  kind: 'section',
  path: 'sections',
  one: 'a section',
  title: 'Section',
  group: 'Lists',
  making: 'Make a section of a list',
  changing: 'Change the name or place of a section',
  changingMore: 'A section belongs to its list for good; tasks are moved by their `sectionId`.',
  fate: '; its tasks stay in the list, in no section',
  json: schemas.section,
  all: schemas.sections,
  query: schemas.sectionQuery,
  fresh: schemas.newSection,
  patch: schemas.sectionPatch,
};
const TAG: Kind<'tag'> = {
  kind: 'tag',
  path: 'tags',
  one: 'a tag',
  title: 'Tag',
  group: 'Tags',
  making: 'Make a tag, or get the one of that name',
  changing: 'Change the name or colour of a tag',
  fate: '; its tasks are then without it',
  json: schemas.tag,
  all: schemas.tags,
  fresh: schemas.newTag,
  patch: schemas.tagPatch,
};
const FILTER: Kind<'filter'> = {
  kind: 'filter',
  path: 'filters',
  one: 'a filter',
  title: 'Filter',
  group: 'Filters',
  making: 'Save a query as a filter, which the app shows as a view',
  changing: 'Change the name, query, colour or place of a filter',
  changingMore:
    'A query that cannot be understood is refused; each entry of `errors` says with `start` and `end` where.',
  fate: '',
  json: schemas.filter,
  all: schemas.filters,
  fresh: schemas.newFilter,
  patch: schemas.filterPatch,
};

export function namedOperations(door: SpaceDoor): Operation[] {
  return [...of(LIST, door), ...of(SECTION, door), ...of(TAG, door), ...of(FILTER, door)];
}

function of<K extends NamedKind>(words: Kind<K>, door: SpaceDoor): Operation[] {
  const { kind, path, one, title, group } = words;
  const all = `/api/v1/spaces/{spaceId}/${path}` as const;
  const each = `${all}/{${kind}Id}` as const;
  const idOf = (params: Readonly<Record<string, string>>): string => params[`${kind}Id`] ?? '';
  // The kind of what comes back is the kind that was asked for.
  const json = words.json as unknown as Schema<AnyNamedJson>;
  const described = words.changingMore === undefined ? {} : { description: words.changingMore };
  return [
    operation({
      id: `list${title}s`,
      method: 'get',
      path: all,
      group,
      summary: `The ${path} of a space, without those in the trash`,
      access: 'user',
      ...(words.query === undefined ? {} : { query: words.query }),
      result: words.all as unknown as Schema<Record<string, AnyNamedJson[]>>,
      status: 200,
      problems: ['not-found'],
      async handle(call) {
        const { list } = (call.query ?? {}) as { list?: string };
        return { [path]: await door.ask(call, 'listNamed', { kind, list }) };
      },
    }),
    operation({
      id: `create${title}`,
      method: 'post',
      path: all,
      group,
      summary: words.making,
      access: 'user',
      headers: IDEMPOTENCY_KEY,
      body: words.fresh,
      result: json,
      status: 201,
      otherStatus: { status: 200, when: 'It was there already' },
      problems: WRITE_PROBLEMS,
      async handle(call) {
        const key = call.headers.get('idempotency-key');
        const id = call.body.id ?? (key === null ? undefined : idFromKey(call, kind, key));
        const input = { kind, ...call.body, ...(id === undefined ? {} : { id }) };
        const { named, isNew } = await door.ask(call, 'createNamed', input);
        const location = `${all.replace('{spaceId}', call.params['spaceId'] ?? '')}/${encodeURIComponent(named.id)}`;
        call.answerWith(isNew ? 201 : 200, { Location: location });
        return named;
      },
    }),
    operation({
      id: `get${title}`,
      method: 'get',
      path: each,
      group,
      summary: `One ${kind}`,
      access: 'user',
      result: json,
      status: 200,
      problems: ['not-found'],
      handle: (call) => door.ask(call, 'getNamed', { kind, id: idOf(call.params) }),
    }),
    operation({
      id: `edit${title}`,
      method: 'patch',
      path: each,
      group,
      summary: words.changing,
      ...described,
      access: 'user',
      body: words.patch,
      result: json,
      status: 200,
      problems: WRITE_PROBLEMS,
      handle: (call) => door.ask(call, 'editNamed', { kind, id: idOf(call.params), fields: call.body }),
    }),
    operation({
      id: `delete${title}`,
      method: 'delete',
      path: each,
      group,
      summary: `Move ${one} to the trash${words.fate}`,
      access: 'user',
      status: 204,
      problems: WRITE_PROBLEMS,
      async handle(call) {
        await door.ask(call, 'trashNamed', { kind, id: idOf(call.params) });
      },
    }),
    operation({
      id: `restore${title}`,
      method: 'post',
      path: `${each}/restore`,
      group,
      summary: `Bring ${one} back from the trash`,
      access: 'user',
      result: json,
      status: 200,
      problems: WRITE_PROBLEMS,
      handle: (call) => door.ask(call, 'restoreNamed', { kind, id: idOf(call.params) }),
    }),
  ];
}
