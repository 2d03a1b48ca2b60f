// Asks the server for its settings until it can be reached: a network that is away when the visitor presses Join may be back soon.
import { Backoff } from '@millrace/rooms-client';
import type { ClientClock, Random } from '@millrace/rooms-client';
import { NoSignalingService } from './console-config.ts';
import type { ConsoleConfig } from './console-config.ts';

const SEARCH_TIMES = { firstMs: 500, longestMs: 10_000 };

export interface ServerSearchOptions {
  readonly load: () => Promise<ConsoleConfig>;
  readonly clock: Pick<ClientClock, 'after'>;
  readonly random: Random;
  /** It could not be reached; the search goes on. */
  readonly missed: (error: unknown) => void;
}

export class ServerSearch {
  readonly #options: ServerSearchOptions;
  readonly #backoff: Backoff;
  #stopped = false;
  #endPause: () => void = () => undefined;

  constructor(options: ServerSearchOptions) {
    this.#options = options;
    this.#backoff = new Backoff(SEARCH_TIMES, options.random);
  }

  /** @returns undefined when it was stopped. @throws NoSignalingService when the server was reached, and runs no rooms */
  async find(): Promise<ConsoleConfig | undefined> {
    while (!this.#stopped) {
      try {
        const config = await this.#options.load();
        return this.#isStopped() ? undefined : config;
      } catch (error) {
        if (error instanceof NoSignalingService) throw error;
        if (!this.#isStopped()) await this.#pause(error);
      }
    }
    return undefined;
  }

  /** The network has changed: no reason to wait. */
  hurry(): void {
    this.#endPause();
  }

  stop(): void {
    this.#stopped = true;
    this.#endPause();
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  async #pause(error: unknown): Promise<void> {
    this.#options.missed(error);
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(this.#backoff.nextMs(), resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}
