/**
 * The HTTP side of the server: every request passes here, in this order: an id, the log and the measure,
 * security headers, then the API, the probes and the app's files.
 *
 * Promise: every answer carries X-Request-Id; every failure is a problem document; a bug is logged with its
 * request's id and answered with 500, and tells the outside nothing more than that id.
 * Limits: of an address its route is logged, and the id of the space; the rest of it may hold a person's words.
 */
import { timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import { isDatabaseAway } from '@holdfast/db/database-away.ts';
import type { Logger } from '../logging.ts';
import type { Metrics } from '../metrics.ts';
import { connectionOf } from './connection.ts';
import { docsPage } from './docs-page.ts';
import { openApiOf } from './openapi.ts';
import type { Operation } from './operation.ts';
import { Problem, problemResponse } from './problem.ts';
import { requestIdFor } from './request-id.ts';
import { addSecurityHeaders, isOwnMachine, pagePolicy } from './security-headers.ts';
import { serveOperations } from './serve-operations.ts';
import type { AppEnv, ServeOptions } from './serve-operations.ts';
import type { StaticFiles } from './static-files.ts';

export interface HttpAppOptions extends ServeOptions {
  readonly operations: readonly Operation[];
  readonly files: StaticFiles;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly metricsToken: string | undefined;
  readonly version: string;
  /** Null when the server can serve, else why not, in words. */
  readonly unreadiness: () => Promise<string | null>;
}

const SECONDS_BUCKETS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export function createHttpApp(options: HttpAppOptions): Hono<AppEnv> {
  const { operations, files, logger, metrics, metricsToken, version, unreadiness } = options;
  const app = new Hono<AppEnv>();
  const durations = metrics.histogram(
    'holdfast_http_request_duration_seconds',
    'Time to answer an HTTP request, by route.',
    SECONDS_BUCKETS,
    ['method', 'route', 'status'],
  );

  app.use(async (context, next) => {
    const startedMs = performance.now();
    const requestId = requestIdFor(context.req.header('x-request-id'));
    context.set('requestId', requestId);
    await next();
    const { res } = context;
    res.headers.set('X-Request-Id', requestId);
    const { headers } = context.req.raw;
    const { secure } = connectionOf(headers, context.env.incoming, options.publicUrl);
    addSecurityHeaders(res.headers, secure || isOwnMachine(headers.get('host')));
    const tookMs = performance.now() - startedMs;
    const { method } = context.req;
    const userId = context.get('userId');
    const route = routeOf(context.req.path, operations);
    durations.observe(tookMs / 1000, {
      method: knownMethod(method),
      route,
      status: String(res.status),
    });
    logger.debug(
      {
        requestId,
        method: knownMethod(method),
        route,
        ...spaceIn(context.req.path),
        status: res.status,
        tookMs: Math.round(tookMs),
        ...(userId === undefined ? {} : { userId }),
      },
      'request',
    );
  });

  app.onError((error, context) => {
    const requestId = context.get('requestId');
    if (error instanceof Problem) return problemResponse(error, requestId);
    if (isDatabaseAway(error)) {
      logger.warn({ requestId, ...spaceIn(context.req.path), err: error }, 'the database is away');
      const away = 'The database does not answer at the moment. Nothing was changed; try again.';
      return problemResponse(
        new Problem('unavailable', away, { headers: { 'Retry-After': '5' } }),
        requestId,
      );
    }
    logger.error(
      {
        requestId,
        method: knownMethod(context.req.method),
        route: routeOf(context.req.path, operations),
        ...spaceIn(context.req.path),
        err: error,
      },
      'request failed',
    );
    const detail = `This is a fault of the server. Its log has more under the id ${requestId}.`;
    return problemResponse(new Problem('internal', detail), requestId);
  });

  app.get('/healthz', (context) => context.json({ status: 'alive', version }, 200, NO_STORE));
  app.get('/readyz', async (context) => {
    const reason = await unreadiness();
    if (reason !== null) throw new Problem('unavailable', reason, { headers: { 'Retry-After': '5' } });
    return context.json({ status: 'ready' }, 200, NO_STORE);
  });
  app.get('/metrics', async (context) => {
    if (
      metricsToken !== undefined &&
      !isSecret(context.req.header('authorization'), `Bearer ${metricsToken}`)
    ) {
      throw new Problem('invalid-token', 'Send METRICS_TOKEN as Authorization: Bearer.', {
        headers: { 'WWW-Authenticate': 'Bearer realm="holdfast metrics"' },
      });
    }
    return context.body(await metrics.text(), 200, { ...NO_STORE, 'Content-Type': metrics.contentType });
  });

  const description = openApiOf(operations, version);
  const page = docsPage(description);
  const pageHeaders = { 'Content-Security-Policy': pagePolicy(page)(undefined), 'Cache-Control': 'no-cache' };
  app.get('/api/v1/openapi.json', (context) =>
    context.json(description, 200, { 'Cache-Control': 'no-cache' }),
  );
  app.get('/api/docs', (context) => context.html(page, 200, pageHeaders));

  serveOperations(app, operations, options);
  app.all('/api/*', (context) => {
    throw new Problem('not-found', `There is no ${context.req.path}. What there is stands at /api/docs.`);
  });
  app.all('/sync/*', () => {
    throw new Problem('upgrade-required', 'This path speaks WebSocket only: /sync/{spaceId}.', {
      headers: { Upgrade: 'websocket', Connection: 'Upgrade' },
    });
  });

  app.get('*', (context) => files.serve(pathOf(context.req.path), context.req.raw.headers));
  app.all('*', (context) => {
    throw new Problem('method-not-allowed', `${context.req.method} does not work here; GET does.`, {
      headers: { Allow: 'GET, HEAD' },
    });
  });
  return app;
}

const NO_STORE = { 'Cache-Control': 'no-store' } as const;

function pathOf(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Problem('not-found', 'The path is not valid UTF-8 in percent-encoding.');
  }
}

/** A pattern and never a path: each path would be a time series of its own. */
function routeOf(path: string, operations: readonly Operation[]): string {
  if (PROBES.has(path)) return path;
  if (!path.startsWith('/api/')) return 'app';
  const steps = path.split('/');
  const found = operations.find((operation) => {
    const pattern = operation.path.split('/');
    return (
      pattern.length === steps.length && pattern.every((step, n) => step.startsWith('{') || step === steps[n])
    );
  });
  return found?.path ?? 'api';
}

function spaceIn(path: string): { spaceId?: string } {
  const spaceId = /^\/api\/v1\/spaces\/([0-9a-f-]{36})(?:\/|$)/i.exec(path)?.[1];
  return spaceId === undefined ? {} : { spaceId };
}

const PROBES = new Set(['/healthz', '/readyz', '/metrics']);
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function knownMethod(method: string): string {
  return METHODS.has(method) ? method : 'other';
}

function isSecret(given: string | undefined, expected: string): boolean {
  const left = Buffer.from(given ?? '');
  const right = Buffer.from(expected);
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
