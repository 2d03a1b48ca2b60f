// Disconnects encoders that send more than the quota of their tenant allows, and measures how much of it they use.
import type { UsageSink } from '@millrace/domain';
import type { ActivePublisher } from './active-publishers.ts';
import type { LivePublisher } from './live-publisher.ts';

/** How often publishers are looked at. */
export const BITRATE_LOOK_MS = 1_000;
/** What an encoder may send in this time, it may send in a burst: a keyframe, or what it held while the network was slow. */
const WINDOW_MS = 10_000;
const BITS_PER_BYTE = 8;

interface Publishers {
  list(): readonly Pick<ActivePublisher, 'publisher' | 'cut'>[];
}

interface Window {
  readonly beganAtMs: number;
  /** That the publisher had sent before. */
  readonly bytes: number;
  /** What it sent in the window before. */
  readonly bitsPerSecondBefore: number;
}

export class BitrateGuard {
  readonly #publishers: Publishers;
  readonly #usage: UsageSink;
  readonly #nowMs: () => number;
  readonly #windows = new WeakMap<LivePublisher, Window>();

  /** @param nowMs a clock that does not go back */
  constructor(publishers: Publishers, usage: UsageSink, nowMs: () => number) {
    this.#publishers = publishers;
    this.#usage = usage;
    this.#nowMs = nowMs;
  }

  look(): void {
    for (const active of this.#publishers.list()) {
      const { publisher } = active;
      const { tenantId, settings } = publisher.claim;
      const limit = settings.maxIngestBitsPerSecond;
      const bitsPerSecond = this.#measure(publisher);
      if (bitsPerSecond > 0) this.#usage.measured({ tenantId, quota: 'ingest_bits_per_second', used: bitsPerSecond });
      if (limit !== undefined && bitsPerSecond > limit) active.cut('bitrate_exceeded');
    }
  }

  /** @returns the mean of the last whole window, or of this one as if nothing more came in it, whichever is more */
  #measure(publisher: LivePublisher): number {
    const nowMs = this.#nowMs();
    const { receivedBytes } = publisher.counts;
    const window = this.#windows.get(publisher) ?? { beganAtMs: nowMs, bytes: 0, bitsPerSecondBefore: 0 };
    const isOver = nowMs - window.beganAtMs >= WINDOW_MS;
    // A round may be late: what came in a longer time may be more.
    const spanMs = Math.max(WINDOW_MS, nowMs - window.beganAtMs);
    const bitsPerSecond = Math.round(((receivedBytes - window.bytes) * BITS_PER_BYTE * 1_000) / spanMs);
    const next = { beganAtMs: nowMs, bytes: receivedBytes, bitsPerSecondBefore: bitsPerSecond };
    this.#windows.set(publisher, isOver ? next : window);
    return Math.max(bitsPerSecond, isOver ? 0 : window.bitsPerSecondBefore);
  }
}
