// draft-sharabayko-srt-01 sections 4.5 to 4.8: packets that have come, in the order of their numbers, until it is their time.
import { sequenceDistance, sequencePlus } from './sequence.ts';

export type Insertion =
  | 'stored'
  /** Delivered, or given up, already. */
  | 'late'
  | 'duplicate'
  /** So far ahead that there is no room for it. */
  | 'beyond';

/** In the place of a packet that its sender has given up. */
const GIVEN_UP = Buffer.alloc(0);
const NEVER = -Infinity;

/**
 * A ring with a place for each number from the next one to be delivered. Every packet has its time; a missing one is given up once the
 * packet behind it is due ("too-late packet drop", section 4.6).
 */
export class SrtReceiveWindow {
  /** Packets that were given up. */
  dropped = 0;
  /** The first and last number that the packet inserted last has shown to be missing; -1 for none. */
  gapFirst = -1;
  gapLast = -1;
  readonly #mask: number;
  readonly #packets: (Buffer | undefined)[];
  readonly #dueUs: Float64Array;
  /** When the sender was told that a packet is missing. */
  readonly #reportedUs: Float64Array;
  /** The next number to be delivered, and how many places from it on are in use. */
  #base: number;
  #span = 0;
  /** Of these, how many from the first on have come. */
  #whole = 0;
  #missing = 0;

  /** @param packets a power of two */
  constructor(initialSequence: number, packets: number) {
    this.#base = initialSequence;
    this.#mask = packets - 1;
    this.#packets = new Array<Buffer | undefined>(packets).fill(undefined);
    this.#dueUs = new Float64Array(packets);
    this.#reportedUs = new Float64Array(packets);
  }

  /** The first number that has not come: what an ACK says. */
  get acknowledged(): number {
    return sequencePlus(this.#base, this.#whole);
  }

  /** How many more packets there is room for. */
  get room(): number {
    return this.#mask + 1 - this.#span;
  }

  get missing(): number {
    return this.#missing;
  }

  /** @param packet is kept until it is delivered */
  insert(sequence: number, packet: Buffer, dueUs: number, nowUs: number): Insertion {
    this.gapFirst = -1;
    let place = sequenceDistance(this.#base, sequence);
    if (place < 0) return 'late';
    if (place > this.#mask) {
      if (this.#span > 0) return 'beyond';
      // Everything before it was given up on the way: a sender that was away for long.
      this.dropped += place;
      this.#base = sequence;
      place = 0;
    }
    const slot = sequence & this.#mask;
    if (place < this.#span) {
      if (this.#packets[slot] !== undefined) return 'duplicate';
      this.#missing--;
    } else if (this.#extendTo(place, nowUs)) {
      this.gapFirst = sequencePlus(this.#base, this.#span);
      this.gapLast = sequencePlus(sequence, -1);
    }
    if (place >= this.#span) this.#span = place + 1;
    this.#packets[slot] = packet;
    this.#dueUs[slot] = dueUs;
    this.#count();
    return 'stored';
  }

  /**
   * Delivers what is due.
   *
   * @param lost called before a packet that some are missing in front of
   */
  deliver(nowUs: number, take: (packet: Buffer) => void, lost: (count: number) => void): void {
    let gap = 0;
    while (this.#span > 0) {
      const slot = this.#base & this.#mask;
      const packet = this.#packets[slot];
      if (packet === undefined) {
        const count = this.#firstBehindGap();
        // What a sender has given up has no time of its own.
        if (this.#dueUs[sequencePlus(this.#base, count) & this.#mask]! > nowUs) break;
        this.#missing -= count;
        gap += count;
        this.#advance(count);
      } else if (packet === GIVEN_UP) {
        this.#packets[slot] = undefined;
        gap++;
        this.#advance(1);
      } else {
        if (this.#dueUs[slot]! > nowUs) break;
        this.#packets[slot] = undefined;
        this.#advance(1);
        if (gap > 0) {
          this.dropped += gap;
          lost(gap);
          gap = 0;
        }
        take(packet);
      }
    }
    if (gap === 0) return;
    this.dropped += gap;
    lost(gap);
  }

  /** What was stored under this number is of no use: it counts as given up. */
  replaceByNothing(sequence: number): void {
    this.#packets[sequence & this.#mask] = GIVEN_UP;
  }

  /** The sender has given these up: they are not waited for. */
  giveUp(first: number, last: number): void {
    const begin = Math.max(0, sequenceDistance(this.#base, first));
    const end = Math.min(this.#mask, sequenceDistance(this.#base, last));
    for (let place = begin; place <= end; place++) {
      const slot = sequencePlus(this.#base, place) & this.#mask;
      if (place < this.#span) {
        if (this.#packets[slot] !== undefined) continue;
        this.#missing--;
      } else {
        // What lies between has not come either.
        this.#extendTo(place, NEVER);
        this.#span = place + 1;
      }
      this.#packets[slot] = GIVEN_UP;
      this.#dueUs[slot] = NEVER;
    }
    this.#count();
  }

  /**
   * Ranges of missing packets that the sender was not told of since `sinceUs`; it counts as told.
   *
   * @returns first and last of each, one behind the other
   */
  takeMissing(sinceUs: number, nowUs: number, maxRanges: number): number[] {
    const ranges: number[] = [];
    for (let place = this.#whole, left = this.#missing; left > 0 && place < this.#span; place++) {
      const sequence = sequencePlus(this.#base, place);
      const slot = sequence & this.#mask;
      if (this.#packets[slot] !== undefined) continue;
      left--;
      if (this.#reportedUs[slot]! > sinceUs) continue;
      if (ranges.length > 0 && sequencePlus(ranges.at(-1)!, 1) === sequence) ranges[ranges.length - 1] = sequence;
      else if (ranges.length === 2 * maxRanges) break;
      else ranges.push(sequence, sequence);
      this.#reportedUs[slot] = nowUs;
    }
    return ranges;
  }

  /** Makes all places before this one missing that were not in use. @returns whether there are any */
  #extendTo(place: number, nowUs: number): boolean {
    for (let between = this.#span; between < place; between++) {
      const slot = sequencePlus(this.#base, between) & this.#mask;
      this.#reportedUs[slot] = nowUs;
      this.#missing++;
    }
    return place > this.#span;
  }

  #firstBehindGap(): number {
    let count = 1;
    while (this.#packets[sequencePlus(this.#base, count) & this.#mask] === undefined) count++;
    return count;
  }

  #advance(count: number): void {
    this.#base = sequencePlus(this.#base, count);
    this.#span -= count;
    this.#whole = Math.max(0, this.#whole - count);
    this.#count();
  }

  #count(): void {
    while (this.#whole < this.#span && this.#packets[sequencePlus(this.#base, this.#whole) & this.#mask] !== undefined)
      this.#whole++;
  }
}
