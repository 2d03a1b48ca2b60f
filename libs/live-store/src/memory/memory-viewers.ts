// Viewers in memory: when each was last seen.
import type { ViewerNotes } from '../viewer-notes.ts';

export class MemoryViewers {
  readonly #seenAtMs = new Map<string, Map<string, number>>();
  readonly #nowMs: () => number;
  readonly #ttlMs: number;
  readonly #max: number;

  /** @param max of one playback id */
  constructor(nowMs: () => number, ttlMs: number, max: number) {
    this.#nowMs = nowMs;
    this.#ttlMs = ttlMs;
    this.#max = max;
  }

  note({ playbackId, seen, left }: ViewerNotes): void {
    const viewers = this.#seenAtMs.get(playbackId) ?? new Map<string, number>();
    this.#seenAtMs.set(playbackId, viewers);
    for (const name of left) viewers.delete(name);
    const now = this.#nowMs();
    for (const name of seen) if (viewers.size < this.#max || viewers.has(name)) viewers.set(name, now);
    this.#forget(playbackId, viewers);
  }

  count(playbackId: string): number {
    const viewers = this.#seenAtMs.get(playbackId);
    if (viewers !== undefined) this.#forget(playbackId, viewers);
    return viewers?.size ?? 0;
  }

  sweep(): void {
    for (const [playbackId, viewers] of this.#seenAtMs) this.#forget(playbackId, viewers);
  }

  #forget(playbackId: string, viewers: Map<string, number>): void {
    const beforeMs = this.#nowMs() - this.#ttlMs;
    for (const [name, atMs] of viewers) if (atMs <= beforeMs) viewers.delete(name);
    if (viewers.size === 0) this.#seenAtMs.delete(playbackId);
  }
}
