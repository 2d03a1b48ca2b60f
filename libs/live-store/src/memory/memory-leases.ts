// Leases in memory: the same rules as the Redis scripts.
import type { Lease } from '../live-store.ts';

interface LeaseRecord {
  token: number;
  owner: string;
  /** Undefined when it was given back. */
  untilMs: number | undefined;
}

/** Who may package what. */
export class MemoryLeases {
  readonly #leases = new Map<string, LeaseRecord>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  acquire(streamId: string, owner: string, ttlMs: number): Lease | undefined {
    const now = this.#nowMs();
    const last = this.#leases.get(streamId);
    if (last?.untilMs !== undefined && last.untilMs > now) return undefined;
    const token = Math.max((last?.token ?? 0) + 1, now);
    this.#leases.set(streamId, { token, owner, untilMs: now + ttlMs });
    return { streamId, owner, token };
  }

  renew(lease: Lease, ttlMs: number): boolean {
    const held = this.#held(lease);
    if (held === undefined) return false;
    held.untilMs = this.#nowMs() + ttlMs;
    return true;
  }

  release(lease: Lease): void {
    const held = this.#held(lease);
    if (held !== undefined) held.untilMs = undefined;
  }

  /** Whether this lease is the newest one and was not given back. It may have expired, as long as it was not taken. */
  isCurrent(lease: Lease): boolean {
    return this.#held(lease) !== undefined;
  }

  owner(streamId: string): string | undefined {
    const lease = this.#leases.get(streamId);
    return lease?.untilMs !== undefined && lease.untilMs > this.#nowMs() ? lease.owner : undefined;
  }

  /** Forgets leases that ended long ago. A new token is greater all the same: it is at least the time. */
  sweep(keepMs: number): void {
    const bound = this.#nowMs() - keepMs;
    for (const [streamId, lease] of this.#leases)
      if (Math.max(lease.untilMs ?? 0, lease.token) < bound) this.#leases.delete(streamId);
  }

  #held(lease: Lease): LeaseRecord | undefined {
    const record = this.#leases.get(lease.streamId);
    return record?.token === lease.token && record.untilMs !== undefined ? record : undefined;
  }
}
