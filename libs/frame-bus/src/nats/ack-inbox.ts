// Where the server's acknowledgements arrive: one subscription for all publishers of a bus.
import type { Msg } from '@nats-io/transport-node';
import type { NatsLink } from './nats-link.ts';

/** What the server says of a message that it was asked to acknowledge. */
export type Acknowledgement = { readonly stored: number } | { readonly refused: string };

/** Hears the answers to its own messages. */
export interface AckListener {
  /**
   * @param attempt the publisher's own count, as it stood in the reply subject
   * @param token the publisher's own number of what was sent, likewise
   */
  acknowledged(attempt: number, token: number, ack: Acknowledgement): void;
}

/** Gives out reply subjects `<inbox>.<publisher>.<attempt>.<token>` and hands the answers to their publishers. */
export class AckInbox {
  readonly #prefix: string;
  readonly #listeners = new Map<number, AckListener>();
  #lastNumber = 0;

  constructor(link: NatsLink) {
    this.#prefix = `${link.newInbox()}.`;
    link.connection.subscribe(`${this.#prefix}>`, { callback: (error, message) => this.#receive(error, message) });
  }

  /** @returns the listener's number, for `replySubject` and `remove` */
  add(listener: AckListener): number {
    this.#listeners.set(++this.#lastNumber, listener);
    return this.#lastNumber;
  }

  remove(number: number): void {
    this.#listeners.delete(number);
  }

  replySubject(number: number, attempt: number, token: number): string {
    return `${this.#prefix}${number}.${attempt}.${token}`;
  }

  #receive(error: Error | null, message: Msg): void {
    if (error) return;
    const [number, attempt, token] = message.subject.slice(this.#prefix.length).split('.').map(Number);
    if (number === undefined || attempt === undefined || token === undefined) return;
    this.#listeners.get(number)?.acknowledged(attempt, token, readAcknowledgement(message));
  }
}

function readAcknowledgement(message: Msg): Acknowledgement {
  if (message.data.byteLength === 0) return { refused: `status ${message.headers?.code ?? 'unknown'}` };
  const answer = parse(message.string());
  if (typeof answer !== 'object' || answer === null) return { refused: 'not an acknowledgement' };
  if ('error' in answer) return { refused: JSON.stringify(answer.error) };
  return 'seq' in answer && typeof answer.seq === 'number' ? { stored: answer.seq } : { refused: 'no sequence' };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
