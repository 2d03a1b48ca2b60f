// How often one address gets an answer that it has not proved itself for: else the server would be a means to hit the address
// that a forged packet names. The memory is fixed from the start, however many addresses are named.
import { randomBytes } from 'node:crypto';
import { peerNetwork } from '@millrace/service-kit';

/** Addresses share these places by a keyed hash; who shares a place, shares its rate. */
const PLACES = 65_536;
const FNV_PRIME = 0x01000193;

export interface AnswerRate {
  readonly perSecond: number;
  readonly burst: number;
}

export class AnswerLimiter {
  readonly #rate: AnswerRate;
  readonly #tokens: Float32Array;
  readonly #atMs = new Float64Array(PLACES);
  readonly #seed = randomBytes(4).readUInt32BE(0);

  constructor(rate: AnswerRate) {
    this.#rate = rate;
    this.#tokens = new Float32Array(PLACES).fill(rate.burst);
  }

  /** Whether one more answer may go to this address now. Ports do not count. */
  take(address: string, nowMs: number): boolean {
    const place = this.#placeOf(address);
    const { perSecond, burst } = this.#rate;
    const passedS = (nowMs - this.#atMs[place]!) / 1000;
    const tokens = Math.min(burst, this.#tokens[place]! + passedS * perSecond);
    this.#atMs[place] = nowMs;
    this.#tokens[place] = tokens >= 1 ? tokens - 1 : tokens;
    return tokens >= 1;
  }

  /** What was taken last turned out to be owed. */
  refund(address: string): void {
    const place = this.#placeOf(address);
    this.#tokens[place] = Math.min(this.#rate.burst, this.#tokens[place]! + 1);
  }

  #placeOf(address: string): number {
    const network = peerNetwork(address);
    let hash = this.#seed;
    for (let i = 0; i < network.length; i++) hash = Math.imul(hash ^ network.charCodeAt(i), FNV_PRIME);
    return (hash ^ (hash >>> 16)) & (PLACES - 1);
  }
}
