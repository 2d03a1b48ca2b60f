// The TCP or TLS connection of a push.
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { TokenBucket } from '@millrace/protocol/rate';
import { connectionFault, lookupOf } from '@millrace/service-kit';
import type { OutboundAddress } from '@millrace/service-kit';
import { PushFault } from './push-fault.ts';
import { PushOutcome } from './stream-push.ts';

/** What a server may send: answers, acknowledgements and reports. */
const RECEIVED = { perSecond: 64 * 1024, burst: 1024 * 1024 } as const;
/** A dead server behind a silent network is noticed by the kernel. */
const KEEP_ALIVE_MS = 15_000;
/** How long a server may take to read what is left, and to close, after the end was announced. */
const CLOSE_MS = 2_000;

export interface PushSocketOptions {
  /** A name, or an address without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Checked: one of these is connected to. */
  readonly addresses: readonly OutboundAddress[];
  readonly onConnected: () => void;
  readonly onReceived: (bytes: Buffer) => void;
  /** The server accepts more again. */
  readonly onDrained: () => void;
  /** Called once, when nothing is to be sent any more. */
  readonly onOver: () => void;
}

export class PushSocket {
  readonly outcome = new PushOutcome();
  readonly #socket: Socket;
  readonly #onOver: () => void;
  #given = 0;

  constructor({ host, port, isSecure, addresses, onConnected, onReceived, onDrained, onOver }: PushSocketOptions) {
    this.#onOver = onOver;
    const place = { host, port, lookup: lookupOf(addresses) };
    const socket = isSecure
      ? connectTls({ ...place, ...(isIP(host) === 0 && { servername: host }) })
      : connectTcp(place);
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const now = (): number => performance.now();
    const received = new TokenBucket(RECEIVED.perSecond, RECEIVED.burst, now);
    socket.once(isSecure ? 'secureConnect' : 'connect', onConnected);
    socket.on('data', (bytes: Buffer) => {
      if (received.take(bytes.length)) onReceived(bytes);
      else
        this.fail(
          new PushFault('protocol_error', 'the server sends more than a server that is published to has to say'),
        );
    });
    socket.on('drain', () => {
      if (!this.outcome.isOver) onDrained();
    });
    // A server that closes without having read everything resets the connection.
    socket.on('error', (error) =>
      this.fail(
        new PushFault(this.outcome.isAccepted ? 'closed' : 'unreachable', connectionFault(error), { cause: error }),
      ),
    );
    socket.once('close', () => {
      this.fail(new PushFault('closed', 'the server closed the connection'));
      this.outcome.close();
    });
  }

  /** Bytes of media that the connection has taken. */
  get sentBytes(): number {
    return Math.max(0, this.#given - this.#socket.writableLength);
  }

  /** What is no media. */
  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** @returns whether the connection accepts more now */
  write(bytes: Uint8Array): boolean {
    this.#given += bytes.byteLength;
    return this.#socket.write(bytes);
  }

  /** Closes once what was written has been sent. Idempotent. */
  end(): void {
    if (!this.#finish(undefined)) return;
    const socket = this.#socket;
    socket.end(() => socket.destroy());
    setTimeout(() => socket.destroy(), CLOSE_MS).unref();
  }

  /** Closes at once, unless it is over: the first reason counts. */
  fail(fault: PushFault | undefined): void {
    if (this.#finish(fault)) this.#socket.destroy();
  }

  #finish(fault: PushFault | undefined): boolean {
    if (!this.outcome.over(fault)) return false;
    this.#onOver();
    return true;
  }
}
