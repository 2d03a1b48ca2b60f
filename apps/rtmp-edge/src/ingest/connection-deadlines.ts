// How long a connection may take for what it has to do.
import type { ConnectionLimitReason } from './connection-limit-reasons.ts';

export type DeadlineReason = Extract<ConnectionLimitReason, `${string}_timeout`>;

export interface DeadlineLimits {
  readonly handshakeMs: number;
  readonly setupMs: number;
  readonly idleMs: number;
}

/** What the deadlines look at. */
export interface DeadlineProbe {
  /** Whether the handshake is over. */
  readonly handshakeDone: boolean;
  readonly bytesReceived: number;
  /** Whether reading is stopped from our side: silence is no fault then. */
  readonly paused: boolean;
}

/** Silence is measured in this many steps. */
const IDLE_STEPS = 4;

export class ConnectionDeadlines {
  readonly #limits: DeadlineLimits;
  readonly #probe: DeadlineProbe;
  readonly #expired: (reason: DeadlineReason) => void;
  #handshake: NodeJS.Timeout | undefined;
  #setup: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(limits: DeadlineLimits, probe: DeadlineProbe, expired: (reason: DeadlineReason) => void) {
    this.#limits = limits;
    this.#probe = probe;
    this.#expired = expired;
  }

  /** The connection is open: handshake, then publish. */
  connected(): void {
    this.#handshake = setTimeout(() => {
      if (!this.#probe.handshakeDone) this.#expired('handshake_timeout');
    }, this.#limits.handshakeMs);
    this.awaitStream();
  }

  /** Nothing is published or played; that has to begin in time. */
  awaitStream(): void {
    this.#stopStreamTimers();
    this.#setup = setTimeout(() => this.#expired('setup_timeout'), this.#limits.setupMs);
  }

  /** The client waits for us. */
  deciding(): void {
    this.#stopStreamTimers();
  }

  /** Media has to come. */
  publishing(): void {
    this.#stopStreamTimers();
    let received = this.#probe.bytesReceived;
    let quietSteps = 0;
    this.#idle = setInterval(() => {
      const isQuiet = this.#probe.bytesReceived === received && !this.#probe.paused;
      received = this.#probe.bytesReceived;
      quietSteps = isQuiet ? quietSteps + 1 : 0;
      if (quietSteps >= IDLE_STEPS) this.#expired('idle_timeout');
    }, this.#limits.idleMs / IDLE_STEPS);
  }

  /** Also: it is not read for now, for want of room. `connected` begins anew. */
  clear(): void {
    clearTimeout(this.#handshake);
    this.#stopStreamTimers();
  }

  #stopStreamTimers(): void {
    clearTimeout(this.#setup);
    clearInterval(this.#idle);
  }
}
