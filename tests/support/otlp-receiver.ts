/**
 * Whoever takes traces: a real HTTP server that reads OTLP as Tempo, Jaeger or a collector does, protobuf by hand.
 *
 * Promise: spans are kept as they came, their bytes too, so that a test can look for what must not be in them. It holds its
 * answers when it is told to.
 * Limits: the fields of opentelemetry/proto/trace/v1/trace.proto that tests ask for, by their numbers; all others are passed over.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it begins a trace. */
  readonly parentId: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Trace ids of its links. */
  readonly links: readonly string[];
  readonly hasFailed: boolean;
  readonly durationNs: bigint;
  /** holdfast.role of the process. */
  readonly role: string;
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** Every request, as it came. */
  readonly bodies: readonly Buffer[];
  /** Answers wait until the returned function is called. */
  hold(): () => void;
  /** Resolves when the condition holds, which is looked at whenever something came. */
  until(holds: (spans: readonly ReceivedSpan[]) => boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: Buffer[] = [];
  let gate: Promise<void> = Promise.resolve();
  let changed = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const isRight = request.method === 'POST' && request.url === '/v1/traces';
      if (!isRight || request.headers['content-type'] !== 'application/x-protobuf') {
        response.writeHead(404).end();
        return;
      }
      bodies.push(body);
      spans.push(...spansIn(body));
      changed.resolve();
      changed = Promise.withResolvers();
      void gate.then(() => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    bodies,
    hold() {
      const held = Promise.withResolvers<void>();
      gate = held.promise;
      return held.resolve;
    },
    async until(holds) {
      while (!holds(spans)) await changed.promise;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

// --- protobuf: a message as the values of each field number ---

type Message = Map<number, (Buffer | bigint)[]>;

function spansIn(body: Buffer): ReceivedSpan[] {
  return messages(read(body), 1).flatMap((resourceSpans) => {
    const resource = messages(resourceSpans, 1)[0];
    const role = resource ? String(attributesOf(resource, 1)['holdfast.role'] ?? '') : '';
    return messages(resourceSpans, 2)
      .flatMap((scope) => messages(scope, 2))
      .map((span) => ({
        traceId: hex(span, 1),
        spanId: hex(span, 2),
        parentId: hex(span, 4),
        name: text(span, 5),
        attributes: attributesOf(span, 9),
        links: messages(span, 13).map((link) => hex(link, 1)),
        hasFailed: messages(span, 15).some((status) => status.get(3)?.[0] === 2n),
        durationNs: number(span, 8) - number(span, 7),
        role,
      }));
  });
}

function read(bytes: Buffer): Message {
  const message: Message = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const values = message.get(Number(key >> 3n)) ?? [];
    message.set(Number(key >> 3n), values);
    switch (Number(key & 7n)) {
      case 0:
        values.push(varint());
        break;
      case 1:
        values.push(bytes.readBigUInt64LE(at));
        at += 8;
        break;
      case 2: {
        const length = Number(varint());
        values.push(bytes.subarray(at, at + length));
        at += length;
        break;
      }
      case 5:
        values.push(BigInt(bytes.readUInt32LE(at)));
        at += 4;
        break;
      default:
        throw new Error('This is no protobuf.');
    }
  }
  return message;
}

function messages(message: Message, field: number): Message[] {
  return (message.get(field) ?? []).map((value) => read(value as Buffer));
}

function attributesOf(message: Message, field: number): Record<string, string | number> {
  return Object.fromEntries(
    messages(message, field).map((pair) => {
      const value = messages(pair, 2)[0] ?? new Map<number, (Buffer | bigint)[]>();
      const whole = value.get(3)?.[0];
      return [text(pair, 1), typeof whole === 'bigint' ? Number(whole) : text(value, 1)];
    }),
  );
}

function text(message: Message, field: number): string {
  return ((message.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0)).toString();
}

function hex(message: Message, field: number): string {
  return ((message.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0)).toString('hex');
}

function number(message: Message, field: number): bigint {
  return (message.get(field)?.[0] as bigint | undefined) ?? 0n;
}
