// How full the log of the frame bus is: asked at a bounded rate, by every packager, so that no exporter is needed. All of them
// say the same: a query takes the maximum.
import { onSharedBeat } from '@millrace/domain';
import type { Beat } from '@millrace/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { FRAME_BUS } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { LOGGER, METRICS } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';

/** How often the bus is asked how full its log is. */
const LOOK_MS = 5_000;

export function logMetrics(metrics: Metrics) {
  const gauge = (name: string, help: string) => metrics.gauge(name, help, ['shard']);
  return {
    bytes: gauge('bus_log_bytes', 'Bytes of frames in the frame log.'),
    limitBytes: gauge('bus_log_limit_bytes', 'Size of the frame log at which the oldest frames are discarded.'),
    messages: gauge('bus_log_messages', 'Messages in the frame log.'),
    readers: gauge('bus_log_readers', 'Consumers of the frame log: packagers that are catching up.'),
    age: gauge('bus_log_age_seconds', 'Age of the oldest frame in the frame log.'),
  };
}

@Injectable()
export class LogWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #metrics: ReturnType<typeof logMetrics>;
  #timer: Beat | undefined;

  constructor(
    @Inject(FRAME_BUS) private readonly bus: FrameBus,
    @Inject(METRICS) metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#metrics = logMetrics(metrics);
  }

  onApplicationBootstrap(): void {
    void this.#look();
    this.#timer = onSharedBeat(LOOK_MS, () => void this.#look());
  }

  beforeApplicationShutdown(): void {
    this.#timer?.stop();
  }

  /** Does not fail: while the log does not answer, the figures stay as they are. */
  async #look(): Promise<void> {
    if (!this.bus.isReady()) return;
    try {
      for (const { shard, bytes, limitBytes, messages, readers, ageMs } of await this.bus.readLogs()) {
        const labels = { shard: String(shard) };
        this.#metrics.bytes.set(labels, bytes);
        this.#metrics.limitBytes.set(labels, limitBytes);
        this.#metrics.messages.set(labels, messages);
        this.#metrics.readers.set(labels, readers);
        this.#metrics.age.set(labels, ageMs / 1_000);
      }
    } catch (error) {
      this.logger.debug({ err: error }, 'the frame bus did not report how full it is');
    }
  }
}
