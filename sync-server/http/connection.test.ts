import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { connectionOf } from './connection.ts';

function from(remoteAddress: string, headers: Record<string, string> = {}, publicUrl?: string) {
  return connectionOf(new Headers(headers), { socket: { remoteAddress } } as IncomingMessage, publicUrl);
}

describe('the address behind a request', () => {
  test('[H11] X-Forwarded-For is believed from a proxy near by, and only its last entry', () => {
    const forwarded = { 'x-forwarded-for': '1.1.1.1, 203.0.113.9' };
    for (const proxy of ['127.0.0.1', '::1', '::ffff:10.0.0.2', '172.20.0.3', '192.168.1.1', 'fd00::7']) {
      expect(from(proxy, forwarded).address).toBe('203.0.113.9');
    }
    for (const stranger of ['203.0.113.50', '2001:db8::1', '172.32.0.1']) {
      expect(from(stranger, forwarded).address).toBe(stranger);
    }
    expect(from('127.0.0.1', { 'x-forwarded-for': 'unknown' }).address).toBe('127.0.0.1');
    expect(connectionOf(new Headers(), undefined, undefined).address).toBe('unknown');
  });

  test('[H11] limits count an IPv6 home as one caller', () => {
    expect(from('203.0.113.9').network).toBe('203.0.113.9');
    expect(from('2001:db8:0:7:aaaa::1').network).toBe('2001:db8:0:7::/64');
    expect(from('2001:0db8::7:1:2:3:4').network).toBe('2001:db8:0:7::/64');
    expect(from('2001:db8:0:8::1').network).toBe('2001:db8:0:8::/64');
    expect(from('fe80::1%eth0').network).toBe('fe80:0:0:0::/64');
    expect(from('::1').network).toBe('0:0:0:0::/64');
  });
});

describe('whether it is encrypted', () => {
  test('[A1] by what the proxy says, else by the public name', () => {
    expect(from('127.0.0.1').secure).toBe(false);
    expect(from('127.0.0.1', { 'x-forwarded-proto': 'https' }).secure).toBe(true);
    const name = 'https://tasks.example.org';
    expect(from('127.0.0.1', { host: 'tasks.example.org' }, name).secure).toBe(true);
    expect(from('127.0.0.1', { host: '127.0.0.1:8787' }, name).secure).toBe(false);
    expect(from('127.0.0.1', { host: 'tasks.example.org', 'x-forwarded-proto': 'http' }, name).secure).toBe(
      false,
    );
  });
});
