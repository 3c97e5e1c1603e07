/**
 * From the settings to a database that answers: the embedded one, or the one at DATABASE_URL.
 *
 * Promise: waits a bounded time for a database that is still starting, and says so; a wrong password or a
 * missing database is told at once, since waiting does not mend it. Passwords never appear in a message.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import type { DataFolder } from './data-folder.ts';
import { findRunningPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { StartFault, errorCode } from './fault.ts';

export interface OpenDatabase {
  readonly database: Database;
  /** Closes the pool, and stops the embedded Postgres if it was started here. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  readonly databaseUrl: string | undefined;
  readonly dataFolder: DataFolder;
  readonly report: (sentence: string) => void;
  readonly onLost: (fault: StartFault) => void;
  readonly waitMs?: number;
  /** Ends the wait, and the making of a new embedded database. */
  readonly signal?: AbortSignal;
}

const DEFAULT_WAIT_MS = 30_000;
const RETRY_MS = 250;

/** Codes of Postgres (and of DNS) that no waiting mends. */
const FINAL_CODES: Readonly<Record<string, string>> = {
  '28P01': 'it refuses the password',
  '28000': 'it refuses the user',
  '3D000': 'it has no database of that name',
  ENOTFOUND: 'there is no such host',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted',
};

/** For a server: its own embedded Postgres, which the caller has claimed the folder for. */
export async function openDatabase(options: OpenDatabaseOptions): Promise<OpenDatabase> {
  if (options.databaseUrl !== undefined) return connect(options, options.databaseUrl, async () => undefined);
  const postgres = await startEmbeddedPostgres({
    folder: options.dataFolder.postgresFolder,
    report: options.report,
    onLost: options.onLost,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  try {
    return await connect(options, postgres.url, () => postgres.stop());
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** For an operator's command: beside a running server its database, else an own one for as long as it takes. */
export async function visitDatabase(options: OpenDatabaseOptions): Promise<OpenDatabase> {
  if (options.databaseUrl !== undefined) return openDatabase(options);
  if (await options.dataFolder.holder()) {
    const url = await findRunningPostgres(options.dataFolder.postgresFolder);
    if (url !== undefined) return connect(options, url, async () => undefined);
  }
  const claim = await options.dataFolder.claim();
  try {
    const open = await openDatabase(options);
    return {
      database: open.database,
      close: async () => {
        await open.close();
        await claim.release();
      },
    };
  } catch (error) {
    await claim.release();
    throw error;
  }
}

async function connect(
  options: OpenDatabaseOptions,
  url: string,
  stop: () => Promise<void>,
): Promise<OpenDatabase> {
  let closing = false;
  const database = createDatabase({
    url,
    onError: (error) => {
      // An embedded Postgres that is stopped ends connections that were on their way to their own end.
      if (!closing) options.report(`A connection to the database was lost (${error.message}).`);
    },
  });
  try {
    await untilItAnswers(database, url, options);
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    database,
    close: async () => {
      closing = true;
      await database.close();
      await stop();
    },
  };
}

async function untilItAnswers(database: Database, url: string, options: OpenDatabaseOptions): Promise<void> {
  const waitMs = options.waitMs ?? DEFAULT_WAIT_MS;
  const deadline = performance.now() + waitMs;
  const place = placeOf(url);
  for (let attempt = 1; ; attempt++) {
    try {
      await database.run({ name: '', text: 'SELECT 1' }, []);
      return;
    } catch (error) {
      const final = FINAL_CODES[errorCode(error) ?? ''];
      if (final)
        throw new StartFault(`The database at ${place}: ${final}. Correct DATABASE_URL.`, { cause: error });
      if (options.signal?.aborted) throw new StartFault('Stopped while waiting for the database.');
      if (performance.now() > deadline) {
        throw new StartFault(
          `The database at ${place} did not answer within ${waitMs / 1000} s (${reasonOf(error)}): start it, ` +
            `correct DATABASE_URL, or leave it out to use the embedded one.`,
          { cause: error },
        );
      }
      if (attempt === 1) options.report(`Waiting for the database at ${place} (${reasonOf(error)}).`);
      await delay(RETRY_MS);
    }
  }
}

/** Host, port and name only. */
function placeOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.host}${parsed.pathname}` : 'DATABASE_URL';
}

/** A refused connection to a host with several addresses is an AggregateError without a message of its own. */
function reasonOf(error: unknown): string {
  return (error instanceof Error && error.message) || errorCode(error) || 'no answer';
}
