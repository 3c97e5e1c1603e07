/**
 * Who is asking: the one answer for HTTP and for the WebSocket upgrade.
 *
 * Promise: a Bearer token is tried first and alone; a cookie counts only for our own page when the caller
 * asks for that. What is revoked through this server counts at once; what is revoked through another one
 * counts after CACHE_MS here.
 * Limits: the cache holds only what was accepted, so a refusal is never remembered, and at most CACHE_SIZE
 * entries. It exists because every open socket asks again and again.
 */
import { createHash } from 'node:crypto';
import type { Database } from '@holdfast/db/database.ts';
import { ownerOfToken } from '@holdfast/db/tokens.ts';
import { isSameOrigin } from './same-origin.ts';
import type { AuthLibrary } from './auth-library.ts';
import { SESSION_COOKIE } from './auth-library.ts';
import type { Principal, Refusal, RequestHead } from './principal.ts';

export const CACHE_MS = 5_000;
const CACHE_SIZE = 10_000;

export interface Authenticator {
  /** `sameOrigin`: refuse a cookie that another site's page makes the browser send. */
  authenticate(request: RequestHead, options: { sameOrigin: boolean }): Promise<Principal | Refusal>;
  forget(userId: string): void;
}

export interface AuthenticatorOptions {
  readonly database: Database;
  readonly library: AuthLibrary;
  readonly publicUrl: string | undefined;
  readonly now: () => number;
}

interface Remembered {
  readonly principal: Principal;
  readonly untilMs: number;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { database, library, publicUrl, now } = options;
  const remembered = new Map<string, Remembered>();
  // Raised by forget(): an answer that was asked for before it must not be remembered after it.
  let generation = 0;

  async function lookUp(key: string, find: () => Promise<Principal | null>): Promise<Principal | null> {
    const hit = remembered.get(key);
    if (hit && hit.untilMs > now()) return hit.principal;
    remembered.delete(key);
    const asked = generation;
    const principal = await find();
    if (principal && asked === generation) {
      // The oldest entry goes: a Map keeps the order of insertion.
      if (remembered.size >= CACHE_SIZE) remembered.delete(remembered.keys().next().value ?? '');
      remembered.set(key, { principal, untilMs: now() + CACHE_MS });
    }
    return principal;
  }

  return {
    async authenticate(request, { sameOrigin }) {
      const authorization = header(request, 'authorization');
      if (authorization !== undefined) {
        const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
        const found =
          token === undefined
            ? null
            : await lookUp(`bearer ${digest(token)}`, async () => {
                const owner = await ownerOfToken(database, token);
                return owner && { userId: owner.userId, tokenId: owner.tokenId, via: 'bearer' };
              });
        return (
          found ??
          refuse('invalid-token', 'This API token is unknown or revoked. Make a new one in Settings.')
        );
      }
      const cookie = sessionCookie(header(request, 'cookie'));
      if (cookie === undefined)
        return refuse('signed-out', 'Sign in, or send an API token as Authorization: Bearer.');
      if (sameOrigin && !isSameOrigin(evidence(request), publicUrl)) {
        return refuse(
          'cross-origin',
          'A page of another site may not use your session. Use an API token instead.',
        );
      }
      const found = await lookUp(`cookie ${digest(cookie)}`, async () => {
        const live = await library.session(new Headers({ cookie: `${SESSION_COOKIE}=${cookie}` }), false);
        return live && { userId: live.user.id, sessionId: live.session.id, via: 'cookie' };
      });
      return found ?? refuse('signed-out', 'Your session has ended. Sign in again.');
    },
    forget(userId) {
      generation += 1;
      for (const [key, { principal }] of remembered) {
        if (principal.userId === userId) remembered.delete(key);
      }
    },
  };
}

export function header(request: RequestHead, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : value?.join(', ');
}

export function evidence(request: RequestHead) {
  return {
    origin: header(request, 'origin'),
    host: header(request, 'host'),
    fetchSite: header(request, 'sec-fetch-site'),
  };
}

function sessionCookie(cookies: string | undefined): string | undefined {
  for (const part of cookies?.split(';') ?? []) {
    const [name, ...value] = part.trim().split('=');
    if (name === SESSION_COOKIE) return value.join('=');
  }
  return undefined;
}

function refuse(code: Refusal['code'], reason: string): Refusal {
  return { refused: true, code, reason };
}

/** Keys of the cache hold no secret that a heap dump could give away. */
function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
