// What all connections together have sent behind publishes that are not decided yet: it is kept, so it has a limit.
export interface EarlyMediaSource {
  /** Reads nothing more for now: what it might send would have to be kept. */
  waitForRoom(): void;
  /** Reads on. */
  hasRoom(): void;
}

export interface EarlyMediaGauges {
  readonly bytes: { set(value: number): void };
  readonly waiting: { set(value: number): void };
}

export class EarlyMedia {
  readonly #maxBytes: number;
  readonly #gauges: EarlyMediaGauges;
  /** Connections that may still ask to publish. */
  readonly #sources = new Set<EarlyMediaSource>();
  #bytes = 0;

  constructor(maxBytes: number, gauges: EarlyMediaGauges) {
    this.#maxBytes = maxBytes;
    this.#gauges = gauges;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  /** A connection that may ask to publish. */
  add(source: EarlyMediaSource): void {
    this.#sources.add(source);
    if (!this.isFull) return;
    this.#gauges.waiting.set(this.#sources.size);
    source.waitForRoom();
  }

  /** It has asked, or is gone. Idempotent. */
  remove(source: EarlyMediaSource): void {
    if (this.#sources.delete(source) && this.isFull) this.#gauges.waiting.set(this.#sources.size);
  }

  /** So many bytes more, or less, are kept. */
  change(bytes: number): void {
    if (bytes === 0) return;
    const wasFull = this.isFull;
    this.#bytes += bytes;
    this.#gauges.bytes.set(this.#bytes);
    if (this.isFull === wasFull) return;
    this.#gauges.waiting.set(this.isFull ? this.#sources.size : 0);
    for (const source of this.#sources) {
      if (wasFull) source.hasRoom();
      else source.waitForRoom();
    }
  }
}
