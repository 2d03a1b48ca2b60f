import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { AdmissionDesk, type AdmissionLimits } from './admission.ts';
import { clientAddress, clientNetwork } from './client-address.ts';
import { MessageBudget } from './message-budget.ts';

const LIMITS: AdmissionLimits = {
  signalingAllowedOrigins: ['*'],
  signalingTrustedProxies: 0,
  signalingMaxSockets: 1_000_000,
  signalingMaxSocketsPerAddress: 1_000_000,
  signalingConnectsPerMinute: 60,
};

const request = (remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage =>
  ({ headers, socket: { remoteAddress } }) as unknown as IncomingMessage;

describe('who connects', () => {
  it.each([
    ['::ffff:192.0.2.1', {}, 0, '192.0.2.1'],
    ['192.0.2.1', { 'x-forwarded-for': '10.0.0.1' }, 0, '192.0.2.1'],
    ['192.0.2.1', { 'x-forwarded-for': '10.0.0.1' }, 1, '10.0.0.1'],
    ['192.0.2.1', { 'x-forwarded-for': '1.2.3.4, 10.0.0.1, 10.0.0.2' }, 2, '10.0.0.1'],
    ['192.0.2.1', { 'x-forwarded-for': '1.2.3.4' }, 2, '192.0.2.1'],
    ['192.0.2.1', { 'x-forwarded-for': 'nonsense' }, 1, '192.0.2.1'],
    ['192.0.2.1', {}, 1, '192.0.2.1'],
  ])('%s with %j behind %i proxies is %s', (remote, headers, proxies, address) => {
    expect(clientAddress(request(remote, headers as Record<string, string>), proxies)).toBe(address);
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3::4', '2001:db8:1:2::/64'],
    ['2001:0db8:1:2::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s counts as %s', (address, network) => expect(clientNetwork(address)).toBe(network));

  it('is forgotten when there are very many who are quiet: memory is bounded', () => {
    const desk = new AdmissionDesk(LIMITS);
    for (let i = 0; i < 30_000; i++) {
      const admission = desk.admit(request(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`));
      if (admission.admitted) admission.release();
    }
    expect(desk.total).toBe(0);
  });
});

it('a budget gives so many at once and refills with time', () => {
  let now = 0;
  const budget = new MessageBudget(2, 3, () => now);
  const take = (times: number) => Array.from({ length: times }, () => budget.take());
  expect(take(4)).toEqual([true, true, true, false]);
  now = 500;
  expect(take(2)).toEqual([true, false]);
  expect(budget.isFull).toBe(false);
  now = 1_000_000;
  expect(budget.isFull).toBe(true);
  expect(take(4)).toEqual([true, true, true, false]);
});
