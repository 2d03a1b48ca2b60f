// Prometheus metrics of one process. Several services in one process share one instance.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type { Counter, Gauge, Histogram } from 'prom-client';

/** Every name begins with this. */
export const METRIC_PREFIX = 'millrace_';

export interface MetricsOptions {
  readonly service: string;
  readonly version: string;
  /** Whether to add the process's own: event-loop lag, garbage collection, heap, CPU. Default true. */
  readonly processMetrics?: boolean;
}

/**
 * A registry with the prefix. Asking twice for one name gives the same metric, so services that share a process may share
 * metrics. Labels must come from a bounded set: never a name that a peer chose.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #beforeCollect = new Set<() => void>();

  constructor(options: MetricsOptions) {
    if (options.processMetrics !== false) collectDefaultMetrics({ register: this.#registry, prefix: METRIC_PREFIX });
    this.gauge('build_info', 'Which version runs; always 1.', ['service', 'version', 'node']).set(
      { service: options.service, version: options.version, node: process.version },
      1,
    );
  }

  /** @param name without the prefix, ending in `_total` */
  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    const found = this.#registry.getSingleMetric(METRIC_PREFIX + name);
    if (found instanceof Counter) return found;
    return new Counter({ name: METRIC_PREFIX + name, help, labelNames, registers: [this.#registry] });
  }

  /** @param name without the prefix */
  gauge<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    const found = this.#registry.getSingleMetric(METRIC_PREFIX + name);
    if (found instanceof Gauge) return found;
    return new Gauge({ name: METRIC_PREFIX + name, help, labelNames, registers: [this.#registry] });
  }

  /** @param name without the prefix. @param buckets upper bounds, in the unit of the name */
  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> {
    const found = this.#registry.getSingleMetric(METRIC_PREFIX + name);
    if (found instanceof Histogram) return found;
    const options = {
      name: METRIC_PREFIX + name,
      help,
      buckets: [...buckets],
      labelNames,
      registers: [this.#registry],
    };
    return new Histogram(options);
  }

  /**
   * Calls back before each collection: where a hot path counts in plain numbers, this is where they become metrics.
   *
   * @returns stops it
   */
  beforeCollect(update: () => void): () => void {
    this.#beforeCollect.add(update);
    return () => void this.#beforeCollect.delete(update);
  }

  /** Everything in the text format of Prometheus. */
  async text(): Promise<string> {
    for (const update of this.#beforeCollect) update();
    return this.#registry.metrics();
  }

  /** The content type of `text()`. */
  get contentType(): string {
    return this.#registry.contentType;
  }
}
