/**
 * What processes can hear each other by, each with its real server: Postgres alone, and Redis and NATS beside it. A contract is
 * run over TRANSPORTS; one that cannot be had here says so in its name and is skipped (see bus-servers.ts).
 */
import type { Database } from '@holdfast/db/database.ts';
import type { SpaceEvents } from '@holdfast/db/space-events.ts';
import { parseBusUrl } from '@holdfast/deploy/bus/bus-address.ts';
import type { BusAddress } from '@holdfast/deploy/bus/bus-address.ts';
import { openEvents } from '@holdfast/deploy/bus/open-events.ts';
import type { OpenEventsOptions } from '@holdfast/deploy/bus/open-events.ts';
import { busesHere, startBusServer } from './bus-servers.ts';
import type { BusKind, BusServer, BusServerOptions } from './bus-servers.ts';

export interface TestTransport {
  readonly kind: 'postgres' | BusKind;
  /** Undefined: Postgres alone. */
  readonly bus: BusServer | undefined;
  stop(): Promise<void>;
}

export interface TransportHere {
  /** With the reason when it is not here. */
  readonly name: string;
  readonly isHere: boolean;
  start(options?: BusServerOptions): Promise<TestTransport>;
}

export const BUSES: readonly TransportHere[] = busesHere().map(({ kind, isHere, reason }) => ({
  name: `${kind}${reason}`,
  isHere,
  start: async (options) => {
    const bus = await startBusServer(kind, options);
    return { kind, bus, stop: () => bus.stop() };
  },
}));

export const TRANSPORTS: readonly TransportHere[] = [
  {
    name: 'postgres',
    isHere: true,
    start: () => Promise.resolve({ kind: 'postgres', bus: undefined, stop: () => Promise.resolve() }),
  },
  ...BUSES,
];

export function busAddress(url: string): BusAddress {
  const parsed = parseBusUrl(url);
  if ('value' in parsed) return parsed.value;
  throw new Error(`An address for a test must be ${parsed.mustBe}`);
}

/** As a server opens them, coming back at once. */
export function openTestEvents(
  { bus }: Pick<TestTransport, 'bus'>,
  database: Database,
  options: Partial<OpenEventsOptions> = {},
): SpaceEvents {
  return openEvents({
    database,
    bus: bus && busAddress(bus.url),
    logger: SILENT,
    metrics: { counter: () => ({ add: () => undefined }), gauge: () => undefined },
    retryDelayMs: () => 5,
    ...options,
  });
}

const SILENT: OpenEventsOptions['logger'] = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
};
