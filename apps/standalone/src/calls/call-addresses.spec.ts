import { BlockList } from 'node:net';
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
      MILLRACE_TURN_ALLOWED_PEERS: '127.0.0.1,192.168.1.20,172.17.0.1',
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
    });
    expect(callDefaults({ MILLRACE_HTTP_HOST: '0.0.0.0' }, [])).not.toHaveProperty('MILLRACE_TURN_PUBLIC_ADDRESS');
  });

  it('opens nothing where relays are announced by an address that is not of this machine: a NAT is in between', () => {
    const env = { MILLRACE_HTTP_HOST: '0.0.0.0', MILLRACE_TURN_PUBLIC_ADDRESS: '8.8.8.8' };
    const defaults = callDefaults(env, LAN);
    expect(defaults).not.toHaveProperty('MILLRACE_TURN_ALLOWED_PEERS');
    expect(defaults['MILLRACE_ICE_URLS']).toContain('turn:8.8.8.8:3478');
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
      expect(address).not.toMatch(/^(127|169\.254)\./);
      const [prefix = '', bits] = network.split('/');
      const list = new BlockList();
      list.addSubnet(prefix, Number(bits));
      expect(list.check(address)).toBe(true);
    }
  });
});
