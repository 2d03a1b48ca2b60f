import { describe, expect, it } from 'vitest';
import { ByteBudget } from './byte-budget.ts';

describe('ByteBudget', () => {
  const budget = () => new ByteBudget({ max: 100, maxPerTenant: 60, maxPerAddress: 40 });

  it('gives no more than there is, to a tenant no more than its share, to an address no more than its', () => {
    const bytes = budget();
    const a1 = bytes.open({ tenantId: 'a', network: '1' });
    const a2 = bytes.open({ tenantId: 'a', network: '2' });
    const b2 = bytes.open({ tenantId: 'b', network: '2' });
    const b3 = bytes.open({ tenantId: 'b', network: '3' });
    expect(a1.take(41)).toBe(false);
    expect(a1.take(40)).toBe(true);
    expect(a2.take(21)).toBe(false);
    expect(a2.take(20)).toBe(true);
    expect(b2.take(21)).toBe(false);
    expect(b2.take(20)).toBe(true);
    expect(b3.take(21)).toBe(false);
    expect(b3.take(20)).toBe(true);
    expect(bytes.bytes).toBe(100);
    a1.release(10);
    expect(b3.take(10)).toBe(true);
  });

  it('takes everything back from an account that is closed, once', () => {
    const bytes = budget();
    const account = bytes.open({ tenantId: 'a', network: '1' });
    account.take(40);
    for (let twice = 0; twice < 2; twice++) account.close();
    expect(bytes.bytes).toBe(0);
    expect(account.take(1)).toBe(false);
    expect(bytes.open({ tenantId: 'a', network: '1' }).take(40)).toBe(true);
  });
});
