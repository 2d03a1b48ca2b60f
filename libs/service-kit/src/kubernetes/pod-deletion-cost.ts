// Which pod goes when there are fewer: the one that carries least. A ReplicaSet deletes by this annotation, lowest first.
import type { Logger } from '../logging/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { OwnPod } from './own-pod.ts';

const ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';
/** Each change is a write to the API server, of every pod: Kubernetes asks for few of them. */
const MIN_INTERVAL_MS = 30_000;
/** The annotation is a 32-bit number. */
const MAX_COST = 2 ** 31 - 1;

export interface PodDeletionCostOptions {
  readonly pod: OwnPod;
  /** What this process carries: publishers, leases, sockets, allocations. */
  readonly load: () => number;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Between two looks at the load, and so between two writes. */
  readonly intervalMs?: number;
}

export class PodDeletionCost {
  readonly #options: PodDeletionCostOptions;
  #timer: NodeJS.Timeout | undefined;
  #told: number | undefined;
  #telling = false;
  #failing = false;

  constructor(options: PodDeletionCostOptions) {
    this.#options = options;
  }

  /** Tells now, and again whenever it has changed. Nothing waits for it, and nothing fails with it. */
  start(): void {
    const { intervalMs = MIN_INTERVAL_MS } = this.#options;
    this.#timer = setInterval(() => void this.#tell(), intervalMs);
    this.#timer.unref();
    void this.#tell();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #tell(): Promise<void> {
    const { pod, load, metrics, logger } = this.#options;
    const cost = twoDigits(load());
    if (this.#telling || cost === this.#told) return;
    this.#telling = true;
    try {
      await pod.annotate(ANNOTATION, String(cost));
      this.#told = cost;
      if (this.#failing) logger.info({ cost }, 'reporting the load to Kubernetes again');
      this.#failing = false;
    } catch (error) {
      metrics
        .counter('pod_deletion_cost_failures_total', 'Failed attempts to report the load of this pod to Kubernetes.')
        .inc();
      if (!this.#failing) logger.warn({ err: error }, 'cannot report the load to Kubernetes');
      this.#failing = true;
    } finally {
      this.#telling = false;
    }
  }
}

/** 1234 as 1200: who carries a thousand need not tell of each one that comes and goes. */
function twoDigits(load: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, load))) - 1);
  return Math.min(Math.round(load / unit) * unit, MAX_COST);
}
