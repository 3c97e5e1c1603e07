/**
 * Devices, the Yjs client ids that belong to them, and how far each has come.
 *
 * Promise: a client id of a space belongs to the device that registered it first, for ever; it is live on at
 * most one server process, as far as that process is alive (its advisory lock stands, see space-events.ts).
 * Limits: whether an id is live on another socket of the same process is known to that process only.
 */
import type { Database } from './database.ts';
import { PROCESS_LOCK_CLASS } from './space-events.ts';

export interface DeviceRef {
  readonly userId: string;
  readonly deviceId: string;
}

export interface RegisteredClient extends DeviceRef {
  readonly clientId: number;
}

export interface DeviceProgress extends DeviceRef {
  readonly name: string;
  readonly appliedSeq: number;
  readonly seenAt: Date;
}

/** By what a device is signed in. */
export interface Credential {
  readonly sessionId?: string | undefined;
  readonly tokenId?: string | undefined;
}

/**
 * Notes that a device is there, under the name it gives itself or, where another device of the same person has
 * that, with the first number that is free. Returns the name. Two that come at the very same moment may keep one
 * name until either comes again. Its session is from now on known to be of it. Null: it was revoked, and has not been
 * signed in again since.
 */
export async function seeDevice(
  database: Database,
  { userId, deviceId }: DeviceRef,
  name: string,
  by: Credential = {},
): Promise<string | null> {
  const values = [userId, deviceId, name, by.sessionId ?? null, by.tokenId ?? null];
  const rows = await database.run<{ name: string }>(SEE_DEVICE, values);
  return rows[0]?.name ?? null;
}

/** Whether a device was revoked and has not been signed in again since. */
export async function isDeviceRevoked(database: Database, device: DeviceRef): Promise<boolean> {
  const rows = await database.run(IS_REVOKED, [device.userId, device.deviceId]);
  return rows.length > 0;
}

/** All client ids of a space with their owners. */
export async function registeredClients(database: Database, spaceId: string): Promise<RegisteredClient[]> {
  return database.run<RegisteredClient>(REGISTERED, [spaceId]);
}

/** Registers those ids that nobody has. Who owns what afterwards is told by `registeredClients`. */
export async function registerClients(
  database: Database,
  spaceId: string,
  device: DeviceRef,
  clientIds: readonly number[],
): Promise<void> {
  if (clientIds.length === 0) return;
  await database.run(REGISTER, [spaceId, clientIds, device.userId, device.deviceId]);
}

/** Whether the id is now live on this process; false when a living process other than this one has it. */
export async function claimLive(
  database: Database,
  spaceId: string,
  clientId: number,
  processKey: number,
): Promise<boolean> {
  const rows = await database.run(CLAIM_LIVE, [spaceId, clientId, processKey, PROCESS_LOCK_CLASS]);
  return rows.length > 0;
}

export async function releaseLive(
  database: Database,
  spaceId: string,
  clientId: number,
  processKey: number,
): Promise<void> {
  await database.run(RELEASE_LIVE, [spaceId, clientId, processKey]);
}

/** Progress never goes back. One statement for any number of devices; (space, user, device) must be distinct. */
export async function saveProgress(
  database: Database,
  progress: readonly (DeviceRef & { readonly spaceId: string; readonly appliedSeq: number })[],
): Promise<void> {
  if (progress.length === 0) return;
  await database.run(SAVE_PROGRESS, [
    progress.map((entry) => entry.spaceId),
    progress.map((entry) => entry.userId),
    progress.map((entry) => entry.deviceId),
    progress.map((entry) => entry.appliedSeq),
  ]);
}

/** The devices that have ever applied something of a space, newest first. */
export async function progressOf(database: Database, spaceId: string): Promise<DeviceProgress[]> {
  return database.run<DeviceProgress>(PROGRESS, [spaceId]);
}

