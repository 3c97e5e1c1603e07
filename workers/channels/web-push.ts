/**
 * Web Push: one encrypted message to one subscription (RFC 8030, 8188, 8291, 8292).
 *
 * Promise: what the push service answers becomes one of four outcomes, and an endpoint that may not be connected to is
 * refused before anything is sent. Messages with the same tag replace each other at the push service while the device is
 * away (Topic), as they do on the device by their tag.
 * Limits: it sends once; trying again is the caller's. Redirects are not followed.
 * Why not the library's own sending: it takes neither an authority for tests nor our choice of address.
 */
import { createHash } from 'node:crypto';
import { Agent, request } from 'node:https';
import webpush from 'web-push';
import { EndpointRefusedError } from './endpoint-guard.ts';
import type { EndpointGuard } from './endpoint-guard.ts';

export interface PushMessage {
  readonly subscription: { readonly endpoint: string; readonly p256dh: string; readonly auth: string };
  readonly payload: object;
  /** How long the push service may keep it. */
  readonly ttlMs: number;
  readonly urgency: 'high' | 'normal' | 'low' | 'very-low';
  /** One that is not delivered yet is replaced by the next of the same tag. */
  readonly tag: string;
  readonly signal: AbortSignal;
}

export type PushOutcome =
  | { readonly kind: 'sent' }
  /** The subscription does not exist any more. */
  | { readonly kind: 'gone'; readonly reason: string }
  /** As it is, it will never be taken. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfterMs: number | null };

export interface PushChannel {
  send(message: PushMessage): Promise<PushOutcome>;
  close(): void;
}

export interface PushChannelOptions {
  readonly vapid: { readonly publicKey: string; readonly privateKey: string; readonly subject: string };
  readonly guard: EndpointGuard;
  readonly now: () => number;
  /** PEM of an authority that is trusted besides the usual ones. */
  readonly ca?: string | undefined;
}

const MAX_SOCKETS = 32;
/** A signed claim about us is made for a day and used for half of one. */
const CLAIM_MS = 12 * 60 * 60_000;
const MAX_REASON_CHARS = 200;

export function createPushChannel(options: PushChannelOptions): PushChannel {
  const { vapid, guard, now, ca } = options;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    lookup: guard.lookup,
    ...(ca === undefined ? {} : { ca }),
  });
  /** By the push service's origin: signing costs more than all the rest of a message. */
  const claims = new Map<string, { header: string; usableUntilMs: number }>();

  function claimFor(audience: string): string {
    const kept = claims.get(audience);
    if (kept && kept.usableUntilMs > now()) return kept.header;
    if (claims.size > 1000) claims.clear();
    const expiresS = Math.floor((now() + 2 * CLAIM_MS) / 1000) - 60;
    const { Authorization: header } = webpush.getVapidHeaders(
      audience,
      vapid.subject,
      vapid.publicKey,
      vapid.privateKey,
      'aes128gcm',
      expiresS,
    ) as { Authorization: string };
    claims.set(audience, { header, usableUntilMs: now() + CLAIM_MS });
    return header;
  }

  function detailsOf(message: PushMessage): { headers: Record<string, string>; body: Buffer } {
    const { endpoint, p256dh, auth } = message.subscription;
    const details = webpush.generateRequestDetails(
      { endpoint, keys: { p256dh, auth } },
      JSON.stringify(message.payload),
      {
        TTL: Math.max(0, Math.floor(message.ttlMs / 1000)),
        urgency: message.urgency,
        topic: topicOf(message.tag),
        contentEncoding: 'aes128gcm',
        headers: { Authorization: claimFor(new URL(endpoint).origin) },
      },
    );
    return { headers: details.headers as unknown as Record<string, string>, body: details.body };
  }

  return {
    async send(message) {
      const { endpoint } = message.subscription;
      const fault = guard.faultOf(endpoint, ['https:']);
      if (fault !== null) return { kind: 'refused', reason: `The address of the push service: ${fault}` };
      let details: ReturnType<typeof detailsOf>;
      try {
        details = detailsOf(message);
      } catch (error) {
        return { kind: 'refused', reason: `The subscription is unusable: ${wordsOf(error)}` };
      }
      try {
        const answer = await post(endpoint, details, message.signal);
        return outcomeOf(answer, now());
      } catch (error) {
        if (error instanceof EndpointRefusedError) {
          return { kind: 'refused', reason: `The address of the push service: ${error.message}` };
        }
        return {
          kind: 'later',
          reason: `The push service was not reached: ${wordsOf(error)}`,
          retryAfterMs: null,
        };
      }
    },
    close: () => agent.destroy(),
  };

  function post(
    endpoint: string,
    { headers, body }: { headers: Record<string, string>; body: Buffer },
    signal: AbortSignal,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(endpoint, { method: 'POST', headers, agent, signal }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          if (text.length < MAX_REASON_CHARS) text += part;
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: response.headers['retry-after'],
            text: text.replaceAll(/\s+/g, ' ').slice(0, MAX_REASON_CHARS).trim(),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/** RFC 8030, 5.4: at most 32 characters of base64url. */
export function topicOf(tag: string): string {
  return createHash('sha256').update(tag).digest('base64url').slice(0, 32);
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

function outcomeOf({ status, retryAfter, text }: Answer, now: number): PushOutcome {
  const reason = `The push service answered ${status}${text === '' ? '' : `: ${text}`}`;
  if (status >= 200 && status < 300) return { kind: 'sent' };
  if (status === 404 || status === 410) return { kind: 'gone', reason };
  if (status === 429 || status >= 500) {
    return { kind: 'later', reason, retryAfterMs: retryAfterMs(retryAfter, now) };
  }
  return { kind: 'refused', reason };
}

/** RFC 9110, 10.2.3: seconds or a date. */
function retryAfterMs(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
