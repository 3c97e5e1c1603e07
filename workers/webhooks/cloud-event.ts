/**
 * An event of the outbox as a CloudEvent, and its signature.
 *
 * Promise: the bytes that are signed are the bytes that are sent; the same event has the same id however often it is sent.
 * Sources: CloudEvents 1.0.2, HTTP binding, structured mode, with the extension `sequence`; Standard Webhooks 1.0
 * (symmetric signatures).
 */
import { createHmac } from 'node:crypto';

export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: unknown;
  /** Orders the events of one source; as text of equal length, as the extension wants it. */
  readonly sequence?: string;
}

export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';
export const TEST_EVENT = 'dev.holdfast.webhook.test';

const SEQUENCE_DIGITS = 16;
const SECRET_PREFIX = 'whsec_';

export function cloudEvent(
  event: {
    readonly id: string;
    readonly type: string;
    readonly subject?: string;
    readonly at: Date;
    readonly data: unknown;
    readonly seq?: number;
  },
  where: { readonly publicUrl: string | undefined; readonly spaceId: string },
): CloudEvent {
  return {
    specversion: '1.0',
    id: event.id,
    // A reference is allowed where the server was not told its own address.
    source: `${where.publicUrl ?? ''}/spaces/${where.spaceId}`,
    type: event.type,
    ...(event.subject === undefined ? {} : { subject: event.subject }),
    time: event.at.toISOString(),
    datacontenttype: 'application/json',
    ...(event.seq === undefined ? {} : { sequence: String(event.seq).padStart(SEQUENCE_DIGITS, '0') }),
    data: event.data,
  };
}

/** `secret` is "whsec_" and base64; the time is that of the attempt, so that a receiver can refuse old ones. */
export function signedHeaders(
  secret: string,
  id: string,
  body: string,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
