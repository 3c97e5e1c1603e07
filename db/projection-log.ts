/**
 * What the projection reads of the log, and which of its rows it sets aside.
 *
 * Promise: rows come in order and without those in quarantine. No statement here locks a row that an append needs.
 */
import { sql } from 'kysely';
import { runIn } from './database.ts';
import type { Database, Tx } from './database.ts';

export interface AuthoredRow {
  readonly seq: number;
  readonly body: Buffer;
  readonly userId: string;
  readonly deviceId: string | null;
  readonly receivedAt: Date;
}

/** Rows after `afterSeq`, in order, without those in quarantine; at least one if there is one. */
export async function readAuthored(
  tx: Tx,
  spaceId: string,
  afterSeq: number,
  limit: { readonly rows: number; readonly bytes: number; readonly untilSeq?: number },
): Promise<AuthoredRow[]> {
  return runIn<AuthoredRow>(tx, AUTHORED, [
    spaceId,
    afterSeq,
    limit.untilSeq ?? Number.MAX_SAFE_INTEGER,
    limit.rows,
    limit.bytes,
  ]);
}

/** Up to where the log is whole after `afterSeq`: rows that are there or in quarantine, one by one. */
export async function firstMissing(
  tx: Tx,
  spaceId: string,
  afterSeq: number,
  untilSeq: number,
): Promise<number | null> {
  const found = await sql<{ missing: number | null }>`
    SELECT min(expected) AS missing FROM (
      SELECT seq, ${afterSeq}::bigint + row_number() OVER (ORDER BY seq) AS expected FROM (
        SELECT seq FROM update_log WHERE space_id = ${spaceId} AND seq > ${afterSeq} AND seq <= ${untilSeq}
        UNION
        SELECT seq FROM quarantine WHERE space_id = ${spaceId} AND seq > ${afterSeq} AND seq <= ${untilSeq}
        UNION ALL SELECT ${untilSeq}::bigint + 1
      ) AS there
    ) AS numbered WHERE seq <> expected`.execute(tx);
  return found.rows[0]?.missing ?? null;
}

/** Read without a lock: it may be higher a moment later. */
export async function headOf(tx: Tx, spaceId: string): Promise<number> {
  const space = await tx.selectFrom('space').select('head').where('id', '=', spaceId).executeTakeFirst();
  return space?.head ?? 0;
}

export interface BaseSnapshot {
  readonly seq: number;
  readonly body: Buffer;
}

/** The newest snapshot at or below `seq`. */
export async function snapshotUpTo(tx: Tx, spaceId: string, seq: number): Promise<BaseSnapshot | null> {
  const found = await sql<BaseSnapshot>`
    SELECT seq, body FROM snapshot WHERE space_id = ${spaceId} AND seq <= ${seq}
    ORDER BY seq DESC LIMIT 1`.execute(tx);
  return found.rows[0] ?? null;
}

/** The oldest snapshot beyond `seq`. */
export async function snapshotAfter(tx: Tx, spaceId: string, seq: number): Promise<BaseSnapshot | null> {
  const found = await sql<BaseSnapshot>`
    SELECT seq, body FROM snapshot WHERE space_id = ${spaceId} AND seq > ${seq}
    ORDER BY seq LIMIT 1`.execute(tx);
  return found.rows[0] ?? null;
}

export async function quarantineRow(tx: Tx, spaceId: string, seq: number, error: string): Promise<void> {
  await tx
    .insertInto('quarantine')
    .values({ space_id: spaceId, seq, error })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Rows that were set aside for this reason, with their bodies. */
export async function readAside(
  tx: Tx,
  spaceId: string,
  error: string,
  limit: number,
): Promise<AuthoredRow[]> {
  const found = await sql<AuthoredRow>`
    SELECT log.seq, log.body, log.user_id AS "userId", log.device_id AS "deviceId", log.received_at AS "receivedAt"
    FROM quarantine JOIN update_log AS log ON log.space_id = quarantine.space_id AND log.seq = quarantine.seq
    WHERE quarantine.space_id = ${spaceId} AND quarantine.error = ${error}
    ORDER BY log.seq LIMIT ${limit}`.execute(tx);
  return found.rows;
}

export async function explainQuarantine(
  database: Database,
  spaceId: string,
  seq: number,
  error: string,
): Promise<void> {
  await database.kysely
    .updateTable('quarantine')
    .set({ error })
    .where('space_id', '=', spaceId)
    .where('seq', '=', seq)
    .execute();
}

const AUTHORED = {
  name: 'authored-rows',
  text: `
    SELECT seq, body, user_id AS "userId", device_id AS "deviceId", received_at AS "receivedAt"
    FROM (
      SELECT next.*,
        sum(octet_length(body)) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - octet_length(body) AS bytes_before
      FROM (
        SELECT seq, body, user_id, device_id, received_at FROM update_log
        WHERE space_id = $1 AND seq > $2 AND seq <= $3
          AND NOT EXISTS (
            SELECT 1 FROM quarantine WHERE quarantine.space_id = $1 AND quarantine.seq = update_log.seq
          )
        ORDER BY seq LIMIT $4
      ) AS next
    ) AS chosen
    WHERE bytes_before < $5 ORDER BY seq`,
};
