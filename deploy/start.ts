/**
 * The server program: settings, data folder, database, migrations, then the parts of the chosen role.
 *
 * Promise: standard output carries exactly one line, `holdfast ready <url>`, once everything answers; all else
 * goes to standard error. SIGTERM and SIGINT, at any moment, end it in order and with exit code 0: nothing new is
 * taken, what was accepted is committed and told, then the database stops. A start that fails undoes what it
 * began and ends with one sentence and exit code 1.
 * Why a second signal changes nothing: a terminal's Ctrl-C reaches this process twice, once by itself and once
 * through the launcher.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Database } from '@holdfast/db/database.ts';
import { isMigrated, migrate } from '@holdfast/db/migrate.ts';
import { createLogger } from '@holdfast/sync-server/logging.ts';
import type { Logger } from '@holdfast/sync-server/logging.ts';
import { createSyncServer } from '@holdfast/sync-server/server.ts';
import { createMetrics } from '@holdfast/sync-server/metrics.ts';
import type { Metrics } from '@holdfast/sync-server/metrics.ts';
import type { WorkersConfig } from '@holdfast/workers/config.ts';
import { createWorkers, hintOf } from '@holdfast/workers/workers.ts';
import type { Workers } from '@holdfast/workers/workers.ts';
import { idleSettings, readConfig } from './config.ts';
import type { Config } from './config.ts';
import { openDataFolder } from './data-folder.ts';
import type { Keys } from './data-folder.ts';
import { StartFault, errorCode, runMain } from './fault.ts';
import { serverKeys } from './keys.ts';
import { openDatabase } from './open-database.ts';
import { startProbeServer } from './probe-server.ts';
import type { Tracing } from './tracing.ts';
import { VERSION } from './version.ts';

export const ROLES = ['all', 'sync', 'workers'] as const;
export type Role = (typeof ROLES)[number];

export interface ServeOptions {
  readonly role: Role;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const DRAIN_LIMIT_MS = 25_000;
const DEFAULT_SUBJECT = 'mailto:holdfast@example.org';

const webBuild = fileURLToPath(new URL('../web/build', import.meta.url));

if (import.meta.main) {
  await runMain(async () => {
    await serve({ role: roleFrom(process.argv.slice(2)), env: process.env });
  });
}

export function roleFrom(args: readonly string[]): Role {
  const { values } = parseArgs({ args: [...args], options: { role: { type: 'string', default: 'all' } } });
  const role = ROLES.find((known) => known === values.role);
  if (role) return role;
  throw new StartFault(`There is no role "${values.role}": --role is one of ${ROLES.join(', ')}.`);
}

/** Resolves when the server is ready; the process then lives until a signal. */
export async function serve({ role, env }: ServeOptions): Promise<void> {
  const config = readConfig(env);
  const logger = createLogger({ level: config.LOG_LEVEL });
  const closers: (() => Promise<void>)[] = [];
  const aborter = new AbortController();

  const closeAll = async (): Promise<void> => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  const starting = start({ config, role, logger, env, closers, signal: aborter.signal });

  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    aborter.abort();
    logger.info({ signal }, 'stopping');
    const limit = setTimeout(() => {
      logger.error({ limitMs: DRAIN_LIMIT_MS }, 'stopping took too long and was cut short');
      process.exit(1);
    }, DRAIN_LIMIT_MS);
    limit.unref();
    starting
      .catch(() => undefined)
      .then(closeAll)
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, 'stopping failed');
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // A launcher that was killed cannot pass a signal on; its end is seen on the channel to it.
  process.once('disconnect', () => stop('launcher gone'));
  process.channel?.unref();

  try {
    const url = await starting;
    if (!stopping) process.stdout.write(`holdfast ready ${url}\n`);
  } catch (error) {
    // The signal's own path closes and ends the process.
    if (stopping) return new Promise(() => undefined);
    await closeAll();
    throw error;
  }
}

