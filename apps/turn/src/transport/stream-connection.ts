// A client over TCP or TLS: messages are cut out of the stream, and what goes back is bounded.
import type { Socket } from 'node:net';
import { ProtocolError } from '@millrace/protocol/bytes';
import { MAX_RFC5766_CHANNEL_NUMBER, StunFraming } from '@millrace/protocol/stun';
import type { TransportAddress } from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import type { Counters } from '../metrics/counters.ts';
import type { ClientFlow } from './client-flow.ts';
import { splice } from './socket-splice.ts';
import type { SocketPeerStream } from './socket-tcp-relays.ts';
import type { StreamMeter } from './tcp-relay.ts';

/** The longest message of who has no allocation: requests are a few hundred bytes. */
export const MAX_UNPROVEN_MESSAGE_BYTES = 2_048;
/** How much more may wait for answers than for data. */
const ANSWER_ROOM_FACTOR = 2;
const ZEROS = [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(2), Buffer.alloc(3)] as const;

export interface StreamConnectionOptions {
  readonly transport: 'tcp' | 'tls';
  readonly socket: Socket;
  readonly remote: TransportAddress;
  readonly counters: Counters;
  /** How long it may be without an allocation. */
  readonly idleMs: number;
  readonly maxUnsentBytes: number;
  readonly receive: (flow: ClientFlow, bytes: Buffer) => void;
  /** It has an allocation: whose it is is known. */
  readonly onProven: () => void;
  /** Runs once. */
  readonly onClosed: (connection: StreamConnection) => void;
}

export class StreamConnection implements ClientFlow {
  readonly transport: 'tcp' | 'tls';
  readonly remote: TransportAddress;
  readonly origin = 0;
  allocation: Allocation | undefined;
  closed = false;
  readonly #options: StreamConnectionOptions;
  #framing = new StunFraming({ maxUnitBytes: MAX_UNPROVEN_MESSAGE_BYTES, channelData: false });
  #joined = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: StreamConnectionOptions) {
    const { transport, socket, remote } = options;
    this.#options = options;
    this.transport = transport;
    this.remote = remote;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#push(bytes));
    // What a client does to its connection is its own affair.
    socket.on('error', () => this.close());
    socket.on('close', () => this.close());
    socket.on('end', () => this.close());
    this.#waitForAllocation();
  }

  send(bytes: Uint8Array): void {
    // Data leaves room for answers; a client that reads neither is cut.
    if (this.#hasRoom(ANSWER_ROOM_FACTOR)) this.#options.socket.write(bytes);
    else this.close();
  }

  sendParts(head: Uint8Array, body: Uint8Array, padded: boolean): void {
    const { socket, counters } = this.#options;
    if (this.closed) return;
    if (!this.#hasRoom()) {
      counters.met('max_unsent_bytes');
      return;
    }
    const padding = padded ? -body.length & 3 : 0;
    socket.cork();
    socket.write(head);
    socket.write(body);
    if (padding > 0) socket.write(ZEROS[padding as 1 | 2 | 3]);
    socket.uncork();
  }

  allocationChanged(): void {
    if (this.allocation) {
      this.#options.onProven();
      clearTimeout(this.#idle);
      // Which channels there are is the server's business; here it only matters where a message ends.
      this.#reframe(new StunFraming({ maxChannelNumber: MAX_RFC5766_CHANNEL_NUMBER }));
    } else {
      this.#waitForAllocation();
    }
  }

  /** Hands the socket over: what comes from now on is the peer's. */
  join(peer: SocketPeerStream, meter: StreamMeter): void {
    if (this.closed) {
      peer.close();
      return;
    }
    const { socket } = this.#options;
    clearTimeout(this.#idle);
    this.#joined = true;
    socket.removeAllListeners('data').removeAllListeners('end').pause();
    const rest = this.#framing.takeRest();
    if (rest.length > 0) socket.unshift(rest);
    void splice(socket, peer.socket, meter).finally(() => this.close());
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.#idle);
    this.#options.socket.destroy();
    this.#options.onClosed(this);
  }

  #push(bytes: Buffer): void {
    if (this.closed) return;
    try {
      this.#framing.push(bytes);
      // A connection that was joined to a peer's has no more messages: what is left was handed over.
      for (
        let unit = this.#framing.next();
        unit && !this.closed;
        unit = this.#joined ? undefined : this.#framing.next()
      )
        this.#options.receive(this, unit.bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.counters.dropped('not_stun');
      this.close();
    }
  }

  /** Who has an allocation may send longer messages, and ChannelData. */
  #reframe(framing: StunFraming): void {
    const rest = this.#framing.takeRest();
    this.#framing = framing;
    if (rest.length > 0) framing.push(rest);
  }

  #hasRoom(factor = 1): boolean {
    return !this.closed && this.#options.socket.writableLength < factor * this.#options.maxUnsentBytes;
  }

  #waitForAllocation(): void {
    if (this.closed) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), this.#options.idleMs);
  }
}
