// The ingest of each tenant, with a bounded number of labels.
import type { Metrics, TenantLabels } from '@millrace/service-kit';

export class TenantIngest {
  readonly #labels: TenantLabels;
  readonly #bytes;
  readonly #seconds;
  readonly #streams;

  constructor(metrics: Metrics, labels: TenantLabels) {
    this.#labels = labels;
    this.#bytes = metrics.counter('tenant_ingest_bytes_total', 'Bytes received from the encoders of a tenant.', [
      'tenant',
    ]);
    this.#seconds = metrics.counter('tenant_ingest_seconds_total', 'Publishing time of the encoders of a tenant.', [
      'tenant',
    ]);
    this.#streams = metrics.gauge('tenant_streams_active', 'Streams of a tenant being published to this process.', [
      'tenant',
    ]);
  }

  began(tenantId: string): void {
    this.#streams.inc({ tenant: this.#labels.of(tenantId) });
  }

  count(tenantId: string, bytes: number, seconds: number): void {
    const tenant = this.#labels.of(tenantId);
    this.#bytes.inc({ tenant }, bytes);
    this.#seconds.inc({ tenant }, seconds);
  }

  ended(tenantId: string): void {
    this.#streams.dec({ tenant: this.#labels.of(tenantId) });
  }
}
