import { describe, expect, it } from 'vitest';
import { SharedPlaces } from './shared-places.ts';

describe('SharedPlaces', () => {
  it('gives an address its share, and others theirs', () => {
    const places = new SharedPlaces({ max: 5, maxPerAddress: 2 });
    const first = places.take({ network: 'a' });
    expect(first).toBeDefined();
    expect(places.take({ network: 'a' })).toBeDefined();
    expect(places.take({ network: 'a' })).toBeUndefined();
    expect(places.take({ network: 'b' })).toBeDefined();
    first!();
    first!();
    expect(places.taken).toBe(2);
    expect(places.take({ network: 'a' })).toBeDefined();
    expect(places.take({ network: 'a' })).toBeUndefined();
  });

  it('gives a tenant its share, and others theirs', () => {
    const places = new SharedPlaces({ max: 5, maxPerAddress: 5, maxPerTenant: 2 });
    const release = places.take({ network: 'a', tenantId: 't' });
    expect(places.take({ network: 'b', tenantId: 't' })).toBeDefined();
    expect(places.take({ network: 'c', tenantId: 't' })).toBeUndefined();
    expect(places.take({ network: 'c', tenantId: 'u' })).toBeDefined();
    release!();
    expect(places.take({ network: 'c', tenantId: 't' })).toBeDefined();
  });

  it('has so many in all', () => {
    const places = new SharedPlaces({ max: 2, maxPerAddress: 1 });
    expect(places.take({ network: 'a' })).toBeDefined();
    expect(places.take({ network: 'b' })).toBeDefined();
    expect(places.take({ network: 'c' })).toBeUndefined();
  });
});
