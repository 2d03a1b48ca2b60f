// What each tenant's viewers get: counted as plain numbers on the hot path, turned into metrics when they are collected.
import type { Metrics, TenantLabels } from '@millrace/service-kit';
import { METERING_LIMITS } from './metering-limits.ts';

/** How many tenants are counted before their numbers go into the metrics, when these are not collected earlier. */
const MAX_TENANTS = METERING_LIMITS.maxMeteredTenants;

interface Counts {
  bytes: number;
  seconds: number;
}

export class TenantPlayback {
  readonly #counts = new Map<string, Counts>();
  readonly #bytes;
  readonly #seconds;
  readonly #labels: TenantLabels;

  constructor(metrics: Metrics, labels: TenantLabels) {
    this.#labels = labels;
    this.#bytes = metrics.counter('tenant_egress_bytes_total', 'Bytes sent to the viewers of a tenant.', ['tenant']);
    this.#seconds = metrics.counter(
      'tenant_viewer_seconds_total',
      'Watching time of the viewers of a tenant; approximate for HLS viewers, in steps of 15 s.',
      ['tenant'],
    );
    metrics.beforeCollect(() => this.#flush());
  }

  sent(tenantId: string, bytes: number): void {
    this.#of(tenantId).bytes += bytes;
  }

  /** A viewer has watched for this long. */
  watched(tenantId: string, seconds: number): void {
    this.#of(tenantId).seconds += seconds;
  }

  #of(tenantId: string): Counts {
    let counts = this.#counts.get(tenantId);
    if (counts === undefined) {
      if (this.#counts.size >= MAX_TENANTS) this.#flush();
      this.#counts.set(tenantId, (counts = { bytes: 0, seconds: 0 }));
    }
    return counts;
  }

  #flush(): void {
    for (const [tenantId, { bytes, seconds }] of this.#counts) {
      const tenant = this.#labels.of(tenantId);
      this.#bytes.inc({ tenant }, bytes);
      this.#seconds.inc({ tenant }, seconds);
    }
    this.#counts.clear();
  }
}
