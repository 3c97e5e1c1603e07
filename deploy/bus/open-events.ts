/**
 * How a process hears of the others: by Postgres alone, or by the bus at BUS_URL beside it; and what is told of that.
 *
 * Promise: a bus that is away, from the start on or later, stops nothing: it is tried again for ever, events go through the database
 * meanwhile, one line in the log says so when it begins and one when it ends, and holdfast_bus_connected is 0 in between. No line
 * and no error holds a user or a password of the address. Without BUS_URL no library of a bus is loaded.
 */
import { createBusEvents, installationId } from '@holdfast/db/bus-events.ts';
import type { Database } from '@holdfast/db/database.ts';
import type { EventHooks, EventTransport } from '@holdfast/db/event-stream.ts';
import { createSpaceEvents } from '@holdfast/db/space-events.ts';
import type { SpaceEvents } from '@holdfast/db/space-events.ts';
import type { Logger } from '@holdfast/sync-server/logging.ts';
import type { Metrics } from '@holdfast/sync-server/metrics.ts';
import type { BusAddress } from './bus-address.ts';

export interface OpenEventsOptions {
  readonly database: Database;
  /** Undefined: Postgres alone. */
  readonly bus: BusAddress | undefined;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'counter' | 'gauge'>;
  /** See EventStreamOptions; for tests. */
  readonly retryDelayMs?: (failures: number) => number;
}

const PATIENCE_MS = 10_000;

export function openEvents({ bus, ...options }: OpenEventsOptions): SpaceEvents {
  const postgres = watched('postgres', 'the database', options);
  const database = createSpaceEvents({ url: options.database.url, ...retrying(options), ...postgres.hooks });
  options.metrics.gauge(
    'holdfast_bus_connected',
    '1 while this process hears the others: by BUS_URL, or without it by Postgres notifications.',
    () => ((bus ? over : postgres).isConnected() ? 1 : 0),
  );
  const over = bus ? watched(bus.kind, `the bus at ${bus.place}`, options) : postgres;
  if (!bus) return database;
  const transport = busTransport(bus, () => installationId(options.database));
  return createBusEvents({ database, transport, ...retrying(options), ...over.hooks });
}

/** `installation` gives what tells those apart that share a bus; it is asked until it answers once. */
export function busTransport(bus: BusAddress, installation: () => Promise<string>): EventTransport {
  let channel: string | undefined;
  return {
    name: bus.kind,
    patienceMs: PATIENCE_MS,
    async connect(handlers) {
      channel ??= `holdfast.${await installation()}`;
      const name = channel;
      const told = {
        message: handlers.message,
        lost: (error?: Error) => handlers.lost(error && nameless(error, bus)),
      };
      try {
        if (bus.kind === 'redis') {
          return await (await import('./redis-transport.ts')).connectRedis(bus, name, told);
        }
        return await (await import('./nats-transport.ts')).connectNats(bus, name, told);
      } catch (error) {
        throw nameless(error, bus);
      }
    },
  };
}

/** What a library says, without what it may repeat of the address; its own error, with all that hangs on it, stays here. */
function nameless(error: unknown, { kind, place, user, password }: BusAddress): Error {
  const code = (error as { code?: unknown } | null)?.code;
  const said = (error instanceof Error && error.message) || (typeof code === 'string' ? code : 'no answer');
  // A user of NATS without a password is a token.
  const secret = password ?? (kind === 'nats' ? user : undefined);
  const made = new Error(`${place}: ${secret ? said.replaceAll(secret, '***') : said}`);
  made.stack = made.message;
  return made;
}

function retrying({ retryDelayMs }: Pick<OpenEventsOptions, 'retryDelayMs'>): {
  retryDelayMs?: (failures: number) => number;
} {
  return retryDelayMs ? { retryDelayMs } : {};
}

/** Says once that a way to the others is away, and once that it is back. */
function watched(
  transport: string,
  what: string,
  { logger, metrics }: Pick<OpenEventsOptions, 'logger' | 'metrics'>,
): { readonly hooks: EventHooks; isConnected(): boolean } {
  const counter = metrics.counter(
    'holdfast_bus_events_total',
    'Hints between processes, by transport and by what became of them.',
    ['transport', 'outcome'],
  );
  let isConnected = false;
  let isToldAway = false;
  let malformed = 0;
  return {
    isConnected: () => isConnected,
    hooks: {
      onError(error) {
        isConnected = false;
        const fields = { err: error, transport };
        const sentence = `other servers cannot be heard by ${what}; the database is polled meanwhile`;
        if (isToldAway) logger.debug(fields, sentence);
        else logger.warn(fields, sentence);
        isToldAway = true;
      },
      onConnected() {
        isConnected = true;
        if (isToldAway) logger.info({ transport }, `other servers are heard by ${what} again`);
        isToldAway = false;
      },
      onCount(outcome, events) {
        counter.add(events, { transport, outcome });
        if (outcome !== 'malformed') return;
        // At 1, 10, 100 and so on: whoever sends nonsense must not fill the log.
        const before = malformed;
        malformed += events;
        if (magnitude(malformed) > magnitude(before)) {
          logger.warn({ transport, malformed }, `malformed messages came by ${what} and were ignored`);
        }
      },
    },
  };
}

function magnitude(count: number): number {
  return count === 0 ? -1 : Math.floor(Math.log10(count));
}
