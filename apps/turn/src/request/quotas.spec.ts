// Every quota of allocations: the right error, its metric, and nothing left behind.
import { ErrorCode } from '@millrace/protocol/stun';
import { describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.ts';
import { errorOf } from '../testing/turn-client.ts';

const counts = (test: TestServer, clients: number, user = test.user()): number[] =>
  Array.from({ length: clients }, () => errorOf(test.client(user).allocate()));

describe('quotas of allocations', () => {
  it('hold a user, and leave the tenant’s other users alone', () => {
    const test = new TestServer();
    test.control.limits = { ...test.control.limits, maxAllocationsPerUser: 2 };
    const alice = test.user('alice');
    expect(counts(test, 3, alice)).toEqual([0, 0, 486]);
    expect(counts(test, 2, test.user('bob', { tenantId: alice.tenantId }))).toEqual([0, 0]);
    expect(test.counters.read('met.allocations_per_user')).toBe(1);
  });

  it('hold a tenant over its users, and leave other tenants alone', () => {
    const test = new TestServer();
    test.control.limits = { ...test.control.limits, maxAllocations: 3 };
    const alice = test.user('alice');
    expect(counts(test, 2, alice)).toEqual([0, 0]);
    expect(counts(test, 1, test.user('bob', { tenantId: alice.tenantId }))).toEqual([0]);
    const refused = test.client(test.user('carol', { tenantId: alice.tenantId })).allocate();
    expect(refused.get(ErrorCode)).toEqual({
      code: 486,
      reason: 'Allocation Quota Reached: the tenant may have 3 (relay_allocations)',
    });
    expect(counts(test, 3)).toEqual([0, 0, 0]);
    expect(test.counters.read('met.allocations_per_tenant')).toBe(1);
  });

  it('hold the server', () => {
    const test = new TestServer({ settings: { turnMaxAllocations: 3 } });
    expect(counts(test, 4)).toEqual([0, 0, 0, 508]);
    expect(test.counters.read('met.max_allocations')).toBe(1);
  });

  it('are released however an allocation ends', () => {
    const test = new TestServer({ settings: { turnMaxAllocations: 3, turnAnswersBurst: 1_000 } });
    const user = test.user();
    const three = () => [test.client(user), test.client(user, 'tcp'), test.client(user)];
    for (let round = 0; round < 5; round++) {
      const [byRefresh, byClosing, byTime] = three();
      for (const client of [byRefresh!, byClosing!, byTime!]) expect(errorOf(client.allocate())).toBe(0);
      expect(errorOf(test.client(user).allocate())).toBe(508);
      byRefresh!.refresh(0);
      test.server.flowClosed(byClosing!);
      test.pass(602_000);
      expect(test.quotas.allocations(0)).toBe(0);
    }
    expect(test.usage.filter(({ final }) => final)).toHaveLength(15);
  });

  it('count right over ten thousand allocations with all that they hold, made and dropped', () => {
    const test = new TestServer({ settings: { turnAnswersBurst: 1_000_000 } });
    const users = Array.from({ length: 20 }, (_, i) => test.user(`user${i}`, { ttlS: 1_000_000 }));
    let made = 0;
    for (let i = 0; i < 10_000; i++) {
      const client = test.client(users[i % users.length]);
      if (errorOf(client.allocate()) === 0) made++;
      if (i % 4 === 0) client.bind(0x4001, '1.2.3.4', 5);
      if (i % 3 === 0) client.refresh(0);
      if (i % 500 === 499) test.pass(610_000);
    }
    expect(made).toBe(10_000);
    test.pass(610_000);
    expect(test.ports.taken).toBe(0);
    expect(test.relays.open_.size).toBe(0);
    expect(test.server.allocations.size).toBe(0);
    expect(test.server.pendingTimers).toBe(0);
    for (let slot = 0; slot <= 2 * users.length; slot++) expect(test.quotas.allocations(slot)).toBe(0);
    for (const gauge of ['allocations', 'permissions', 'channels', 'waiting'] as const)
      expect(test.counters.read(gauge)).toBe(0);
  }, 120_000);
});
