// Places that the store may have given without a participant to take them, because its answer was lost: released as soon as it can be
// reached, rather than shown to the others until lease and resume window are over.
import type { PresenceStore, RoomChange, Seat } from '@millrace/live-store';

/** In a long outage many try to join, and hardly any of them has got a place: leases end the rest. */
const MOST = 1_000;

export class StraySeats {
  readonly #seats = new Set<Seat>();
  /** Called whenever one has been added. */
  onAdded: (() => void) | undefined;

  get size(): number {
    return this.#seats.size;
  }

  add(seat: Seat): void {
    if (this.#seats.size >= MOST) return;
    this.#seats.add(seat);
    this.onAdded?.();
  }

  /** @throws LiveStoreError while the store is away: what is left is tried again */
  async release(presence: PresenceStore, publish: (change: RoomChange) => void): Promise<void> {
    for (const seat of this.#seats) {
      publish(await presence.leave(seat));
      this.#seats.delete(seat);
    }
  }
}
