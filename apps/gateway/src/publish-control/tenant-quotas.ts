// How much of its quota of live streams each tenant uses. Every gateway says the same.
import { Inject, Injectable } from '@nestjs/common';
import type { PublishClaim } from '@millrace/domain';
import { OTHER_TENANTS, TenantLabels } from '@millrace/service-kit';
import type { Metrics } from '@millrace/service-kit';
import { GATEWAY_METRICS, GATEWAY_SETTINGS, METRICS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';

@Injectable()
export class TenantQuotas {
  readonly #labels: TenantLabels;

  constructor(
    @Inject(METRICS) registry: Metrics,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
  ) {
    this.#labels = new TenantLabels(registry, settings.metricsTenantLimit);
  }

  /** @param claims of all streams that are published now */
  show(claims: readonly PublishClaim[], tenants: ReadonlyMap<string, { readonly maxLiveStreams: number }>): void {
    const live = new Map<string, number>();
    for (const { tenantId } of claims) live.set(tenantId, (live.get(tenantId) ?? 0) + 1);
    this.metrics.tenantQuota.reset();
    for (const [tenantId, streams] of live) {
      const maximum = tenants.get(tenantId)?.maxLiveStreams ?? 0;
      const tenant = this.#labels.of(tenantId);
      if (maximum > 0 && tenant !== OTHER_TENANTS) this.metrics.tenantQuota.set({ tenant }, streams / maximum);
    }
  }
}
