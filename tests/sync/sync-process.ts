/**
 * A sync endpoint on a port of its own, over a real database, with accounts reduced to a table in memory.
 *
 * Promise: everything between the socket and the rows is the real thing; several of them on one database are
 * what several server processes would be. The clock and the limits can be set.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import { createSpaceEvents } from '@holdfast/db/space-events.ts';
import type { SpaceEvents } from '@holdfast/db/space-events.ts';
import { createSpace } from '@holdfast/db/spaces.ts';
import type { Logger } from '@holdfast/sync-server/logging.ts';
import { systemClock } from '@holdfast/sync-server/sync/clock.ts';
import type { SyncClock } from '@holdfast/sync-server/sync/clock.ts';
import { createSyncEndpoint } from '@holdfast/sync-server/sync/endpoint.ts';
import type { SyncEndpoint } from '@holdfast/sync-server/sync/endpoint.ts';
import { createFanout } from '@holdfast/sync-server/sync/fanout.ts';
import type { Fanout } from '@holdfast/sync-server/sync/fanout.ts';
import { SYNC_LIMITS } from '@holdfast/sync-server/sync/limits.ts';
import type { SyncLimits } from '@holdfast/sync-server/sync/limits.ts';

export type Role = 'owner' | 'editor' | 'viewer';

export interface SyncProcessOptions {
  readonly databaseUrl: string;
  readonly clock?: SyncClock;
  readonly limits?: Partial<SyncLimits>;
  /** How processes hear of each other. Default: by Postgres. */
  readonly events?: (database: Database) => SpaceEvents;
  /** Wraps the fanout, to lose what goes through it. */
  readonly fanout?: (real: Fanout) => Fanout;
  /** Wraps the database, to make it fail. */
  readonly database?: (real: Database) => Database;
}

export interface SyncProcess {
  readonly url: string;
  readonly database: Database;
  readonly endpoint: SyncEndpoint;
  readonly fanout: Fanout;
  readonly log: { level: string; message: string; fields: Record<string, unknown> }[];
  /** The codes with which the server closed sockets. */
  readonly closes: number[];
  /** A token is `user`; what it may do is set here, for every space. Default owner of everything. */
  readonly roles: Map<string, Role | null>;
  readonly signedOut: Set<string>;
  spaceUrl(spaceId: string): string;
  createSpace(): Promise<string>;
  stop(): Promise<void>;
}

export async function startSyncProcess(options: SyncProcessOptions): Promise<SyncProcess> {
  const log: SyncProcess['log'] = [];
  const logger: Logger = {
    debug: (fields, message) => log.push({ level: 'debug', message, fields }),
    info: (fields, message) => log.push({ level: 'info', message, fields }),
    warn: (fields, message) => log.push({ level: 'warn', message, fields }),
    error: (fields, message) => log.push({ level: 'error', message, fields }),
    child: () => logger,
  };
  const real = createDatabase({ url: options.databaseUrl, onError: () => undefined, maxConnections: 5 });
  const database = options.database ? options.database(real) : real;
  const clock = options.clock ?? systemClock;
  const onError = (): void => undefined;
  const events = options.events?.(real) ?? createSpaceEvents({ url: real.url, onError });
  const realFanout = createFanout({ events, database: real, clock, onError });
  const fanout = options.fanout ? options.fanout(realFanout) : realFanout;
  const roles: SyncProcess['roles'] = new Map();
  const signedOut = new Set<string>();
  const closes: number[] = [];
  const endpoint = createSyncEndpoint({
    database,
    fanout,
    logger,
    metrics: {
      counter: (name) => ({
        add: (_amount, labels) => {
          if (name === 'holdfast_sync_closed_total') closes.push(Number(labels?.['code']));
        },
      }),
      histogram: () => ({ observe: () => undefined }),
      gauge: () => undefined,
    },
    clock,
    limits: { ...SYNC_LIMITS, ...options.limits },
    authenticate: (head) => {
      const user = /^Bearer (.+)$/.exec(String(head.headers['authorization'] ?? ''))?.[1];
      if (user === undefined || signedOut.has(user)) {
        return Promise.resolve({ refused: true, code: 'signed-out', reason: 'Sign in.' });
      }
      return Promise.resolve({ userId: user, via: 'bearer' });
    },
    authorize: (principal) => {
      const role = roles.get(principal.userId);
      return Promise.resolve(role === undefined ? 'owner' : role);
    },
  });
  const server = createServer((_request, response) => response.end());
  server.on('upgrade', (request, socket, head) => endpoint.handleUpgrade(request, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await fanout.ready();
  return {
    url,
    database: real,
    endpoint,
    fanout,
    log,
    closes,
    roles,
    signedOut,
    spaceUrl: (spaceId) => `${url.replace('http', 'ws')}/sync/${spaceId}`,
    createSpace: async () => (await createSpace(real, { name: 'Space', kind: 'shared', ownerId: 'ann' })).id,
    stop: async () => {
      await endpoint.close();
      await fanout.close();
      server.close();
      await real.close();
    },
  };
}
