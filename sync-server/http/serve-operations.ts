/**
 * Serves operations over Hono: authenticates, checks the body, calls, and writes the answer.
 *
 * Promise: an operation is called only with a body that fits its schema and a caller who may; a write that
 * rides on a cookie must come from our own page; a known path with another method is told so.
 */
import type { IncomingMessage } from 'node:http';
import type { Context, Hono } from 'hono';
import type { Authenticator } from '../accounts/authenticate.ts';
import { evidence } from '../accounts/authenticate.ts';
import { isRefusal } from '../accounts/principal.ts';
import type { Principal, RequestHead } from '../accounts/principal.ts';
import { isSameOrigin } from '../accounts/same-origin.ts';
import { connectionOf } from './connection.ts';
import { readJson } from './json-body.ts';
import type { Operation } from './operation.ts';
import { pathParameters } from './operation.ts';
import { Problem } from './problem.ts';
import type { FieldFault } from './problem.ts';
import type { RateLimits } from './rate-limits.ts';
import { listFields, parse } from './schemas.ts';
import type { Parsed } from './schemas.ts';
import { pagePolicy } from './security-headers.ts';

export interface AppEnv {
  Bindings: { incoming?: IncomingMessage };
  Variables: { requestId: string; userId?: string };
}

export interface ServeOptions {
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimits;
  readonly publicUrl: string | undefined;
}

export function serveOperations(
  app: Hono<AppEnv>,
  operations: readonly Operation[],
  options: ServeOptions,
): void {
  const methodsByPath = new Map<string, string[]>();
  for (const operation of operations) {
    const path = honoPath(operation.path);
    const lists = operation.query ? listFields(operation.query) : NO_FIELDS;
    app.on(operation.method.toUpperCase(), path, (context) => serve(operation, lists, context, options));
    methodsByPath.set(path, [...(methodsByPath.get(path) ?? []), operation.method.toUpperCase()]);
  }
  for (const [path, methods] of methodsByPath) {
    const allow = methods.join(', ');
    app.all(path, (context) => {
      throw new Problem('method-not-allowed', `${context.req.method} does not work here; ${allow} does.`, {
        headers: { Allow: allow },
      });
    });
  }
}

async function serve(
  operation: Operation,
  lists: ReadonlySet<string>,
  context: Context<AppEnv>,
  { authenticator, rateLimits, publicUrl }: ServeOptions,
): Promise<Response> {
  const request = context.req.raw;
  const connection = connectionOf(request.headers, context.env.incoming, publicUrl);
  const principal = await principalFor(operation, requestHead(request), authenticator, publicUrl);
  if (principal) context.set('userId', principal.userId);
  limit(rateLimits, principal?.userId ?? connection.network);
  const query = queryFor(operation, lists, new URL(request.url).searchParams);
  const body = operation.body ? await bodyFor(operation, request) : undefined;
  const cookies: string[] = [];
  const answer = { status: operation.status, headers: {} as Readonly<Record<string, string>> };
  const result = await operation.handle({
    body,
    query,
    params: paramsOf(operation, context),
    principal,
    headers: request.headers,
    connection,
    setCookies: (more) => cookies.push(...more),
    answerWith(status, headers = {}) {
      answer.status = status;
      answer.headers = headers;
    },
  });
  const headers = new Headers({ 'Cache-Control': 'no-store', ...answer.headers });
  for (const cookie of cookies)
    headers.append('Set-Cookie', connection.secure ? `${cookie}; Secure` : cookie);
  if (operation.status === 204) return new Response(null, { status: 204, headers });
  if (operation.isPage === true) {
    const page = String(result);
    headers.set('Content-Type', 'text/html; charset=utf-8');
    headers.set('Content-Security-Policy', pagePolicy(page)(undefined));
    return new Response(page, { status: answer.status, headers });
  }
  headers.set('Content-Type', 'application/json');
  return new Response(JSON.stringify(result), { status: answer.status, headers });
}

async function principalFor(
  operation: Operation,
  head: RequestHead,
  authenticator: Authenticator,
  publicUrl: string | undefined,
): Promise<Principal | undefined> {
  const writes = operation.method !== 'get';
  if (operation.access === 'public') {
    // Signing a visitor in to someone else's account from another site is an attack too.
    if (writes && !isSameOrigin(evidence(head), publicUrl)) {
      throw new Problem(
        'cross-origin',
        'This can only be done from the app itself, not from a page of another site.',
      );
    }
    return undefined;
  }
  const who = await authenticator.authenticate(head, { sameOrigin: writes });
  if (isRefusal(who)) {
    throw new Problem(who.code, who.reason, {
      headers: who.code === 'cross-origin' ? {} : { 'WWW-Authenticate': 'Bearer realm="holdfast"' },
    });
  }
  if (operation.access === 'session' && who.via !== 'cookie') {
    throw new Problem(
      'session-required',
      'An API token may not do this. Sign in with e-mail address and password.',
    );
  }
  return who;
}

function limit(rateLimits: RateLimits, caller: string): void {
  const waitMs = rateLimits.take('api-caller', caller);
  if (waitMs > 0) throw tooMany(waitMs);
}

export function tooMany(waitMs: number): Problem {
  const seconds = Math.ceil(waitMs / 1000);
  return new Problem('too-many-requests', `Too many tries. Wait ${String(seconds)} s and try again.`, {
    headers: { 'Retry-After': String(seconds) },
  });
}

async function bodyFor(operation: Operation, request: Request): Promise<unknown> {
  if (!operation.body) return undefined;
  const isLeftOut = operation.isBodyOptional === true && isEmpty(request);
  return accepted(parse(operation.body, isLeftOut ? {} : await readJson(request)));
}

/** No body at all, as `curl -X POST` sends it. */
function isEmpty(request: Request): boolean {
  const { headers } = request;
  return !headers.has('transfer-encoding') && Number(headers.get('content-length') ?? 0) === 0;
}

function queryFor(operation: Operation, lists: ReadonlySet<string>, given: URLSearchParams): unknown {
  const { query } = operation;
  // Operations without a query overlook one, as they always did: proxies and caches add some.
  if (!query) return {};
  const fields: Record<string, unknown> = {};
  const faults: FieldFault[] = [];
  for (const name of new Set(given.keys())) {
    const values = given.getAll(name);
    if (!lists.has(name) && values.length > 1) {
      faults.push({ field: name, message: `It is given ${String(values.length)} times; give it once.` });
    }
    if (values.some((value) => value.includes('\0')))
      faults.push({ field: name, message: 'It may not hold U+0000.' });
    Object.defineProperty(fields, name, { value: lists.has(name) ? values : values[0], enumerable: true });
  }
  return accepted(faults.length > 0 ? { ok: false, faults } : parse(query, fields));
}

const NO_FIELDS: ReadonlySet<string> = new Set();

function accepted<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  const detail = parsed.faults.map(({ field, message }) =>
    field ? `${field}: ${message}` : `The body: ${message}`,
  );
  throw new Problem('invalid-input', detail.join(' '), { errors: parsed.faults });
}

function paramsOf(operation: Operation, context: Context<AppEnv>): Record<string, string> {
  const values = pathParameters(operation.path).map((name) => [name, context.req.param(name) ?? ''] as const);
  // Nothing has such a name, and Postgres would answer with an error instead of with nothing.
  if (values.some(([, value]) => value.includes('\0')))
    throw new Problem('not-found', 'There is nothing of that name.');
  return Object.fromEntries(values);
}

function requestHead(request: Request): RequestHead {
  return { headers: Object.fromEntries(request.headers) };
}

function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
