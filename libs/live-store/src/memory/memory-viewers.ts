// Viewers in memory: when each was last seen.
import type { ViewerGroup, ViewerNotes } from '../viewer-notes.ts';

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

  note({ playbackId, seen, left, groups = [] }: ViewerNotes): void {
    for (const id of [playbackId, ...groups]) {
      const viewers = this.#of(id);
      for (const name of left) viewers.delete(name);
      const now = this.#nowMs();
      for (const name of seen) if (viewers.size < this.#max || viewers.has(name)) viewers.set(name, now);
      this.#forget(id, viewers);
    }
  }

  admit(name: string, groups: readonly ViewerGroup[]): ViewerGroup | undefined {
    for (const { id } of groups) this.#forget(id, this.#of(id));
    const full = groups.find(({ id, max }) => !this.#of(id).has(name) && this.#of(id).size >= max);
    if (full === undefined) for (const { id } of groups) this.#of(id).set(name, this.#nowMs());
    return full;
  }

  count(playbackId: string): number {
    const viewers = this.#seenAtMs.get(playbackId);
    if (viewers !== undefined) this.#forget(playbackId, viewers);
    return viewers?.size ?? 0;
  }

  sweep(): void {
    for (const [playbackId, viewers] of this.#seenAtMs) this.#forget(playbackId, viewers);
  }

  #of(id: string): Map<string, number> {
    const known = this.#seenAtMs.get(id);
    if (known !== undefined) return known;
    const made = new Map<string, number>();
    this.#seenAtMs.set(id, made);
    return made;
  }

  #forget(playbackId: string, viewers: Map<string, number>): void {
    const beforeMs = this.#nowMs() - this.#ttlMs;
    for (const [name, atMs] of viewers) if (atMs <= beforeMs) viewers.delete(name);
    if (viewers.size === 0) this.#seenAtMs.delete(playbackId);
  }
}
