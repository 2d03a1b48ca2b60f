// Keeps the claims of this edge's publishers alive, all of them in one round trip a second.
import type { PublishRefusal } from '@millrace/domain';
import type { ClaimLoss, LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import type { ActivePublishers } from './active-publishers.ts';

/** A revoked key is cut within a second even when the control message about it was lost. */
const RENEW_INTERVAL_MS = 1_000;

const REASONS: Readonly<Record<ClaimLoss, PublishRefusal>> = {
  taken_over: 'taken_over',
  key_revoked: 'key_revoked',
  ended: 'ended',
};

export class ClaimRenewer {
  readonly #publishers: ActivePublishers;
  readonly #liveStore: LiveStore;
  readonly #metrics: IngestMetrics;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #failing = false;

  constructor(publishers: ActivePublishers, liveStore: LiveStore, metrics: IngestMetrics, logger: Logger) {
    this.#publishers = publishers;
    this.#liveStore = liveStore;
    this.#metrics = metrics;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = setInterval(() => void this.renew(), RENEW_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One round; none begins while another one waits for the store. Live streams go on while the store is away. */
  async renew(): Promise<void> {
    const active = this.#publishers.list();
    if (this.#running || active.length === 0) return;
    this.#running = true;
    try {
      const losses = await this.#liveStore.renewClaims(active.map(({ publisher }) => publisher.claim));
      losses.forEach((loss, i) => {
        if (loss !== undefined) active[i]?.cut(REASONS[loss]);
      });
      if (this.#failing) this.#logger.info('claim renewal works again');
      this.#failing = false;
    } catch (error) {
      this.#metrics.renewFailures.inc();
      if (!this.#failing) this.#logger.warn({ err: error }, 'cannot renew claims; publishers continue');
      this.#failing = true;
    } finally {
      this.#running = false;
    }
  }
}
