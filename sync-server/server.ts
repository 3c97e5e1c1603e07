/**
 * One server: the app's files, the API and the sync sockets on one port, put together from their parts.
 *
 * Promise: after `drain` the sync sockets have been told and ended, with everything accepted committed, and
 * probes see that the server is leaving while plain requests are still answered; `close` lets those that
 * were begun finish, then frees the port and the timers. Two servers in one process, or on one database,
 * do not disturb each other.
 * Limits: it neither makes nor closes the database; TLS is a proxy's business.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { RequestError, getRequestListener } from '@hono/node-server';
import type { Database } from '@holdfast/db/database.ts';
import { isMigrated } from '@holdfast/db/migrate.ts';
import { roleIn } from '@holdfast/db/spaces.ts';
import { createAccounts } from './accounts/accounts.ts';
import { createAuthLibrary } from './accounts/auth-library.ts';
import { createAuthenticator } from './accounts/authenticate.ts';
import type { ServerConfig } from './config.ts';
import { accountOperations } from './http/account-operations.ts';
import { createHttpApp } from './http/app.ts';
import { authOperations } from './http/auth-operations.ts';
import { namedOperations } from './http/named-operations.ts';
import { Problem, problemResponse } from './http/problem.ts';
import { createRateLimits } from './http/rate-limits.ts';
import { notificationOperations } from './http/notification-operations.ts';
import { problemOfParser, refuseRaw } from './http/refuse-raw.ts';
import { createSpaceDoor } from './http/space-door.ts';
import { spaceOperations } from './http/space-operations.ts';
import { createStaticFiles } from './http/static-files.ts';
import { taskOperations } from './http/task-operations.ts';
import { webhookOperations } from './http/webhook-operations.ts';
import type { Logger } from './logging.ts';
import { createMetrics } from './metrics.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing.ts';
import { systemClock } from './sync/clock.ts';
import { createSyncEndpoint } from './sync/endpoint.ts';
import { createPostgresFanout } from './sync/fanout.ts';
import type { Fanout, SpaceEvent } from './sync/fanout.ts';
import { SYNC_LIMITS, withoutRateLimits } from './sync/limits.ts';

export interface SyncServerOptions {
  readonly database: Database;
  readonly config: ServerConfig;
  readonly logger: Logger;
  /** Folder of the built app; without it only the API and sync are served. */
  readonly webRoot?: string;
  readonly now?: () => number;
  /** Default: its own. Handed in where the workers of the same process count into the same. */
  readonly metrics?: Metrics;
  /** Left out: no traces are sent. */
  readonly tracing?: Tracing | undefined;
  /** Told what other processes are told, for workers in the same process. Must not throw or wait. */
  readonly onEvent?: (event: SpaceEvent) => void;
}

export interface SyncServer {
  listen(where: { host: string; port: number }): Promise<{ url: string; port: number }>;
  /** Takes nothing new, finishes what was begun. */
  drain(): Promise<void>;
  close(): Promise<void>;
  /** There is something new to tell a user: their open apps are told to ask for it. */
  notify(userId: string): void;
}

