import { describe, expect, it } from 'vitest';
import { isRelayTransport, relaysOver, relayTransportOf, stunServers } from './ice-servers.ts';

const servers = [
  { urls: ['stun:a:3478'] },
  {
    urls: ['turn:a:3478?transport=udp', 'turn:a:3478?transport=tcp', 'turns:a:5349?transport=tcp'],
    username: 'u',
    credential: 'c',
  },
];

describe('ICE servers', () => {
  it.each([
    ['turn:a', 'udp'],
    ['turn:a?transport=udp', 'udp'],
    ['turn:a:1?transport=TCP', 'tcp'],
    ['turns:a', 'tls'],
    ['turns:a?transport=tcp', 'tls'],
    ['stun:a', undefined],
  ])('%s relays over %s', (url, transport) => {
    expect(relayTransportOf(url)).toBe(transport);
  });

  it.each(['udp', 'tcp', 'tls'] as const)('gives the %s relay alone, with its credentials', (transport) => {
    const [only, ...others] = relaysOver(servers, transport);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ username: 'u', credential: 'c' });
    expect(only?.urls.map(relayTransportOf)).toEqual([transport]);
  });

  it('gives STUN without credentials', () => {
    expect(stunServers(servers)).toEqual([{ urls: ['stun:a:3478'] }]);
  });

  it('knows the transports', () => {
    expect(['udp', 'tcp', 'tls', 'sctp', ''].map(isRelayTransport)).toEqual([true, true, true, false, false]);
  });
});
