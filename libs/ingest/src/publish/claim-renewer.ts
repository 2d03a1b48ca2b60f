// Keeps the claims of this edge's publishers alive, all of them in one round trip a second.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { PublishRefusal } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { ClaimLoss, LiveStore } from '@millrace/live-store';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { INGEST_METRICS } from '../ingest-options.ts';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { ActivePublishers } from './active-publishers.ts';

/** Revoking a key disconnects its publisher within a second even if the control message was lost. */
const RENEW_INTERVAL_MS = 1_000;

const REASONS: Readonly<Record<ClaimLoss, PublishRefusal>> = {
  taken_over: 'taken_over',
  key_revoked: 'key_revoked',
  ended: 'ended',
};

@Injectable()
export class ClaimRenewer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #failing = false;

  constructor(
    private readonly publishers: ActivePublishers,
    @Inject(LIVE_STORE) private readonly liveStore: LiveStore,
    @Inject(INGEST_METRICS) private readonly metrics: IngestMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.#renew(), RENEW_INTERVAL_MS);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** One round. It is skipped while another one waits for the store. Streams stay live while the store is unavailable. */
  async #renew(): Promise<void> {
    const active = this.publishers.list();
    if (this.#running || active.length === 0) return;
    this.#running = true;
    try {
      const losses = await this.liveStore.renewClaims(active.map(({ publisher }) => publisher.claim));
      losses.forEach((loss, i) => {
        if (loss !== undefined) active[i]?.cut(REASONS[loss]);
      });
      if (this.#failing) this.logger.info('claim renewal works again');
      this.#failing = false;
    } catch (error) {
      this.metrics.renewFailures.inc();
      if (!this.#failing) this.logger.warn({ err: error }, 'cannot renew claims; publishers continue');
      this.#failing = true;
    } finally {
      this.#running = false;
    }
  }
}
