// How many candidates a participant may send to each other one until the next offer or answer between them.

export class CandidateBudget {
  readonly #most: number;
  readonly #spent = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns whether there was one left */
  spend(to: string): boolean {
    const spent = this.#spent.get(to) ?? 0;
    if (spent >= this.#most) return false;
    this.#spent.set(to, spent + 1);
    return true;
  }

  /** A new description was sent to this one, or it is gone. */
  renew(to: string): void {
    this.#spent.delete(to);
  }
}
