/**
 * Statements that are prepared once per connection, inside kysely's transactions too.
 *
 * Promise: what `prepared` makes is parsed once on a connection and planned at most a few times; from then on only its
 * values are new. All else that kysely sends is left as it is.
 * Limits: a plan that is kept was made for the tables as they were then. So such a statement must find its rows by an index
 * whatever their number: of a list of keys by a lateral look for each, where a join might read the whole table.
 * Why the name travels in the text: kysely hands a driver nothing but text and values.
 */
import { CompiledQuery } from 'kysely';
import type { PostgresPool, PostgresPoolClient } from 'kysely';

/** A statement that is prepared once per connection under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** For kysely's `executeQuery`. */
export function prepared<Row>(statement: Statement, values: readonly unknown[]): CompiledQuery<Row> {
  return CompiledQuery.raw(
    `${OPEN}${statement.name}${CLOSE}${statement.text}`,
    values as unknown[],
  ) as CompiledQuery<Row>;
}

const OPEN = '/*as ';
const CLOSE = '*/';

/** The slice of pg's pool that is used here. */
interface NamingPool {
  readonly Client?: unknown;
  readonly options: object;
  connect(): Promise<NamingClient>;
  end(): Promise<void>;
}

interface NamingClient {
  query(text: string | { name: string; text: string; values: unknown[] }, values?: unknown[]): unknown;
  release(destroy?: boolean): void;
}

/** For kysely: the pool, whose clients know what `prepared` made. */
export function preparing(pool: NamingPool): PostgresPool {
  const known = new WeakMap<NamingClient, PostgresPoolClient>();
  const connect = async (): Promise<PostgresPoolClient> => {
    const client = await pool.connect();
    let ours = known.get(client);
    if (ours === undefined) known.set(client, (ours = preparingClient(client)));
    return ours;
  };
  return {
    ...(pool.Client === undefined ? {} : { Client: pool.Client as never }),
    options: pool.options,
    connect,
    end: () => pool.end(),
  };
}

function preparingClient(client: NamingClient): PostgresPoolClient {
  const query = (text: string, values: unknown[]): unknown => {
    if (!text.startsWith(OPEN)) return client.query(text, values);
    const end = text.indexOf(CLOSE);
    return client.query({ name: text.slice(OPEN.length, end), text: text.slice(end + CLOSE.length), values });
  };
  return { query: query as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) };
}
