import { IdPrefix, newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { Lease, MemoryLiveStore } from '@millrace/live-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultyStore } from '../testing/faulty-store.ts';
import { TestClock } from '../testing/test-clock.ts';
import { LeaseKeeper } from './lease-keeper.ts';

const TTL_MS = 2_500;

let clock: TestClock;
let store: MemoryLiveStore;
let calls: string[][];
let lost: string[];

beforeEach(() => {
  clock = new TestClock();
  store = createMemoryLiveStore({ nowMs: () => clock.wallMs() });
  calls = [];
  lost = [];
});

afterEach(() => store.close());

function keeper(liveStore: Pick<MemoryLiveStore, 'renewLeases'> = store): LeaseKeeper {
  return new LeaseKeeper({
    liveStore: {
      renewLeases: (leases, ttlMs) => {
        calls.push(leases.map(({ streamId }) => streamId));
        return liveStore.renewLeases(leases, ttlMs);
      },
    },
    clock,
    ttlMs: TTL_MS,
    renewMs: 800,
    onFailure: () => undefined,
  });
}

async function acquire(subject: LeaseKeeper): Promise<Lease> {
  const lease = (await store.acquireLease(newId(IdPrefix.liveStream), 'packager-1', TTL_MS))!;
  subject.add(lease, clock.monotonicMs(), () => void lost.push(lease.streamId));
  return lease;
}

describe('keeping leases', () => {
  it('renews all of them in one call', async () => {
    const subject = keeper();
    const leases = [await acquire(subject), await acquire(subject)];
    clock.advance(2_000);
    await subject.renew();
    clock.advance(2_000);
    await subject.renew();
    expect(calls).toEqual([leases.map(({ streamId }) => streamId), leases.map(({ streamId }) => streamId)]);
    expect(lost).toEqual([]);
    expect(await store.acquireLease(leases[0]!.streamId, 'packager-2', TTL_MS)).toBeUndefined();
  });

  it('asks for none when there is none', async () => {
    const subject = keeper();
    subject.remove(await acquire(subject));
    await subject.renew();
    expect(calls).toEqual([]);
  });

  it('loses one that another packager has taken, and says so once', async () => {
    const subject = keeper();
    const lease = await acquire(subject);
    const other = await acquire(subject);
    clock.advance(TTL_MS);
    await store.acquireLease(lease.streamId, 'packager-2', TTL_MS);
    await subject.renew();
    await subject.renew();
    expect(lost).toEqual([lease.streamId]);
    expect(calls.at(-1)).toEqual([other.streamId]);
  });

  it('keeps one after a pause in which no packager took it', async () => {
    const subject = keeper();
    await acquire(subject);
    clock.advance(60_000);
    await subject.renew();
    expect(lost).toEqual([]);
  });

  it('takes one for lost that could not be renewed within its life', async () => {
    const { store: faulty, failing } = faultyStore(store);
    const subject = keeper(faulty);
    const lease = await acquire(subject);
    failing.add('renewLeases');
    clock.advance(TTL_MS - 1);
    await subject.renew();
    expect(lost).toEqual([]);
    clock.advance(1);
    await subject.renew();
    expect(lost).toEqual([lease.streamId]);
  });

  it('does not mind when the wall clock is set', async () => {
    const { store: faulty, failing } = faultyStore(store);
    const subject = keeper(faulty);
    await acquire(subject);
    failing.add('renewLeases');
    clock.setWall(clock.wallMs() + 3_600_000);
    await subject.renew();
    expect(lost).toEqual([]);
  });

  it('does not take an old lease of a stream for the new one', async () => {
    const subject = keeper();
    const old = await acquire(subject);
    await store.releaseLease(old);
    const next = (await store.acquireLease(old.streamId, 'packager-1', TTL_MS))!;
    subject.add(next, clock.monotonicMs(), () => void lost.push('next'));
    subject.remove(old);
    await subject.renew();
    expect(calls).toEqual([[old.streamId]]);
    expect(lost).toEqual([]);
  });
});
