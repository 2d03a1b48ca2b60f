import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';
import { OTHER_TENANTS, TenantLabels } from './tenant-labels.ts';

const create = () => new Metrics({ service: 'test', version: '1.2.3', processMetrics: false });

describe('TenantLabels', () => {
  it('gives the first tenants a label of their own, and the rest one together', async () => {
    const metrics = create();
    const labels = new TenantLabels(metrics, 2);
    expect(['a', 'b'].map((id) => labels.of(id))).toEqual(['a', 'b']);
    expect(await metrics.text()).toContain('millrace_tenant_limit_reached 0');
    expect(['c', 'd', 'a', 'b'].map((id) => labels.of(id))).toEqual([OTHER_TENANTS, OTHER_TENANTS, 'a', 'b']);
    expect(await metrics.text()).toContain('millrace_tenant_limit_reached 1');
  });

  it('gives no tenant one when the limit is 0', () => {
    expect(new TenantLabels(create(), 0).of('a')).toBe(OTHER_TENANTS);
  });
});
