// What allocations tell of themselves, again and again and at their end, as metrics.
import type { Histogram, Metrics, TenantLabels } from '@millrace/service-kit';
import type { AllocationUsage } from '../allocation/upkeep.ts';

export class RelayUsageMetrics {
  readonly #lifetime: Histogram;
  readonly #labels: TenantLabels;
  readonly #bytes;
  /** When allocations that have told something and live on began, by name. */
  readonly #beganAtMs = new Map<string, number>();

  constructor(metrics: Metrics, lifetime: Histogram, labels: TenantLabels) {
    this.#lifetime = lifetime;
    this.#labels = labels;
    this.#bytes = metrics.counter('tenant_turn_bytes_total', 'Bytes relayed for a tenant, both directions together.', [
      'tenant',
    ]);
  }

  told({ tenantId, allocation, fromMs, toMs, sentBytes, receivedBytes, final }: AllocationUsage): void {
    this.#bytes.inc({ tenant: this.#labels.of(tenantId) }, sentBytes + receivedBytes);
    const beganAtMs = this.#beganAtMs.get(allocation) ?? fromMs;
    if (!final) {
      this.#beganAtMs.set(allocation, beganAtMs);
      return;
    }
    this.#beganAtMs.delete(allocation);
    this.#lifetime.observe((toMs - beganAtMs) / 1_000);
  }
}