interface Start {
  readonly config: Config;
  readonly role: Role;
  readonly logger: Logger;
  readonly env: ServeOptions['env'];
  /** What has been started, in order; closed in the opposite one. */
  readonly closers: (() => Promise<void>)[];
  readonly signal: AbortSignal;
}

async function start({ config, role, logger, env, closers, signal }: Start): Promise<string> {
  const report = (sentence: string): void => logger.warn({}, sentence);
  const idle = idleSettings(env);
  if (idle.length > 0) report(`Set, but without effect in this version: ${idle.join(', ')}.`);
  if (role !== 'all' && config.DATABASE_URL === undefined) {
    throw new StartFault(
      `--role=${role} is one part of a split deployment, whose parts meet in one database: set DATABASE_URL.`,
    );
  }

  const dataFolder = await openDataFolder(config.DATA_DIR);
  // Beside an embedded database, before it: a folder that cannot be written is told without waiting for one.
  if (config.DATABASE_URL === undefined) await dataFolder.keys();
  const claim = config.DATABASE_URL === undefined ? await dataFolder.claim() : undefined;
  if (claim) {
    closers.push(() => claim.release());
    signal.addEventListener('abort', () => void claim.stopping());
  }

  const { database, close } = await openDatabase({
    databaseUrl: config.DATABASE_URL,
    dataFolder,
    report,
    signal,
    onLost: (fault) => {
      process.stderr.write(`holdfast: ${fault.message}\n`);
      process.exit(1);
    },
  });
  closers.push(close);
  signal.throwIfAborted();
  const applied = await migrate(database);
  if (applied.length > 0) logger.info({ applied }, 'database migrated');
  const keys = await serverKeys(config, dataFolder, database);
  signal.throwIfAborted();

  const metrics = createMetrics();
  closers.push(async () => metrics.close());
  measurePool(metrics, database);
  const tracing = await tracingFor(config, role, logger);
  if (tracing) closers.push(() => tracing.close());
  let workers: Workers | undefined;
  // The workers come first and the server that they tell after them.
  let tellApps: (userId: string) => void = () => undefined;
  if (role !== 'sync') {
    const begun = createWorkers({
      database,
      logger,
      metrics,
      tracing,
      config: workersConfig(config, keys),
      // Under one roof with the server they are told directly: a listener more would make every edit an announcement.
      listens: role === 'workers',
      ...(role === 'workers'
        ? {}
        : {
            announce: (event) => {
              if (event.kind === 'notify') tellApps(event.spaceId);
            },
          }),
      projection: { isThreaded: true },
    });
    workers = begun;
    begun.start();
    closers.push(() => begun.drain());
    if (role === 'workers') {
      const probes = await startProbeServer({
        host: config.HOST,
        port: config.PORT,
        version: VERSION,
        metricsToken: config.METRICS_TOKEN,
        metrics,
        unreadiness: () => unreadiness(database),
      }).catch((error: unknown) => Promise.reject(listenFault(config, error)));
      // Answers until the jobs have ended, and from the signal on that it is going.
      closers.splice(closers.length - 1, 0, () => probes.close());
      signal.addEventListener('abort', () => probes.drain());
      return probes.url;
    }
  }

  const server = createSyncServer({
    database,
    logger,
    config: serverConfig(config, keys),
    metrics,
    tracing,
    onEvent: (event) => {
      const hint = hintOf(event);
      if (hint) workers?.hint(hint);
    },
    ...(existsSync(join(webBuild, 'index.html')) ? { webRoot: webBuild } : {}),
  });
  tellApps = (userId) => server.notify(userId);
  closers.push(async () => {
    await server.drain();
    await server.close();
  });
  const { url } = await server
    .listen({ host: config.HOST, port: config.PORT })
    .catch((error: unknown) => Promise.reject(listenFault(config, error)));
  await claim?.publish(url);
  return url;
}

