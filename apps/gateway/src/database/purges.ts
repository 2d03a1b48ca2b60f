// What is deleted when its time is over: each feature says what, and how often. Every gateway does it, beside the others.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { DatabaseUnavailable } from './database.errors.ts';

export interface Purge {
  /** Names it in the log: "cannot delete …". */
  readonly what: string;
  readonly everyMs: number;
  /** In steps, so that it holds no lock for long. @param stop the gateway stops: what is left is deleted another time */
  readonly run: (nowMs: number, stop: AbortSignal) => Promise<void>;
}

@Injectable()
export class Purges implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #purges: Purge[] = [];
  readonly #timers = new Map<Purge, NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(@Inject(GATEWAY_LOGGER) private readonly logger: Logger) {}

  /** Call it in a constructor: purges begin when everything has been made. */
  add(purge: Purge): void {
    this.#purges.push(purge);
  }

  onApplicationBootstrap(): void {
    for (const purge of this.#purges) this.#schedule(purge);
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#running);
  }

  /** Purges now. @param what which of them */
  async run(what: string, nowMs: number): Promise<void> {
    for (const purge of this.#purges) if (purge.what === what) await purge.run(nowMs, this.#stop.signal);
  }

  /** The pause begins when a purge has ended: one of many rows may take longer than it. */
  #schedule(purge: Purge): void {
    const timer = setTimeout(() => {
      const running = this.#try(purge).finally(() => {
        this.#running.delete(running);
        if (!this.#stop.signal.aborted) this.#schedule(purge);
      });
      this.#running.add(running);
    }, purge.everyMs).unref();
    this.#timers.set(purge, timer);
  }

  async #try({ what, run }: Purge): Promise<void> {
    try {
      await run(Date.now(), this.#stop.signal);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) this.logger.warn({ err: error }, `cannot delete ${what}`);
    }
  }
}
