import { describe, expect, it, vi } from 'vitest';
import { RetentionBudget } from './retention-budget.ts';
import type { BudgetMember, TenantPart } from './retention-budget.ts';

/** Keeps bytes instead of frames; what is pinned does not go. */
class Keeper implements BudgetMember {
  readonly tenantId: string;
  readonly part: TenantPart;
  readonly #budget: RetentionBudget;
  retainedBytes = 0;
  pinnedBytes = 0;

  constructor(budget: RetentionBudget, tenantId: string) {
    this.#budget = budget;
    this.tenantId = tenantId;
    this.part = budget.join(this);
  }

  keep(bytes: number): void {
    this.retainedBytes += bytes;
    this.#budget.addRetained(bytes);
  }

  shrinkTo(bytes: number): number {
    const gone = this.retainedBytes - Math.max(bytes, this.pinnedBytes);
    this.retainedBytes -= gone;
    this.#budget.addRetained(-gone);
    return gone;
  }
}

describe('the memory for frames that are kept', () => {
  it('never holds more than its limit, and takes it from those that keep most', () => {
    const budget = new RetentionBudget(1_600, vi.fn());
    const small = new Keeper(budget, 'ten_a');
    const large = new Keeper(budget, 'ten_b');
    small.keep(100);
    for (let i = 0; i < 1_000; i++) {
      large.keep(10);
      expect(budget.retainedBytes).toBeLessThanOrEqual(1_600);
    }
    expect(small.retainedBytes).toBe(100);
    expect(large.retainedBytes).toBeGreaterThanOrEqual(1_400);
  });

  it('gives a tenant with many streams no more than a tenant with one', () => {
    const budget = new RetentionBudget(1_600, vi.fn());
    const one = new Keeper(budget, 'ten_a');
    const many = Array.from({ length: 10 }, () => new Keeper(budget, 'ten_b'));
    for (let i = 0; i < 100; i++) for (const keeper of [one, ...many]) keeper.keep(10);
    expect(one.retainedBytes).toBeGreaterThanOrEqual(700);
    for (const keeper of many) expect(keeper.retainedBytes).toBeLessThan(100);
  });

  it('does not look at all members with each frame when what is unconfirmed cannot go', () => {
    const budget = new RetentionBudget(1_600, vi.fn());
    const keeper = new Keeper(budget, 'ten_a');
    keeper.pinnedBytes = Infinity;
    const shrinkTo = vi.spyOn(keeper, 'shrinkTo').mockReturnValue(0);
    for (let i = 0; i < 180; i++) keeper.keep(10);
    expect(shrinkTo).toHaveBeenCalledTimes(2);
  });

  it('says once that it is full, and again after it was not', () => {
    const onFull = vi.fn();
    const budget = new RetentionBudget(1_600, onFull);
    const keeper = new Keeper(budget, 'ten_a');
    for (let i = 0; i < 500; i++) keeper.keep(10);
    expect(onFull).toHaveBeenCalledTimes(1);
    keeper.shrinkTo(0);
    for (let i = 0; i < 500; i++) keeper.keep(10);
    expect(onFull).toHaveBeenCalledTimes(2);
  });

  it('makes who has more unconfirmed than a fair share wait, and all together stay within the limit', () => {
    const budget = new RetentionBudget(1_600, vi.fn());
    const keepers = ['ten_a', 'ten_a', 'ten_a', 'ten_b'].map((tenantId) => new Keeper(budget, tenantId));
    const inflight = keepers.map(() => 0);
    const push = (index: number): boolean => {
      const { part } = keepers[index]!;
      if (budget.mustWait(part, inflight[index]!)) return false;
      inflight[index]! += 10;
      budget.addInflight(part, 10);
      return true;
    };
    while (push(0));
    expect(inflight[0]).toBe(410);
    // The others of its tenant, and the other tenant, still get their shares.
    while (push(3));
    expect(inflight[3]).toBe(210);
    while (push(1));
    while (push(2));
    expect(budget.inflightBytes).toBeLessThanOrEqual(1_200);
  });

  it('forgets a tenant whose last member is gone', () => {
    const budget = new RetentionBudget(1_600, vi.fn());
    const gone = new Keeper(budget, 'ten_a');
    const stays = new Keeper(budget, 'ten_b');
    budget.leave(gone);
    budget.addInflight(stays.part, 420);
    expect(budget.mustWait(stays.part, 399)).toBe(false);
    expect(budget.mustWait(stays.part, 401)).toBe(true);
  });
});
