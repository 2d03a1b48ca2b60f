// Messages that are answered: each carries an id, which the answer or the error repeats.
import type { ClientClock } from '../clock.ts';
import type { DirectMessage } from '../messages.ts';
import { RequestError } from './request-error.ts';

interface Pending {
  readonly answer: (message: DirectMessage) => void;
  readonly fail: (error: RequestError) => void;
  readonly cancelDeadline: () => void;
}

export const REQUEST_TIMEOUT_MS = 10_000;

export class PendingRequests {
  readonly #clock: ClientClock;
  readonly #pending = new Map<string, Pending>();
  #last = 0;

  constructor(clock: ClientClock) {
    this.#clock = clock;
  }

  /** @returns the id to send, and what becomes of it */
  open(): { readonly id: string; readonly answer: Promise<DirectMessage> } {
    const id = `r${++this.#last}`;
    const answer = new Promise<DirectMessage>((resolve, reject) => {
      const cancelDeadline = this.#clock.after(REQUEST_TIMEOUT_MS, () => {
        this.#pending.delete(id);
        reject(new RequestError('timeout', 'the server did not answer in time'));
      });
      this.#pending.set(id, { answer: resolve, fail: reject, cancelDeadline });
    });
    return { id, answer };
  }

  /** @returns whether the message answered a request */
  settle(message: DirectMessage): boolean {
    const pending = message.reply_to === undefined ? undefined : this.#pending.get(message.reply_to);
    if (pending === undefined || message.reply_to === undefined) return false;
    this.#pending.delete(message.reply_to);
    pending.cancelDeadline();
    if (message.type === 'error') pending.fail(new RequestError(message.code, message.detail));
    else pending.answer(message);
    return true;
  }

  failAll(code: string, detail: string): void {
    for (const { fail, cancelDeadline } of this.#pending.values()) {
      cancelDeadline();
      fail(new RequestError(code, detail));
    }
    this.#pending.clear();
  }
}
