/**
 * The built app, served from its folder.
 *
 * Promise: only files that were in the folder when the server started can be reached, so no path leads out
 * of it. Files whose name holds a hash are cached for ever; the page, the service worker and the manifest
 * are asked for anew each time (and answered 304 when unchanged). A path that is no file gives the page, so
 * that a deep link works; one that looks like a file or an asset gives 404, so that a stale page does not
 * take HTML for a script.
 * Limits: compressed forms lie beside the files (.br, .gz) or are made once, at first need, and held in
 * memory; that is a few hundred kilobytes. A rebuilt folder needs a restart.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { Problem } from './problem.ts';
import { pagePolicy } from './security-headers.ts';

export interface StaticFiles {
  /** The answer to a GET or HEAD of this path. */
  serve(path: string, headers: Headers): Promise<Response>;
}

type Encoding = 'br' | 'gzip' | 'identity';

interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
  readonly immutable: boolean;
  readonly policy: (host: string | undefined) => string;
  readonly compressed: Map<Encoding, Promise<Buffer>>;
}

const PAGE = '/index.html';
const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Below this, compression saves no packet. */
const MIN_COMPRESSED_BYTES = 1024;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.mp3': 'audio/mpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml',
};
const COMPRESSIBLE = /^(text\/|application\/(json|manifest\+json|xml|wasm)|image\/svg)/;

export function createStaticFiles(root: string | undefined): StaticFiles {
  const assets = root !== undefined && existsSync(root) ? readAssets(root) : new Map<string, Asset>();
  return {
    async serve(path, headers) {
      const asset = assets.get(path) ?? assets.get(`${path}.html`);
      if (asset) return answer(asset, headers);
      const page = assets.get(PAGE);
      if (!page) {
        throw new Problem(
          'not-found',
          'The app is not part of this server. Its API is described at /api/docs.',
        );
      }
      if (path === '/') return answer(page, headers);
      if (extname(path) !== '' || path.startsWith('/_app/')) {
        throw new Problem('not-found', 'There is no such file. Reload the app to get its newest version.');
      }
      return answer(page, headers);
    },
  };
}

async function answer(asset: Asset, headers: Headers): Promise<Response> {
  const encoding = chosenEncoding(asset, headers.get('accept-encoding') ?? '');
  // One tag for all encodings would let a cache mix them up.
  const etag = encoding === 'identity' ? `"${asset.etag}"` : `"${asset.etag}-${encoding}"`;
  const out = new Headers({
    'Cache-Control': asset.immutable ? `public, max-age=${String(YEAR_SECONDS)}, immutable` : 'no-cache',
    ETag: etag,
    Vary: 'Accept-Encoding',
  });
  out.set('Content-Security-Policy', asset.policy(headers.get('host') ?? undefined));
  if (matches(headers.get('if-none-match'), etag)) return new Response(null, { status: 304, headers: out });
  const body = encoding === 'identity' ? asset.body : await compressed(asset, encoding);
  out.set('Content-Type', asset.type);
  out.set('Content-Length', String(body.byteLength));
  if (encoding !== 'identity') out.set('Content-Encoding', encoding);
  return new Response(new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength), {
    headers: out,
  });
}

function chosenEncoding(asset: Asset, accepted: string): Encoding {
  if (!COMPRESSIBLE.test(asset.type) || asset.body.byteLength < MIN_COMPRESSED_BYTES) return 'identity';
  const offers = accepted
    .split(',')
    .map((offer) => offer.trim().toLowerCase())
    .filter((offer) => !/;\s*q=0(\.0*)?$/.test(offer))
    .map((offer) => offer.split(';')[0]);
  if (offers.includes('br')) return 'br';
  if (offers.includes('gzip')) return 'gzip';
  return 'identity';
}

function compressed(asset: Asset, encoding: 'br' | 'gzip'): Promise<Buffer> {
  let body = asset.compressed.get(encoding);
  if (!body) {
    body = compress(asset.body, encoding);
    asset.compressed.set(encoding, body);
  }
  return body;
}

function compress(body: Buffer, encoding: 'br' | 'gzip'): Promise<Buffer> {
  if (encoding === 'gzip') return promisify(gzip)(body);
  // Quality 11 would keep the first visitor waiting for seconds to save a twentieth.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 7, [constants.BROTLI_PARAM_SIZE_HINT]: body.byteLength };
  return promisify(brotliCompress)(body, { params });
}

function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  // A proxy that compresses weakens the tag.
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** Scripts have one too: a service worker lives by the policy that its own file came with. */
function policyOf(extension: string, body: Buffer): Asset['policy'] {
  if (extension === '.html') return pagePolicy(body.toString('utf8'));
  // An image that is opened by itself is a document, and may style itself but run nothing.
  if (extension === '.svg')
    return () => "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
  return pagePolicy('');
}

function readAssets(root: string): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const files = new Set(entries.map((entry) => join(entry.parentPath, entry.name)));
  for (const file of files) {
    const extension = extname(file);
    if ((extension === '.br' || extension === '.gz') && files.has(file.slice(0, -extension.length))) continue;
    const path = `/${relative(root, file).split(sep).join('/')}`;
    const body = readFileSync(file);
    const compressedForms = new Map<Encoding, Promise<Buffer>>();
    if (files.has(`${file}.br`)) compressedForms.set('br', Promise.resolve(readFileSync(`${file}.br`)));
    if (files.has(`${file}.gz`)) compressedForms.set('gzip', Promise.resolve(readFileSync(`${file}.gz`)));
    assets.set(path, {
      body,
      type: TYPES[extension.toLowerCase()] ?? 'application/octet-stream',
      etag: createHash('sha256').update(body).digest('base64url').slice(0, 22),
      immutable: path.startsWith('/_app/immutable/'),
      compressed: compressedForms,
      policy: policyOf(extension, body),
    });
  }
  return assets;
}
