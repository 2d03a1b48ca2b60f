// How long a packet and its answer take, and by how much that varies (section 4.10), in microseconds.

/** Section 4.10: before anything was measured. */
export const INITIAL_RTT_US = 100_000;
/** What a peer may say of the round trip: more is not believed. */
const MAX_RTT_US = 10_000_000;

export class RoundTripTime {
  us = INITIAL_RTT_US;
  varianceUs = INITIAL_RTT_US / 2;
  #isMeasured = false;

  /** How long an answer may take before it counts as missing. */
  get timeoutUs(): number {
    return this.us + 4 * this.varianceUs;
  }

  measured(sampleUs: number): void {
    if (this.#isMeasured) {
      this.varianceUs += (Math.abs(this.us - sampleUs) - this.varianceUs) / 4;
      this.us += (sampleUs - this.us) / 8;
    } else {
      this.#isMeasured = true;
      this.us = sampleUs;
      this.varianceUs = sampleUs / 2;
    }
  }

  /** What the peer has measured: for a side that only sends, and has no acknowledgements of its own to measure by. */
  told(us: number, varianceUs: number): void {
    if (this.#isMeasured) return;
    this.us = Math.min(us, MAX_RTT_US);
    this.varianceUs = Math.min(varianceUs, MAX_RTT_US);
  }
}
