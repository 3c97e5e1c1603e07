/**
 * What is known of the connection behind a request: where it comes from and whether it is encrypted.
 *
 * Promise: X-Forwarded-For is believed only from a proxy on this machine or a private network, and only its
 * last entry, which that proxy wrote; so a visitor from outside cannot invent an address for the rate limits.
 * Limits: someone on the home network can, which costs nothing but fairness. X-Forwarded-Proto is believed
 * from anyone: all it decides is whether the sender's own cookie is marked Secure.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

export interface Connection {
  readonly address: string;
  /** What the rate limits count by: the address, or the /64 of an IPv6 one, of which a home has all. */
  readonly network: string;
  readonly secure: boolean;
}

const PRIVATE = privateNetworks();

export function connectionOf(
  headers: Headers,
  incoming: IncomingMessage | undefined,
  publicUrl: string | undefined,
): Connection {
  const address = addressOf(headers, incoming);
  return { address, network: networkOf(address), secure: isSecure(headers, publicUrl) };
}

function addressOf(headers: Headers, incoming: IncomingMessage | undefined): string {
  const peer = withoutMapping(incoming?.socket.remoteAddress ?? 'unknown');
  const forwarded = headers.get('x-forwarded-for')?.split(',').at(-1)?.trim();
  return forwarded !== undefined && isIP(forwarded) !== 0 && isPrivate(peer)
    ? withoutMapping(forwarded)
    : peer;
}

function isSecure(headers: Headers, publicUrl: string | undefined): boolean {
  const forwarded = headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim();
  if (forwarded !== undefined) return forwarded === 'https';
  if (publicUrl?.startsWith('https:') !== true) return false;
  // Reached by its public name. By another one (127.0.0.1, a LAN address) it is plain http all the same.
  return headers.get('host')?.toLowerCase() === new URL(publicUrl).host;
}

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

function isPrivate(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && PRIVATE.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

function privateNetworks(): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8);
  list.addSubnet('10.0.0.0', 8);
  list.addSubnet('172.16.0.0', 12);
  list.addSubnet('192.168.0.0', 16);
  list.addSubnet('169.254.0.0', 16);
  list.addAddress('::1', 'ipv6');
  list.addSubnet('fc00::', 7, 'ipv6');
  list.addSubnet('fe80::', 10, 'ipv6');
  return list;
}
