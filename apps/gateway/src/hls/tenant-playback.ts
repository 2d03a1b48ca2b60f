// What each tenant's viewers get: counted by playback id on the hot path, made into metrics of tenants when they are collected.
import type { Metrics, TenantLabels } from '@millrace/service-kit';
import { VIEWER_STEP_S } from './viewer-count.ts';

/** So many ids are told apart between two collections; what is beyond is not counted for anybody. */
const MAX_IDS = 20_000;

interface Counts {
  bytes: number;
  viewers: number;
}

export class TenantPlayback {
  private readonly counts = new Map<string, Counts>();
  private readonly bytes;
  private readonly seconds;

  /** @param tenantOf the tenant of a playback id that has been served lately */
  constructor(
    metrics: Metrics,
    private readonly labels: TenantLabels,
    private readonly tenantOf: (playbackId: string) => string | undefined,
  ) {
    this.bytes = metrics.counter('tenant_egress_bytes_total', 'Bytes that viewers of a tenant were sent.', ['tenant']);
    this.seconds = metrics.counter(
      'tenant_viewer_seconds_total',
      'Time for which viewers of a tenant watched, in steps of 15 s; roughly.',
      ['tenant'],
    );
    metrics.beforeCollect(() => this.flush());
  }

  sent(playbackId: string, bytes: number): void {
    const counts = this.of(playbackId);
    if (counts !== undefined) counts.bytes += bytes;
  }

  /** A viewer that was not noted yet in this half of the window. */
  watched(playbackId: string): void {
    const counts = this.of(playbackId);
    if (counts !== undefined) counts.viewers++;
  }

  private of(playbackId: string): Counts | undefined {
    let counts = this.counts.get(playbackId);
    if (counts === undefined && this.counts.size < MAX_IDS)
      this.counts.set(playbackId, (counts = { bytes: 0, viewers: 0 }));
    return counts;
  }

  private flush(): void {
    for (const [playbackId, { bytes, viewers }] of this.counts) {
      const tenantId = this.tenantOf(playbackId);
      if (tenantId === undefined) continue;
      const tenant = this.labels.of(tenantId);
      this.bytes.inc({ tenant }, bytes);
      this.seconds.inc({ tenant }, viewers * VIEWER_STEP_S);
    }
    this.counts.clear();
  }
}
