// Fetches new relay credentials before the ones in use run out.
import { Backoff } from '../backoff.ts';
import type { ClientClock, Random } from '../clock.ts';
import type { IceServer } from '../messages.ts';

export interface IceGrant {
  readonly servers: readonly IceServer[];
  readonly expiresAt: string;
}

/** So much of the lifetime is left when new ones are fetched. */
const SPARE_SHARE = 0.25;
const LONGEST_SPARE_MS = 10 * 60_000;
const SHORTEST_WAIT_MS = 1_000;
const RETRY_TIMES = { firstMs: 2_000, longestMs: 30_000 };

export class IceLifetime {
  readonly #clock: ClientClock;
  readonly #fetch: () => Promise<IceGrant>;
  readonly #renewed: (servers: readonly IceServer[]) => void;
  readonly #backoff: Backoff;
  /** What to add to our clock to have the server's: a machine whose date is wrong still renews in time. */
  #clockOffsetMs = 0;
  #cancel: (() => void) | undefined;
  #generation = 0;

  constructor(
    clock: ClientClock,
    random: Random,
    fetch: () => Promise<IceGrant>,
    renewed: (servers: readonly IceServer[]) => void,
  ) {
    this.#clock = clock;
    this.#fetch = fetch;
    this.#renewed = renewed;
    this.#backoff = new Backoff(RETRY_TIMES, random);
  }

  /** @param serverTime the server's date at this moment, ISO 8601 */
  begin(expiresAt: string, serverTime: string): void {
    const offsetMs = Date.parse(serverTime) - this.#clock.now();
    this.#clockOffsetMs = Number.isFinite(offsetMs) ? offsetMs : 0;
    this.#schedule(expiresAt);
  }

  stop(): void {
    this.#generation++;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(expiresAt: string): void {
    this.stop();
    const leftMs = Date.parse(expiresAt) - (this.#clock.now() + this.#clockOffsetMs);
    // Servers without credentials have nothing that runs out.
    if (!Number.isFinite(leftMs)) return;
    const waitMs = Math.max(SHORTEST_WAIT_MS, leftMs - Math.min(leftMs * SPARE_SHARE, LONGEST_SPARE_MS));
    this.#cancel = this.#clock.after(waitMs, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const generation = this.#generation;
    try {
      const { servers, expiresAt } = await this.#fetch();
      if (generation !== this.#generation) return;
      this.#backoff.reset();
      this.#schedule(expiresAt);
      this.#renewed(servers);
    } catch {
      // While the socket is away the server cannot be asked; what runs goes on, and this is tried again.
      if (generation !== this.#generation) return;
      this.#cancel = this.#clock.after(this.#backoff.nextMs(), () => void this.#renew());
    }
  }
}
