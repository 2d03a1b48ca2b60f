// Keeps the leases of this process: one round trip for all of them, a few times within their life.
//
// The token is what protects viewers: a commit under an old one is refused, however wrong any clock is. Time only tells when
// to stop wasting work: a lease that could not be renewed within its life is taken for lost, by the monotonic clock and from
// before the last successful renewal was sent. A process that was stopped and goes on first asks the store.
import { onSharedBeatWhile } from '@millrace/domain';
import type { WorkBeat } from '@millrace/domain';
import type { Lease, LiveStore } from '@millrace/live-store';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Clock } from './clock.ts';

export interface LeaseKeeperOptions {
  readonly liveStore: Pick<LiveStore, 'renewLeases'>;
  readonly clock: Clock;
  readonly ttlMs: number;
  /** How often leases are renewed. */
  readonly renewMs: number;
  readonly onFailure: (error: unknown) => void;
}

interface HeldLease {
  readonly lease: Lease;
  readonly onLost: () => void;
  heldUntilMs: number;
}

export class LeaseKeeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #options: LeaseKeeperOptions;
  readonly #leases = new Map<string, HeldLease>();
  #timer: WorkBeat | undefined;
  #renewing: Promise<void> | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  onApplicationBootstrap(): void {
    this.#timer ??= onSharedBeatWhile(
      this.#options.renewMs,
      () => this.#leases.size > 0,
      () => void this.renew(),
    );
  }

  /** Behind the workers that have the leases: Nest stops what depends on this first. */
  beforeApplicationShutdown(): void {
    this.#timer?.stop();
    this.#timer = undefined;
  }

  /**
   * Keeps a lease from now on.
   * @param acquiredAtMs monotonic time before it was asked for
   * @param onLost called once, when it belongs to another packager or may do so
   */
  add(lease: Lease, acquiredAtMs: number, onLost: () => void): void {
    this.#leases.set(lease.streamId, { lease, onLost, heldUntilMs: acquiredAtMs + this.#options.ttlMs });
    this.#timer?.wake();
  }

  /** Keeps it no more. */
  remove(lease: Lease): void {
    if (this.#leases.get(lease.streamId)?.lease.token === lease.token) this.#leases.delete(lease.streamId);
  }

  /** Renews all leases now; joins a renewal that is under way. */
  async renew(): Promise<void> {
    this.#renewing ??= this.#renewAll().finally(() => (this.#renewing = undefined));
    await this.#renewing;
  }

  async #renewAll(): Promise<void> {
    const asked = [...this.#leases.values()];
    if (asked.length === 0) return;
    const sentMs = this.#options.clock.monotonicMs();
    try {
      const held = await this.#options.liveStore.renewLeases(
        asked.map(({ lease }) => lease),
        this.#options.ttlMs,
      );
      for (const [index, entry] of asked.entries()) {
        if (held[index] === true) entry.heldUntilMs = sentMs + this.#options.ttlMs;
        else this.#lose(entry);
      }
    } catch (error) {
      this.#options.onFailure(error);
      const nowMs = this.#options.clock.monotonicMs();
      for (const entry of asked) if (entry.heldUntilMs <= nowMs) this.#lose(entry);
    }
  }

  #lose(entry: HeldLease): void {
    if (this.#leases.get(entry.lease.streamId) !== entry) return;
    this.#leases.delete(entry.lease.streamId);
    entry.onLost();
  }
}
