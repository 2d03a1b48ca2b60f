import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { AdmissionControl, clientAddress } from './admission-control.ts';
import type { AdmissionLimits } from './admission-control.ts';

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

  it('is forgotten when there are very many who are quiet: memory is bounded', () => {
    const control = new AdmissionControl(LIMITS);
    for (let i = 0; i < 30_000; i++) {
      const admission = control.admit(request(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`));
      if (admission.admitted) admission.release();
    }
    expect(control.total).toBe(0);
  });
});
