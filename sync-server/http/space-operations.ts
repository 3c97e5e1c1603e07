/**
 * About a space itself: who belongs to it, and who changed what in it and when.
 *
 * Limits: the history is what workers have written of the log: a change stands in it a moment after it was made, and for
 * as long as AUDIT_RETENTION_DAYS.
 */
import { readAudit } from '@holdfast/db/audit-reading.ts';
import type { Database } from '@holdfast/db/database.ts';
import { membersOf } from '@holdfast/db/space-access.ts';
import { readInstant } from '../replica/moments.ts';
import { operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { Problem } from './problem.ts';
import type { SpaceDoor } from './space-door.ts';
import * as schemas from './task-schemas.ts';

export interface SpaceOperationsOptions {
  readonly database: Database;
  readonly door: SpaceDoor;
}

export function spaceOperations({ database, door }: SpaceOperationsOptions): Operation[] {
  return [
    operation({
      id: 'listMembers',
      method: 'get',
      path: '/api/v1/spaces/{spaceId}/members',
      group: 'Spaces',
      summary: 'Who belongs to a space, and as what',
      access: 'user',
      result: schemas.members,
      status: 200,
      problems: ['not-found'],
      async handle(call) {
        const { spaceId } = await door.enter(call);
        return { members: await membersOf(database, spaceId) };
      },
    }),
    operation({
      id: 'readAudit',
      method: 'get',
      path: '/api/v1/spaces/{spaceId}/audit',
      group: 'Spaces',
      summary: 'Who changed what and when, the newest first',
      access: 'user',
      query: schemas.auditQuery,
      result: schemas.audit,
      status: 200,
      problems: ['not-found'],
      async handle(call) {
        const { spaceId } = await door.enter(call);
        const { task, entity, entityId, after, limit, cursor } = call.query;
        if (task !== undefined && (entity ?? entityId) !== undefined) {
          const message = '`task` stands for both, entity and entityId; give the one or the others.';
          throw new Problem('invalid-input', `task: ${message}`, { errors: [{ field: 'task', message }] });
        }
        const afterTime = after === undefined ? null : readInstant(after);
        const found = await readAudit(database, {
          spaceId,
          entity: task === undefined ? (entity ?? null) : 'task',
          entityId: task ?? entityId ?? null,
          afterSeq: after !== undefined && afterTime === null ? Number(after) : 0,
          afterTime: afterTime === null ? null : new Date(afterTime),
          beforeSeq: cursor === undefined ? null : sequenceOf(cursor),
          limit: limit + 1,
        });
        const entries = found.slice(0, limit);
        const last = found.length > limit ? entries.at(-1) : undefined;
        return {
          entries: entries.map((entry) => ({
            ...entry,
            claimedAt: entry.claimedAt.toISOString(),
            receivedAt: entry.receivedAt.toISOString(),
          })),
          nextCursor: last === undefined ? null : cursorOf(last.seq),
        };
      },
    }),
  ];
}

function cursorOf(seq: number): string {
  return Buffer.from(`a${String(seq)}`).toString('base64url');
}

function sequenceOf(cursor: string): number {
  const seq = /^a(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1];
  if (seq !== undefined) return Number(seq);
  const message = `"${cursor}" is no cursor of this list; take nextCursor as it was given.`;
  throw new Problem('invalid-input', `cursor: ${message}`, { errors: [{ field: 'cursor', message }] });
}
