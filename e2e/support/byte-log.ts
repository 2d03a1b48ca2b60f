// What sockets have carried, and when: the truth that usage is compared with.

interface Carried {
  readonly atMs: number;
  readonly bytes: number;
}

export class ByteLog {
  total = 0;
  readonly #carried: Carried[] = [];

  add(bytes: number): void {
    this.total += bytes;
    this.#carried.push({ atMs: Date.now(), bytes });
  }

  /** What was carried in this time before a moment. */
  before(atMs: number, withinMs: number): number {
    return this.#carried.reduce(
      (all, carried) => (carried.atMs <= atMs && carried.atMs > atMs - withinMs ? all + carried.bytes : all),
      0,
    );
  }
}
