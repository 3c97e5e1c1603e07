/**
 * Whether an error means that the database could not be reached or is stopping, and not that it said no.
 *
 * Promise: true only for what passes by itself: a connection refused, lost or not had in time, a server that
 * starts or stops. The errors may be wrapped; causes are looked at too.
 * Source: https://www.postgresql.org/docs/18/errcodes-appendix.html, classes 08, 53 and 57P, and
 * 3D000: the database is not there, which is so while it is being restored.
 */
export function isDatabaseAway(error: unknown): boolean {
  for (let inner = error, depth = 0; inner instanceof Error && depth < 8; inner = inner.cause, depth += 1) {
    const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
    if (/^(08|53|57P|3D000)/.test(code) || NETWORK_CODES.has(code) || DRIVER_MESSAGES.test(inner.message))
      return true;
  }
  return false;
}

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

// The driver has no codes for these.
const DRIVER_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;
