// How many connections there may be, in total and from one address.
export interface ConnectionLimit {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

export interface ConnectionPlace {
  /** Whose it is is known, and limited by other means: it counts against its address no longer. */
  readonly prove: () => void;
  /** The connection is gone. */
  readonly release: () => void;
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

  /** Takes a place. @returns a function that releases it once; undefined when there is none left */
  take(network: string): (() => void) | undefined {
    return this.takePlace(network)?.release;
  }

  /** Likewise, for connections that may come to count in total only. */
  takePlace(network: string): ConnectionPlace | undefined {
    const fromHere = this.#byNetwork.get(network) ?? 0;
    if (this.#total >= this.#limit.maxConnections || fromHere >= this.#limit.maxConnectionsPerAddress) return undefined;
    this.#total++;
    this.#byNetwork.set(network, fromHere + 1);
    let taken = true;
    let counts = true;
    const prove = (): void => {
      if (counts) this.#forget(network);
      counts = false;
    };
    const release = (): void => {
      if (taken) this.#total--;
      taken = false;
      prove();
    };
    return { prove, release };
  }

  #forget(network: string): void {
    const left = (this.#byNetwork.get(network) ?? 1) - 1;
    if (left > 0) this.#byNetwork.set(network, left);
    else this.#byNetwork.delete(network);
  }
}
