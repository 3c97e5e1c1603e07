/**
 * One request to the server's HTTP API with the browser's session.
 *
 * Promise: every outcome is a value; 'unreachable' means that no answer came, any other code is the server's own, with its
 * sentence. Answers are read field by field by whoever asked, so a server that is older or newer leaves gaps and never
 * breaks a page.
 */

import { t, translated } from './words/language.ts';

export type ServerResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly message: string };

export type ServerCall = (
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  path: string,
  body?: object,
) => Promise<ServerResult<unknown>>;

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const ANSWER_TIMEOUT_MS = 20_000;

export const ODD_ANSWER = {
  ok: false,
  code: 'odd-answer',
  message: t('The server answered in a way this version cannot read.'),
} as const;

export function createServerCall(origin: string): ServerCall {
  return async (method, path, body) => {
    let response: Response;
    try {
      response = await fetch(new URL(path, origin), {
        method,
        credentials: 'include',
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
      });
    } catch {
      return {
        ok: false,
        code: 'unreachable',
        message: t('The server could not be reached. Nothing was changed.'),
      };
    }
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) return { ok: true, value: answer };
    const { code, detail } = isRecord(answer) ? answer : {};
    return {
      ok: false,
      code: typeof code === 'string' ? code : `http-${String(response.status)}`,
      message:
        typeof detail === 'string'
          ? translated(detail)
          : t('The server answered with {status}.', { status: String(response.status) }),
    };
  };
}

/** The list under `field`, without what cannot be read. */
export function readPage<T>(
  result: ServerResult<unknown>,
  field: string,
  read: (value: Record<string, unknown>) => T | null,
): ServerResult<Page<T>> {
  if (!result.ok) return result;
  const list = isRecord(result.value) ? result.value[field] : null;
  if (!isRecord(result.value) || !Array.isArray(list)) return ODD_ANSWER;
  const { nextCursor } = result.value;
  const items = list
    .filter(isRecord)
    .map(read)
    .filter((item) => item !== null);
  return { ok: true, value: { items, next: typeof nextCursor === 'string' ? nextCursor : null } };
}

export function withoutValue(result: ServerResult<unknown>): ServerResult<null> {
  return result.ok ? { ok: true, value: null } : result;
}

/** An instant as ISO text or epoch ms. */
export function readInstant(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

export function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
