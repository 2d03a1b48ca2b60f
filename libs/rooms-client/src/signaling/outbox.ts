// Messages to others until the server has accepted them: what a dropped socket may have swallowed is said again after the
// resume, in its order. Something may then arrive twice; negotiation bears that, and a chat line twice is better than never.
import type { ClientMessage } from '../messages.ts';

export type RelayedMessage = Extract<
  ClientMessage,
  { type: 'offer' | 'answer' | 'candidate' | 'end_of_candidates' | 'chat' }
>;

/** Candidates, offers and chat of a whole mesh room fit; beyond it the oldest go: negotiation repairs itself. */
export const MAX_WAITING_MESSAGES = 500;

export class Outbox {
  #waiting: RelayedMessage[] = [];
  #last = 0;

  /** @returns the message with the number by which it will be accepted */
  add(message: RelayedMessage): RelayedMessage {
    // A newer offer to the same peer says all that the older one did.
    if (message.type === 'offer')
      this.#waiting = this.#waiting.filter((each) => each.type !== 'offer' || each.to !== message.to);
    const numbered = { ...message, id: `m${++this.#last}` };
    this.#waiting.push(numbered);
    if (this.#waiting.length > MAX_WAITING_MESSAGES) this.#waiting.shift();
    return numbered;
  }

  /** The server has taken the message, or refused it. */
  settle(id: string | undefined): void {
    this.#waiting = this.#waiting.filter((message) => message.id !== id);
  }

  /** After a new join only what was meant for the whole room still has a recipient. */
  keepForWholeRoom(): void {
    this.#waiting = this.#waiting.filter((message) => message.type === 'chat' && message.to === undefined);
  }

  get waiting(): readonly RelayedMessage[] {
    return this.#waiting;
  }
}