function serverConfig(config: Config, keys: Keys): Parameters<typeof createSyncServer>[0]['config'] {
  return {
    version: VERSION,
    signup: config.SIGNUP,
    authSecret: keys.authSecret,
    rateLimits: config.RATE_LIMITS,
    vapidPublicKey: keys.vapidPublicKey,
    hasMailServer: config.SMTP_URL !== undefined && config.MAIL_FROM !== undefined,
    allowPrivateEndpoints: config.ALLOW_PRIVATE_ENDPOINTS,
    // A link needs an address that is known to be ours: what a request says of it can be forged.
    sendsMail:
      config.SMTP_URL !== undefined && config.MAIL_FROM !== undefined && config.PUBLIC_URL !== undefined,
    ...(config.PUBLIC_URL === undefined ? {} : { publicUrl: config.PUBLIC_URL }),
    ...(config.METRICS_TOKEN === undefined ? {} : { metricsToken: config.METRICS_TOKEN }),
  };
}

function workersConfig(config: Config, keys: Keys): WorkersConfig {
  const { SMTP_URL, MAIL_FROM, PUBLIC_URL } = config;
  return {
    publicUrl: PUBLIC_URL,
    vapid: {
      publicKey: keys.vapidPublicKey,
      privateKey: keys.vapidPrivateKey,
      // RFC 8292 wants a way to reach the operator; push services refuse a subject on localhost.
      subject: config.VAPID_SUBJECT ?? (PUBLIC_URL?.startsWith('https:') ? PUBLIC_URL : DEFAULT_SUBJECT),
    },
    smtp: SMTP_URL === undefined || MAIL_FROM === undefined ? undefined : { url: SMTP_URL, from: MAIL_FROM },
    allowPrivateEndpoints: config.ALLOW_PRIVATE_ENDPOINTS,
    auditRetentionDays: config.AUDIT_RETENTION_DAYS,
    secret: keys.authSecret,
  };
}

/** Without an endpoint the libraries for it are not even loaded. */
async function tracingFor(config: Config, role: Role, logger: Logger): Promise<Tracing | undefined> {
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined || config.OTEL_TRACES_SAMPLER.endsWith('always_off')) return undefined;
  const { createTracing } = await import('./tracing.ts');
  return createTracing({
    endpoint,
    sampler: config.OTEL_TRACES_SAMPLER,
    samplerArg: config.OTEL_TRACES_SAMPLER_ARG,
    role,
    version: VERSION,
    onTrouble: (error) => {
      if (error) logger.warn({ err: error }, 'traces cannot be sent; what does not fit meanwhile is dropped');
      else logger.info({}, 'traces are sent again');
    },
  });
}

function measurePool(metrics: Metrics, database: Database): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge(`holdfast_database_${name}`, help, read);
  gauge('connections', 'Open connections of the pool.', () => database.poolUse().open);
  gauge('connections_idle', 'Those of them that nobody uses.', () => database.poolUse().idle);
  gauge('waiting', 'Callers that wait for a connection of the pool.', () => database.poolUse().waiting);
}

async function unreadiness(database: Database): Promise<string | null> {
  try {
    return (await isMigrated(database)) ? null : 'The database has not been migrated to this version.';
  } catch {
    return 'The database does not answer.';
  }
}

function listenFault({ HOST, PORT }: Config, error: unknown): Error {
  const say = (message: string): StartFault => new StartFault(message, { cause: error });
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return say(
        `Port ${PORT} on ${HOST} is in use by another program: stop that one, or set PORT to a free one ` +
          `(PORT=0 takes any).`,
      );
    case 'EACCES':
      return say(
        `Port ${PORT} may not be opened by this user: set PORT to 1024 or above, with a proxy in front.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return say(
        `HOST is "${HOST}", which is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all.`,
      );
    default:
      return error instanceof Error ? error : new Error(String(error));
  }
}
