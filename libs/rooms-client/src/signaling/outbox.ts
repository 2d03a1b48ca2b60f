// What is said while the socket is away, kept in order until it is back.
import type { ClientMessage } from '../messages.ts';

/** Candidates, offers and chat of a whole mesh room fit; beyond it the oldest go: negotiation repairs itself. */
export const MAX_WAITING_MESSAGES = 500;

export class Outbox {
  #waiting: ClientMessage[] = [];

  push(message: ClientMessage): void {
    // A newer offer to the same peer says all that the older one did.
    if (message.type === 'offer')
      this.#waiting = this.#waiting.filter((each) => each.type !== 'offer' || each.to !== message.to);
    this.#waiting.push(message);
    if (this.#waiting.length > MAX_WAITING_MESSAGES) this.#waiting.shift();
  }

  takeAll(): readonly ClientMessage[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  /** After a new join only what was meant for the whole room still has somebody to go to. */
  takeForWholeRoom(): readonly ClientMessage[] {
    return this.takeAll().filter((message) => message.type === 'chat' && message.to === undefined);
  }
}
