// Reading a long playlist keeps this process from everything else: the sources of one tenant share a part of its time for that.

/** Of the time of the process, for the playlists of one tenant. */
const SHARE = 0.1;

export class ReadingShare {
  readonly #sources = new Map<string, number>();

  /** A source of the tenant is pulled. @returns what is called once when it is not any more */
  enter(tenantId: string): () => void {
    this.#sources.set(tenantId, this.#count(tenantId) + 1);
    return () => {
      const left = this.#count(tenantId) - 1;
      if (left > 0) this.#sources.set(tenantId, left);
      else this.#sources.delete(tenantId);
    };
  }

  /** @returns how long one of these sources waits until it reads again what took so long to read */
  waitMs(tenantId: string, tookMs: number): number {
    return (tookMs / SHARE) * this.#count(tenantId);
  }

  #count(tenantId: string): number {
    return this.#sources.get(tenantId) ?? 0;
  }
}
