import { describe, expect, it } from 'vitest';
import { QuotaRegistry } from './quota-registry.ts';
import { QuotaSlots } from './quota-slots.ts';

const KEEP_MS = 1_000;

function create() {
  const slots = new QuotaSlots();
  const released: string[] = [];
  const registry = new QuotaRegistry({ slots, keepMs: KEEP_MS, maxUsersPerTenant: 3, capacity: 9 });
  registry.onReleased = (tenantId, slot) => released.push(`${tenantId} ${slots.takeUsage(slot).relayedBytes}`);
  const users = (tenantId: string, subjects: readonly string[], nowMs: number): (number | undefined)[] =>
    subjects.map((subject) => registry.userSlot(tenantId, subject, nowMs));
  return { slots, registry, released, users };
}

describe('QuotaRegistry', () => {
  it('gives each tenant and each user a place of its own, the same again', () => {
    const { registry, users } = create();
    const places = [registry.tenantSlot('a', 0), ...users('a', ['x', 'y'], 0), registry.tenantSlot('b', 0)];
    expect(new Set([0, ...places]).size).toBe(5);
    expect([registry.tenantSlot('a', 1), ...users('a', ['x', 'y'], 1), registry.tenantSlot('b', 1)]).toEqual(places);
    expect([...registry.tenants()]).toEqual([
      ['a', places[0]],
      ['b', places[3]],
    ]);
  });

  it('a tenant that makes up user names uses its own places, and leaves those of others', () => {
    const { registry, users } = create();
    registry.tenantSlot('a', 0);
    const theirs = users('a', ['1', '2', '3', '4', '5', '6', '7', '8', '9'], 0);
    expect(theirs.filter((slot) => slot !== undefined)).toHaveLength(3);
    registry.tenantSlot('b', 0);
    expect(users('b', ['1', '2', '3'], 0)).not.toContain(undefined);
    // Later, its own oldest one makes room.
    expect(users('a', ['4'], KEEP_MS)).toEqual([theirs[0]]);
    expect(users('a', ['1'], KEEP_MS)).toEqual([theirs[1]]);
  });

  it('takes a place from the one without a use for it for the longest time, after what it counted was taken', () => {
    const { slots, registry, released, users } = create();
    const tenants = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((id, i) => registry.tenantSlot(id, i)!);
    slots.takeAllocation(tenants[0]!, 1);
    slots.takeBytes(tenants[1]!, 77, 1e9, 0);
    expect(registry.tenantSlot('i', KEEP_MS - 1)).toBeUndefined();
    expect(registry.tenantSlot('i', KEEP_MS + 1)).toBe(tenants[1]);
    expect(released).toEqual(['b 77']);
    expect(slots.takeUsage(tenants[1]!)).toEqual({ relayedBytes: 0, offeredBytes: 0, refusedAllocations: 0 });
    expect(users('a', ['x'], KEEP_MS + 2)).toEqual([tenants[2]]);
  });
});
