// A client over TCP or TLS: messages are cut out of the stream, and what goes back is bounded.
import type { Socket } from 'node:net';
import { ProtocolError } from '@millrace/protocol/bytes';
import { MAX_RFC5766_CHANNEL_NUMBER, StunFraming } from '@millrace/protocol/stun';
import type { TransportAddress } from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import type { Counters } from '../counters.ts';
import type { ClientFlow } from '../allocation/client-flow.ts';
import { splice } from './socket-splice.ts';
import type { SocketPeerStream } from './socket-tcp-relays.ts';
import type { StreamMeter } from '../allocation/tcp-relay.ts';
import { UnsentDatagrams } from './unsent-datagrams.ts';

/** The longest message of who has no allocation: requests are a few hundred bytes. */
const MAX_UNPROVEN_MESSAGE_BYTES = 2_048;
/** How much more may wait for answers than for data. */
const ANSWER_ROOM_FACTOR = 2;
const ZEROS = [undefined, Buffer.alloc(1), Buffer.alloc(2), Buffer.alloc(3)] as const;
/** So much is given to the socket before the system has taken what came before; of a slow line less, see `#handedMost`. */
const MOST_HANDED_BYTES = 16_384;
/** How much of the time that a datagram may wait it may wait in the socket, where it cannot be dropped any more. */
const HANDED_SHARE = 1 / 4;
/** How fast a line is said to be: the newest measurement counts for so much. */
const RATE_WEIGHT = 1 / 4;

export interface StreamConnectionOptions {
  readonly transport: 'tcp' | 'tls';
  readonly socket: Socket;
  readonly remote: TransportAddress;
  readonly counters: Counters;
  /** How long it may be without an allocation. */
  readonly idleMs: number;
  readonly maxUnsentBytes: number;
  readonly maxUnsentMs: number;
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
  readonly #unsent: UnsentDatagrams;
  /** How much the socket may hold before datagrams wait outside of it. */
  #handedMost = MOST_HANDED_BYTES;
  #bytesPerMs: number | undefined;
  /** Since when the socket holds what the system has not taken, and what it held then; undefined while it takes all. */
  #blockedAtMs: number | undefined;
  #blockedBytes = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: StreamConnectionOptions) {
    const { transport, socket, remote } = options;
    this.#options = options;
    this.transport = transport;
    this.remote = remote;
    const { maxUnsentMs: maxMs, maxUnsentBytes: maxBytes, counters } = options;
    this.#unsent = new UnsentDatagrams({ maxMs, maxBytes }, (reason) => counters.met(reason));
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
    if (this.#hasRoom()) this.#options.socket.write(bytes);
    else this.close();
  }

  sendParts(head: Uint8Array, body: Uint8Array, padded: boolean): void {
    if (this.closed) return;
    const padding = padded ? ZEROS[(-body.length & 3) as 0 | 1 | 2 | 3] : undefined;
    if (this.#unsent.count === 0 && this.#options.socket.writableLength < this.#handedMost) {
      const { socket } = this.#options;
      socket.cork();
      this.#write(head, body, padding);
      socket.uncork();
      if (this.#blockedAtMs === undefined && socket.writableLength > 0) this.#blocked(performance.now());
      return;
    }
    this.#unsent.push({ head, body, padding, atMs: performance.now() });
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
    this.#unsent.clear();
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

  #write(head: Uint8Array, body: Uint8Array, padding: Uint8Array | undefined): void {
    const { socket } = this.#options;
    socket.write(head);
    if (padding === undefined) {
      socket.write(body, this.#written);
      return;
    }
    socket.write(body);
    socket.write(padding, this.#written);
  }

  /** The system has taken what was written: it may be time for what waits. */
  readonly #written = (): void => {
    if (this.closed || this.#joined || (this.#blockedAtMs === undefined && this.#unsent.count === 0)) return;
    const { socket } = this.#options;
    const nowMs = performance.now();
    if (this.#blockedAtMs !== undefined && socket.writableLength === 0) this.#unblocked(nowMs);
    if (this.#unsent.count === 0) return;
    socket.cork();
    while (socket.writableLength < this.#handedMost) {
      const next = this.#unsent.shift(nowMs);
      if (next === undefined) break;
      this.#write(next.head, next.body, next.padding);
    }
    socket.uncork();
    if (this.#blockedAtMs === undefined && socket.writableLength > 0) this.#blocked(nowMs);
  };

  #blocked(nowMs: number): void {
    this.#blockedAtMs = nowMs;
    this.#blockedBytes = this.#options.socket.writableLength;
  }

  /** Measures how fast the line takes what is given to it while it takes no more: so much is given to it ahead of time. */
  #unblocked(nowMs: number): void {
    const tookMs = nowMs - this.#blockedAtMs!;
    this.#blockedAtMs = undefined;
    if (tookMs <= 0) return;
    const bytesPerMs = this.#blockedBytes / tookMs;
    const before = this.#bytesPerMs ?? bytesPerMs;
    this.#bytesPerMs = before + (bytesPerMs - before) * RATE_WEIGHT;
    const inTime = this.#bytesPerMs * this.#options.maxUnsentMs * HANDED_SHARE;
    this.#handedMost = Math.max(1, Math.min(MOST_HANDED_BYTES, inTime));
  }

  /** Who has an allocation may send longer messages, and ChannelData. */
  #reframe(framing: StunFraming): void {
    const rest = this.#framing.takeRest();
    this.#framing = framing;
    if (rest.length > 0) framing.push(rest);
  }

  #hasRoom(): boolean {
    return !this.closed && this.#options.socket.writableLength < ANSWER_ROOM_FACTOR * this.#options.maxUnsentBytes;
  }

  #waitForAllocation(): void {
    if (this.closed) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), this.#options.idleMs);
  }
}
