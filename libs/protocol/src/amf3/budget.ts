import { ProtocolError } from '../bytes/index.ts';
import type { AmfLimits } from './limits.ts';

/**
 * What decoding one message has cost so far, over every switch between AMF0 and AMF3. Levels are counted as they are entered,
 * and repetitions as if they had been sent in full: so a few references cannot stand for a value that no walk comes to the
 * end of.
 */
export class AmfBudget {
  readonly #limits: AmfLimits;
  /** Bytes that references have saved the sender. */
  repeatedBytes = 0;
  /** The deepest level that was entered; to measure a value, set it back before and read it after. */
  deepest = 0;

  constructor(limits: AmfLimits) {
    this.#limits = limits;
  }

  /**
   * Counts levels below `depth`.
   * @returns the new depth.
   */
  enter(depth: number, levels = 1): number {
    const reached = depth + levels;
    if (reached > this.#limits.maxDepth) {
      throw new ProtocolError('amf.too-deep', 'amf/value', `more than ${this.#limits.maxDepth} levels`);
    }
    if (reached > this.deepest) this.deepest = reached;
    return reached;
  }

  /** Counts what a reference stands for. */
  repeat(bytes: number, place: string): void {
    this.repeatedBytes += bytes;
    if (this.repeatedBytes > this.#limits.maxBytes) {
      throw new ProtocolError('amf.too-large', place, `references add up to more than ${this.#limits.maxBytes} bytes`);
    }
  }
}
