// Streams that viewers want, in memory: the same rules as the Redis scripts.

export class MemoryDemand {
  /** By until when. */
  readonly #wanted = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  note(streamIds: readonly string[], ttlMs: number): void {
    const untilMs = this.#nowMs() + ttlMs;
    for (const streamId of streamIds) this.#wanted.set(streamId, Math.max(untilMs, this.#wanted.get(streamId) ?? 0));
  }

  list(): string[] {
    const now = this.#nowMs();
    for (const [streamId, untilMs] of this.#wanted) if (untilMs <= now) this.#wanted.delete(streamId);
    return [...this.#wanted.keys()];
  }
}
