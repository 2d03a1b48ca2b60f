// How full the live store is: asked at a bounded rate, by every gateway. All of them say the same.
import { onSharedBeat } from '@millrace/domain';
import type { Beat } from '@millrace/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { GATEWAY_LOGGER, GATEWAY_METRICS } from '../ports/tokens.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';

const LOOK_MS = 5_000;

@Injectable()
export class StoreWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: Beat | undefined;

  constructor(
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    void this.look();
    this.#timer = onSharedBeat(LOOK_MS, () => void this.look());
  }

  onApplicationShutdown(): void {
    this.#timer?.stop();
  }

  /** Does not fail: while the store does not answer, the figures stay as they are. */
  async look(): Promise<void> {
    if (!this.store.isReady()) return;
    try {
      const { usedBytes, limitBytes } = await this.store.readMemory();
      this.metrics.storeMemory.set(usedBytes);
      this.metrics.storeMemoryLimit.set(limitBytes);
    } catch (error) {
      this.logger.debug({ err: error }, 'the live store did not report how full it is');
    }
  }
}
