// RTMP 1.0 sections 5.4.3 and 5.4.4.
import { encodeAcknowledgement } from '../message/acknowledgement.ts';
import { MessageType } from '../message/message-type.ts';
import type { MessageSender } from './message-sender.ts';

/** Used until the peer names its window: what FMS and most others do. */
const DEFAULT_WINDOW = 2_500_000;

/** Counts the bytes received and acknowledges every window of them. */
export class Acknowledger {
  readonly #sender: MessageSender;
  readonly #minBytes: number;
  #window = DEFAULT_WINDOW;
  #acknowledged = 0;
  /** Bytes received on this connection; never wraps. */
  received = 0;

  /** @param minBytes the least number of bytes between two acknowledgements, whatever window the peer names. */
  constructor(sender: MessageSender, minBytes: number) {
    this.#sender = sender;
    this.#minBytes = minBytes;
  }

  /** The peer names its window; 0 leaves it as it is. */
  setWindow(size: number): void {
    if (size > 0) this.#window = Math.max(size, this.#minBytes);
  }

  /** Sends one acknowledgement when a window or more has come since the last. */
  acknowledge(): void {
    if (this.received - this.#acknowledged < this.#window) return;
    this.#acknowledged = this.received;
    this.#sender.control(MessageType.acknowledgement, encodeAcknowledgement(this.received));
  }
}
