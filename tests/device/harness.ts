/**
 * A page in a real Chromium that has the device's modules on it, and a network that can be cut.
 *
 * Promise: the page is bundled once per run from the sources as they are. It is served from this process;
 * everything else is passed on, bytes unchanged, to a real server if one is given, so that cookies and
 * sockets are same-origin as they are for people. `cut` is a dead network: what is open ends without a word,
 * and the server cannot be reached (the page itself can still be loaded, as from a service worker).
 */
import { createServer, request as askServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import type { BrowserContext, Page } from '../support/chromium.ts';

export type { Harness } from './harness-page.ts';

const PAGE = '<!doctype html><meta charset="utf-8"><title>harness</title><script src="/harness.js"></script>';
const ENTRY = fileURLToPath(new URL('harness-page.ts', import.meta.url));

let bundle: Promise<string> | undefined;

/** The page's script. Bundled at the first call. */
function script(): Promise<string> {
  bundle ??= build({
    input: ENTRY,
    write: false,
    platform: 'browser',
    // The app's own extends a file that only exists after its build tool ran once.
    tsconfig: false,
    output: { format: 'iife', codeSplitting: false },
    logLevel: 'warn',
  }).then(({ output }) => output[0].code);
  return bundle;
}

export interface HarnessServer {
  /** Of the page. */
  readonly url: string;
  readonly port: number;
  /** Sockets to the server that were asked for so far. */
  readonly upgrades: number;
  /** Where requests that are not the page's go from now on; null: nowhere. */
  passTo(serverUrl: string | null): void;
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function serveHarness(serverUrl: string | null = null): Promise<HarnessServer> {
  const code = await script();
  const open = new Set<Socket>();
  let target = serverUrl;
  let isCut = false;
  let upgrades = 0;

  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/harness.js' || path === '/') {
      response.setHeader('content-type', path === '/' ? 'text/html' : 'text/javascript');
      response.end(path === '/' ? PAGE : code);
      return;
    }
    const to = isCut ? null : target;
    if (to === null) {
      request.socket.destroy();
      return;
    }
    const { hostname, port } = new URL(to);
    const { method, headers } = request;
    const asked = askServer({ hostname, port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => request.socket.destroy());
    request.pipe(asked);
  });

  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    upgrades += 1;
    const to = isCut ? null : target;
    if (to === null) {
      socket.destroy();
      return;
    }
    const { hostname, port } = new URL(to);
    const onward = connect(Number(port), hostname, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let i = 0; i < request.rawHeaders.length; i += 2) {
        lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
      }
      onward.write(`${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    for (const [end, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      open.add(end);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        open.delete(end);
        other.destroy();
      });
    }
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    get upgrades() {
      return upgrades;
    },
    passTo(next) {
      target = next;
    },
    cut() {
      isCut = true;
      for (const socket of open) socket.destroy();
    },
    restore() {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of open) socket.destroy();
      }),
  };
}

export async function openHarness(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}
