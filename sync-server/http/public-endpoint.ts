/**
 * Whether an address that a person gives may be called by this server later.
 *
 * Promise: what leads to this machine or into a private network is refused when it is given already, unless that is allowed,
 * with a sentence that says why. Why here as well as where it is called: a person learns of it at once, while what a name
 * leads to can change at any time and is judged again then (workers/channels/endpoint-guard.ts).
 */
import { lookup } from 'node:dns/promises';
import { isPublicAddress, literalAddress } from '@holdfast/core/public-address.ts';

/** null: it may. Only https. A name that cannot be resolved now is let through. */
export async function endpointFault(url: string, allowPrivate: boolean): Promise<string | null> {
  if (!URL.canParse(url)) return 'It is no URL.';
  const { protocol, hostname, username, password } = new URL(url);
  if (protocol !== 'https:') return 'It must begin with https://.';
  if (username !== '' || password !== '') return 'It may not carry a user name or a password.';
  if (allowPrivate) return null;
  const literal = literalAddress(hostname);
  const addresses = literal === null ? await addressesOf(hostname) : [literal];
  const leadsInside =
    /(^|\.)localhost\.?$/i.test(hostname) || addresses.some((address) => !isPublicAddress(address));
  return leadsInside
    ? `${hostname} is an address of the server's own machine or of a private network. Whoever runs the server can ` +
        'allow such by ALLOW_PRIVATE_ENDPOINTS=true.'
    : null;
}

async function addressesOf(hostname: string): Promise<string[]> {
  try {
    return (await lookup(hostname, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
