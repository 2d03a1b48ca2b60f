/** The message streams that a client has created (RTMP 1.0 section 7.2.1.3). */
export class MessageStreams {
  readonly #open = new Set<number>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Opens a stream with the lowest free id from 1 on; undefined when there are too many. */
  create(): number | undefined {
    if (this.#open.size >= this.#max) return undefined;
    let id = 1;
    while (this.#open.has(id)) id += 1;
    this.#open.add(id);
    return id;
  }

  has(id: number): boolean {
    return this.#open.has(id);
  }

  delete(id: number): void {
    this.#open.delete(id);
  }
}
