// Messages on their way to the socket: written once into memory that is used again, and given to the client as one piece.
import type { NatsConnection } from '@nats-io/transport-node';
import type { OutgoingSlab } from './outgoing-slab.ts';

const LINE_END = '\r\n';

/** What writes a payload. */
export type WritePayload = (out: Uint8Array, at: number) => void;

/** The part of the client that its types leave out: it puts bytes behind what is to be sent, and sends it. */
interface ClientProtocol {
  sendCommand(bytes: Uint8Array): void;
  flushPending(): void;
}

/**
 * The client gathers the command, the payload and the line end of each message, and copies all of them into new memory before each write: at 50
 * publishers that is 16 MB a second which are cleared, filled and collected. Here messages lie one behind the other in the slab from the start.
 */
export class OutgoingMessages {
  readonly #protocol: ClientProtocol;
  readonly #slab: OutgoingSlab;
  /** The messages that are not given to the client, without a gap between them. */
  #piece: Buffer | undefined;
  #isDue = false;

  /** @throws TypeError when the client is another than the one that this was written for */
  constructor(connection: NatsConnection, slab: OutgoingSlab) {
    this.#protocol = protocolOf(connection);
    this.#slab = slab;
  }

  /** Adds a message; it leaves with the others that are added before the caller returns to the event loop. */
  add(subject: string, reply: string | undefined, payloadBytes: number, write: WritePayload): void {
    const command = `PUB ${subject} ${reply === undefined ? '' : `${reply} `}${payloadBytes}${LINE_END}`;
    const message = this.#slab.take(command.length + payloadBytes + LINE_END.length);
    message.write(command, 0, 'latin1');
    write(message, command.length);
    message.write(LINE_END, command.length + payloadBytes, 'latin1');
    this.#append(message);
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.flush();
    });
  }

  /** Gives the client what is gathered. */
  flush(): void {
    const piece = this.#piece;
    if (piece === undefined) return;
    this.#piece = undefined;
    this.#protocol.sendCommand(piece);
    this.#protocol.flushPending();
  }

  #append(message: Buffer): void {
    const piece = this.#piece;
    if (piece?.buffer === message.buffer && piece.byteOffset + piece.byteLength === message.byteOffset) {
      this.#piece = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength + message.byteLength);
      return;
    }
    this.flush();
    this.#piece = message;
  }
}

function protocolOf(connection: NatsConnection): ClientProtocol {
  const { protocol } = connection as { protocol?: Partial<ClientProtocol> };
  if (typeof protocol?.sendCommand !== 'function' || typeof protocol.flushPending !== 'function')
    throw new TypeError('the NATS client has no protocol handler that takes bytes');
  return protocol as ClientProtocol;
}
