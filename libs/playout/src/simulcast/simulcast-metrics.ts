// What is counted of simulcast targets, for all tenants together.
import { TARGET_STATES } from '@millrace/control';
import type { TargetState } from '@millrace/control';
import type { Counter, Gauge, Metrics } from '@millrace/service-kit';
import { PUSH_FAULTS } from './push-fault.ts';
import type { PushFaultCode } from './push-fault.ts';

/** The edges of each process: several may share one, and its gauge. */
const EDGES = new WeakMap<Metrics, Set<() => readonly TargetState[]>>();

export class SimulcastMetrics {
  readonly #targets: Gauge<'state'>;
  readonly #bytes: Counter;
  readonly #failures: Counter<'reason'>;
  readonly #skips: Counter;
  readonly #remove: () => void;

  /** @param states those of the targets of this edge */
  constructor(metrics: Metrics, states: () => readonly TargetState[]) {
    this.#targets = metrics.gauge('simulcast_targets', 'Simulcast targets of the streams published here, by state.', {
      state: TARGET_STATES,
    });
    this.#bytes = metrics.counter('simulcast_bytes_total', 'Bytes of live media sent to simulcast targets.');
    this.#failures = metrics.counter(
      'simulcast_failures_total',
      'Failed attempts to send a stream to a simulcast target, by reason.',
      { reason: PUSH_FAULTS },
    );
    this.#skips = metrics.counter(
      'simulcast_skips_total',
      'Times that a slow simulcast target skipped to the next keyframe.',
    );
    const edges = EDGES.get(metrics) ?? new Set();
    EDGES.set(metrics, edges.add(states));
    const stop = metrics.beforeCollect(() => {
      const all = [...edges].flatMap((each) => each());
      for (const state of TARGET_STATES) this.#targets.set({ state }, all.filter((each) => each === state).length);
    });
    this.#remove = () => {
      stop();
      edges.delete(states);
    };
  }

  sent(bytes: number): void {
    this.#bytes.inc(bytes);
  }

  failed(reason: PushFaultCode): void {
    this.#failures.inc({ reason });
  }

  skipped(): void {
    this.#skips.inc();
  }

  /** Counts this edge no more. */
  stop(): void {
    this.#remove();
  }
}
