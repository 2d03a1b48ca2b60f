import { BlockList, isIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';
import { callDefaults, localAddresses } from './call-addresses.ts';

const LAN = [
  { address: '192.168.1.20', network: '192.168.1.0/24' },
  { address: '172.17.0.1', network: '172.17.0.0/16' },
];

describe('where calls are reached', () => {
  it('is this machine alone, as HTTP is', () => {
    expect(callDefaults({}, LAN)).toMatchObject({
      MILLRACE_SIGNALING_HOST: '127.0.0.1',
      MILLRACE_PUBLIC_SIGNALING_URL: 'ws://localhost:8081/v1/rooms',
      MILLRACE_TURN_HOST: '127.0.0.1',
      MILLRACE_TURN_ALLOWED_PEERS: '127.0.0.1',
      MILLRACE_ICE_URLS:
        'stun:127.0.0.1:3478,turn:127.0.0.1:3478?transport=udp,turn:127.0.0.1:3478?transport=tcp,' +
        'turns:127.0.0.1:5349?transport=tcp',
    });
    expect(callDefaults({}, [])).toMatchObject({ MILLRACE_TURN_ALLOWED_PEERS: '127.0.0.1' });
  });

  it('is the network of the address that people are given, and no other one', () => {
    const env = { MILLRACE_HTTP_HOST: '0.0.0.0', MILLRACE_PUBLIC_URL: 'http://192.168.1.20:8080' };
    expect(callDefaults(env, LAN)).toMatchObject({
      MILLRACE_SIGNALING_HOST: '0.0.0.0',
      MILLRACE_PUBLIC_SIGNALING_URL: 'ws://192.168.1.20:8081/v1/rooms',
      MILLRACE_TURN_HOST: '0.0.0.0',
      MILLRACE_TURN_PUBLIC_ADDRESS: '192.168.1.20',
      MILLRACE_TURN_ALLOWED_PEERS: '192.168.1.0/24',
    });
  });

  it('is the first network of this machine when nothing names one', () => {
    expect(callDefaults({ MILLRACE_HTTP_HOST: '::' }, LAN)).toMatchObject({
      MILLRACE_TURN_HOST: '0.0.0.0,::',
      MILLRACE_TURN_PUBLIC_ADDRESS: '192.168.1.20',
      MILLRACE_TURN_ALLOWED_PEERS: '192.168.1.0/24',
    });
    expect(callDefaults({ MILLRACE_HTTP_HOST: '0.0.0.0' }, [])).not.toHaveProperty('MILLRACE_TURN_PUBLIC_ADDRESS');
  });

  it('opens nothing where relays are announced by an address that is not of this machine: a NAT is in between', () => {
    const env = { MILLRACE_HTTP_HOST: '0.0.0.0', MILLRACE_TURN_PUBLIC_ADDRESS: '8.8.8.8' };
    const defaults = callDefaults(env, LAN);
    expect(defaults).not.toHaveProperty('MILLRACE_TURN_ALLOWED_PEERS');
    expect(defaults['MILLRACE_ICE_URLS']).toContain('turn:8.8.8.8:3478');
  });

  describe('with IPv4 and IPv6', () => {
    const ULA = { address: 'fd00:5::20', network: 'fd00:5::/64' };
    const GLOBAL = { address: '2606:4700::20', network: '2606:4700::/64' };

    it('is an address of each family, and clients are told both; what is private is opened', () => {
      const defaults = callDefaults({ MILLRACE_HTTP_HOST: '::' }, [...LAN, ULA]);
      expect(defaults).toMatchObject({
        MILLRACE_TURN_PUBLIC_ADDRESS: '192.168.1.20,fd00:5::20',
        MILLRACE_TURN_ALLOWED_PEERS: '192.168.1.0/24,fd00:5::/64',
      });
      const { MILLRACE_ICE_URLS: ice } = defaults;
      for (const at of ['192.168.1.20', '[fd00:5::20]'])
        expect(ice).toContain(`stun:${at}:3478,turn:${at}:3478?transport=udp,turn:${at}:3478?transport=tcp`);
    });

    it('takes a public IPv6 address before a private one, which need not be opened then', () => {
      expect(callDefaults({ MILLRACE_HTTP_HOST: '::' }, [...LAN, ULA, GLOBAL])).toMatchObject({
        MILLRACE_TURN_PUBLIC_ADDRESS: '192.168.1.20,2606:4700::20',
        MILLRACE_TURN_ALLOWED_PEERS: '192.168.1.0/24',
      });
    });

    it('follows the hosts that TURN listens on', () => {
      const wildcard = { MILLRACE_HTTP_HOST: '0.0.0.0', MILLRACE_TURN_HOST: '0.0.0.0, ::' };
      expect(callDefaults(wildcard, [...LAN, GLOBAL])['MILLRACE_TURN_PUBLIC_ADDRESS']).toBe(
        '192.168.1.20,2606:4700::20',
      );
      const named = { MILLRACE_HTTP_HOST: '0.0.0.0', MILLRACE_TURN_HOST: '172.17.0.1,fd00:5::20' };
      expect(callDefaults(named, [...LAN, ULA])).toMatchObject({
        MILLRACE_TURN_PUBLIC_ADDRESS: '172.17.0.1,fd00:5::20',
        MILLRACE_TURN_ALLOWED_PEERS: '172.17.0.0/16,fd00:5::/64',
      });
      expect(callDefaults({ MILLRACE_TURN_HOST: '127.0.0.1,::1' }, LAN)).toMatchObject({
        MILLRACE_TURN_ALLOWED_PEERS: '127.0.0.1,::1',
      });
    });
  });

  it('follows the ports', () => {
    const env = { MILLRACE_SIGNALING_PORT: '9081', MILLRACE_TURN_PORT: '9478', MILLRACE_TURN_TLS_PORT: '9349' };
    const { MILLRACE_PUBLIC_SIGNALING_URL: signaling, MILLRACE_ICE_URLS: ice } = callDefaults(env, LAN);
    expect(signaling).toBe('ws://localhost:9081/v1/rooms');
    expect(ice).toBe(
      'stun:127.0.0.1:9478,turn:127.0.0.1:9478?transport=udp,turn:127.0.0.1:9478?transport=tcp,' +
        'turns:127.0.0.1:9349?transport=tcp',
    );
  });

  it('knows this machine', () => {
    for (const { address, network } of localAddresses()) {
      expect(address).not.toMatch(/^(127\.|169\.254\.|::1$|fe80)/);
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      const [prefix = '', bits] = network.split('/');
      const list = new BlockList();
      list.addSubnet(prefix, Number(bits), family);
      expect(list.check(address, family)).toBe(true);
    }
  });
});
