/**
 * Tasks over HTTP: /api/v1/spaces/{spaceId}/tasks.
 *
 * Promise: every write is one edit of the space's document, in core's own commands, in the caller's name; it is answered
 * when it is committed, and every read knows it from then on, on every server.
 */
import type { Calls, TaskJson } from '../replica/calls.ts';
import { operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { idFromKey } from './space-door.ts';
import type { SpaceDoor } from './space-door.ts';
import type { Schema } from './schemas.ts';
import * as schemas from './task-schemas.ts';

const TASKS = '/api/v1/spaces/{spaceId}/tasks';
const TASK = '/api/v1/spaces/{spaceId}/tasks/{taskId}';
const GROUP = 'Tasks';
const WRITE_PROBLEMS = ['read-only', 'not-found', 'conflict', 'unavailable'] as const;

export const IDEMPOTENCY_KEY = {
  'Idempotency-Key':
    'Any text of up to 255 characters: asking again with it gives what the first asking made, and makes no second.',
} as const;

export function taskOperations(door: SpaceDoor): Operation[] {
  /** Those that do one thing to one task. */
  function action<Name extends 'closeTask' | 'reopenTask' | 'restoreTask' | 'snoozeTask', Body>(spec: {
    readonly id: string;
    readonly path: 'complete' | 'skip' | 'reopen' | 'restore' | 'snooze';
    readonly summary: string;
    readonly description?: string;
    readonly body: Schema<Body>;
    readonly isBodyOptional: boolean;
    readonly name: Name;
    readonly input: (taskId: string, body: Body) => Calls[Name]['input'];
  }): Operation {
    const { id, path, summary, description, isBodyOptional, name, input } = spec;
    return operation({
      id,
      method: 'post',
      path: `${TASK}/${path}`,
      group: GROUP,
      summary,
      ...(description === undefined ? {} : { description }),
      access: 'user',
      query: schemas.zoneOnly,
      body: spec.body,
      isBodyOptional,
      result: schemas.task,
      status: 200,
      problems: WRITE_PROBLEMS,
      handle(call): Promise<TaskJson> {
        const { taskId = '' } = call.params;
        return door.ask(call, name, input(taskId, call.body), call.query.timeZone);
      },
    });
  }

  return [
    operation({
      id: 'listTasks',
      method: 'get',
      path: TASKS,
      group: GROUP,
      summary: 'The tasks of a space, filtered, sorted, a page at a time',
      access: 'user',
      query: schemas.taskQuery,
      result: schemas.tasks,
      status: 200,
      problems: ['not-found'],
      handle(call) {
        const { timeZone, ...query } = call.query;
        return door.ask(call, 'listTasks', query, timeZone);
      },
    }),
    operation({
      id: 'createTask',
      method: 'post',
      path: TASKS,
      group: GROUP,
      summary: 'Make a task',
      description:
        'A create is repeated safely with an `id` of your own, or an `Idempotency-Key`: if the task is there already it is given as it is, with 200. Tags are given by name or id.',
      access: 'user',
      query: schemas.zoneOnly,
      headers: IDEMPOTENCY_KEY,
      body: schemas.newTask,
      result: schemas.task,
      status: 201,
      otherStatus: { status: 200, when: 'It was there already' },
      problems: WRITE_PROBLEMS,
      async handle(call) {
        const key = call.headers.get('idempotency-key');
        const id = call.body.id ?? (key === null ? undefined : idFromKey(call, 'task', key));
        const input = { ...call.body, ...(id === undefined ? {} : { id }) };
        const { task, isNew } = await door.ask(call, 'createTask', input, call.query.timeZone);
        const path = `${TASKS.replace('{spaceId}', call.params['spaceId'] ?? '')}/${encodeURIComponent(task.id)}`;
        call.answerWith(isNew ? 201 : 200, { Location: path });
        return task;
      },
    }),
    operation({
      id: 'getTask',
      method: 'get',
      path: TASK,
      group: GROUP,
      summary: 'One task; not one that is in the trash',
      access: 'user',
      query: schemas.zoneOnly,
      result: schemas.task,
      status: 200,
      problems: ['not-found'],
      handle: (call) => door.ask(call, 'getTask', { id: call.params['taskId'] ?? '' }, call.query.timeZone),
    }),
    operation({
      id: 'editTask',
      method: 'patch',
      path: TASK,
      group: GROUP,
      summary: 'Change a task; what is left out stays',
      description:
        'Of a recurring task the default, `scope=future`, changes the open occurrence and all that come, as "all future ones" does in the app. `scope=this` changes the open occurrence alone.',
      access: 'user',
      query: schemas.patchQuery,
      body: schemas.taskPatch,
      result: schemas.task,
      status: 200,
      problems: WRITE_PROBLEMS,
      handle(call) {
        const { scope, ordinal, timeZone } = call.query;
        const input = { id: call.params['taskId'] ?? '', fields: call.body, scope, ordinal };
        return door.ask(call, 'editTask', input, timeZone);
      },
    }),
    operation({
      id: 'deleteTask',
      method: 'delete',
      path: TASK,
      group: GROUP,
      summary: 'Move a task to the trash, with its subtasks; or an occurrence, or all future ones, away',
      access: 'user',
      query: schemas.deleteQuery,
      status: 204,
      problems: WRITE_PROBLEMS,
      async handle(call) {
        const { scope, ordinal } = call.query;
        await door.ask(call, 'deleteTask', {
          id: call.params['taskId'] ?? '',
          scope: scope ?? null,
          ordinal,
        });
      },
    }),
    action({
      id: 'completeTask',
      path: 'complete',
      summary: 'Complete it; of a recurring task the open occurrence, which brings the next',
      description:
        'Completing what is completed changes nothing. The answer is the task as it then is: a recurring one is open again at its next date.',
      body: schemas.occurrenceInput,
      isBodyOptional: true,
      name: 'closeTask',
      input: (id, { ordinal }) => ({ id, kind: 'done', ordinal }),
    }),
    action({
      id: 'skipTask',
      path: 'skip',
      summary: 'Skip the open occurrence of a recurring task; any other task is cancelled',
      body: schemas.occurrenceInput,
      isBodyOptional: true,
      name: 'closeTask',
      input: (id, { ordinal }) => ({ id, kind: 'skipped', ordinal }),
    }),
    action({
      id: 'reopenTask',
      path: 'reopen',
      summary: 'Reopen what is completed, cancelled or skipped',
      body: schemas.reopenInput,
      isBodyOptional: true,
      name: 'reopenTask',
      input: (id, { ordinal }) => ({ id, ordinal }),
    }),
    action({
      id: 'restoreTask',
      path: 'restore',
      summary: 'Bring a task back from the trash, with the subtasks that went with it',
      body: schemas.nothing,
      isBodyOptional: true,
      name: 'restoreTask',
      input: (id) => ({ id }),
    }),
    action({
      id: 'snoozeTask',
      path: 'snooze',
      summary: 'Be reminded again at an instant, and not before',
      body: schemas.snoozeInput,
      isBodyOptional: false,
      name: 'snoozeTask',
      input: (id, { until, ordinal }) => ({ id, until, ordinal }),
    }),
  ];
}
