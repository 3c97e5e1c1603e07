/**
 * A WebSocket client that costs as little as one can, so that the bench measures servers and not itself.
 *
 * Frames are built once, with a mask of zeros (RFC 6455 5.3 asks for a mask, not for a good one), and written
 * as they lie. What arrives is split into frames without copying. It answers pings and reports the close;
 * it knows no compression, no fragments, no text: a server that sends such is an error here.
 */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Socket } from 'node:net';

export interface FastSocket {
  /** Writes a frame made by `clientFrame`. */
  write(frame: Buffer): void;
  /** Holds writes back until `uncork`, so that one turn costs one system call. */
  cork(): void;
  uncork(): void;
  destroy(): void;
  readonly closed: Promise<{ code: number; reason: string }>;
}

export interface FastSocketOptions {
  /** http://host:port/path */
  url: string;
  headers?: Record<string, string>;
  onMessage(payload: Buffer): void;
}

const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export function clientFrame(payload: Uint8Array, opcode: number = OPCODE.binary): Buffer {
  const length = payload.byteLength;
  const headerLength = (length < 126 ? 2 : length < 65_536 ? 4 : 10) + 4;
  const frame = Buffer.alloc(headerLength + length);
  frame[0] = 0x80 | opcode;
  if (length < 126) {
    frame[1] = 0x80 | length;
  } else if (length < 65_536) {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 0x80 | 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(payload, headerLength);
  return frame;
}

export function openFastSocket(options: FastSocketOptions): Promise<FastSocket> {
  return new Promise((resolve, reject) => {
    const upgrade = request(options.url, {
      agent: false,
      headers: {
        ...options.headers,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
      },
    });
    upgrade.once('error', reject);
    upgrade.once('response', (response) => {
      reject(new Error(`${options.url} answered ${response.statusCode} instead of an upgrade`));
      response.resume();
    });
    upgrade.once('upgrade', (_response, socket: Socket, head: Buffer) => {
      resolve(attach(socket, head, options));
    });
    upgrade.end();
  });
}

function attach(socket: Socket, head: Buffer, options: FastSocketOptions): FastSocket {
  socket.setNoDelay(true);
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  let closing: { code: number; reason: string } | undefined;
  let rest: Buffer | undefined;

  const read = (chunk: Buffer): void => {
    const data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    rest = undefined;
    let at = 0;
    for (;;) {
      const left = data.length - at;
      if (left < 2) break;
      const first = data[at]!;
      let length = data[at + 1]!;
      let start = 2;
      if (length === 126) {
        if (left < 4) break;
        length = data.readUInt16BE(at + 2);
        start = 4;
      } else if (length === 127) {
        if (left < 10) break;
        length = Number(data.readBigUInt64BE(at + 2));
        start = 10;
      }
      if (left < start + length) break;
      const payload = data.subarray(at + start, at + start + length);
      at += start + length;
      switch (first) {
        case 0x80 | OPCODE.binary:
          options.onMessage(payload);
          break;
        case 0x80 | OPCODE.ping:
          socket.write(clientFrame(payload, OPCODE.pong));
          break;
        case 0x80 | OPCODE.pong:
          break;
        case 0x80 | OPCODE.close:
          closing = {
            code: payload.length >= 2 ? payload.readUInt16BE(0) : 1005,
            reason: payload.toString('utf8', 2),
          };
          socket.end(clientFrame(payload.subarray(0, 2), OPCODE.close));
          break;
        default:
          socket.destroy(
            new Error(`The server sent a frame this client does not know (0x${first.toString(16)})`),
          );
          return;
      }
    }
    if (at < data.length) rest = at === 0 ? data : data.subarray(at);
  };

  socket.on('data', read);
  socket.on('error', (error) => {
    closing ??= { code: 1006, reason: error.message };
  });
  socket.on('close', () => {
    closed.resolve(closing ?? { code: 1006, reason: 'the connection ended without a close frame' });
  });
  if (head.length > 0) read(head);

  return {
    write: (frame) => {
      // Closed by the server: `closed` tells why, and a further write would only hide it.
      if (closing === undefined) socket.write(frame);
    },
    cork: () => socket.cork(),
    uncork: () => socket.uncork(),
    destroy: () => socket.destroy(),
    closed: closed.promise,
  };
}
