// Whose sockets this pod has.
import type { LeaveReason } from '@millrace/domain';
import type { MailboxEntry, Seat, SeatBeat } from '@millrace/live-store';

/** Why a socket loses its seat without the client having asked for it. */
export type SeatLoss = LeaveReason | 'moved' | 'unknown';

export interface SeatHolder {
  readonly seat: Seat;
  readonly tenantId: string;
  readonly roomId: string;
  readonly beat: SeatBeat;
  push(entry: MailboxEntry): void;
  known(sequence: number): void;
  lose(reason: SeatLoss): void;
  /** Gives the socket's hold up: the place is kept for the resume window. */
  detach(): Promise<void>;
}

/** What came for a participant whose seat the store has given and this pod has not noted yet. */
interface Expectation {
  holders: number;
  newest: number;
  loss: SeatLoss | undefined;
}

export class SeatRegistry {
  readonly #holders = new Map<string, SeatHolder>();
  readonly #expected = new Map<string, Expectation>();
  /** Called whenever a seat has been noted. */
  onAdded: (() => void) | undefined;

  get size(): number {
    return this.#holders.size;
  }

  /** All of them; a copy. */
  all(): SeatHolder[] {
    return [...this.#holders.values()];
  }

  countRooms(): number {
    return new Set(this.all().map(({ roomId }) => roomId)).size;
  }

  /** From now on it may be given a seat: nothing that comes for it is to be missed. @returns to be called when that is settled */
  expect(participantId: string): () => void {
    const expected = this.#expected.get(participantId) ?? { holders: 0, newest: 0, loss: undefined };
    expected.holders++;
    this.#expected.set(participantId, expected);
    return () => {
      if (--expected.holders === 0) this.#expected.delete(participantId);
    };
  }

  /** Notes a seat; an older one of the same participant is lost. */
  add(holder: SeatHolder): void {
    const { participantId } = holder.seat;
    const previous = this.#holders.get(participantId);
    this.#holders.set(participantId, holder);
    this.onAdded?.();
    previous?.lose('moved');
    const expected = this.#expected.get(participantId);
    if (expected === undefined) return;
    holder.known(expected.newest);
    if (expected.loss !== undefined) holder.lose(expected.loss);
  }

  remove(holder: SeatHolder): void {
    const { participantId } = holder.seat;
    if (this.#holders.get(participantId) === holder) this.#holders.delete(participantId);
  }

  push(participantId: string, entry: MailboxEntry): void {
    const expected = this.#expected.get(participantId);
    if (expected !== undefined) expected.newest = Math.max(expected.newest, entry.sequence);
    this.#holders.get(participantId)?.push(entry);
  }

  /** @param term that of the seat that took its place, when it `moved` */
  lose(participantId: string, reason: SeatLoss, term: number | undefined): void {
    const expected = this.#expected.get(participantId);
    if (expected !== undefined && reason !== 'moved') expected.loss = reason;
    const holder = this.#holders.get(participantId);
    if (holder === undefined || (term !== undefined && holder.seat.term >= term)) return;
    holder.lose(reason);
  }
}
