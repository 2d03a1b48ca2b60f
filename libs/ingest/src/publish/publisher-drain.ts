// Publishers leave a stopping edge: those that can be asked to, in their own time; the others one by one, at a keyframe.
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { INGEST_METRICS } from '../ingest-options.ts';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { ActivePublishers, WaitingPublishers } from './active-publishers.ts';

@Injectable()
export class PublisherDrain {
  #hasBegun = false;
  #onEmpty: (() => void) | undefined;

  constructor(
    private readonly publishers: ActivePublishers,
    private readonly waiting: WaitingPublishers,
    @Inject(INGEST_METRICS) private readonly metrics: IngestMetrics,
  ) {}

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Asks publishers whose protocol has such a request to reconnect elsewhere; the others continue undisturbed. Idempotent. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { publishers, metrics } = this;
    metrics.draining.set(1);
    publishers.onRemoved = () => {
      metrics.drainRemaining.set(publishers.size);
      if (publishers.size === 0) this.#onEmpty?.();
    };
    metrics.drainRemaining.set(publishers.size);
    for (const active of publishers.list()) active.askToReconnect();
    // They wait elsewhere from now on: viewers see nothing of that.
    for (const active of this.waiting.list()) if (!active.askToReconnect()) active.end(0);
  }

  /** Resolves when all of them have gone, at the latest after this time. */
  async gone(timeoutMs: number): Promise<void> {
    if (this.publishers.size === 0 || timeoutMs === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * Disconnects the publishers that are left within `spreadMs`. The disconnections are spread over the first half, so that encoders do
   * not all reach the other edges at once; each publisher has the second half to reach a keyframe, so that no group of pictures is cut.
   */
  async end(spreadMs: number): Promise<void> {
    const left = this.publishers.list();
    const patienceMs = Math.floor(spreadMs / 2);
    const stepMs = patienceMs / left.length;
    const ends = left.map(async (active, i) => {
      await delay(Math.floor(i * stepMs));
      active.end(patienceMs);
    });
    await Promise.all(ends);
    await this.gone(patienceMs + 1);
  }
}
