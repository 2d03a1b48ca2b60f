import { describe, expect, it } from 'vitest';
import { connectionFault } from './connection-fault.ts';
import { isPublicAddress, OutboundAddresses } from './outbound-addresses.ts';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700::1', '2a00:1450:4001:82a::200e'])('%s is one', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
  it.each(['', 'example.com', '::ffff:8.8.8.8', '192.0.2.1', '203.0.113.7', '168.63.129.16'])(
    '%s is none',
    (address) => {
      expect(isPublicAddress(address)).toBe(false);
    },
  );
});

describe('OutboundAddresses', () => {
  const strict = new OutboundAddresses([]);

  it('refuse this machine and private networks, by address and by name', () => {
    for (const host of ['127.0.0.1', '10.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect(() => strict.checkHost(host)).toThrow('is not a public address');
    }
    for (const host of ['localhost', 'LOCALHOST', 'a.localhost.']) {
      expect(() => strict.checkHost(host)).toThrow('must not name this server');
    }
    expect(() => strict.checkHost('live.example.com')).not.toThrow();
  });

  it('say by which setting the operator allows an address', async () => {
    const advised = new OutboundAddresses([], undefined, 'MILLRACE_PULL_ALLOWED_ADDRESSES');
    const advice = '; the operator can allow ranges of addresses with MILLRACE_PULL_ALLOWED_ADDRESSES';
    expect(() => advised.checkHost('10.0.0.5')).toThrow(`10.0.0.5 is not a public address${advice}`);
    expect(() => advised.checkHost('localhost')).toThrow(`must not name this server${advice}`);
    await expect(advised.resolve('10.0.0.5')).rejects.toThrow(advice);
  });

  it('check an address at each connection, however the host is written', async () => {
    await expect(strict.resolve('127.0.0.1')).rejects.toThrow('127.0.0.1 is not a public address');
    expect(await strict.resolve('93.184.216.34')).toEqual([{ address: '93.184.216.34', family: 4 }]);
    expect(await new OutboundAddresses(['127.0.0.0/8']).resolve('127.0.0.2')).toEqual([
      { address: '127.0.0.2', family: 4 },
    ]);
  });
});

describe('connectionFault', () => {
  it('says what a code of Node.js means, once for each address that was tried', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 192.0.2.1:1935'), { code: 'ECONNREFUSED' });
    const text = 'nothing listens there (192.0.2.1:1935)';
    expect(connectionFault(refused)).toBe(text);
    expect(connectionFault(new AggregateError([refused, refused]))).toBe(`${text}; ${text}`);
    expect(connectionFault(new Error('other'))).toBe('other');
    const unreachable = Object.assign(new Error('recvmsg ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(connectionFault(unreachable)).toBe('nothing listens there');
    const unknown = Object.assign(new Error('queryA ENOTFOUND live.example.com'), { code: 'ENOTFOUND' });
    expect(connectionFault(unknown)).toBe('the name does not exist (live.example.com)');
    const untrusted = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(connectionFault(untrusted)).toMatch(/trusts \(self-signed certificate\)$/);
  });
});
