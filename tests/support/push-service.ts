/**
 * A push service for tests: real HTTPS with an authority of its own, that takes messages as the real ones do.
 *
 * Promise: it holds a sender to RFC 8030, 8188, 8291 and 8292. What it takes (201) was encrypted for the subscription, is
 * signed by the VAPID key for this origin, has a TTL, and is kept here as plain text; what does not hold is answered as a
 * real service would and kept in `refusals`. It answers otherwise when it is told to.
 * Limits: it delivers to nobody; a test carries messages on (CDP `ServiceWorker.deliverPushMessage`).
 */
import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto';
import type { ECDH } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import ece from 'http_ece';
import { generate } from 'selfsigned';

export interface TestSubscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

export interface PushedMessage {
  readonly endpoint: string;
  /** The decrypted JSON. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly ttlS: number;
  readonly urgency: string | undefined;
  readonly topic: string | undefined;
  /** Of the VAPID claim. */
  readonly subject: string | undefined;
  /** The key that signed, base64url. */
  readonly vapidKey: string;
  readonly receivedAtMs: number;
}

export interface PushAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface PushService {
  /** https://localhost:<port> */
  readonly origin: string;
  /** PEM of the authority to trust: `createWorkers({ ca })`, or a file for NODE_EXTRA_CA_CERTS. */
  readonly ca: string;
  /** What was taken, in order. */
  readonly messages: readonly PushedMessage[];
  /** Why others were not, in order. */
  readonly refusals: readonly string[];
  /** A subscription as a browser would give it. `host` instead of localhost: 127.0.0.1, say. */
  subscribe(options?: { readonly host?: string }): TestSubscription;
  /** How the next requests of an endpoint are answered, one each, before it takes messages again. */
  answer(endpoint: string, ...answers: readonly PushAnswer[]): void;
  /** Answers wait until the returned function is called. */
  hold(): () => void;
  /** Resolves when that many were taken in all; a test's time limit ends the waiting. */
  received(count: number): Promise<readonly PushedMessage[]>;
  /** Resolves when that many requests came in all, whatever they were answered. */
  requested(count: number): Promise<void>;
  close(): Promise<void>;
}

interface Receiver {
  readonly ecdh: ECDH;
  readonly auth: string;
}

export async function startPushService(): Promise<PushService> {
  const names = [
    { type: 2, value: 'localhost' },
    { type: 7, ip: '127.0.0.1' },
  ] as const;
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [...names] },
    ],
  });
  const receivers = new Map<string, Receiver>();
  const scripted = new Map<string, PushAnswer[]>();
  const messages: PushedMessage[] = [];
  const refusals: string[] = [];
  let requests = 0;
  let gate: Promise<void> = Promise.resolve();
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };

  const server = createServer({ key: made.private, cert: made.cert }, (incoming, outgoing) => {
    void (async () => {
      const body = await bodyOf(incoming);
      requests++;
      tell();
      await gate;
      const { status, headers, body: text } = judge(incoming, body);
      outgoing.writeHead(status, headers ?? {});
      outgoing.end(text ?? '');
      tell();
    })().catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `https://localhost:${port}`;

  function judge(incoming: IncomingMessage, body: Buffer): PushAnswer {
    const path = incoming.url ?? '';
    const answer = scripted.get(path)?.shift();
    if (answer) return answer;
    const receiver = receivers.get(path);
    if (!receiver) return refuse(404, 'no such subscription');
    const { headers } = incoming;
    if (incoming.method !== 'POST') return refuse(405, 'not a POST');
    const ttl = headers.ttl;
    if (typeof ttl !== 'string' || !/^\d+$/.test(ttl)) return refuse(400, 'no TTL');
    if (headers['content-encoding'] !== 'aes128gcm') return refuse(415, 'not aes128gcm');
    const topic = headers.topic;
    if (topic !== undefined && !/^[\w-]{1,32}$/.test(String(topic))) return refuse(400, 'a malformed topic');
    if (body.length > 4096) return refuse(413, 'too large');
    const claim = readVapid(headers.authorization ?? '', `https://${headers.host ?? ''}`);
    if (typeof claim === 'string') return refuse(403, claim);
    let payload: Record<string, unknown>;
    try {
      const plain = ece.decrypt(body, {
        version: 'aes128gcm',
        privateKey: receiver.ecdh,
        authSecret: receiver.auth,
      });
      payload = JSON.parse(plain.toString()) as Record<string, unknown>;
    } catch {
      return refuse(400, 'cannot be decrypted');
    }
    messages.push({
      endpoint: `${`https://${headers.host ?? ''}`}${path}`,
      payload,
      ttlS: Number(ttl),
      urgency: headers.urgency as string | undefined,
      topic: topic as string | undefined,
      subject: claim.subject,
      vapidKey: claim.key,
      receivedAtMs: Date.now(),
    });
    return { status: 201 };
  }

  function refuse(status: number, reason: string): PushAnswer {
    refusals.push(reason);
    return { status, body: reason };
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await changed.promise;
  }

  return {
    origin,
    ca: made.cert,
    messages,
    refusals,
    subscribe({ host = 'localhost' } = {}) {
      const ecdh = createECDH('prime256v1');
      ecdh.generateKeys();
      const auth = randomBytes(16).toString('base64url');
      const path = `/push/${randomBytes(16).toString('base64url')}`;
      receivers.set(path, { ecdh, auth });
      return {
        endpoint: `https://${host}:${port}${path}`,
        keys: { p256dh: ecdh.getPublicKey('base64url'), auth },
      };
    },
    answer(endpoint, ...answers) {
      const { pathname } = new URL(endpoint);
      scripted.set(pathname, [...(scripted.get(pathname) ?? []), ...answers]);
    },
    hold() {
      const held = Promise.withResolvers<void>();
      gate = held.promise;
      return held.resolve;
    },
    async received(count) {
      await until(() => messages.length >= count);
      return messages;
    },
    requested: (count) => until(() => requests >= count),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** RFC 8292: what is wrong with it, or whose it is. */
function readVapid(
  authorization: string,
  audience: string,
): string | { readonly key: string; readonly subject: string | undefined } {
  const { t: token, k: key } =
    /^vapid t=(?<t>[\w-]+\.[\w-]+\.[\w-]+), ?k=(?<k>[\w-]+)$/.exec(authorization)?.groups ?? {};
  if (token === undefined || key === undefined) return 'no VAPID authorization';
  const [header = '', claims = '', signature = ''] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  if (point.length !== 65 || point[0] !== 4) return 'a malformed VAPID key';
  const publicKey = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) return 'a bad VAPID signature';
  const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg?: string };
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
    aud?: string;
    exp?: number;
    sub?: string;
  };
  if (alg !== 'ES256') return 'a VAPID claim that is not ES256';
  if (aud !== audience) return `a VAPID claim for ${aud ?? 'nobody'}`;
  if (exp === undefined) return 'a VAPID claim without an end';
  return { key, subject: sub };
}
