// Leases on sources in memory: the same rules as the Redis scripts.
import type { HeldSource, SourceLease, SourceReport } from '../source-leases.ts';

interface SourceRecord {
  token: number;
  owner: string;
  /** 0 once it was released. */
  untilMs: number;
  state: string;
}

export class MemorySources {
  readonly #sources = new Map<string, SourceRecord>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  acquire(sourceId: string, owner: string, ttlMs: number): SourceLease | undefined {
    const now = this.#nowMs();
    const last = this.#sources.get(sourceId);
    if (last !== undefined && last.untilMs > now) return undefined;
    const token = Math.max((last?.token ?? 0) + 1, now);
    this.#sources.set(sourceId, { token, owner, untilMs: now + ttlMs, state: '' });
    return { sourceId, owner, token };
  }

  renew({ lease: { sourceId, owner, token }, state }: SourceReport, ttlMs: number): boolean {
    const known = this.#sources.get(sourceId);
    if (known !== undefined && (known.token !== token || known.untilMs === 0)) return false;
    this.#sources.set(sourceId, { token, owner, untilMs: this.#nowMs() + ttlMs, state });
    return true;
  }

  release({ sourceId, token }: SourceLease): void {
    const known = this.#sources.get(sourceId);
    if (known?.token !== token) return;
    known.untilMs = 0;
    known.state = '';
  }

  held(): string[] {
    const now = this.#nowMs();
    return [...this.#sources].filter(([, { untilMs }]) => untilMs > now).map(([sourceId]) => sourceId);
  }

  read(sourceId: string): HeldSource | undefined {
    const known = this.#sources.get(sourceId);
    return known !== undefined && known.untilMs > this.#nowMs()
      ? { owner: known.owner, state: known.state }
      : undefined;
  }

  /** Forgets leases that ended long ago. A new token is greater all the same: it is at least the time. */
  sweep(keepMs: number): void {
    const bound = this.#nowMs() - keepMs;
    for (const [sourceId, { untilMs, token }] of this.#sources)
      if (Math.max(untilMs, token) < bound) this.#sources.delete(sourceId);
  }
}
