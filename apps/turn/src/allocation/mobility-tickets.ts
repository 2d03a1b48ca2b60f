// RFC 8016: what a client names its allocation by once its address has changed. A ticket cannot be guessed, and each is of use for
// one move.
import { randomBytes } from 'node:crypto';
import type { Allocation } from './allocation.ts';

const TICKET_BYTES = 16;

export class MobilityTickets {
  readonly #allocations = new Map<string, Allocation>();
  readonly #tickets = new Map<Allocation, string>();

  get size(): number {
    return this.#allocations.size;
  }

  /** A new ticket for this allocation; an earlier one is worth nothing any more. */
  issue(allocation: Allocation): Buffer {
    this.end(allocation);
    // Printable: clients that keep a ticket as a C string, coturn's among them, send back only what comes before a zero byte.
    const text = randomBytes(TICKET_BYTES).toString('base64url');
    this.#allocations.set(text, allocation);
    this.#tickets.set(allocation, text);
    return Buffer.from(text, 'latin1');
  }

  has(allocation: Allocation): boolean {
    return this.#tickets.has(allocation);
  }

  find(ticket: Uint8Array): Allocation | undefined {
    return this.#allocations.get(Buffer.from(ticket).toString('latin1'));
  }

  end(allocation: Allocation): void {
    const ticket = this.#tickets.get(allocation);
    if (ticket === undefined) return;
    this.#tickets.delete(allocation);
    this.#allocations.delete(ticket);
  }
}
