// Disconnects encoders that send more than the quota of their tenant allows.
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
}

export class BitrateGuard {
  readonly #publishers: Publishers;
  readonly #nowMs: () => number;
  readonly #windows = new WeakMap<LivePublisher, Window>();

  /** @param nowMs a clock that does not go back */
  constructor(publishers: Publishers, nowMs: () => number) {
    this.#publishers = publishers;
    this.#nowMs = nowMs;
  }

  look(): void {
    for (const active of this.#publishers.list()) {
      const { publisher } = active;
      const limit = publisher.claim.settings.maxIngestBitsPerSecond;
      if (limit !== undefined && this.#exceeds(publisher, limit)) active.cut('bitrate_exceeded');
    }
  }

  #exceeds(publisher: LivePublisher, bitsPerSecond: number): boolean {
    const nowMs = this.#nowMs();
    const { receivedBytes } = publisher.counts;
    const window = this.#windows.get(publisher) ?? { beganAtMs: nowMs, bytes: 0 };
    const isOver = nowMs - window.beganAtMs >= WINDOW_MS;
    // A round may be late: what came in a longer time may be more.
    const spanMs = Math.max(WINDOW_MS, nowMs - window.beganAtMs);
    const bits = (receivedBytes - window.bytes) * BITS_PER_BYTE;
    this.#windows.set(publisher, isOver ? { beganAtMs: nowMs, bytes: receivedBytes } : window);
    return bits > (bitsPerSecond * spanMs) / 1_000;
  }
}
