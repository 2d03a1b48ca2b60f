import { Metrics, TenantLabels } from '@millrace/service-kit';
import { describe, expect, it } from 'vitest';
import { TenantPlayback } from './tenant-playback.ts';

describe('TenantPlayback', () => {
  it('loses nothing of a tenant, however many others are served between two collections', async () => {
    const metrics = new Metrics({ service: 'gateway', version: '0', processMetrics: false });
    const playback = new TenantPlayback(metrics, new TenantLabels(metrics, 1));
    playback.sent('ten_first', 100);
    playback.watched('ten_first', 15);
    for (let n = 0; n < 21_000; n++) playback.sent(`ten_${n}`, 1);
    playback.sent('ten_first', 11);
    playback.watched('ten_first', 15);
    const text = await metrics.text();
    expect(text).toContain('millrace_tenant_egress_bytes_total{tenant="ten_first"} 111');
    expect(text).toContain('millrace_tenant_viewer_seconds_total{tenant="ten_first"} 30');
    expect(text).toContain('millrace_tenant_egress_bytes_total{tenant="__other__"} 21000');
  });
});
