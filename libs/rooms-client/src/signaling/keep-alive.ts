// Notices a socket that is dead without having said so, and keeps an idle one alive.
import type { ClientClock } from '../clock.ts';

export interface KeepAliveActions {
  ping(): void;
  /** Nothing came back in time. */
  dead(): void;
}

/** So long a ping may go unanswered. */
export const PONG_TIMEOUT_MS = 5_000;

export class KeepAlive {
  readonly #clock: ClientClock;
  readonly #actions: KeepAliveActions;
  readonly #intervalMs: number;
  #cancelPing: (() => void) | undefined;
  #cancelDeadline: (() => void) | undefined;

  constructor(clock: ClientClock, intervalMs: number, actions: KeepAliveActions) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#actions = actions;
    this.#arm();
  }

  /** Anything that was sent counts for the server as a ping; it says nothing about whether it arrives. */
  received(): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
  }

  /** Asks now: after the machine slept, or the network changed. */
  check(): void {
    if (this.#cancelDeadline !== undefined) return;
    this.#actions.ping();
    this.#cancelDeadline = this.#clock.after(PONG_TIMEOUT_MS, () => this.#actions.dead());
  }

  stop(): void {
    this.#cancelPing?.();
    this.received();
  }

  #arm(): void {
    this.#cancelPing = this.#clock.after(this.#intervalMs, () => {
      this.#arm();
      this.check();
    });
  }
}
