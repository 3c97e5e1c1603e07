/**
 * Which network addresses lie on the public internet.
 *
 * Promise: anything that may reach this machine, its network or a neighbour by another way (private, loopback, link-local,
 * shared, multicast, reserved, and IPv6 forms that carry such an IPv4 address) is not public; what is no address is not.
 * Why here: whoever takes an address from a person and whoever connects to it later must judge alike, and neither may
 * import the other. Sources: the IANA special-purpose address registries for IPv4 and IPv6.
 */

/** `address` as a resolver gives it: no brackets, no port; a zone index (`%eth0`) makes it link-local and so not public. */
export function isPublicAddress(address: string): boolean {
  const v4 = readIpv4(address);
  if (v4 !== null) return isPublicIpv4(v4);
  const v6 = readIpv6(address);
  return v6 !== null && isPublicIpv6(v6);
}

/** The address that a URL's host stands for by itself; null: a name, to be resolved. */
export function literalAddress(hostname: string): string | null {
  if (hostname.startsWith('[') && hostname.endsWith(']')) return hostname.slice(1, -1);
  return readIpv4(hostname) === null ? null : hostname;
}

const PRIVATE_IPV4: readonly (readonly [base: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

function isPublicIpv4(address: number): boolean {
  return !PRIVATE_IPV4.some(([base, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(address / size) === Math.floor((readIpv4(base) ?? 0) / size);
  });
}

function isPublicIpv6(words: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0] = words;
  const ipv4At = (index: number): number => (words[index] ?? 0) * 65_536 + (words[index + 1] ?? 0);
  // The well-known prefix of translators, 64:ff9b::/96.
  if (a === 0x64 && b === 0xff9b && words.slice(2, 6).every((word) => word === 0))
    return isPublicIpv4(ipv4At(6));
  // IPv4-mapped, ::ffff:0:0/96.
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) return isPublicIpv4(ipv4At(6));
  // All that was ever given out for global use begins with the bits 001.
  if (a >> 13 !== 1) return false;
  if (a === 0x2001 && b < 0x200) return false;
  if (a === 0x2001 && b === 0xdb8) return false;
  if (a === 0x3fff && b < 0x1000) return false;
  // 6to4 carries an IPv4 address.
  if (a === 0x2002) return isPublicIpv4(b * 65_536 + c);
  return true;
}

function readIpv4(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255))
    return null;
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

/** Eight words of 16 bits. */
function readIpv6(text: string): number[] | null {
  let rest = text;
  const tail = /:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (tail !== undefined) {
    const v4 = readIpv4(tail);
    if (v4 === null) return null;
    rest = `${text.slice(0, -tail.length)}${Math.floor(v4 / 65_536).toString(16)}:${(v4 % 65_536).toString(16)}`;
  }
  const halves = rest.split('::');
  if (halves.length > 2) return null;
  const [head = [], end = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - end.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const parts = [...head, ...Array.from({ length: missing }, () => '0'), ...end];
  return parts.every((part) => /^[\da-f]{1,4}$/i.test(part)) ? parts.map((part) => parseInt(part, 16)) : null;
}
