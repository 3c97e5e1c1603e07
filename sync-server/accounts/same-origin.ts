/**
 * Whether a request that rides on a cookie was made by our own page.
 *
 * Promise: a page of another site can neither write nor open a socket with a visitor's cookie; a program
 * that is no browser, and so sends neither Origin nor Sec-Fetch-Site, is let through, since it holds the
 * cookie itself.
 * Limits: our own page is whatever the request's own Host says, plus PUBLIC_URL. The scheme is not compared
 * with Host, because a proxy that ends TLS hides it; a cookie of the http page of the same host reaches the
 * https one in any case. DNS rebinding gains no one's cookie; what it can do is what anybody who reaches the
 * server can: sign up where that is open.
 * Source: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 * (verifying origin with standard headers).
 */
export interface OriginEvidence {
  readonly origin: string | undefined;
  readonly host: string | undefined;
  readonly fetchSite: string | undefined;
}

export function isSameOrigin(evidence: OriginEvidence, publicUrl: string | undefined): boolean {
  if (evidence.origin !== undefined) {
    const origin = parsed(evidence.origin);
    if (!origin) return false;
    if (evidence.host !== undefined && origin.host === canonicalHost(evidence.host, origin.protocol))
      return true;
    return publicUrl !== undefined && origin.origin === parsed(publicUrl)?.origin;
  }
  return (
    evidence.fetchSite === undefined || evidence.fetchSite === 'same-origin' || evidence.fetchSite === 'none'
  );
}

/** `Host` without the port that the scheme implies, in lower case, as an Origin writes it. */
function canonicalHost(host: string, protocol: string): string | undefined {
  return parsed(`${protocol}//${host}`)?.host;
}

function parsed(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}
