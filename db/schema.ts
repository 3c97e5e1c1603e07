/**
 * The tables of Holdfast, as types.
 *
 * Promise: every table of db/migrations stands here, with the column types that the drivers of this
 * folder return: bigint as a safe number, bytea as Buffer, timestamptz as Date.
 * Limits: the types describe, they do not create; tests/db/schema.test.ts compares them with a migrated database.
 * Why: one place to read what is stored. Every table of a space carries space_id first in its key, so that
 * it can be distributed by space (Citus and the like) without a change here.
 */
import type { ColumnType, Generated } from 'kysely';
import type { AccountTables } from './account-tables.ts';
import type { WorkerTables } from './worker-tables.ts';

export type SpaceKind = 'personal' | 'shared';
export type MemberRole = 'owner' | 'editor' | 'viewer';

/** A timestamp that the database sets when it is left out. */
type DefaultTimestamp = ColumnType<Date, Date | undefined, Date>;

export interface SpaceTable {
  id: string;
  name: string;
  kind: SpaceKind;
  /** Sequence of the last row of update_log; 0 for an empty space. */
  head: Generated<number>;
  /** Changes when the space is restored from a backup, so that devices can tell. */
  epoch: Generated<string>;
  /** When that was; for some time after it, members may bring back what others wrote. */
  restored_at: Date | null;
  created_at: DefaultTimestamp;
}

export interface MemberTable {
  space_id: string;
  user_id: string;
  role: MemberRole;
}

export interface UpdateLogTable {
  space_id: string;
  seq: number;
  /** One Yjs update, encoding V1, as its author sent it. */
  body: Buffer;
  user_id: string;
  device_id: string | null;
  received_at: DefaultTimestamp;
  /** The flush that wrote the row and the place in it: a repeat of a flush is found by these. */
  batch: string;
  batch_pos: number;
}

export interface SnapshotTable {
  space_id: string;
  /** Everything up to this sequence is in the body. */
  seq: number;
  body: Buffer;
  state_vector: Buffer;
  created_at: DefaultTimestamp;
}

export interface QuarantineTable {
  space_id: string;
  seq: number;
  error: string;
  at: DefaultTimestamp;
}

export interface ClientIdTable {
  space_id: string;
  /** A Yjs client id: 0 to 2^32 - 1. */
  client_id: number;
  user_id: string;
  device_id: string;
  registered_at: DefaultTimestamp;
  /** Key of the server process (an advisory lock it holds) on whose socket the id is live, if any. */
  live_by: number | null;
}

export interface DeviceTable {
  user_id: string;
  id: string;
  name: string;
  first_seen: DefaultTimestamp;
  last_seen: DefaultTimestamp;
  /** Sent away until someone signs in on it again. */
  revoked_at: Date | null;
}

export interface DeviceProgressTable {
  space_id: string;
  user_id: string;
  device_id: string;
  applied_seq: number;
  seen_at: DefaultTimestamp;
}

export interface ApiTokenTable {
  id: Generated<string>;
  user_id: string;
  name: string;
  /** SHA-256 of the token, hexadecimal: the token itself is shown once and never stored. */
  hash: string;
  created_at: DefaultTimestamp;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

export interface ServerKeysTable {
  /** Always true: there is one row at most. */
  only_row: Generated<boolean>;
  auth_secret: string;
  vapid_public_key: string;
  vapid_private_key: string;
  made_at: DefaultTimestamp;
}

export interface Schema extends AccountTables, WorkerTables {
  space: SpaceTable;
  member: MemberTable;
  update_log: UpdateLogTable;
  snapshot: SnapshotTable;
  quarantine: QuarantineTable;
  client_id: ClientIdTable;
  device: DeviceTable;
  device_progress: DeviceProgressTable;
  api_token: ApiTokenTable;
  server_keys: ServerKeysTable;
}