export function createSyncServer(options: SyncServerOptions): SyncServer {
  const { database, config, logger, webRoot, now = Date.now } = options;
  const metrics = options.metrics ?? createMetrics();
  const library = createAuthLibrary({ database, secret: config.authSecret, logger });
  const accounts = createAccounts({ database, library, signup: config.signup, now });
  const authenticator = createAuthenticator({ database, library, publicUrl: config.publicUrl, now });
  const { sendsMail = false } = config;
  const rateLimits = createRateLimits({ enabled: config.rateLimits, now });
  let draining = false;
  let migrated = false;

  const bus = createPostgresFanout({
    database,
    clock: systemClock,
    onError: (error) =>
      logger.warn({ err: error }, 'other servers cannot be heard; the database is polled meanwhile'),
  });
  const { onEvent } = options;
  const fanout: Fanout = onEvent
    ? {
        ...bus,
        announce(event) {
          onEvent(event);
          bus.announce(event);
        },
      }
    : bus;
  // Before the endpoint listens to the same: it asks again who its sockets belong to, and must not be
  // answered from memory.
  const unsubscribe = fanout.subscribe((event) => {
    if (event.kind === 'user') authenticator.forget(event.spaceId);
  });
  const sync = createSyncEndpoint({
    database,
    fanout,
    authenticate: (head) => authenticator.authenticate(head, { sameOrigin: true }),
    authorize: (principal, spaceId) => roleIn(database, principal.userId, spaceId),
    logger,
    metrics,
    tracing: options.tracing,
    limits: config.rateLimits ? SYNC_LIMITS : withoutRateLimits(SYNC_LIMITS),
  });

  const door = createSpaceDoor({ database, sync, now });

  function ended(userId: string): void {
    authenticator.forget(userId);
    sync.revalidate(userId);
  }

  /** Afterwards nothing that another server announces is missed; without it polling has to do. */
  async function hearOthers(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const cancel = systemClock.after(FANOUT_WAIT_MS, late.resolve);
    await Promise.race([fanout.ready(), late.promise]);
    cancel();
  }

  async function unreadiness(): Promise<string | null> {
    if (draining) return 'The server is shutting down.';
    try {
      // Migrations never go back, so once is enough; afterwards only the way to the database is tried.
      migrated = migrated
        ? (await database.run(PING, [], PING_TIMEOUT_MS), true)
        : await isMigrated(database);
    } catch (cause) {
      logger.warn({ err: cause }, 'not ready: the database does not answer');
      return 'The database does not answer.';
    }
    return migrated ? null : 'The database has not been migrated to this version.';
  }

  const app = createHttpApp({
    operations: [
      ...authOperations({ accounts, library, rateLimits, ended, sendsMail }),
      ...accountOperations({ database, accounts, library, ended, now, version: config.version, sendsMail }),
      ...taskOperations(door),
      ...namedOperations(door),
      ...spaceOperations({ database, door }),
      ...webhookOperations({ database, now, allowPrivateEndpoints: config.allowPrivateEndpoints ?? false }),
      ...notificationOperations({
        database,
        rateLimits,
        now,
        config,
        changed: (userId) => fanout.announce({ kind: 'plan', spaceId: userId }),
      }),
    ],
    files: createStaticFiles(webRoot),
    authenticator,
    rateLimits,
    publicUrl: config.publicUrl,
    logger,
    metrics,
    metricsToken: config.metricsToken,
    version: config.version,
    unreadiness,
  });

  async function serve(request: Request, bindings: object): Promise<Response> {
    const response = await app.fetch(request, bindings);
    // Asks the other side to come back on a new connection, which may lead to another server. Said when the
    // answer is made, so that a request that was begun before does not leave its connection idling.
    if (draining) response.headers.set('Connection', 'close');
    return response;
  }

  const listener = getRequestListener(serve, {
    overrideGlobalObjects: false,
    hostname: 'localhost',
    // Reached only by what never became a request, such as a malformed Host.
    errorHandler: (error) => {
      const malformed = error instanceof RequestError;
      if (!malformed) logger.error({ err: error }, 'request failed outside its handler');
      const problem = malformed
        ? new Problem('malformed-request', 'The address or the Host header of the request is malformed.')
        : new Problem('internal', 'This is a fault of the server.');
      const requestId = crypto.randomUUID();
      const response = problemResponse(problem, requestId);
      response.headers.set('X-Request-Id', requestId);
      return response;
    },
  });
  // Node would refuse a missing Host by itself, without our id.
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, requireHostHeader: false });
  server.on('request', (incoming, outgoing) => {
    // RFC 9112 section 3.2 wants a Host; some probes still speak HTTP/1.0, which has none.
    if (incoming.headers.host === undefined && incoming.httpVersion !== '1.0') {
      void refuseRaw(incoming.socket, new Problem('malformed-request', 'The request has no Host header.'));
    } else void listener(incoming, outgoing);
  });
  server.on('clientError', (error, socket) => void refuseRaw(socket, problemOfParser(error)));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = request.url ?? '/';
    if (path.startsWith('/sync/')) sync.handleUpgrade(request, socket, head);
    else void refuseRaw(socket, new Problem('not-found', 'A WebSocket is served at /sync/{spaceId} only.'));
  });

  return {
    async listen({ host, port }) {
      server.listen(port, host);
      await once(server, 'listening');
      await hearOthers();
      const { port: actual } = server.address() as AddressInfo;
      return { url: `http://${reachable(host)}:${String(actual)}`, port: actual };
    },
    notify: (userId) => sync.notify(userId),
    async drain() {
      draining = true;
      server.closeIdleConnections();
      await sync.drain();
    },
    async close() {
      draining = true;
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      server.closeIdleConnections();
      await sync.close();
      const late = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
      await closed;
      clearTimeout(late);
      unsubscribe();
      await fanout.close();
      if (!options.metrics) metrics.close();
    },
  };
}

/** An address that a browser on this machine can open: those that mean "all" are none. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

const PING = { name: 'ping', text: 'SELECT 1' };
const PING_TIMEOUT_MS = 3_000;
const FANOUT_WAIT_MS = 5_000;

/** From the first byte to the last of a request: bounds what a slow or silent sender can hold. */
const REQUEST_TIMEOUT_MS = 60_000;

/** What requests that were begun may take to finish at the end. */
const CLOSE_GRACE_MS = 5_000;
