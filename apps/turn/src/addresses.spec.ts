import { ConfigError } from '@millrace/service-kit';
import { describe, expect, it } from 'vitest';
import { discoveryAddresses, relayAddresses } from './addresses.ts';
import { turnSettings } from './settings.ts';

const PRIVATE = ['10.0.0.5', 'fe80::1'];
const given = (env: Record<string, string> = {}) => turnSettings.parse(env);

/** What is said when the settings do not go together. */
function faultOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the address of relays', () => {
  it('is refused when it is private and not confirmed by a setting, and the error names the setting', () => {
    const message = faultOf(() => relayAddresses(given(), PRIVATE));
    expect(message).toContain('MILLRACE_TURN_PUBLIC_ADDRESS');
    expect(message).toContain('10.0.0.5');
    expect(faultOf(() => relayAddresses(given({ MILLRACE_TURN_HOST: '192.168.1.7' }), []))).toContain('192.168.1.7');
    expect(faultOf(() => relayAddresses(given({ MILLRACE_TURN_HOST: 'fd00::7' }), []))).toContain('fd00::7');
  });

  it.each([
    ['the one that is set', { MILLRACE_TURN_PUBLIC_ADDRESS: '8.8.8.8' }, PRIVATE, { IPv4: ['0.0.0.0', '8.8.8.8'] }],
    [
      'a private one that is set',
      { MILLRACE_TURN_PUBLIC_ADDRESS: '10.0.0.5' },
      PRIVATE,
      { IPv4: ['0.0.0.0', '10.0.0.5'] },
    ],
    [
      'one of each family',
      { MILLRACE_TURN_PUBLIC_ADDRESS: '8.8.8.8, 2001:4860:4860::8888' },
      PRIVATE,
      { IPv4: ['0.0.0.0', '8.8.8.8'], IPv6: ['::', '2001:4860:4860::8888'] },
    ],
    [
      'the machine’s own public ones',
      {},
      ['10.0.0.5', '8.8.8.8', 'fd00::1', '2606:4700::1'],
      { IPv4: ['0.0.0.0', '8.8.8.8'], IPv6: ['::', '2606:4700::1'] },
    ],
    [
      'the machine’s own of the family that is not set, where it is public',
      { MILLRACE_TURN_PUBLIC_ADDRESS: '8.8.8.8' },
      ['10.0.0.5', 'fd00::1', '2606:4700::1'],
      { IPv4: ['0.0.0.0', '8.8.8.8'], IPv6: ['::', '2606:4700::1'] },
    ],
    ['the one that is listened on', { MILLRACE_TURN_HOST: '8.8.8.8' }, [], { IPv4: ['8.8.8.8', '8.8.8.8'] }],
    [
      'loopback, for development',
      { MILLRACE_TURN_HOST: '127.0.0.1,::1' },
      PRIVATE,
      { IPv4: ['127.0.0.1', '127.0.0.1'], IPv6: ['::1', '::1'] },
    ],
  ] as const)('is %s', (_, env, machine, expected) => {
    const found = Object.entries(relayAddresses(given(env), machine));
    expect(Object.fromEntries(found.map(([family, { bind, announced }]) => [family, [bind, announced]]))).toEqual(
      expected,
    );
  });
});

describe('NAT discovery', () => {
  it('has four addresses, as clients see them', () => {
    const env = {
      MILLRACE_TURN_HOST: '10.0.0.5',
      MILLRACE_TURN_PUBLIC_ADDRESS: '8.8.8.8',
      MILLRACE_TURN_ALTERNATE_HOST: '10.0.0.6',
      MILLRACE_TURN_ALTERNATE_PUBLIC_ADDRESS: '8.8.4.4',
    };
    const found = discoveryAddresses(given(env)).IPv4?.map(({ address, port }) => `${address}:${port}`);
    expect(found).toEqual(['8.8.8.8:3478', '8.8.8.8:3479', '8.8.4.4:3478', '8.8.4.4:3479']);
  });

  it('needs to know which address is the first', () => {
    const message = faultOf(() => discoveryAddresses(given({ MILLRACE_TURN_ALTERNATE_HOST: '10.0.0.6' })));
    expect(message).toContain('MILLRACE_TURN_HOST');
  });
});

describe('settings', () => {
  it.each([
    ['MILLRACE_TURN_HOST', 'localhost'],
    ['MILLRACE_TURN_PUBLIC_ADDRESS', '8.8.8.8,8.8.4.4'],
    ['MILLRACE_TURN_ALLOWED_PEERS', '10.0.0.0/8,10.1'],
    ['MILLRACE_TURN_ALLOWED_PEERS', '10.0.0.1/8'],
    ['MILLRACE_TURN_DENIED_PEERS', '10.0.0.1/8'],
    ['MILLRACE_TURN_TCP_ALLOWED_PEERS', 'lan'],
    ['MILLRACE_TURN_OWN_PEER_PORTS', '5000-4000'],
    ['MILLRACE_TURN_OWN_PEER_PORTS', '0'],
    ['MILLRACE_TURN_ALTERNATE_SERVER', '192.0.2.1'],
    ['MILLRACE_TURN_ALTERNATE_SERVER', '[192.0.2.1]:3478'],
    ['MILLRACE_TURN_MAX_AMPLIFICATION', '0.5'],
    ['MILLRACE_TURN_REALM', 'zwei\nzeilen'],
  ])('refuse %s=%s', (variable, value) => {
    expect(faultOf(() => given({ [variable]: value }))).toContain(variable);
  });
});
