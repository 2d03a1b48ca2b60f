// How much went through an allocation, and how much may.
import { TokenBucket } from '@millrace/protocol/rate';
import type { QuotaSlots } from '../limits/quota-slots.ts';
import type { RelayGrant } from '../auth/relay-authorizer.ts';
import type { Counters } from '../counters.ts';

/** A rate may be exceeded for this long after a pause: video comes in bursts. */
const BURST_MS = 500;
/** A packet of any size fits at least. */
const MIN_BURST_BYTES = 65_536;

export class TrafficCounts {
  sentBytes = 0;
  sentPackets = 0;
  receivedBytes = 0;
  receivedPackets = 0;
}

export class Traffic extends TrafficCounts {
  readonly #bucket: TokenBucket;
  readonly #quotas: QuotaSlots;
  readonly #counters: Counters;
  readonly #tenantSlot: number;
  readonly #tenantBits: number;

  constructor({ limits, tenantSlot }: RelayGrant, quotas: QuotaSlots, counters: Counters, now: () => number) {
    super();
    const bytesPerSecond = limits.maxBitsPerSecondPerAllocation / 8;
    this.#bucket = new TokenBucket(bytesPerSecond, Math.max(MIN_BURST_BYTES, (bytesPerSecond * BURST_MS) / 1000), now);
    this.#quotas = quotas;
    this.#counters = counters;
    this.#tenantSlot = tenantSlot;
    this.#tenantBits = limits.maxBitsPerSecond;
  }

  /** Counts what goes to a peer. @returns whether it may go */
  send(bytes: number, nowMs: number): boolean {
    if (!this.#take(bytes, nowMs)) return false;
    this.sentBytes += bytes;
    this.sentPackets++;
    this.#counters.sent(bytes);
    return true;
  }

  /** Counts what came from a peer. @returns whether it may go on */
  receive(bytes: number, nowMs: number): boolean {
    if (!this.#take(bytes, nowMs)) return false;
    this.receivedBytes += bytes;
    this.receivedPackets++;
    this.#counters.received(bytes);
    return true;
  }

  #take(bytes: number, nowMs: number): boolean {
    if (!this.#bucket.take(bytes, nowMs)) {
      this.#counters.met('bits_per_second_per_allocation');
      return false;
    }
    if (this.#quotas.takeBytes(this.#tenantSlot, bytes, this.#tenantBits, nowMs)) return true;
    this.#counters.met('bits_per_second_per_tenant');
    return false;
  }
}
