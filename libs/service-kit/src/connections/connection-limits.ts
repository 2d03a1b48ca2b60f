// How many connections there may be, in total and from one address.
export interface ConnectionLimit {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export class ConnectionLimits {
  readonly #limit: ConnectionLimit;
  readonly #byNetwork = new Map<string, number>();
  #total = 0;

  constructor(limit: ConnectionLimit) {
    this.#limit = limit;
  }

  get total(): number {
    return this.#total;
  }

  /** Takes a place. @returns gives it back, once; undefined when there is none left */
  take(network: string): (() => void) | undefined {
    const fromHere = this.#byNetwork.get(network) ?? 0;
    if (this.#total >= this.#limit.maxConnections || fromHere >= this.#limit.maxConnectionsPerAddress) return undefined;
    this.#total++;
    this.#byNetwork.set(network, fromHere + 1);
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      this.#giveBack(network);
    };
  }

  #giveBack(network: string): void {
    this.#total--;
    const left = (this.#byNetwork.get(network) ?? 1) - 1;
    if (left > 0) this.#byNetwork.set(network, left);
    else this.#byNetwork.delete(network);
  }
}
