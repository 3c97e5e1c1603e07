/**
 * What the projection tells of changes: rows of the audit and events of the outbox, in their order.
 */
import { runIn } from './database.ts';
import type { Tx } from './database.ts';
import type { AuditTable, OutboxTable } from './worker-tables.ts';

/** A row of the audit, its jsonb columns as text. */
export interface AuditRow extends Omit<
  AuditTable,
  'before' | 'after' | 'stands' | 'claimed_at' | 'received_at'
> {
  readonly before: string | null;
  readonly after: string | null;
  readonly stands: boolean;
  readonly claimed_at: Date;
  readonly received_at: Date;
}

export interface AuditKey {
  readonly entity: string;
  readonly entityId: string;
  readonly ordinal: number | null;
  readonly field: string;
  readonly stamp: number;
  readonly writer: string;
}

export type OutboxRow = Omit<OutboxTable, 'data'> & { readonly data: string };

/**
 * Which of these changes the audit knows already, by their place in the list. Lateral and limited, so that it is one look into
 * the index for each, whatever Postgres knows of a table that grew by ten thousand rows a moment ago.
 */
export async function auditedAmong(tx: Tx, spaceId: string, keys: readonly AuditKey[]): Promise<Set<number>> {
  if (keys.length === 0) return new Set();
  const found = await runIn<{ place: number }>(tx, AUDITED, [
    spaceId,
    keys.map((key) => key.entity),
    keys.map((key) => key.entityId),
    plainArray(keys.map((key) => key.ordinal ?? -1)),
    keys.map((key) => key.field),
    plainArray(keys.map((key) => key.stamp)),
    keys.map((key) => key.writer),
  ]);
  return new Set(found.map((row) => row.place));
}

export async function appendAudit(tx: Tx, spaceId: string, rows: readonly AuditRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    const some = rows.slice(at, at + ROWS_PER_STATEMENT);
    await runIn(tx, APPEND_AUDIT, [
      spaceId,
      plainArray(some.map((row) => row.seq)),
      plainArray(some.map((row) => row.log_seq)),
      plainArray(some.map((row) => row.entity)),
      some.map((row) => row.entity_id),
      plainArray(some.map((row) => row.ordinal)),
      some.map((row) => row.field),
      some.map((row) => row.before),
      some.map((row) => row.after),
      some.map((row) => row.user_id),
      some.map((row) => row.device_id),
      some.map((row) => row.writer),
      plainArray(some.map((row) => row.stamp)),
      plainArray(some.map((row) => row.stands)),
      plainArray(some.map((row) => row.claimed_at.toISOString())),
      plainArray(some.map((row) => row.received_at.toISOString())),
      some.map((row) => row.hash),
    ]);
  }
}

export async function appendOutbox(tx: Tx, spaceId: string, rows: readonly OutboxRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    const some = rows.slice(at, at + ROWS_PER_STATEMENT);
    await runIn(tx, APPEND_OUTBOX, [
      spaceId,
      plainArray(some.map((row) => row.seq)),
      plainArray(some.map((row) => row.id)),
      plainArray(some.map((row) => row.type)),
      some.map((row) => row.subject),
      plainArray(some.map((row) => row.at.toISOString())),
      some.map((row) => row.data),
    ]);
  }
}

/** A literal of what needs no quotes in one: numbers, instants, our own names. The driver would look into each. */
function plainArray(values: readonly (string | number | boolean | null)[]): string {
  let text = '';
  for (const value of values) text += `,${value ?? 'NULL'}`;
  return `{${text.slice(1)}}`;
}

const ROWS_PER_STATEMENT = 2000;

const AUDITED = {
  name: 'audited-among',
  text: `
    SELECT (key.place - 1)::int AS place
    FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::bigint[], $7::text[])
      WITH ORDINALITY AS key (entity, entity_id, ordinal, field, stamp, writer, place)
    JOIN LATERAL (
      SELECT FROM audit
      WHERE audit.space_id = $1 AND audit.entity = key.entity AND audit.entity_id = key.entity_id
        AND coalesce(audit.ordinal, -1) = key.ordinal AND audit.field = key.field AND audit.stamp = key.stamp
        AND audit.writer = key.writer
      LIMIT 1
    ) AS known ON true`,
};

const APPEND_AUDIT = {
  name: 'append-audit',
  text: `
    INSERT INTO audit (
      space_id, seq, log_seq, entity, entity_id, ordinal, field, before, after, user_id, device_id, writer, stamp,
      stands, claimed_at, received_at, hash
    )
    SELECT $1::uuid, * FROM unnest(
      $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::int[], $7::text[], $8::jsonb[], $9::jsonb[],
      $10::text[], $11::text[], $12::text[], $13::bigint[], $14::boolean[], $15::timestamptz[],
      $16::timestamptz[], $17::bytea[]
    )`,
};

const APPEND_OUTBOX = {
  name: 'append-outbox',
  text: `
    INSERT INTO outbox (space_id, seq, id, type, subject, at, data)
    SELECT $1::uuid, * FROM unnest(
      $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[]
    )`,
};
