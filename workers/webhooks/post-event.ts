/**
 * One attempt to hand an event to an endpoint.
 *
 * Promise: it ends within the time limit; the connection goes to an address that the guard has judged; a redirect is not
 * followed; of the answer no more than its status and Retry-After are used.
 * Limits: one connection for each attempt, which is slower than keeping them, and never meets one that is just closing.
 */
import { request as requestByHttp } from 'node:http';
import type { RequestOptions } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { EndpointRefusedError } from '../channels/endpoint-guard.ts';
import type { EndpointGuard } from '../channels/endpoint-guard.ts';

export type PostOutcome =
  | { readonly kind: 'delivered' }
  /** The endpoint says that it is gone for good. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly error: string; readonly retryAfterMs?: number }
  /** Ended by us, so nothing is known. */
  | { readonly kind: 'stopped' };

export interface PostOptions {
  readonly guard: EndpointGuard;
  readonly timeoutMs: number;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/** Read and thrown away, so that the endpoint can end in order. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_RETRY_AFTER_SECONDS = 60 * 60;

export function postEvent(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  { guard, timeoutMs, signal }: PostOptions,
): Promise<PostOutcome> {
  const fault = guard.faultOf(url, ['https:', 'http:']);
  if (fault !== null) return Promise.resolve({ kind: 'failed', error: fault });
  return new Promise((resolve) => {
    const late = AbortSignal.timeout(timeoutMs);
    const options: RequestOptions = {
      method: 'POST',
      agent: false,
      lookup: guard.lookup as NonNullable<RequestOptions['lookup']>,
      headers: {
        ...headers,
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Holdfast',
        accept: '*/*',
      },
      signal: AbortSignal.any([signal, late]),
    };
    const begin = url.startsWith('https:') ? requestByHttps : requestByHttp;
    const request = begin(url, options, (response) => {
      const { statusCode = 0, headers: answered } = response;
      let read = 0;
      response.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read > MAX_ANSWER_BYTES) response.destroy();
      });
      response.on('error', () => undefined);
      // The status alone counts, however the rest of the answer ends.
      response.once('close', () => resolve(outcomeOf(statusCode, answered['retry-after'])));
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) resolve({ kind: 'stopped' });
      else if (late.aborted)
        resolve({ kind: 'failed', error: `It did not answer within ${timeoutMs / 1000} s.` });
      else resolve({ kind: 'failed', error: wordsFor(error) });
    });
    request.end(body);
  });
}

function outcomeOf(status: number, retryAfter: string | undefined): PostOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  if (status >= 300 && status < 400) {
    return { kind: 'failed', error: `It answered ${status}; redirects are not followed.` };
  }
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined;
  return {
    kind: 'failed',
    error: `It answered ${status}.`,
    ...(seconds === undefined ? {} : { retryAfterMs: Math.min(seconds, MAX_RETRY_AFTER_SECONDS) * 1000 }),
  };
}

function wordsFor(error: NodeJS.ErrnoException): string {
  if (error instanceof EndpointRefusedError) return error.message;
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'Nothing listens there.';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'There is no such host.';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'The connection was cut.';
    default:
      return `The connection failed (${error.code ?? error.message}).`;
  }
}
