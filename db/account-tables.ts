/**
 * The tables of accounts, as types: what better-auth reads and writes, under our own names.
 *
 * Promise: the columns of db/migrations/0002-accounts.ts. Limits and reasons: see db/schema.ts.
 */
import type { ColumnType, Generated } from 'kysely';

export type AccountRole = 'administrator' | 'member';

type DefaultTimestamp = ColumnType<Date, Date | undefined, Date>;

export interface AccountUserTable {
  id: string;
  name: string;
  /** Lower case. */
  email: string;
  email_verified: Generated<boolean>;
  image: string | null;
  role: Generated<AccountRole>;
  created_at: DefaultTimestamp;
  updated_at: DefaultTimestamp;
}

export interface AccountSessionTable {
  id: string;
  user_id: string;
  /** The cookie holds this and a signature over it; alone it opens nothing. */
  token: string;
  expires_at: Date;
  ip_address: string | null;
  user_agent: string | null;
  /** The device that last said hello over it; ours, the auth library does not know it. */
  device_id: string | null;
  created_at: DefaultTimestamp;
  updated_at: DefaultTimestamp;
}

export interface AccountCredentialTable {
  id: string;
  user_id: string;
  account_id: string;
  provider_id: string;
  /** salt:key of scrypt (N 16384, r 16, p 1), hexadecimal. */
  password: string | null;
  access_token: string | null;
  refresh_token: string | null;
  id_token: string | null;
  access_token_expires_at: Date | null;
  refresh_token_expires_at: Date | null;
  scope: string | null;
  created_at: DefaultTimestamp;
  updated_at: DefaultTimestamp;
}

export interface AccountVerificationTable {
  id: string;
  identifier: string;
  value: string;
  expires_at: Date;
  created_at: DefaultTimestamp;
  updated_at: DefaultTimestamp;
}

export interface AccountInviteTable {
  id: Generated<string>;
  /** SHA-256 of the code, hexadecimal: the code itself is shown once. */
  hash: string;
  made_by: string;
  made_at: DefaultTimestamp;
  expires_at: Date;
  used_at: Date | null;
}

export interface AccountTables {
  account_user: AccountUserTable;
  account_session: AccountSessionTable;
  account_credential: AccountCredentialTable;
  account_verification: AccountVerificationTable;
  account_invite: AccountInviteTable;
}
