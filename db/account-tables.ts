/**
 * The tables of accounts, as types: what better-auth reads and writes, under our own names.
 *
 * Promise: the columns of db/migrations/0002-accounts.ts. Limits and reasons: see db/schema.ts.
 */

// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled together with its migration
export interface AccountTables {}
