/**
 * Is the audit still what was written?
 *
 * Promise: every row of a chain is hashed anew, from what was pruned to what the projection wrote last, in one view of the
 * database; the first row that does not fit is named. Limits: see chain.ts for what a chain can prove.
 */
import { canonicalJson } from '@holdfast/core/canonical.ts';
import { auditedSpaces, chainEnds, readAudit, withAuditView } from '@holdfast/db/audit.ts';
import type { StoredAuditRow } from '@holdfast/db/audit.ts';
import type { Database } from '@holdfast/db/database.ts';
import { CHAIN_START, chainHash } from './chain.ts';

export interface ChainReport {
  readonly rows: number;
  /** The first row that is not as it was written, and how that shows. */
  readonly broken: { readonly seq: number; readonly reason: string } | null;
}

export interface AuditReport {
  readonly chains: number;
  readonly rows: number;
  readonly broken: { readonly spaceId: string; readonly seq: number; readonly reason: string } | null;
}

const ROWS_AT_ONCE = 2000;

export async function verifyAudit(database: Database, spaceId: string): Promise<ChainReport> {
  return withAuditView(database, async (tx) => {
    const ends = await chainEnds(tx, spaceId);
    let seq = ends.anchor?.seq ?? 0;
    let hash: Buffer = ends.anchor?.hash ?? CHAIN_START;
    let rows = 0;
    for (;;) {
      const some = await readAudit(tx, spaceId, seq, ROWS_AT_ONCE);
      for (const row of some) {
        if (row.seq !== seq + 1) return { rows, broken: { seq: seq + 1, reason: 'is missing' } };
        if (!chainHash(hash, chained(row)).equals(row.hash)) {
          return { rows, broken: { seq: row.seq, reason: 'is not what was written' } };
        }
        seq = row.seq;
        hash = row.hash;
        rows++;
      }
      if (some.length < ROWS_AT_ONCE) break;
    }
    if (seq < ends.seq) return { rows, broken: { seq: seq + 1, reason: 'is missing at the end' } };
    if (seq > ends.seq || (ends.hash !== null && !hash.equals(ends.hash))) {
      return { rows, broken: { seq, reason: 'is not the last one that the projection wrote' } };
    }
    return { rows, broken: null };
  });
}

/** All chains of a database. Stops at the first that is broken. */
export async function verifyAllAudits(database: Database): Promise<AuditReport> {
  let chains = 0;
  let rows = 0;
  for (const spaceId of await auditedSpaces(database)) {
    const report = await verifyAudit(database, spaceId);
    rows += report.rows;
    if (report.broken) return { chains, rows, broken: { spaceId, ...report.broken } };
    chains++;
  }
  return { chains, rows, broken: null };
}

function chained(row: StoredAuditRow): Parameters<typeof chainHash>[1] {
  const json = (value: unknown): string | null => (value === null ? null : canonicalJson(value));
  return { ...row, before: json(row.before), after: json(row.after) };
}
