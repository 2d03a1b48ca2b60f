// What is done for an allocation as time passes: its end, a sweep of what it holds, and word of what it has relayed.
import type { RelayUsage } from '@millrace/control';
import type { TurnClock } from '../clock.ts';
import type { Allocation } from './allocation.ts';
import type { Expiring, ExpiryWheel } from './expiry-wheel.ts';
import { TrafficCounts } from './traffic.ts';

/** What an allocation has relayed since it was last told of, and, with the last of it, in all. */
export interface AllocationUsage extends Omit<RelayUsage, 'turnId'> {
  readonly life: AllocationLife | undefined;
}

/** The whole of an allocation that is gone. */
export interface AllocationLife {
  /** Wall clock. */
  readonly beganAtMs: number;
  readonly transport: 'udp' | 'tcp';
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Of the span in which its user was asked about. */
  readonly traceparent: string | undefined;
}

const SWEEP_MS = 30_000;

export interface UpkeepOptions {
  readonly allocation: Allocation;
  readonly clock: TurnClock;
  readonly wheel: ExpiryWheel;
  readonly usageMs: number;
  readonly onUsage: (usage: AllocationUsage) => void;
  /** Ends what is over, perhaps the allocation. */
  readonly sweep: () => void;
}

export class Upkeep implements Expiring {
  readonly #options: UpkeepOptions;
  readonly #told = new TrafficCounts();
  readonly #beganAtWallMs: number;
  #toldAtWallMs: number;
  #nextUsageAtMs: number;
  #nextSweepAtMs: number;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    const nowMs = options.clock.nowMs();
    this.#beganAtWallMs = options.clock.wallMs();
    this.#toldAtWallMs = this.#beganAtWallMs;
    this.#nextUsageAtMs = nowMs + options.usageMs;
    this.#nextSweepAtMs = nowMs + SWEEP_MS;
    options.wheel.add(this);
  }

  get expiresAtMs(): number {
    const relays = this.#options.allocation.relays.map((relay) => relay.expiresAtMs);
    return Math.min(this.#nextUsageAtMs, this.#nextSweepAtMs, ...relays);
  }

  expire(): void {
    const { allocation, clock, wheel, usageMs, sweep } = this.#options;
    const nowMs = clock.nowMs();
    this.#nextSweepAtMs = nowMs + SWEEP_MS;
    sweep();
    if (allocation.ended) return;
    if (this.#nextUsageAtMs <= nowMs) {
      this.#nextUsageAtMs = nowMs + usageMs;
      this.#tell(false);
    }
    wheel.add(this);
  }

  reschedule(): void {
    const { wheel } = this.#options;
    wheel.remove(this);
    wheel.add(this);
  }

  /** The allocation is gone. */
  finish(): void {
    this.#options.wheel.remove(this);
    this.#tell(true);
  }

  #tell(final: boolean): void {
    const { allocation, clock, onUsage } = this.#options;
    const { sentBytes, sentPackets, receivedBytes, receivedPackets } = allocation.traffic;
    const told = this.#told;
    const toMs = clock.wallMs();
    const { tenantId, subject } = allocation.credential.grant;
    onUsage({
      tenantId,
      subject,
      allocation: allocation.name,
      final,
      fromMs: this.#toldAtWallMs,
      toMs: Math.max(toMs, this.#toldAtWallMs),
      sentBytes: sentBytes - told.sentBytes,
      sentPackets: sentPackets - told.sentPackets,
      receivedBytes: receivedBytes - told.receivedBytes,
      receivedPackets: receivedPackets - told.receivedPackets,
      life: final ? this.#life() : undefined,
    });
    Object.assign(told, { sentBytes, sentPackets, receivedBytes, receivedPackets });
    this.#toldAtWallMs = toMs;
  }

  #life(): AllocationLife {
    const { transport, traffic, credential } = this.#options.allocation;
    const { sentBytes, receivedBytes } = traffic;
    const { traceparent } = credential.grant;
    return { beganAtMs: this.#beganAtWallMs, transport, sentBytes, receivedBytes, traceparent };
  }
}