// Revoking ends the sessions of a device, so one that lives was begun since, while a socket that outlives its session for a
// moment brings nothing back. A token is not ended, so there the time decides.
const SEE_DEVICE = {
  name: 'see-device',
  text: `
    WITH began AS (
      SELECT CASE
        WHEN $4::text IS NULL THEN (SELECT created_at FROM api_token WHERE id = $5::uuid)
        ELSE (SELECT 'infinity'::timestamptz FROM account_session WHERE id = $4)
      END AS at
    ), seen AS (
    INSERT INTO device AS known (user_id, id, name)
    SELECT $1::text, $2::text, candidate.name
    FROM (
      SELECT n, CASE n WHEN 1 THEN $3::text ELSE $3::text || ' ' || n END AS name
      FROM generate_series(1, 1 + (SELECT count(*)::int FROM device WHERE user_id = $1::text)) AS n
    ) AS candidate
    WHERE NOT EXISTS (
      SELECT 1 FROM device AS other
      WHERE other.user_id = $1::text AND other.id <> $2::text AND lower(other.name) = lower(candidate.name)
        AND other.revoked_at IS NULL
    )
    ORDER BY candidate.n LIMIT 1
    ON CONFLICT (user_id, id) DO UPDATE SET name = excluded.name, last_seen = now(), revoked_at = NULL
      WHERE known.revoked_at IS NULL OR known.revoked_at < (SELECT at FROM began)
    RETURNING id, name
    ), linked AS (
      UPDATE account_session SET device_id = seen.id FROM seen
      WHERE account_session.id = $4 AND account_session.device_id IS DISTINCT FROM seen.id
    )
    SELECT name FROM seen`,
};

const IS_REVOKED = {
  name: 'is-device-revoked',
  text: 'SELECT 1 FROM device WHERE user_id = $1 AND id = $2 AND revoked_at IS NOT NULL',
};

const REGISTERED = {
  name: 'registered-clients',
  text: `SELECT client_id AS "clientId", user_id AS "userId", device_id AS "deviceId" FROM client_id WHERE space_id = $1`,
};

const REGISTER = {
  name: 'register-clients',
  text: `
    INSERT INTO client_id (space_id, client_id, user_id, device_id)
    SELECT $1::uuid, id, $3, $4 FROM unnest($2::bigint[]) AS id
    ON CONFLICT (space_id, client_id) DO NOTHING`,
};

// pg_locks shows the second key as an oid, hence the cast.
const CLAIM_LIVE = {
  name: 'claim-live',
  text: `
    UPDATE client_id SET live_by = $3::int
    WHERE space_id = $1 AND client_id = $2
      AND (live_by IS NULL OR live_by = $3::int OR NOT EXISTS (
        SELECT 1 FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 2
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND classid = $4::int::oid AND objid = live_by::oid
      ))
    RETURNING 1`,
};

const RELEASE_LIVE = {
  name: 'release-live',
  text: 'UPDATE client_id SET live_by = NULL WHERE space_id = $1 AND client_id = $2 AND live_by = $3::int',
};

const SAVE_PROGRESS = {
  name: 'save-progress',
  text: `
    INSERT INTO device_progress (space_id, user_id, device_id, applied_seq)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[])
    ON CONFLICT (space_id, user_id, device_id) DO UPDATE
      SET applied_seq = greatest(device_progress.applied_seq, excluded.applied_seq), seen_at = now()`,
};

const PROGRESS = {
  name: 'progress',
  text: `
    SELECT progress.user_id AS "userId", progress.device_id AS "deviceId", coalesce(device.name, '') AS name,
      progress.applied_seq AS "appliedSeq", progress.seen_at AS "seenAt"
    FROM device_progress AS progress
    LEFT JOIN device ON device.user_id = progress.user_id AND device.id = progress.device_id
    WHERE progress.space_id = $1
    ORDER BY progress.seen_at DESC LIMIT 200`,
};
