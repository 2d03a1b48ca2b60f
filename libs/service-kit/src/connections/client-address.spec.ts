import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AddressRanges } from './address-ranges.ts';
import { ClientAddresses } from './client-address.ts';
import type { ForwardingHeader } from './client-address.ts';

const PROXIES = ['10.0.0.0/8', '2001:db8:f::/48'];

function clientOf(peer: string, headers: Record<string, string>, header: ForwardingHeader = 'x-forwarded-for') {
  const socket = new Socket();
  const addresses = new ClientAddresses({ trusted: new AddressRanges(PROXIES), header });
  addresses.setSource(socket, peer);
  return addresses.of({ socket, headers } as unknown as IncomingMessage);
}

function isHttps(peer: string, headers: Record<string, string>, header: ForwardingHeader = 'x-forwarded-for') {
  const socket = new Socket();
  const addresses = new ClientAddresses({ trusted: new AddressRanges(PROXIES), header });
  addresses.setSource(socket, peer);
  return addresses.isHttps({ socket, headers } as unknown as IncomingMessage);
}

describe('whether the client came by https', () => {
  it.each([
    ['https', true],
    ['HTTPS', true],
    ['http', false],
    ['https, http', true],
    ['http,https', true],
    ['', false],
    ['httpsx', false],
  ])('is what a trusted proxy says in X-Forwarded-Proto: %j', (text, expected) => {
    expect(isHttps('10.0.0.1', { 'x-forwarded-proto': text })).toBe(expected);
    expect(isHttps('192.0.2.9', { 'x-forwarded-proto': text })).toBe(false);
  });

  it.each([
    ['proto=https', true],
    ['for=192.0.2.7;proto=https;by=10.0.0.1', true],
    ['For=192.0.2.7; Proto="HTTPS"', true],
    ['for=192.0.2.7;proto=https, for=10.0.0.2;proto=http', true],
    ['for=192.0.2.7;proto=http', false],
    ['for=192.0.2.7', false],
    ['xproto=https', false],
  ])('or in Forwarded: %j', (text, expected) => {
    expect(isHttps('10.0.0.1', { forwarded: text }, 'forwarded')).toBe(expected);
    expect(isHttps('192.0.2.9', { forwarded: text }, 'forwarded')).toBe(false);
    // The other header may have been written by the client.
    expect(isHttps('10.0.0.1', { 'x-forwarded-proto': 'https' }, 'forwarded')).toBe(false);
    expect(isHttps('10.0.0.1', { forwarded: text })).toBe(false);
  });
});

describe('ClientAddresses', () => {
  it.each([
    ['no header', '10.0.0.1', undefined, '10.0.0.1'],
    ['one proxy', '10.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['two proxies', '10.0.0.1', '192.0.2.7, 10.0.0.2', '192.0.2.7'],
    ['a client that writes the header itself', '10.0.0.1', '203.0.113.1, 192.0.2.7', '192.0.2.7'],
    ['a client that names a proxy', '10.0.0.1', '10.0.0.3,192.0.2.7', '192.0.2.7'],
    ['a peer that is not trusted', '192.0.2.9', '203.0.113.1', '192.0.2.9'],
    ['an IPv6 client', '10.0.0.1', '2001:db8::7', '2001:db8::7'],
    ['an IPv6 client with its port', '10.0.0.1', '[2001:db8::7]:4711', '2001:db8::7'],
    ['an IPv4 client with its port', '10.0.0.1', '192.0.2.7:4711', '192.0.2.7'],
    ['an IPv4 client in IPv6', '10.0.0.1', '::ffff:192.0.2.7', '192.0.2.7'],
    ['an IPv6 proxy', '2001:db8:f::1', '192.0.2.7', '192.0.2.7'],
    ['proxies alone', '10.0.0.1', '10.0.0.9,10.0.0.8', '10.0.0.9'],
    ['a client that the proxy does not name', '10.0.0.1', '192.0.2.7, unknown', '10.0.0.1'],
    ['no address', '10.0.0.1', 'evil', '10.0.0.1'],
    ['an empty element', '10.0.0.1', '192.0.2.7,', '10.0.0.1'],
    ['nothing', '10.0.0.1', '', '10.0.0.1'],
    ['no port', '10.0.0.1', '192.0.2.7:99999999', '10.0.0.1'],
    ['a zone', '10.0.0.1', 'fe80::1%eth0', 'fe80::1%eth0'],
  ])('X-Forwarded-For: %s', (_, peer, text, client) => {
    expect(clientOf(peer, text === undefined ? {} : { 'x-forwarded-for': text })).toBe(client);
  });

  it.each([
    ['a token', 'for=192.0.2.7', '192.0.2.7'],
    ['other parameters', 'proto=https;for=192.0.2.7;by=10.0.0.1', '192.0.2.7'],
    ['capitals and blanks', 'For = "192.0.2.7:4711" ; proto=http', '192.0.2.7'],
    ['IPv6', 'for="[2001:db8::7]:4711"', '2001:db8::7'],
    ['several', 'for=203.0.113.1, for=192.0.2.7, for=10.0.0.2', '192.0.2.7'],
    ['a hidden name', 'for=192.0.2.7, for=_hidden', '10.0.0.1'],
    ['unknown', 'for=192.0.2.7, for=unknown', '10.0.0.1'],
    ['none', 'proto=https', '10.0.0.1'],
    ['another parameter that ends so', 'xfor=192.0.2.7', '10.0.0.1'],
  ])('Forwarded: %s', (_, text, client) => {
    expect(clientOf('10.0.0.1', { forwarded: text }, 'forwarded')).toBe(client);
  });

  it('does not read the header that the proxies do not write', () => {
    const headers = { forwarded: 'for=203.0.113.1', 'x-forwarded-for': '192.0.2.7' };
    expect(clientOf('10.0.0.1', headers)).toBe('192.0.2.7');
    expect(clientOf('10.0.0.1', { forwarded: 'for=203.0.113.1' })).toBe('10.0.0.1');
    expect(clientOf('10.0.0.1', headers, 'forwarded')).toBe('203.0.113.1');
  });

  it('looks at so many proxies and no more', () => {
    const chain = Array.from({ length: 1_000 }, (_, i) => `10.0.1.${i % 250}`);
    expect(clientOf('10.0.0.1', { 'x-forwarded-for': ['192.0.2.7', ...chain].join() })).toMatch(/^10\.0\.1\./);
  });
});
