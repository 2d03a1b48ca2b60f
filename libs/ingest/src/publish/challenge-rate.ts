// How many login challenges an address may request per minute: each one costs a message to a gateway before the client has proven anything.
const WINDOW_MS = 60_000;
/** How many addresses are counted; beyond that, the oldest is forgotten. */
const MAX_NETWORKS = 10_000;

export class ChallengeRate {
  readonly #perMinute: number;
  readonly #clock: () => number;
  #sinceMs: number;
  #taken = new Map<string, number>();

  /** @param clock milliseconds of a monotonic clock */
  constructor(perMinute: number, clock: () => number) {
    this.#perMinute = perMinute;
    this.#clock = clock;
    this.#sinceMs = clock();
  }

  /** @returns false when this address has used up its minute */
  take(network: string): boolean {
    if (this.#clock() - this.#sinceMs >= WINDOW_MS) {
      this.#sinceMs = this.#clock();
      this.#taken = new Map();
    }
    const taken = this.#taken.get(network) ?? 0;
    if (taken >= this.#perMinute) return false;
    this.#taken.set(network, taken + 1);
    if (this.#taken.size > MAX_NETWORKS) for (const oldest of this.#taken.keys()) return this.#taken.delete(oldest);
    return true;
  }
}
