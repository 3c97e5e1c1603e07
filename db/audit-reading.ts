/**
 * The audit of a space as its members read it: newest first, with the names of people and devices.
 *
 * Promise: a page begins right below the sequence that the page before ended with, so nothing is given twice or passed
 * over while more is written. Limits: what retention has removed is gone (workers/).
 * Why `api:`: a write through the API stands in the log under `api:` and the id of its token.
 */
import type { Database } from './database.ts';

export interface AuditEntry {
  readonly seq: number;
  readonly entity: 'task' | 'list' | 'tag' | 'filter';
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
  readonly taskId: string | null;
  /** Only entries after this sequence. */
  readonly afterSeq: number;
  /** Only entries that the server got after this. */
  readonly afterTime: Date | null;
  /** Only entries before this sequence; null: from the newest on. */
  readonly beforeSeq: number | null;
  readonly limit: number;
}

export async function readAudit(database: Database, question: AuditQuestion): Promise<AuditEntry[]> {
  const { spaceId, taskId, afterSeq, afterTime, beforeSeq, limit } = question;
  return database.run<AuditEntry>(AUDIT, [spaceId, taskId, afterSeq, afterTime, beforeSeq, limit]);
}

const AUDIT = {
  name: 'read-audit',
  text: `
    SELECT audit.seq, audit.entity, audit.entity_id AS "entityId", audit.ordinal, audit.field,
      audit.before, audit.after, audit.user_id AS "userId", account_user.name AS "userName",
      audit.device_id AS "deviceId", coalesce(device.name, api_token.name) AS "deviceName",
      audit.writer, audit.claimed_at AS "claimedAt", audit.received_at AS "receivedAt"
    FROM audit
    LEFT JOIN account_user ON account_user.id = audit.user_id
    LEFT JOIN device ON device.user_id = audit.user_id AND device.id = audit.device_id
    LEFT JOIN api_token ON 'api:' || api_token.id::text = audit.device_id
    WHERE audit.space_id = $1
      AND ($2::text IS NULL OR (audit.entity = 'task' AND audit.entity_id = $2))
      AND audit.seq > $3
      AND ($4::timestamptz IS NULL OR audit.received_at > $4)
      AND ($5::bigint IS NULL OR audit.seq < $5)
    ORDER BY audit.seq DESC LIMIT $6`,
};
