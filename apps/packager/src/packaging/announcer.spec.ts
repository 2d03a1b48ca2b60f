// What packagers say of themselves, and of those that say nothing.
import { featuresOfAll, PACKAGER_FEATURES } from '@millrace/domain';
import { createMemoryLiveStore, LiveStoreError } from '@millrace/live-store';
import type { MemoryLiveStore } from '@millrace/live-store';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { faultyStore } from '../testing/faulty-store.ts';
import { Announcer } from './announcer.ts';

let nowMs = 1_000_000;
let liveStore: MemoryLiveStore;
const failures: unknown[] = [];
beforeEach(() => {
  failures.length = 0;
  liveStore = createMemoryLiveStore({ nowMs: () => nowMs });
});
afterEach(() => liveStore.close());

let seenOwners: (() => void) | undefined;
const announcer = (instanceId: string, leaseOwners: readonly string[] = []): Announcer =>
  new Announcer({
    onLeaseOwners: (callback) => (seenOwners = callback),
    liveStore,
    instanceId,
    leaseTtlMs: 2_000,
    leaseOwners: () => leaseOwners,
    onFailure: (error) => failures.push(error),
  });
const features = async (): Promise<readonly string[]> => [...featuresOfAll(await liveStore.readPackagers())];

it('a packager says what it can read, until it can hold no lease any more', async () => {
  expect(await features()).toEqual([]);
  await announcer('a').announce();
  expect(await features()).toEqual(PACKAGER_FEATURES);
  // While none holds one, it says so less often.
  nowMs += 16_999;
  expect(await features()).toEqual(PACKAGER_FEATURES);
  nowMs += 1;
  expect(await features()).toEqual([]);
  await announcer('a', ['a']).announce();
  nowMs += 4_999;
  expect(await features()).toEqual(PACKAGER_FEATURES);
  nowMs += 1;
  expect(await features()).toEqual([]);
});

it('a packager speaks each second while packagers hold leases, and every five seconds otherwise', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    const owners: string[] = [];
    const a = announcer('a', owners);
    const announced = vi.spyOn(liveStore, 'announcePackagers');
    await a.onApplicationBootstrap();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(announced).toHaveBeenCalledTimes(2);
    owners.push('a');
    seenOwners?.();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(announced).toHaveBeenCalledTimes(7);
    owners.pop();
    // Twice more, as it learns of it by the first of them.
    await vi.advanceTimersByTimeAsync(2_000);
    announced.mockClear();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(announced).toHaveBeenCalledTimes(2);
    a.beforeApplicationShutdown();
  } finally {
    vi.useRealTimers();
  }
});

it('a packager of an older release, which says nothing, is known by its lease, and for some minutes after it', async () => {
  const leaseOwners = ['a', 'older'];
  const a = announcer('a', leaseOwners);
  await a.announce();
  expect(await features()).toEqual([]);
  for (let second = 0; second < 10; second++) {
    nowMs += 1_000;
    await a.announce();
    expect(await features()).toEqual([]);
  }
  leaseOwners.pop();
  nowMs += 299_000;
  await a.announce();
  // It may have no stream just now, and take the next one.
  expect(await features()).toEqual([]);
  nowMs += 1_000;
  expect(await features()).toEqual(PACKAGER_FEATURES);
});

it('a packager that speaks for itself is not spoken for', async () => {
  const [a, b] = [announcer('a', ['b']), announcer('b', ['b'])];
  await a.announce();
  expect(await features()).toEqual([]);
  await b.announce();
  await a.announce();
  expect(await features()).toEqual(PACKAGER_FEATURES);
});

it('a store that is away costs nothing but the announcement', async () => {
  const faulty = faultyStore(liveStore);
  const a = new Announcer({
    onLeaseOwners: () => undefined,
    liveStore: faulty.store,
    instanceId: 'a',
    leaseTtlMs: 2_000,
    leaseOwners: () => [],
    onFailure: (error) => failures.push(error),
  });
  faulty.failing.add('announcePackagers');
  await a.onApplicationBootstrap();
  expect(failures).toEqual([new LiveStoreError('disconnected', 'announcePackagers')]);
  faulty.failing.clear();
  await expect.poll(features, { timeout: 5_000 }).toEqual(PACKAGER_FEATURES);
  a.beforeApplicationShutdown();
});
