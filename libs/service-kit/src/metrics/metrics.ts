// Prometheus metrics of one process. Several services in one process share one instance.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { NO_TIMER_MS, watchEventLoopLag } from './event-loop-lag.ts';

export type { Counter, Gauge, Histogram } from 'prom-client';

/** Every name begins with this. */
export const METRIC_PREFIX = 'millrace_';
/**
 * The names of labels; with all the values that each can have, so that a series is there, at 0, before anything happens: a
 * rate over the first event is then right, and a panel is not empty.
 */
export type Labels<L extends string> = readonly L[] | Readonly<Record<L, readonly string[]>>;

/** Series that one metric may begin with: a list of values that grows past it is a mistake. */
const MAX_INITIAL_SERIES = 200;

/** What is exported, for documentation and for those who check dashboards and alerts. */
export interface MetricDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

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
  readonly #described = new Map<string, MetricDescription>();

  constructor(options: MetricsOptions) {
    if (options.processMetrics !== false) {
      const register = this.#registry;
      collectDefaultMetrics({ register, prefix: METRIC_PREFIX, eventLoopMonitoringPrecision: NO_TIMER_MS });
      watchEventLoopLag(register, METRIC_PREFIX);
    }
    this.gauge('build_info', 'The version that is running; always 1.', ['component', 'version', 'node']).set(
      { component: options.service, version: options.version, node: process.version },
      1,
    );
  }

  /** @param name without the prefix, ending in `_total` */
  counter<L extends string = never>(name: string, help: string, labels: Labels<L> = []): Counter<L> {
    const found = this.#registry.getSingleMetric(METRIC_PREFIX + name);
    if (found instanceof Counter) return found;
    const counter = new Counter({ ...this.#describe('counter', name, help, labels), registers: [this.#registry] });
    for (const each of combinations(labels)) counter.inc(each, 0);
    return counter;
  }

  /** @param name without the prefix */
  gauge<L extends string = never>(name: string, help: string, labels: Labels<L> = []): Gauge<L> {
    const found = this.#registry.getSingleMetric(METRIC_PREFIX + name);
    if (found instanceof Gauge) return found;
    const gauge = new Gauge({ ...this.#describe('gauge', name, help, labels), registers: [this.#registry] });
    for (const each of combinations(labels)) gauge.set(each, 0);
    return gauge;
  }

  /** @param name without the prefix. @param buckets upper bounds, in the unit of the name */
  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels: Labels<L> = [],
  ): Histogram<L> {
    const found = this.#registry.getSingleMetric(METRIC_PREFIX + name);
    if (found instanceof Histogram) return found;
    const description = this.#describe('histogram', name, help, labels);
    const histogram = new Histogram({ ...description, buckets: [...buckets], registers: [this.#registry] });
    for (const each of combinations(labels)) histogram.zero(each);
    return histogram;
  }

  /** What was asked for so far, without the metrics of the process itself. */
  describe(): MetricDescription[] {
    return [...this.#described.values()];
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

  #describe<L extends string>(type: MetricDescription['type'], name: string, help: string, labels: Labels<L>) {
    const labelNames = namesOf(labels);
    this.#described.set(name, { name: METRIC_PREFIX + name, type, help, labels: labelNames });
    return { name: METRIC_PREFIX + name, help, labelNames };
  }
}

function namesOf<L extends string>(labels: Labels<L>): L[] {
  return isNames(labels) ? [...labels] : (Object.keys(labels) as L[]);
}

/** Every combination of the values that are known; none when only names are. @throws when there are too many */
function combinations<L extends string>(labels: Labels<L>): Record<L, string>[] {
  if (isNames(labels)) return [];
  let all = [{}] as Record<L, string>[];
  for (const name of namesOf(labels))
    all = all.flatMap((each) => labels[name].map((value) => ({ ...each, [name]: value })));
  if (all.length > MAX_INITIAL_SERIES) throw new RangeError(`${all.length} series of one metric`);
  return all;
}

const isNames = <L extends string>(labels: Labels<L>): labels is readonly L[] => Array.isArray(labels);
