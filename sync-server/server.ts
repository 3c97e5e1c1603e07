/**
 * One server: the app's files, the API and the sync sockets on one port, put together from their parts.
 *
 * Promise: after `drain` nothing new is taken, what was accepted is committed and told, and every
 * connection is ended; `close` then frees the port and the timers. Two servers in one process, or on one
 * database, do not disturb each other.
 * Limits: it neither makes nor closes the database; TLS is a proxy's business.
 */
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import type { Database } from '@holdfast/db/database.ts';
import { isMigrated } from '@holdfast/db/migrate.ts';
import { createAccounts } from './accounts/accounts.ts';
import { createAuthLibrary } from './accounts/auth-library.ts';
import { createAuthenticator } from './accounts/authenticate.ts';
import type { ServerConfig } from './config.ts';
import { accountOperations } from './http/account-operations.ts';
import { createHttpApp } from './http/app.ts';
import { authOperations } from './http/auth-operations.ts';
import { createRateLimits } from './http/rate-limits.ts';
import { createStaticFiles } from './http/static-files.ts';
import type { Logger } from './logging.ts';
import { createMetrics } from './metrics.ts';

export interface SyncServerOptions {
  readonly database: Database;
  readonly config: ServerConfig;
  readonly logger: Logger;
  /** Folder of the built app; without it only the API and sync are served. */
  readonly webRoot?: string;
  readonly now?: () => number;
}

export interface SyncServer {
  listen(where: { host: string; port: number }): Promise<{ url: string; port: number }>;
  /** Takes nothing new, finishes what was begun. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export function createSyncServer(options: SyncServerOptions): SyncServer {
  const { database, config, logger, webRoot, now = Date.now } = options;
  const metrics = createMetrics();
  const library = createAuthLibrary({ database, secret: config.authSecret, logger });
  const accounts = createAccounts({ database, library, signup: config.signup, now });
  const authenticator = createAuthenticator({ database, library, publicUrl: config.publicUrl, now });
  const rateLimits = createRateLimits({ enabled: config.rateLimits, now });
  let draining = false;
  let migrated = false;

  function ended(userId: string): void {
    authenticator.forget(userId);
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
      ...authOperations({ accounts, library, rateLimits, ended }),
      ...accountOperations({ database, accounts, library, ended, now }),
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

  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
    socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
  });

  return {
    async listen({ host, port }) {
      server.listen(port, host);
      await once(server, 'listening');
      const { port: actual } = server.address() as AddressInfo;
      return { url: `http://${host.includes(':') ? `[${host}]` : host}:${String(actual)}`, port: actual };
    },
    async drain() {
      draining = true;
      await Promise.resolve();
    },
    async close() {
      draining = true;
      if (server.listening) {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }
      metrics.close();
    },
  };
}

const PING = { name: 'ping', text: 'SELECT 1' };
const PING_TIMEOUT_MS = 3_000;
