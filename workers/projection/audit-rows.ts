/**
 * From changes of fields to rows of the audit, in a chain.
 *
 * Promise: a change is one row for ever, whichever row of the log brings it again: space, entity, id, ordinal, field, stamp
 * and writer identify it. Sequence numbers have no gaps. Claimed is what the stamp says, however wrong; received is when
 * the server got the row of the log. The author is the user of that row.
 */
import { isSameValue } from '@holdfast/core/register.ts';
import { msOfStamp } from '@holdfast/core/stamp.ts';
import type { Cursor } from '@holdfast/db/projection.ts';
import type { AuthoredRow } from '@holdfast/db/projection-log.ts';
import { auditedAmong } from '@holdfast/db/told-changes.ts';
import type { AuditKey, AuditRow } from '@holdfast/db/told-changes.ts';
import type { Tx } from '@holdfast/db/database.ts';
import { CHAIN_START, chainHash } from '../audit/chain.ts';
import type { FieldChange } from './replica.ts';
import { boundedJson, isStorableName, storableText } from './storable.ts';

/** A change with the row of the log that first carried it. */
export interface CarriedChange {
  readonly change: FieldChange;
  readonly row: AuthoredRow;
}

/** One that the audit does not have yet, with what audit and events both tell of it. */
export interface NewChange extends CarriedChange {
  readonly key: AuditKey;
  /** Canonical JSON, `null` for nothing. */
  readonly beforeJson: string;
  readonly afterJson: string;
}

/** Those that the audit does not have yet, in their order. */
export async function newChanges(
  tx: Tx,
  spaceId: string,
  carried: readonly CarriedChange[],
): Promise<NewChange[]> {
  const keys = carried.map(({ change, row }) => keyOf(change, row));
  const known = await auditedAmong(tx, spaceId, keys);
  const seen = new Set<string>();
  const fresh: NewChange[] = [];
  for (const [i, each] of carried.entries()) {
    const key = keys[i] as AuditKey;
    const name = `${key.stamp} ${JSON.stringify([key.entity, key.entityId, key.ordinal, key.field, key.writer])}`;
    if (!known.has(i) && !seen.has(name)) {
      seen.add(name);
      fresh.push(newChange(each, key));
      continue;
    }
    const again = asReturn(each);
    if (again !== null) fresh.push(newChange(again, keyOf(again.change, again.row)));
  }
  return fresh;
}

function newChange({ change, row }: CarriedChange, key: AuditKey): NewChange {
  return {
    change,
    row,
    key,
    beforeJson: change.before === null ? 'null' : boundedJson(change.before),
    afterJson: change.after === null ? 'null' : boundedJson(change.after),
  };
}

/** An old value that is brought in again under its old stamp and stands again (an undo): a change without a stamp. */
function asReturn({ change, row }: CarriedChange): CarriedChange | null {
  if (!change.isCarried || !change.stands || isSameValue(change.before, change.after)) return null;
  return { change: { ...change, stamp: 0, writer: `#${row.seq}`, isCarried: false }, row };
}

export function auditRows(spaceId: string, cursor: Cursor, changes: readonly NewChange[]): AuditRow[] {
  let seq = cursor.auditSeq;
  let previous: Buffer = cursor.auditHash ?? CHAIN_START;
  return changes.map(({ change, row, key, beforeJson, afterJson }) => {
    const unchained = {
      space_id: spaceId,
      seq: ++seq,
      log_seq: row.seq,
      entity: change.entity,
      entity_id: change.id,
      ordinal: change.ordinal,
      field: change.field,
      before: change.before === null ? null : beforeJson,
      after: change.after === null ? null : afterJson,
      user_id: storableText(row.userId),
      device_id: row.deviceId,
      writer: key.writer,
      stamp: change.stamp,
      stands: change.stands,
      claimed_at: change.stamp === 0 ? row.receivedAt : new Date(msOfStamp(change.stamp)),
      // The database keeps microseconds; the chain and its readers count milliseconds.
      received_at: new Date(row.receivedAt.getTime()),
    };
    previous = chainHash(previous, unchained);
    return { ...unchained, hash: previous };
  });
}

function keyOf(change: FieldChange, row: AuthoredRow): AuditKey {
  return {
    entity: change.entity,
    entityId: change.id,
    ordinal: change.ordinal,
    field: change.field,
    stamp: change.stamp,
    writer: isStorableName(change.writer) ? change.writer : `#${row.seq}`,
  };
}
