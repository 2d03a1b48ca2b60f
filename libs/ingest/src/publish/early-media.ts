// What connections send after publish requests that are not decided yet is kept. This limits the total of all connections.
export interface EarlyMediaSource {
  /** Pauses reading: whatever the encoder sends now would have to be kept in memory. */
  waitForRoom(): void;
  /** Continues reading. */
  hasRoom(): void;
}

export interface EarlyMediaGauges {
  readonly bytes: { set(value: number): void };
  readonly waiting: { set(value: number): void };
}

export class EarlyMedia {
  readonly #maxBytes: number;
  readonly #gauges: EarlyMediaGauges;
  /** Connections that may still request to publish. */
  readonly #sources = new Set<EarlyMediaSource>();
  #bytes = 0;

  constructor(maxBytes: number, gauges: EarlyMediaGauges) {
    this.#maxBytes = maxBytes;
    this.#gauges = gauges;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  /** Adds a connection that may request to publish. */
  add(source: EarlyMediaSource): void {
    this.#sources.add(source);
    if (!this.isFull) return;
    this.#gauges.waiting.set(this.#sources.size);
    source.waitForRoom();
  }

  /** The connection has made its request, or has ended. Idempotent. */
  remove(source: EarlyMediaSource): void {
    if (this.#sources.delete(source) && this.isFull) this.#gauges.waiting.set(this.#sources.size);
  }

  /** @param bytes how many more bytes are kept; negative: fewer */
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
