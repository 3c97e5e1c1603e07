/**
 * The audit of a space as its members read it: newest first, with the names of people and devices.
 *
 * Promise: a page begins right below the sequence that the page before ended with, so nothing is given twice or passed
 * over while more is written. Limits: what retention has removed is gone (workers/).
 * Why `api:`: a write through the API stands in the log under `api:` and the id of its token.
 */
import type { Database } from './database.ts';
import type { AuditedEntity } from './worker-tables.ts';

export interface AuditEntry {
  readonly seq: number;
  readonly entity: AuditedEntity;
  readonly entityId: string;
  readonly ordinal: number | null;
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly userId: string | null;
  readonly userName: string | null;
  readonly deviceId: string | null;
  readonly deviceName: string | null;
  readonly writer: string;
  readonly claimedAt: Date;
  readonly receivedAt: Date;
}

export interface AuditQuestion {
  readonly spaceId: string;
  /** Null: of everything. */
  readonly entity: AuditedEntity | null;
  readonly entityId: string | null;
  /** Only entries after this sequence. */
  readonly afterSeq: number;
  /** Only entries that the server got after this. */
  readonly afterTime: Date | null;
  /** Only entries before this sequence; null: from the newest on. */
  readonly beforeSeq: number | null;
  readonly limit: number;
}

export async function readAudit(database: Database, question: AuditQuestion): Promise<AuditEntry[]> {
  const { spaceId, entity, entityId, afterSeq, afterTime, beforeSeq, limit } = question;
  const statement = entity === null || entity === 'task' ? AUDIT : AUDIT_BESIDE_TASKS;
  return database.run<AuditEntry>(statement, [
    spaceId,
    entity,
    entityId,
    afterSeq,
    afterTime,
    beforeSeq,
    limit,
  ]);
}

function auditText(more: string): string {
  return `
    SELECT audit.seq, audit.entity, audit.entity_id AS "entityId", audit.ordinal, audit.field,
      audit.before, audit.after, audit.user_id AS "userId", account_user.name AS "userName",
      audit.device_id AS "deviceId", coalesce(device.name, api_token.name) AS "deviceName",
      audit.writer, audit.claimed_at AS "claimedAt", audit.received_at AS "receivedAt"
    FROM audit
    LEFT JOIN account_user ON account_user.id = audit.user_id
    LEFT JOIN device ON device.user_id = audit.user_id AND device.id = audit.device_id
    LEFT JOIN api_token ON 'api:' || api_token.id::text = audit.device_id
    WHERE audit.space_id = $1
      AND ($2::text IS NULL OR audit.entity = $2)
      AND ($3::text IS NULL OR audit.entity_id = $3)
      AND audit.seq > $4
      AND ($5::timestamptz IS NULL OR audit.received_at > $5)
      AND ($6::bigint IS NULL OR audit.seq < $6)
      ${more}
    ORDER BY audit.seq DESC LIMIT $7`;
}

const AUDIT = { name: 'read-audit', text: auditText('') };

/** Says what the index of what is no task (0006) is of: from a parameter Postgres could not tell. */
const AUDIT_BESIDE_TASKS = {
  name: 'read-audit-beside-tasks',
  text: auditText(`AND audit.entity <> 'task'`),
};
