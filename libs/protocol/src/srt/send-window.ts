// draft-sharabayko-srt-01 sections 4.6 and 4.8: packets that were sent and not acknowledged.
import { sequenceDistance, sequencePlus } from './sequence.ts';

/** A ring with a place for each number from the first one that is not acknowledged. */
export class SrtSendWindow {
  readonly #mask: number;
  readonly #packets: (Buffer | undefined)[];
  readonly #madeUs: Float64Array;
  readonly #sentUs: Float64Array;
  #base: number;
  #next: number;
  #bytes = 0;

  /** @param packets a power of two */
  constructor(initialSequence: number, packets: number) {
    this.#base = this.#next = initialSequence;
    this.#mask = packets - 1;
    this.#packets = new Array<Buffer | undefined>(packets).fill(undefined);
    this.#madeUs = new Float64Array(packets);
    this.#sentUs = new Float64Array(packets);
  }

  /** Of the next packet. */
  get next(): number {
    return this.#next;
  }

  get oldest(): number {
    return this.#base;
  }

  /** Packets that are not acknowledged. */
  get size(): number {
    return sequenceDistance(this.#base, this.#next);
  }

  /** Of those packets. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.size > this.#mask;
  }

  /** The packet with the number `next`. */
  add(packet: Buffer, nowUs: number): void {
    const slot = this.#next & this.#mask;
    this.#packets[slot] = packet;
    this.#madeUs[slot] = nowUs;
    this.#sentUs[slot] = nowUs;
    this.#bytes += packet.length;
    this.#next = sequencePlus(this.#next, 1);
  }

  /** @param sequence the first one that has not come; any number that does not fit is left out */
  acknowledge(sequence: number): void {
    const count = sequenceDistance(this.#base, sequence);
    if (count > 0 && count <= this.size) this.#release(count);
  }

  /**
   * A packet that is sent again, if it was not sent since `sinceUs`; undefined where it was, or is not here.
   *
   * @param firstAtOnce whether a packet that was sent once is sent again in any case
   */
  again(sequence: number, sinceUs: number, nowUs: number, firstAtOnce: boolean): Buffer | undefined {
    const place = sequenceDistance(this.#base, sequence);
    if (place < 0 || place >= this.size) return undefined;
    const slot = sequence & this.#mask;
    if (this.#sentUs[slot]! > sinceUs && !(firstAtOnce && this.#sentUs[slot] === this.#madeUs[slot])) return undefined;
    this.#sentUs[slot] = nowUs;
    return this.#packets[slot];
  }

  /** Gives up what was made before, but for the newest packet: by that it is seen whether the peer reads again. @returns how many packets */
  dropBefore(madeUs: number): number {
    let count = 0;
    while (count < this.size - 1 && this.#madeUs[sequencePlus(this.#base, count) & this.#mask]! < madeUs) count++;
    this.#release(count);
    return count;
  }

  #release(count: number): void {
    for (let i = 0; i < count; i++) {
      const slot = sequencePlus(this.#base, i) & this.#mask;
      this.#bytes -= this.#packets[slot]?.length ?? 0;
      this.#packets[slot] = undefined;
    }
    this.#base = sequencePlus(this.#base, count);
  }
}
