/**
 * Keeps what people give as addresses (of push services, of webhooks) from leading into the network of this server.
 *
 * Promise: unless private addresses are allowed, a URL whose host is one is refused, and of a name only public addresses
 * are handed to the connection: it goes to the very address that was judged, so a name that resolves differently the
 * next moment gains nothing.
 * Limits: it judges addresses, not what listens there. Redirects are the caller's: do not follow them.
 */
import { lookup as dnsLookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { isPublicAddress, literalAddress } from '@holdfast/core/public-address.ts';

export interface EndpointGuardOptions {
  readonly allowPrivate: boolean;
  /** Default: the machine's resolver. */
  readonly resolve?: (hostname: string) => Promise<readonly LookupAddress[]>;
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

export interface EndpointGuard {
  /** null: it may be tried; else why not, in a sentence. Looks at the URL alone, names are judged by `lookup`. */
  faultOf(url: string, protocols: readonly string[]): string | null;
  /** For the `lookup` option of an http or https agent. Fails with EndpointRefusedError. */
  readonly lookup: (hostname: string, options: LookupOptions, callback: LookupCallback) => void;
}

/** Not tried, and never will be as things are set. */
export class EndpointRefusedError extends Error {
  override readonly name = 'EndpointRefusedError';
}

export function createEndpointGuard(options: EndpointGuardOptions): EndpointGuard {
  const { allowPrivate, resolve = resolveByMachine } = options;

  async function judged(hostname: string, family: LookupOptions['family']): Promise<LookupAddress[]> {
    const all = await resolve(hostname);
    const wanted = family === 4 || family === 6 ? all.filter((each) => each.family === family) : [...all];
    if (allowPrivate) return wanted;
    const open = wanted.filter(({ address }) => isPublicAddress(address));
    if (open.length === 0 && wanted.length > 0) throw new EndpointRefusedError(refusalOf(hostname));
    return open;
  }

  return {
    faultOf(url, protocols) {
      if (!URL.canParse(url)) return 'It is no URL.';
      const { protocol, hostname, username, password } = new URL(url);
      if (!protocols.includes(protocol)) {
        return `It must begin with ${protocols.map((each) => `${each}//`).join(' or ')}.`;
      }
      if (username !== '' || password !== '') return 'It may not carry a user name or a password.';
      const literal = literalAddress(hostname);
      const isLocal = literal === null ? /(^|\.)localhost\.?$/i.test(hostname) : !isPublicAddress(literal);
      return isLocal && !allowPrivate ? refusalOf(hostname) : null;
    },
    lookup(hostname, { all, family }, callback) {
      judged(hostname, family).then(
        (addresses) => {
          const [first] = addresses;
          if (first === undefined) {
            callback(Object.assign(new Error(`${hostname} has no address.`), { code: 'ENOTFOUND' }), '');
          } else if (all === true) callback(null, addresses);
          else callback(null, first.address, first.family);
        },
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), ''),
      );
    },
  };
}

function refusalOf(hostname: string): string {
  return (
    `${hostname} is an address of this machine or of a private network. ` +
    'Such are tried only where the server is set to ALLOW_PRIVATE_ENDPOINTS=true.'
  );
}

function resolveByMachine(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    dnsLookup(hostname, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}
