/**
 * The one place that knows the WebSocket library: it reads frames, we write them (see wire.ts).
 *
 * Promise: a peer costs one object of the library and the listeners it shares with all others; nothing is
 * compressed, because a compressor's memory per connection is many times that of all the rest.
 * Limits: `write` takes whole frames only. Reading is the library's: masks, fragments, UTF-8 and the largest
 * frame are checked there.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import WebSocket, { WebSocketServer } from 'ws';
import { requestIdFor } from '../http/request-id.ts';

/** What a peer tells. `text` frames are reported as such, since the protocol has none. */
export interface PeerListener {
  onMessage(bytes: Buffer, isText: boolean): void;
  onPong(): void;
  /** A frame announced more than is allowed. It was not read, and nothing after it will be. */
  onTooLarge(): void;
  onClosed(): void;
}

export interface PeerServer {
  /** Completes the upgrade; the peer reads nothing until it has a listener. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<Peer>;
  close(): void;
}

const REASON_BYTES = 123;

export class Peer {
  listener: PeerListener | null = null;
  readonly #socket: Duplex;
  readonly #ws: WebSocket;
  #corked = false;

  constructor(ws: WebSocket, socket: Duplex) {
    this.#ws = ws;
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  /** Bytes that the peer has not taken yet. */
  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  listen(listener: PeerListener): void {
    this.listener = listener;
    this.#ws.resume();
  }

  /** Whole frames. Everything that is written in one turn of the event loop leaves in one system call. */
  write(frames: Uint8Array): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(uncork, this);
    }
    this.#socket.write(frames);
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  close(code: number, reason: string): void {
    let text = reason;
    while (Buffer.byteLength(text) > REASON_BYTES) text = text.slice(0, -1);
    // The answer to the close frame must be read, whatever was paused before.
    this.#ws.resume();
    this.#ws.close(code, text);
  }

  terminate(): void {
    this.#ws.terminate();
  }

  static uncork(peer: Peer): void {
    peer.#corked = false;
    peer.#socket.uncork();
  }
}

/** The library's object, with the way back to ours: listeners are shared and find their peer by it. */
class PeerSocket extends WebSocket {
  peer: Peer | null = null;

  /**
   * The library closes a socket by this method too. What is too large is told by its length alone, before it is
   * read, and closed with 1009; here it gets the code and the reason that our protocol has for it.
   */
  override close(code?: number, reason?: string | Buffer): void {
    const listener = this.peer?.listener;
    if (code === TOO_LARGE && listener) listener.onTooLarge();
    else super.close(code, reason);
  }
}

/** RFC 6455, 7.4.1. */
const TOO_LARGE = 1009;

export function createPeerServer(options: { maxFrameBytes: number }): PeerServer {
  const server = new WebSocketServer<typeof PeerSocket>({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.maxFrameBytes,
    skipUTF8Validation: true,
    WebSocket: PeerSocket,
  });
  server.on('headers', (headers, request) => {
    const given = request.headers['x-request-id'];
    headers.push(`X-Request-Id: ${requestIdFor(typeof given === 'string' ? given : undefined)}`);
  });
  return {
    accept(request, socket, head) {
      return new Promise((resolve, reject) => {
        // The library answers a request that is no upgrade by itself and closes it without a callback.
        const onClosed = (): void => reject(new Error('The socket closed before it was upgraded.'));
        socket.once('close', onClosed);
        server.handleUpgrade(request, socket, head, (ws) => {
          socket.off('close', onClosed);
          ws.pause();
          ws.peer = new Peer(ws, socket);
          ws.on('message', onMessage);
          ws.on('pong', onPong);
          ws.on('close', onClose);
          ws.on('error', onError);
          resolve(ws.peer);
        });
      });
    },
    close: () => server.close(),
  };
}

const uncork = Peer.uncork;

function onMessage(this: WebSocket, data: WebSocket.RawData, isBinary: boolean): void {
  (this as PeerSocket).peer?.listener?.onMessage(data as Buffer, !isBinary);
}

function onPong(this: WebSocket): void {
  (this as PeerSocket).peer?.listener?.onPong();
}

function onClose(this: WebSocket): void {
  (this as PeerSocket).peer?.listener?.onClosed();
}

/** The library closes the socket itself; `close` follows. */
function onError(): void {}
