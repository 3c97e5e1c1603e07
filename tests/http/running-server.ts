/**
 * A whole server on a free port over a real database, and visitors who keep their cookies.
 *
 * Promise: goes through the public door only; `close` leaves nothing behind but the database.
 */
import { createDatabase } from '@holdfast/db/database.ts';
import type { Database } from '@holdfast/db/database.ts';
import type { ServerConfig } from '@holdfast/sync-server/config.ts';
import { createLogger } from '@holdfast/sync-server/logging.ts';
import { createSyncServer } from '@holdfast/sync-server/server.ts';
import type { SyncServer } from '@holdfast/sync-server/server.ts';

export const AUTH_SECRET = 'only-for-tests-3f9a1c77e0b24d5c8a6e';

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly server: SyncServer;
  readonly database: Database;
  /** Lines of the log so far, parsed. */
  readonly log: Record<string, unknown>[];
  visitor(): Visitor;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly databaseUrl: string;
  readonly config?: Partial<ServerConfig>;
  readonly webRoot?: string;
  readonly now?: () => number;
}

export async function runServer(options: RunOptions): Promise<RunningServer> {
  const log: Record<string, unknown>[] = [];
  const database = createDatabase({ url: options.databaseUrl, onError: () => undefined });
  const server = createSyncServer({
    database,
    logger: createLogger({
      level: 'debug',
      destination: { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) },
    }),
    config: {
      version: '0.0.0-test',
      signup: 'open',
      authSecret: AUTH_SECRET,
      rateLimits: false,
      ...options.config,
    },
    ...(options.webRoot === undefined ? {} : { webRoot: options.webRoot }),
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  const { url, port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    port,
    server,
    database,
    log,
    visitor: () => createVisitor(url),
    async close() {
      await server.close();
      await database.close();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Answers are compared field by field; a wrong shape fails the comparison.
  readonly body: Record<string, unknown>;
}

export interface Visitor {
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  send(method: string, path: string, headers?: Record<string, string>, body?: BodyInit): Promise<Answer>;
  signUp(email: string, more?: Record<string, unknown>): Promise<Answer>;
  signIn(email: string, password?: string): Promise<Answer>;
  /** The Cookie header of the next request; undefined when there is none. */
  cookie(): string | undefined;
  /** The same cookies, at another server. */
  at(url: string): Visitor;
}

export const PASSWORD = 'correct horse battery';

export function createVisitor(url: string, jar = new Map<string, string>()): Visitor {
  async function send(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: BodyInit,
  ): Promise<Answer> {
    const cookie = cookieHeader();
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...(cookie === undefined ? {} : { cookie }), ...headers },
      ...(body === undefined ? {} : { body, duplex: 'half' }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const at = pair.indexOf('=');
      if (attributes.includes('Max-Age=0')) jar.delete(pair.slice(0, at));
      else jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : { text }) as Record<string, unknown>,
    };
  }

  function cookieHeader(): string | undefined {
    return jar.size === 0 ? undefined : [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  function post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return body === undefined
      ? send('POST', path, headers)
      : send('POST', path, { 'content-type': 'application/json', ...headers }, JSON.stringify(body));
  }

  return {
    send,
    post,
    get: (path, headers) => send('GET', path, headers),
    signUp: (email, more = {}) =>
      post('/api/auth/sign-up/email', { name: 'Some One', email, password: PASSWORD, ...more }),
    signIn: (email, password = PASSWORD) => post('/api/auth/sign-in/email', { email, password }),
    cookie: cookieHeader,
    at: (other) => createVisitor(other, jar),
  };
}
