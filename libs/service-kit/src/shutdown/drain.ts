// How a service leaves: not ready first, then its door, then those who are with it. By a signal, or by hand.
import type { Readiness } from '../health/readiness.ts';
import type { Logger } from '../logging/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** What a service does for others, as far as leaving goes. */
export interface DrainWork {
  /** Refuses new clients, and asks those that are connected to go elsewhere. Cuts no connection. Called once. */
  leave(): void;
  /** How much there is left: publishers, sockets, allocations, leases. */
  left(): number;
}

export interface DrainReport {
  readonly draining: boolean;
  /** Whether newcomers still get in. */
  readonly door: 'open' | 'closed';
  /** How much there is left of what this service does for others. */
  readonly left: number;
}

export interface DrainOptions {
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** How long the door stays open once readiness has gone: load balancers take that long to notice. */
  readonly lagMs: number;
}

/**
 * The part of a stop that disturbs no client. A signal goes on from here to the end of the process, with its time limits; by hand it
 * ends here: the process stays, does what it still has to do, and takes nothing new, until a signal comes.
 */
export class Drain {
  readonly #options: DrainOptions;
  readonly #work: DrainWork;
  #begun: Promise<void> | undefined;
  #isDoorOpen = true;

  constructor(options: DrainOptions, work: DrainWork) {
    this.#options = options;
    this.#work = work;
    const draining = options.metrics.gauge('draining', '1 once this process has begun to drain.');
    options.metrics.beforeCollect(() => draining.set(this.#begun === undefined ? 0 : 1));
  }

  /** Begins, once. @returns resolves when no longer accepting clients; there may be much left then */
  begin(cause: 'signal' | 'request'): Promise<void> {
    this.#begun ??= this.#begin(cause);
    return this.#begun;
  }

  report(): DrainReport {
    return {
      draining: this.#begun !== undefined,
      door: this.#isDoorOpen ? 'open' : 'closed',
      left: this.#work.left(),
    };
  }

  async #begin(cause: string): Promise<void> {
    const { readiness, lagMs, logger } = this.#options;
    readiness.stopping();
    logger.info({ cause, lag_ms: lagMs, left: this.#work.left() }, 'draining');
    await new Promise((resolve) => setTimeout(resolve, lagMs));
    this.#isDoorOpen = false;
    this.#work.leave();
    logger.info({ left: this.#work.left() }, 'no longer accepting clients');
  }
}
