import { createMemoryFrameBus } from '@millrace/frame-bus';
import { createMemoryLiveStore } from '@millrace/live-store';
import { ConfigError } from '@millrace/service-kit';
import { expect, it } from 'vitest';
import { packagerSettings } from './settings.ts';
import { TestPackager } from './testing/test-packager.ts';

it('has a sentence on every setting, and defaults that go together', () => {
  for (const { variable, description } of packagerSettings.list()) {
    expect(variable).toMatch(/^(MILLRACE|KUBERNETES)_[A-Z_]+$/);
    expect(description).toMatch(/^[A-Z].*\.$/);
  }
  expect(packagerSettings.parse({})).toMatchObject({ leaseTtlMs: 2_000, leaseRenewMs: 600, segmentMaxMs: 10_000 });
});

it('names every wrong variable', () => {
  const env = { MILLRACE_SEGMENT_MAX_MS: '5', MILLRACE_LEASE_TTL_MS: 'long' };
  expect(() => packagerSettings.parse(env)).toThrow(/MILLRACE_SEGMENT_MAX_MS[^]*MILLRACE_LEASE_TTL_MS/);
});

it('refuses leases that a single failed renewal would lose', async () => {
  const liveStore = createMemoryLiveStore();
  const frameBus = createMemoryFrameBus();
  const settings = { leaseTtlMs: 1_000, leaseRenewMs: 500 };
  await expect(TestPackager.start({ liveStore, frameBus, settings })).rejects.toThrow(ConfigError);
  await frameBus.close();
  await liveStore.close();
});
