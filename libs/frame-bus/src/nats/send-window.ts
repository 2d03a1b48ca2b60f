// How much may be on its way to the server: the client library itself would buffer without a limit.
import type { NatsConnection } from '@nats-io/transport-node';
import { OutgoingMessages } from './outgoing-messages.ts';
import type { WritePayload } from './outgoing-messages.ts';
import { OutgoingSlab } from './outgoing-slab.ts';

/**
 * Counts what was handed to the connection and not yet read by the server. Every `probeBytes` it asks the server (PING)
 * and takes off what came before the question when the answer (PONG) is there.
 */
export class SendWindow {
  /** Memory for the messages that are counted. */
  readonly #slab = new OutgoingSlab();
  readonly #messages: OutgoingMessages;
  readonly #connection: NatsConnection;
  readonly #windowBytes: number;
  readonly #probeBytes: number;
  readonly #onOpen: () => void;
  #outstanding = 0;
  #sinceProbe = 0;
  #generation = 0;

  constructor(connection: NatsConnection, windowBytes: number, probeBytes: number, onOpen: () => void) {
    this.#connection = connection;
    this.#windowBytes = windowBytes;
    this.#probeBytes = Math.min(probeBytes, windowBytes);
    this.#onOpen = onOpen;
    this.#messages = new OutgoingMessages(connection, this.#slab);
  }

  get isOpen(): boolean {
    return this.#outstanding < this.#windowBytes;
  }

  /** Publishes a message, and counts it. */
  publish(subject: string, reply: string | undefined, bytes: number, write: WritePayload): void {
    this.#messages.add(subject, reply, bytes, write);
    this.#outstanding += bytes;
    this.#sinceProbe += bytes;
    if (this.#sinceProbe >= this.#probeBytes) this.#probe();
  }

  /** Starts from nothing, on a new connection. */
  reset(): void {
    this.#generation++;
    this.#outstanding = 0;
    this.#sinceProbe = 0;
    // It is not known whether the library still holds what was in them.
    this.#slab.takeFull();
  }

  #probe(): void {
    // The question goes behind what it asks for.
    this.#messages.flush();
    const generation = this.#generation;
    const bytes = this.#sinceProbe;
    this.#sinceProbe = 0;
    const blocks = this.#slab.takeFull();
    const answered = (): void => {
      if (generation !== this.#generation) return;
      const wasOpen = this.isOpen;
      this.#outstanding -= bytes;
      this.#slab.release(blocks);
      if (!wasOpen && this.isOpen) this.#onOpen();
    };
    // A question that is lost with its connection needs no answer: the next connection starts from nothing.
    const lost = (): void => undefined;
    this.#connection.flush().then(answered, lost);
  }
}
