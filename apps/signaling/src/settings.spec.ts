import { ConfigError } from '@millrace/service-kit';
import { expect, it } from 'vitest';
import { signalingSettings } from './settings.ts';
import { TestSignaling } from './testing/test-pod.ts';

it('has a sentence on every setting, and defaults that go together', () => {
  for (const { variable, description } of signalingSettings.list()) {
    expect(variable).toMatch(/^(MILLRACE|KUBERNETES)_[A-Z_]+$/);
    expect(description).toMatch(/^[A-Z].*\.$/);
  }
  const { roomLeaseMs, roomRenewMs, roomSweepMs, signalingPort } = signalingSettings.parse({});
  expect(signalingPort).toBe(8081);
  expect(roomLeaseMs).toBeGreaterThanOrEqual(3 * roomRenewMs);
  // A pod that died is noticed within five seconds.
  expect(roomLeaseMs + 2 * roomSweepMs).toBeLessThan(5_000);
});

it.each(['https://app.example.com', 'https://a.example,http://localhost:8080', '*'])('takes the origins %s', (text) => {
  expect(signalingSettings.parse({ MILLRACE_SIGNALING_ALLOWED_ORIGINS: text }).signalingAllowedOrigins.join()).toBe(
    text,
  );
});

it.each([
  'app.example.com',
  'https://a.example/',
  'https://a.example/path',
  'https://*.example',
  'https://a.example,',
  'https://a.example:0',
])('does not take the origins %s: they would never match', (text) => {
  expect(() => signalingSettings.parse({ MILLRACE_SIGNALING_ALLOWED_ORIGINS: text })).toThrow(ConfigError);
});

it('refuses leases that two failed renewals would lose, and sizes that do not go together', async () => {
  await expect(TestSignaling.start({ roomLeaseMs: 1_000, roomRenewMs: 400 })).rejects.toThrow(ConfigError);
  const sizes = { signalingMaxMessageBytes: 1_024, signalingMaxUnjoinedBytes: 2_048 };
  await expect(TestSignaling.start(sizes)).rejects.toThrow(ConfigError);
});
