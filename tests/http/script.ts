/**
 * A script of someone who has an API token: what curl would send.
 *
 * Promise: no cookie, no origin, only the token; every answer is kept whole.
 */
import type { RunningServer } from './running-server.ts';

export interface Reply<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Script {
  readonly userId: string;
  readonly spaceId: string;
  readonly token: string;
  readonly tokenId: string;
  /** Paths begin below /api/v1/spaces/{spaceId}, or with /api. */
  get<T = Record<string, unknown>>(path: string): Promise<Reply<T>>;
  send<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply<T>>;
  /** The same person, in another space or at another server. */
  at(where: { url?: string; spaceId?: string }): Script;
}

export async function openScript(server: RunningServer, email: string): Promise<Script> {
  const visitor = server.visitor();
  await visitor.signUp(email);
  const { id: tokenId, token } = (await visitor.post('/api/v1/tokens', { name: `Script of ${email}` }))
    .body as {
    id: string;
    token: string;
  };
  const { user, spaces } = (await visitor.get('/api/v1/me')).body as {
    user: { id: string };
    spaces: [{ id: string }];
  };
  return scriptOf({ url: server.url, userId: user.id, spaceId: spaces[0].id, token, tokenId });
}

interface Identity {
  readonly url: string;
  readonly userId: string;
  readonly spaceId: string;
  readonly token: string;
  readonly tokenId: string;
}

function scriptOf(who: Identity): Script {
  async function send<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<T>> {
    const full = path.startsWith('/api') ? path : `/api/v1/spaces/${who.spaceId}${path}`;
    const response = await fetch(who.url + full, {
      method,
      headers: {
        authorization: `Bearer ${who.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? null : JSON.parse(text)) as T,
    };
  }
  return {
    ...who,
    send,
    get: (path) => send('GET', path),
    at: (where) => scriptOf({ ...who, ...where }),
  };
}
