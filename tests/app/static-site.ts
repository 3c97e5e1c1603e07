/**
 * The built app on a plain file server: for what needs no account, and for what an ordinary server cannot do on
 * demand (being gone, having a new version).
 */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../../web/build/', import.meta.url));

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

export interface StaticSite {
  readonly url: string;
  readonly port: number;
  /** From now on the service worker's file is another one, as after an update. */
  publishNewVersion(): void;
  close(): Promise<void>;
}

export async function serveBuild(): Promise<StaticSite> {
  let version = 1;
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://site').pathname));
    if (path.startsWith('/api/') || path.startsWith('/sync/')) {
      response.writeHead(404).end();
      return;
    }
    void answer(path).catch(() => response.writeHead(500).end());

    async function answer(wanted: string): Promise<void> {
      const file = join(BUILD, wanted);
      const isFile = await stat(file).then(
        (found) => found.isFile(),
        () => false,
      );
      const target = isFile ? file : join(BUILD, 'index.html');
      response.setHeader('content-type', TYPES[extname(target)] ?? 'application/octet-stream');
      // As the server has it (sync-server/http/static-files.ts): so that a page that comes again is read and compiled once.
      const isImmutable = isFile && wanted.startsWith('/_app/immutable/');
      response.setHeader('cache-control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
      if (wanted === '/sw.js' && version > 1) {
        response.end(`${await readFile(target, 'utf8')}\n// version ${String(version)}\n`);
      } else createReadStream(target).pipe(response);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    port,
    publishNewVersion() {
      version += 1;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
