// How many different wrong keys an address may try per minute, so that guessing is slow.
import { createHash } from 'node:crypto';

const WINDOW_MS = 60_000;
/** How many addresses are remembered; beyond that, the one whose first wrong key is oldest is forgotten. */
const MAX_NETWORKS = 10_000;
const DIGEST_LENGTH = 12;

interface Tries {
  readonly sinceMs: number;
  /** Digests of the wrong keys. Encoders repeat a wrong key on their own: that is not another guess. */
  readonly digests: Set<string>;
}

export class WrongKeys {
  readonly #perMinute: number;
  readonly #clock: () => number;
  /** In the order of `sinceMs`. */
  readonly #tries = new Map<string, Tries>();

  /** @param clock milliseconds of a monotonic clock */
  constructor(perMinute: number, clock: () => number) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Whether this address has tried too many wrong keys: it learns nothing about further ones, but a valid key still passes. */
  isBlocked(network: string): boolean {
    return (this.#current(network)?.digests.size ?? 0) >= this.#perMinute;
  }

  /** Remembers a wrong key. */
  add(network: string, key: string): void {
    let tries = this.#current(network);
    if (!tries) {
      tries = { sinceMs: this.#clock(), digests: new Set() };
      this.#tries.set(network, tries);
      this.#forgetOldest();
    }
    if (tries.digests.size < this.#perMinute)
      tries.digests.add(createHash('sha256').update(key).digest('base64').slice(0, DIGEST_LENGTH));
  }

  #current(network: string): Tries | undefined {
    const tries = this.#tries.get(network);
    if (tries && this.#clock() - tries.sinceMs < WINDOW_MS) return tries;
    if (tries) this.#tries.delete(network);
    return undefined;
  }

  #forgetOldest(): void {
    if (this.#tries.size <= MAX_NETWORKS) return;
    const oldest = this.#tries.keys().next();
    if (!oldest.done) this.#tries.delete(oldest.value);
  }
}
