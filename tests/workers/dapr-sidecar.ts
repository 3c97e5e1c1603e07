/**
 * A stand-in for a Dapr sidecar: its HTTP API to publish, as Dapr 1.16's reference and source tell it, over a broker in memory.
 *
 * Promise: it answers with Dapr's codes (204 taken, 403 topic not allowed, 404 no such pub/sub component, 500 not delivered), and
 * what it takes goes into the topic as Dapr would put it there: a CloudEvent with Dapr's own attributes added and nothing of
 * its own changed; everything else wrapped; with `metadata.rawPayload` as it came.
 * Limits: more strict than Dapr in one thing: an event that CloudEvents 1.0 does not allow is taken, and is a fault of `faults`.
 * Sources: docs.dapr.io/reference/api/pubsub_api, components-contrib pubsub/envelope.go and contenttype, CloudEvents 1.0.2.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Published {
  readonly pubsub: string;
  readonly topic: string;
  /** Of Kafka: messages of one key keep their order. */
  readonly key: string | null;
  readonly message: Readonly<Record<string, unknown>>;
}

export interface DaprSidecar {
  /** http://127.0.0.1:port, with a port where a sidecar has 3500. */
  readonly url: string;
  /** What is in the topics, in the order in which it came. */
  readonly published: readonly Published[];
  /** What the requests were that it did not deliver: the id of the event and the answer. */
  readonly refused: readonly { readonly id: unknown; readonly status: number }[];
  /** What the events had that CloudEvents 1.0 does not allow. */
  readonly faults: readonly string[];
  /** Whether the broker behind it takes messages; asked for each. */
  isBrokerUp: () => boolean;
  /** Resolves when as many messages are in the topics. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

export interface DaprSidecarOptions {
  /** The topics that each pub/sub component allows the app. */
  readonly components: Readonly<Record<string, readonly string[]>>;
}

const PATH = /^\/v1\.0\/publish\/([^/]+)\/([^/]+)$/;
const METADATA = 'metadata.';

export async function startDaprSidecar({ components }: DaprSidecarOptions): Promise<DaprSidecar> {
  const published: Published[] = [];
  const refused: { id: unknown; status: number }[] = [];
  const faults: string[] = [];
  let waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  function publish(target: string, type: string, body: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(target, 'http://sidecar');
    const metadata = new Map(
      [...searchParams].flatMap(([name, value]) =>
        name.startsWith(METADATA) ? [[name.slice(METADATA.length), value] as const] : [],
      ),
    );
    const [, pubsub = '', topic = ''] = PATH.exec(pathname) ?? [];
    const isCloudEvent = type.split(';')[0]?.toLowerCase() === 'application/cloudevents+json';
    const sent: unknown = JSON.parse(body);
    const answer = (status: number, errorCode: string): void => {
      refused.push({ id: (sent as { id?: unknown }).id, status });
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ errorCode, message: errorCode }));
    };
    const allowed = components[pubsub];
    if (allowed === undefined) return answer(404, 'ERR_PUBSUB_NOT_FOUND');
    if (!allowed.includes(topic)) return answer(403, 'ERR_PUBSUB_FORBIDDEN');
    if (!sidecar.isBrokerUp()) return answer(500, 'ERR_PUBSUB_PUBLISH_MESSAGE');
    if (isCloudEvent) faults.push(...cloudEventFaults(sent));
    const message =
      metadata.get('rawPayload') === 'true'
        ? (sent as Record<string, unknown>)
        : envelope(isCloudEvent, sent, type, pubsub, topic);
    const ttlSeconds = metadata.get('ttlInSeconds');
    published.push({
      pubsub,
      topic,
      key: metadata.get('partitionKey') ?? null,
      message: ttlSeconds === undefined ? message : { ...message, expiration: expiryOf(ttlSeconds) },
    });
    response.writeHead(204).end();
    waiting = waiting.filter(({ count, resolve }) => {
      if (published.length >= count) resolve();
      return published.length < count;
    });
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      const type = request.headers['content-type'] ?? 'text/plain';
      publish(request.url ?? '', type, Buffer.concat(chunks).toString(), response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sidecar: DaprSidecar = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    published,
    refused,
    faults,
    isBrokerUp: () => true,
    until: (count) =>
      published.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ count, resolve })),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return sidecar;
}

function envelope(
  isCloudEvent: boolean,
  sent: unknown,
  type: string,
  pubsub: string,
  topic: string,
): Record<string, unknown> {
  const traceparent = `00-${randomUUID().replaceAll('-', '')}-0000000000000001-01`;
  const dapr = { topic, pubsubname: pubsub, traceid: traceparent, traceparent, tracestate: '' };
  if (isCloudEvent) {
    return { source: 'Dapr', type: 'com.dapr.event.sent', specversion: '1.0', ...(sent as object), ...dapr };
  }
  return {
    id: randomUUID(),
    specversion: '1.0',
    source: 'Dapr',
    type: 'com.dapr.event.sent',
    datacontenttype: type,
    data: sent,
    ...dapr,
  };
}

function expiryOf(ttlSeconds: string): string {
  return new Date(Date.now() + Number(ttlSeconds) * 1000).toISOString();
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;\s*[\w!#$&^.+-]+=("[^"]*"|[\w!#$&^.+-]+))*$/;
const URI_REFERENCE = /^[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/;
const REQUIRED = ['id', 'source', 'specversion', 'type'];
const CONTENT = ['data', 'data_base64'];

/** What of an event in JSON (structured mode) CloudEvents 1.0 does not allow, in words. */
export function cloudEventFaults(event: unknown): string[] {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return ['the event is no object'];
  const attributes = event as Record<string, unknown>;
  const faults: string[] = [];
  const text = (name: string, pattern: RegExp, what: string): void => {
    const value = attributes[name];
    if (value === undefined) return;
    if (typeof value !== 'string' || !pattern.test(value)) faults.push(`${name} is not ${what}`);
  };
  for (const name of REQUIRED) if (attributes[name] === undefined) faults.push(`${name} is missing`);
  text('id', /./, 'a text that is not empty');
  text('type', /./, 'a text that is not empty');
  text('specversion', /^1\.0$/, '1.0');
  text('source', URI_REFERENCE, 'a URI reference');
  text('subject', /./, 'a text that is not empty');
  text('time', RFC3339, 'a time of RFC 3339');
  text('datacontenttype', MEDIA_TYPE, 'a media type');
  text('dataschema', /^[a-z][a-z0-9+.-]*:/i, 'a URI');
  if (CONTENT.every((name) => name in attributes)) faults.push('both data and data_base64 are there');
  for (const [name, value] of Object.entries(attributes)) {
    if (CONTENT.includes(name)) continue;
    if (!/^[a-z0-9]{1,20}$/.test(name)) faults.push(`${name} is no name of an attribute`);
    if (!['string', 'boolean'].includes(typeof value) && !Number.isInteger(value)) {
      faults.push(`${name} is neither text, number nor truth value`);
    }
  }
  return faults;
}
