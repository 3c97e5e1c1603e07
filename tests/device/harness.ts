/**
 * A page in a real Chromium that has the device's modules on it.
 *
 * Promise: the page is bundled once per run from the sources as they are; it is served from this process on
 * a port of its own, or laid over a real server's address (`over`), so that cookies and sockets are
 * same-origin there.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import type { BrowserContext, Page } from '../support/chromium.ts';
import type { Harness } from './harness-page.ts';

const PAGE = '<!doctype html><meta charset="utf-8"><title>harness</title><script src="/harness.js"></script>';
const ENTRY = fileURLToPath(new URL('harness-page.ts', import.meta.url));

let bundle: Promise<string> | undefined;

/** The page's script. Bundled at the first call. */
function script(): Promise<string> {
  bundle ??= build({
    input: ENTRY,
    write: false,
    platform: 'browser',
    output: { format: 'iife' },
    logLevel: 'warn',
  }).then(({ output }) => output[0].code);
  return bundle;
}

export interface HarnessServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function serveHarness(): Promise<HarnessServer> {
  const code = await script();
  const server: Server = createServer((request, response) => {
    const isScript = request.url === '/harness.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? code : PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Opens the harness at a served address. */
export async function openHarness(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** Lays the harness over a real server's address: its pages are ours, its API and sockets are its own. */
export async function layOver(context: BrowserContext, serverUrl: string): Promise<string> {
  const code = await script();
  const url = `${new URL(serverUrl).origin}/harness/`;
  await context.route(`${new URL(serverUrl).origin}/harness**`, (route) =>
    new URL(route.request().url()).pathname.endsWith('.js')
      ? route.fulfill({ contentType: 'text/javascript', body: code })
      : route.fulfill({ contentType: 'text/html', body: PAGE }),
  );
  return url;
}

export type { Harness };
