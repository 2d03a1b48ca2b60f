// What each tenant's viewers get: counted in plain numbers on the hot path, made into metrics when they are collected.
import type { Metrics, TenantLabels } from '@millrace/service-kit';
import { PLAYBACK_CODE_LIMITS } from '../playback/playback-limits.ts';
import { VIEWER_STEP_S } from './viewer-count.ts';

/** How many tenants are counted before their numbers go into the metrics, when these are not collected earlier. */
const MAX_TENANTS = PLAYBACK_CODE_LIMITS.maxMeteredTenants;

interface Counts {
  bytes: number;
  viewers: number;
}

export class TenantPlayback {
  private readonly counts = new Map<string, Counts>();
  private readonly bytes;
  private readonly seconds;

  constructor(
    metrics: Metrics,
    private readonly labels: TenantLabels,
  ) {
    this.bytes = metrics.counter('tenant_egress_bytes_total', 'Bytes that viewers of a tenant were sent.', ['tenant']);
    this.seconds = metrics.counter(
      'tenant_viewer_seconds_total',
      'Time for which viewers of a tenant watched, in steps of 15 s; roughly.',
      ['tenant'],
    );
    metrics.beforeCollect(() => this.flush());
  }

  sent(tenantId: string, bytes: number): void {
    this.of(tenantId).bytes += bytes;
  }

  /** A viewer that was not noted yet in this half of the window. */
  watched(tenantId: string): void {
    this.of(tenantId).viewers++;
  }

  private of(tenantId: string): Counts {
    let counts = this.counts.get(tenantId);
    if (counts === undefined) {
      if (this.counts.size >= MAX_TENANTS) this.flush();
      this.counts.set(tenantId, (counts = { bytes: 0, viewers: 0 }));
    }
    return counts;
  }

  private flush(): void {
    for (const [tenantId, { bytes, viewers }] of this.counts) {
      const tenant = this.labels.of(tenantId);
      this.bytes.inc({ tenant }, bytes);
      this.seconds.inc({ tenant }, viewers * VIEWER_STEP_S);
    }
    this.counts.clear();
  }
}
