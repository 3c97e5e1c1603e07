/**
 * BUS_URL taken apart, so that nothing else ever holds it whole: what is shown of it has no user and no password.
 *
 * Why here and not by the libraries: an error of theirs about an address carries the address.
 */
export interface BusAddress {
  readonly kind: 'redis' | 'nats';
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** For nats a user without a password is a token. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** For people: scheme, host and port. */
  readonly place: string;
}

const SCHEMES: Readonly<Record<string, Pick<BusAddress, 'kind' | 'port' | 'tls'>>> = {
  'redis:': { kind: 'redis', port: 6379, tls: false },
  'rediss:': { kind: 'redis', port: 6379, tls: true },
  'valkey:': { kind: 'redis', port: 6379, tls: false },
  'valkeys:': { kind: 'redis', port: 6379, tls: true },
  'nats:': { kind: 'nats', port: 4222, tls: false },
  'tls:': { kind: 'nats', port: 4222, tls: true },
};

/** What is wrong completes the sentence "BUS_URL must be ...", and repeats nothing of the address. */
export function parseBusUrl(text: string): { readonly value: BusAddress } | { readonly mustBe: string } {
  const url = URL.parse(text);
  const scheme = url && SCHEMES[url.protocol];
  if (!url || !scheme || url.hostname === '') {
    return { mustBe: 'like redis://host:6379, rediss:// or valkey:// likewise, or nats://host:4222' };
  }
  if (url.search || url.hash) return { mustBe: 'an address without ? and #' };
  // Publishing knows no numbered databases, so one that is named changes nothing.
  const isPathRight = scheme.kind === 'redis' ? /^\/?\d*$/.test(url.pathname) : /^\/?$/.test(url.pathname);
  if (!isPathRight) return { mustBe: 'an address without a path' };
  const user = decoded(url.username);
  const password = decoded(url.password);
  if (user === null || password === null) {
    return { mustBe: 'an address whose user and password are percent-encoded (% itself is %25)' };
  }
  const port = url.port === '' ? scheme.port : Number(url.port);
  return {
    value: {
      ...scheme,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port,
      user,
      password,
      place: `${url.protocol}//${url.hostname}:${port}`,
    },
  };
}

/** Undefined: nothing is given; null: it cannot be read. */
function decoded(text: string): string | null | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
