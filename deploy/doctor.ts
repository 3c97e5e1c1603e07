/**
 * `holdfast doctor`: is this installation sound?
 *
 * Promise: reads, and changes nothing that is stored; each check is one line, the ones after a failed one still
 * run where they can. Works beside a running server, and without one starts the database for as long as it takes.
 * Limits: of the log it looks at the sequence numbers; a space that is being projected at that moment is passed over.
 */
import { stat, statfs } from 'node:fs/promises';
import type { Database } from '@holdfast/db/database.ts';
import { MIGRATIONS, appliedMigrations } from '@holdfast/db/migrate.ts';
import { projectedSpaces } from '@holdfast/db/projection.ts';
import { verifyAllAudits } from '@holdfast/workers/audit/verify.ts';
import { CAME_LATER } from '@holdfast/workers/projection/project.ts';
import { compareSpace } from '@holdfast/workers/projection/reconcile.ts';
import type { Config } from './config.ts';
import type { DataFolder } from './data-folder.ts';

export interface Finding {
  readonly ok: boolean;
  readonly text: string;
}

const LITTLE_SPACE_BYTES = 1024 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;

export async function examineMachine(config: Config, folder: DataFolder): Promise<Finding[]> {
  const findings: Finding[] = [
    { ok: true, text: `Node ${process.versions.node} at ${process.execPath}` },
    { ok: true, text: `data folder ${folder.path}` },
  ];
  const { bavail, bsize } = await statfs(folder.path);
  const freeBytes = bavail * bsize;
  findings.push({
    ok: freeBytes >= LITTLE_SPACE_BYTES,
    text: `${Math.floor(freeBytes / MEGABYTE)} MB free on its disk${freeBytes < LITTLE_SPACE_BYTES ? ': make room' : ''}`,
  });
  const mode = await stat(`${folder.path}/keys.json`).then(
    (found) => found.mode & 0o777,
    () => undefined,
  );
  if (mode !== undefined && process.platform !== 'win32') {
    const closed = (mode & 0o077) === 0;
    findings.push({
      ok: closed,
      text: closed
        ? 'keys.json is readable by its owner alone'
        : 'keys.json can be read by others: chmod 600 it',
    });
  }
  const holder = await folder.holder();
  findings.push({
    ok: true,
    text: holder
      ? `a server runs (process ${holder.pid}, ${holder.url ?? 'starting'})`
      : 'no server runs on this folder',
  });
  findings.push({
    ok: true,
    text:
      config.DATABASE_URL === undefined
        ? 'the embedded database is used'
        : 'the database at DATABASE_URL is used',
  });
  return findings;
}

export async function examineDatabase(database: Database): Promise<Finding[]> {
  const [server] = await database.run<{ version: string; fsync: string; commit: string }>(SERVER, []);
  const durable = server?.fsync === 'on' && server.commit !== 'off';
  const findings: Finding[] = [
    { ok: true, text: `Postgres ${server?.version ?? 'of unknown version'} answers` },
    {
      ok: durable,
      text: durable
        ? 'it flushes what it commits'
        : 'it does not flush what it commits: set fsync and synchronous_commit to on',
    },
  ];
  const applied = new Set(await appliedMigrations(database));
  const missing = Object.keys(MIGRATIONS).filter((name) => !applied.has(name));
  const unknown = [...applied].filter((name) => !(name in MIGRATIONS));
  if (unknown.length > 0) {
    findings.push({
      ok: false,
      text: `it was written by a newer Holdfast (${unknown.join(', ')}): start that version`,
    });
  } else if (missing.length > 0) {
    findings.push({
      ok: false,
      text: `migrations are missing (${missing.join(', ')}): run "npm run holdfast -- migrate"`,
    });
  } else {
    findings.push(
      { ok: true, text: `${applied.size} migrations applied` },
      ...(await examineLogs(database)),
      await examineAudit(database),
      await examineProjection(database),
    );
  }
  return findings;
}

interface LogState {
  readonly id: string;
  readonly head: number;
  readonly rows: number;
  readonly first: number | null;
  readonly last: number | null;
  readonly snapshot: number | null;
  readonly quarantined: number;
}

async function examineLogs(database: Database): Promise<Finding[]> {
  const spaces = await database.run<LogState>(LOGS, [CAME_LATER]);
  const faults = spaces.flatMap((space) => {
    const fault = faultOf(space);
    return fault === undefined ? [] : [{ ok: false, text: `space ${space.id}: ${fault}` }];
  });
  return faults.length > 0 ? faults : [{ ok: true, text: `${spaces.length} spaces, no gap in any log` }];
}

async function examineAudit(database: Database): Promise<Finding> {
  const { chains, rows, broken } = await verifyAllAudits(database);
  return broken === null
    ? { ok: true, text: `${chains} chains of the audit with ${rows} rows verified` }
    : {
        ok: false,
        text: `the audit of space ${broken.spaceId} is broken: row ${broken.seq} ${broken.reason}`,
      };
}

/** What differs is only told: the workers mend it, once a day. */
async function examineProjection(database: Database): Promise<Finding> {
  const now = Date.now();
  let spaces = 0;
  for (const spaceId of await projectedSpaces(database)) {
    const drift = await compareSpace(database, spaceId, now).catch((error: unknown) => String(error));
    if (typeof drift === 'string')
      return { ok: false, text: `space ${spaceId} cannot be compared with its rows: ${drift}` };
    if (drift !== null && drift > 0)
      return {
        ok: false,
        text: `space ${spaceId}: ${drift} rows of the projection differ from the document`,
      };
    if (drift !== null) spaces++;
  }
  return { ok: true, text: `${spaces} projections equal their documents` };
}

/**
 * Rows before a snapshot may have been removed, so the log has to be whole from the snapshot on, and end at the
 * head.
 */
function faultOf({ head, rows, first, last, snapshot, quarantined }: LogState): string | undefined {
  if (quarantined > 0)
    return `${quarantined} updates could not be applied and were set aside (table quarantine)`;
  const covered = snapshot ?? 0;
  if (first === null || last === null) {
    return head === covered ? undefined : `the log is empty but should reach ${head}; restore a backup`;
  }
  if (last !== head) return `the log ends at ${last} but should reach ${head}; restore a backup`;
  if (rows !== last - first + 1)
    return `${last - first + 1 - rows} updates are missing from the log; restore a backup`;
  if (first > covered + 1) return `updates ${covered + 1} to ${first - 1} are missing; restore a backup`;
  return undefined;
}

const SERVER = {
  name: '',
  text: `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
           current_setting('synchronous_commit') AS commit`,
};

const LOGS = {
  name: '',
  text: `SELECT space.id, space.head, count(log.seq) AS rows, min(log.seq) AS first, max(log.seq) AS last,
           (SELECT max(seq) FROM snapshot WHERE snapshot.space_id = space.id) AS snapshot,
           (SELECT count(*) FROM quarantine WHERE quarantine.space_id = space.id AND error <> $1) AS quarantined
         FROM space LEFT JOIN update_log AS log ON log.space_id = space.id
         GROUP BY space.id, space.head ORDER BY space.id`,
};
