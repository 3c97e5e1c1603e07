/**
 * The token of a link that turns e-mail off without signing in (RFC 8058).
 *
 * Promise: made by the workers, read by the server, by the secret that both have; it names one account, turns off e-mail
 * and nothing else, and works as long as the secret stands: a mail may be read years later.
 * Why here: workers and sync-server never import each other.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export function unsubscribeToken(secret: string, userId: string): string {
  return `${Buffer.from(userId).toString('base64url')}.${signatureOf(secret, userId).toString('base64url')}`;
}

/** The account's id; null for what was not made by us. */
export function readUnsubscribeToken(secret: string, token: string): string | null {
  const [id = '', signature = '', ...more] = token.split('.');
  if (more.length > 0 || token.length > 400) return null;
  const userId = Buffer.from(id, 'base64url').toString();
  const given = Buffer.from(signature, 'base64url');
  const expected = signatureOf(secret, userId);
  return given.length === expected.length && timingSafeEqual(given, expected) ? userId : null;
}

function signatureOf(secret: string, userId: string): Buffer {
  // A key of its own: the secret also signs sessions.
  const key = createHmac('sha256', secret).update('holdfast unsubscribe v1').digest();
  return createHmac('sha256', key).update(userId).digest();
}
