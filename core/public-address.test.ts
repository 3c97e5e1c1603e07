import { expect, test } from 'vitest';
import { isPublicAddress, literalAddress } from './public-address.ts';

test('[PA1] private, loopback, link-local, reserved and wrapped addresses are not public', () => {
  const closed = [
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.9.9.9', '169.254.169.254'],
    ...[
      '172.16.0.1',
      '172.31.255.255',
      '192.0.0.8',
      '192.168.0.1',
      '198.18.0.1',
      '198.19.255.255',
      '224.0.0.1',
    ],
    ...['240.0.0.1', '255.255.255.255', '203.0.113.9', '::', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
    ...[
      '::127.0.0.1',
      '64:ff9b::10.0.0.1',
      '64:ff9b:1::1',
      'fc00::1',
      'fd12:3456::1',
      'fe80::1',
      'fe80::1%eth0',
    ],
    ...['fec0::1', 'ff02::1', '2001:db8::1', '2001::1', '2002:7f00:1::', '2002:a00:1::', '3fff::1', '100::1'],
    ...['', 'localhost', '1.2.3', '1.2.3.4.5', '256.1.1.1', '1::2::3', ':::', '1:2:3:4:5:6:7', '12345::'],
  ];
  expect(closed.filter(isPublicAddress)).toEqual([]);
  const open = [
    ...['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.1', '172.15.0.1', '172.32.0.1', '198.17.0.1'],
    ...[
      '198.20.0.1',
      '223.255.255.255',
      '2606:4700::1111',
      '2a00:1450:4001:81b::200e',
      '2001:4860:4860::8888',
    ],
    ...['::ffff:8.8.8.8', '64:ff9b::808:808', '2002:808:808::1'],
  ];
  expect(open.filter((address) => !isPublicAddress(address))).toEqual([]);
});

test('[PA2] a host that is an address is told from a name, however it is written in a URL', () => {
  const hostOf = (url: string): string | null => literalAddress(new URL(url).hostname);
  for (const url of ['http://2130706433/', 'http://0x7f.1/', 'http://127.1/', 'http://0177.0.0.1']) {
    expect(hostOf(url)).toBe('127.0.0.1');
  }
  expect(hostOf('https://[::1]:8443/x')).toBe('::1');
  expect(hostOf('https://push.example.org/x')).toBeNull();
});
