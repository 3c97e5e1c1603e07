/**
 * Headers that tell a browser what our answers may do.
 *
 * Promise: nothing but our own files is loaded or run; inline scripts and styles of the built page run only
 * if their text is the one that was built (by its SHA-256); no other site may frame us or learn our paths.
 * Limits: style attributes are allowed, because the page moves things by them, and they cannot run anything.
 * HSTS is left to whoever ends TLS: set here it could lock a home server's name out of plain http for a year.
 */
import { createHash } from 'node:crypto';

/** For everything that is not a page: it may load nothing at all. */
export const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

const COMMON: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'X-Frame-Options': 'DENY',
};

/** Adds what the answer has not set itself. `trusted`: the browser came by https or to its own machine. */
export function addSecurityHeaders(headers: Headers, trusted: boolean): void {
  // Elsewhere browsers ignore it, with an error in their console for each page.
  if (trusted) headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  for (const [name, value] of Object.entries(COMMON)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  if (!headers.has('Content-Security-Policy')) headers.set('Content-Security-Policy', API_POLICY);
}

export function isOwnMachine(host: string | null): boolean {
  return host !== null && /^(localhost|[\w-]+\.localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host);
}

/** The policy of a page, with the hashes of its inline scripts and styles. */
export function pagePolicy(html: string): (host: string | undefined) => string {
  const scripts = sources(html, 'script');
  const styles = sources(html, 'style');
  return (host) =>
    [
      "default-src 'self'",
      `script-src 'self'${scripts}`,
      `style-src 'self'${styles}`,
      "style-src-attr 'unsafe-inline'",
      "img-src 'self' data: blob:",
      "font-src 'self' data:",
      // Older Safari does not take 'self' to mean our own web sockets.
      `connect-src 'self'${host !== undefined && /^[\w.:[\]-]+$/.test(host) ? ` ws://${host} wss://${host}` : ''}`,
      "worker-src 'self'",
      "manifest-src 'self'",
      "object-src 'none'",
      "base-uri 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join('; ');
}

function sources(html: string, tag: 'script' | 'style'): string {
  const inline = new RegExp(`<${tag}(?![^>]*\\ssrc=)[^>]*>([\\s\\S]*?)</${tag}>`, 'gi');
  return [...html.matchAll(inline)]
    .map(
      (match) =>
        ` 'sha256-${createHash('sha256')
          .update(match[1] ?? '')
          .digest('base64')}'`,
    )
    .join('');
}
