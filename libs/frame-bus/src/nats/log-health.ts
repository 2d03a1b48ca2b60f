// Whether the log of a shard takes frames: what an edge has to know before it accepts a publisher.
import type { NatsLink } from './nats-link.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';

const NOW = (): number => performance.now();

/** From the first failure on it asks by itself, so that it also ends where there is no publisher any more. */
export class LogHealth {
  readonly #link: NatsLink;
  readonly #limits: NatsFrameBusLimits;
  readonly #subject: string;
  #failingSinceMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param subject that the shard captures, and no stream's */
  constructor(link: NatsLink, limits: NatsFrameBusLimits, subject: string) {
    this.#link = link;
    this.#limits = limits;
    this.#subject = subject;
  }

  /** Whether it has taken nothing for longer than publishers are kept waiting. */
  get isStuck(): boolean {
    return this.#failingSinceMs !== undefined && NOW() - this.#failingSinceMs >= this.#limits.stuckAfterMs;
  }

  /** Frames were refused, or not confirmed in time, or there is no connection. */
  failed(): void {
    if (this.#failingSinceMs !== undefined) return;
    this.#failingSinceMs = NOW();
    this.#askLater();
  }

  /** Frames were stored. */
  stored(): void {
    if (this.#failingSinceMs === undefined) return;
    this.#failingSinceMs = undefined;
    clearTimeout(this.#timer);
  }

  close(): void {
    this.stored();
  }

  #askLater(): void {
    this.#timer = setTimeout(() => void this.#ask(), this.#limits.ackIntervalMs);
  }

  /** An empty message, which readers pass over. */
  async #ask(): Promise<void> {
    const since = this.#failingSinceMs;
    try {
      if (!this.#link.isReady) return;
      const options = { timeout: this.#limits.ackTimeoutMs };
      await this.#link.ask(() => this.#link.jetstream.publish(this.#subject, '', options));
      if (this.#failingSinceMs === since) this.stored();
    } catch {
      // It does not take it: the next question shows when it does.
    } finally {
      if (this.#failingSinceMs !== undefined) this.#askLater();
    }
  }
}
