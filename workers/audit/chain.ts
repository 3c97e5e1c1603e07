/**
 * The hash chain of the audit: who changes or removes a row of it breaks the chain from there on.
 *
 * Promise: the hash of a row covers the hash of the row before and everything the row says, in a canonical form that is the
 * same when it was read back from the database. Limits: whoever can write the whole table can write a new chain; it proves
 * tampering only against a hash that was kept elsewhere, or against a part that was changed without the rest.
 * Why SHA-256 over a JSON list: any language can check it; the list's order is fixed for ever, and its first entry says so.
 */
import { createHash } from 'node:crypto';

/** What stands before the first row of a space. */
export const CHAIN_START = Buffer.alloc(32);
const VERSION = 1;

export interface ChainedRow {
  readonly space_id: string;
  readonly seq: number;
  readonly log_seq: number;
  readonly entity: string;
  readonly entity_id: string;
  readonly ordinal: number | null;
  readonly field: string;
  /** Canonical JSON, or null. */
  readonly before: string | null;
  readonly after: string | null;
  readonly user_id: string | null;
  readonly device_id: string | null;
  readonly writer: string;
  readonly stamp: number;
  readonly stands: boolean;
  readonly claimed_at: Date;
  readonly received_at: Date;
}

export function chainHash(previous: Uint8Array, row: ChainedRow): Buffer {
  const parts = [
    row.space_id,
    row.seq,
    row.log_seq,
    row.entity,
    row.entity_id,
    row.ordinal,
    row.field,
    row.user_id,
    row.device_id,
    row.writer,
    row.stamp,
    row.stands,
    row.claimed_at.getTime(),
    row.received_at.getTime(),
  ];
  const said = JSON.stringify(parts).slice(1, -1);
  const text = `[${VERSION},${said},${row.before ?? 'null'},${row.after ?? 'null'}]`;
  return createHash('sha256').update(previous).update(text).digest();
}
