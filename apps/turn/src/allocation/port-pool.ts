// Which ports of the relay range are taken: in memory that the threads share, so that each may take any of them.
import { randomInt } from 'node:crypto';

const FREE = 0;
const TAKEN = 1;

export type PortParity = 'any' | 'even' | 'even-pair';

export class PortPool {
  readonly first: number;
  readonly last: number;
  /** For the other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #states: Uint8Array;

  constructor(first: number, last: number, memory = new SharedArrayBuffer(last - first + 1)) {
    this.first = first;
    this.last = last;
    this.memory = memory;
    this.#states = new Uint8Array(memory);
  }

  /**
   * Takes a port that cannot be guessed (RFC 8656 section 7.2: "randomly"). `even-pair` takes the odd one above it as well.
   *
   * @returns the port; undefined when none is left
   */
  take(parity: PortParity): number | undefined {
    const count = this.#states.length;
    const start = randomInt(count);
    for (let i = 0; i < count; i++) {
      const port = this.first + ((start + i) % count);
      if (parity !== 'any' && port % 2 === 1) continue;
      if (!this.#claim(port)) continue;
      if (parity !== 'even-pair' || this.#claim(port + 1)) return port;
      this.release(port);
    }
    return undefined;
  }

  release(port: number): void {
    Atomics.store(this.#states, port - this.first, FREE);
  }

  /** Whether one of our relays is there, or will be. */
  isTaken(port: number): boolean {
    return port >= this.first && port <= this.last && Atomics.load(this.#states, port - this.first) === TAKEN;
  }

  /** How many ports are taken. */
  get taken(): number {
    return this.#states.reduce((sum, state) => sum + state, 0);
  }

  #claim(port: number): boolean {
    if (port > this.last) return false;
    return Atomics.compareExchange(this.#states, port - this.first, FREE, TAKEN) === FREE;
  }
}
