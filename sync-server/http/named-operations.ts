/**
 * Lists and tags over HTTP: /api/v1/spaces/{spaceId}/lists and /tags, with the habits of tasks.
 */
import type { NamedKind } from '../replica/calls.ts';
import { operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { idFromKey } from './space-door.ts';
import type { SpaceDoor } from './space-door.ts';
import { IDEMPOTENCY_KEY } from './task-operations.ts';
import * as schemas from './task-schemas.ts';

const WRITE_PROBLEMS = ['read-only', 'not-found', 'conflict', 'unavailable'] as const;

interface Words {
  readonly kind: NamedKind;
  readonly path: 'lists' | 'tags';
  readonly one: string;
  readonly title: 'List' | 'Tag';
  readonly group: string;
  readonly fate: string;
}

const LIST: Words = {
  kind: 'list',
  path: 'lists',
  one: 'a list',
  title: 'List',
  group: 'Lists',
  fate: 'its tasks are then in the Inbox',
};
const TAG: Words = {
  kind: 'tag',
  path: 'tags',
  one: 'a tag',
  title: 'Tag',
  group: 'Tags',
  fate: 'its tasks are then without it',
};

export function namedOperations(door: SpaceDoor): Operation[] {
  return [...of(LIST, door), ...of(TAG, door)];
}

function of({ kind, path, one, title, group, fate }: Words, door: SpaceDoor): Operation[] {
  const all = `/api/v1/spaces/{spaceId}/${path}` as const;
  const each = `${all}/{${kind}Id}` as const;
  const idOf = (params: Readonly<Record<string, string>>): string => params[`${kind}Id`] ?? '';
  const reading = {
    id: `list${title}s`,
    method: 'get',
    path: all,
    group,
    summary: `The ${path} of a space, without those in the trash`,
    access: 'user',
    status: 200,
    problems: ['not-found'],
  } as const;
  return [
    kind === 'list'
      ? operation({
          ...reading,
          result: schemas.lists,
          handle: async (call) => ({ lists: await door.ask(call, 'listNamed', { kind }) }),
        })
      : operation({
          ...reading,
          result: schemas.tags,
          handle: async (call) => ({ tags: await door.ask(call, 'listNamed', { kind }) }),
        }),
    operation({
      id: `create${title}`,
      method: 'post',
      path: all,
      group,
      summary: kind === 'tag' ? 'Make a tag, or get the one of that name' : 'Make a list',
      access: 'user',
      headers: IDEMPOTENCY_KEY,
      body: schemas.newNamed,
      result: schemas.named,
      status: 201,
      otherStatus: { status: 200, when: 'It was there already' },
      problems: WRITE_PROBLEMS,
      async handle(call) {
        const key = call.headers.get('idempotency-key');
        const id = call.body.id ?? (key === null ? undefined : idFromKey(call, kind, key));
        const input = { kind, ...call.body, ...(id === undefined ? {} : { id }) };
        const { named, isNew } = await door.ask(call, 'createNamed', input);
        call.answerWith(isNew ? 201 : 200);
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
      result: schemas.named,
      status: 200,
      problems: ['not-found'],
      handle: (call) => door.ask(call, 'getNamed', { kind, id: idOf(call.params) }),
    }),
    operation({
      id: `edit${title}`,
      method: 'patch',
      path: each,
      group,
      summary: `Change the name or colour of ${one}`,
      access: 'user',
      body: schemas.namedPatch,
      result: schemas.named,
      status: 200,
      problems: WRITE_PROBLEMS,
      handle: (call) => door.ask(call, 'editNamed', { kind, id: idOf(call.params), fields: call.body }),
    }),
    operation({
      id: `delete${title}`,
      method: 'delete',
      path: each,
      group,
      summary: `Move ${one} to the trash; ${fate}`,
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
      result: schemas.named,
      status: 200,
      problems: WRITE_PROBLEMS,
      handle: (call) => door.ask(call, 'restoreNamed', { kind, id: idOf(call.params) }),
    }),
  ];
}
