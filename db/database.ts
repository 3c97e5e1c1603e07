/**
 * The way to Postgres: one pool, typed queries over it, and prepared statements for the hot path.
 *
 * Promise: the only file besides session.ts that knows the driver; an idle connection that breaks (a
 * restarted database) is reported to `onError` and replaced, it never ends the process.
 * Limits: bigint columns come back as numbers, which is exact up to 2^53 - 1; sums of bigint stay strings.
 * Why a thin wrapper: kysely for what is read often by people, `run` for statements that must be prepared
 * once and cost nothing to build.
 */
import { Kysely, PostgresDialect } from 'kysely';
import type { Transaction } from 'kysely';
import pg from 'pg';
import { prepared, preparing } from './prepared.ts';
import type { Statement } from './prepared.ts';
import type { Schema } from './schema.ts';

export interface DatabaseOptions {
  /** postgres://user:password@host:port/name; a socket folder may stand in `?host=`. */
  readonly url: string;
  /** Told of errors of idle connections. The pool heals by itself. */
  readonly onError: (error: Error) => void;
  /** Default 10. */
  readonly maxConnections?: number;
  /** Default 5000. */
  readonly connectTimeoutMs?: number;
}

/** A transaction over our tables, for who runs inside another's. */
export type Tx = Transaction<Schema>;

/** As `Database.run`, in a transaction. */
export async function runIn<Row>(tx: Tx, statement: Statement, values: readonly unknown[]): Promise<Row[]> {
  return (await tx.executeQuery(prepared<Row>(statement, values))).rows;
}

/** Of the pool: connections that are open, those of them that nobody uses, and callers that wait for one. */
export interface PoolUse {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

export interface Database {
  readonly kysely: Kysely<Schema>;
  readonly url: string;
  run<Row>(statement: Statement, values: readonly unknown[], timeoutMs?: number): Promise<Row[]>;
  poolUse(): PoolUse;
  close(): Promise<void>;
}

const INT8 = 20;

/** The driver's parsers, but with bigint as number. */
export const numberTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string & Buffer) => unknown {
    if (oid === INT8 && format !== 'binary') return Number;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

export function createDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5000,
    keepAlive: true,
    application_name: 'holdfast',
    types: numberTypes as pg.CustomTypesConfig,
  });
  pool.on('error', options.onError);
  // The pool listens only while a connection is idle. One that breaks while it is in use tells so twice, by its
  // query and by an event, and an event without a listener would end the process.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: preparing(pool) }) });
  let closing: Promise<void> | undefined;

  /** Kysely ends the pool with itself, but only if it was ever asked for anything: `run` goes past it. */
  async function end(): Promise<void> {
    await kysely.destroy();
    if (!pool.ended && !pool.ending) await pool.end();
  }

  return {
    kysely,
    url: options.url,
    async run<Row>(statement: Statement, values: readonly unknown[], timeoutMs?: number): Promise<Row[]> {
      const result = await pool.query({
        name: statement.name,
        text: statement.text,
        values: values as unknown[],
        ...(timeoutMs === undefined ? {} : { query_timeout: timeoutMs }),
      });
      return result.rows as Row[];
    },
    poolUse: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close(): Promise<void> {
      closing ??= end();
      return closing;
    },
  };
}
