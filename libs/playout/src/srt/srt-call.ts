// A caller of SRT over a UDP socket of its own: which of the addresses of a host it calls, the clock of the protocol, the end of the socket.
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isControl, SrtCaller, SrtRejection } from '@millrace/protocol/srt';
import type { SrtCallerOptions } from '@millrace/protocol/srt';
import type { OutboundAddress } from '@millrace/service-kit';

/** What the timers of the protocol are counted in. */
const TICK_MS = 10;
/** How long one address may take to answer before the next one is called: as long as callers of libsrt wait. */
const ANSWER_MS = 3_000;
/** Datagrams that the kernel has not taken: beyond this, packets of media that follow are dropped, as networks do. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** What is decided here. */
type Decided = 'peer' | 'clock' | 'timeoutUs' | 'send';

export interface SrtCallOptions extends Omit<SrtCallerOptions, Decided> {
  /** Checked: one after another is called, until one answers. */
  readonly addresses: readonly OutboundAddress[];
  readonly port: number;
  /** Called instead of `connected` and `refused`: no datagram can be sent to the last one of the addresses. */
  readonly failed: (error: Error) => void;
  /** Called every 10 ms while it is connected. */
  readonly ticked?: () => void;
}

export class SrtCall {
  readonly #options: SrtCallOptions;
  #socket: Socket | undefined;
  #caller: SrtCaller | undefined;
  #ticks: NodeJS.Timeout | undefined;
  #next = 0;
  #isConnected = false;
  #isOver = false;

  constructor(options: SrtCallOptions) {
    this.#options = options;
    this.#callNext();
  }

  /** Closes the socket, once what was sent before has left. Idempotent. */
  close(): void {
    this.#isOver = true;
    this.#hangUp();
  }

  #callNext(): void {
    const { addresses, port } = this.#options;
    const place = addresses[this.#next++];
    if (place === undefined) throw new RangeError('a call without an address');
    const socket = createSocket(place.family === 6 ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.on('message', (packet: Buffer) => {
      if (this.#socket === socket) this.#caller?.push(packet);
    });
    // An answer that nothing listens there, or that there is no way. Once connected, the protocol repeats what has to arrive, and gives up in its own time.
    socket.on('error', (error) => {
      if (this.#socket === socket && !this.#isConnected) this.#over((options) => options.failed(error));
    });
    socket.once('connect', () => {
      if (this.#socket === socket) this.#call(socket, place);
    });
    // Only what comes from there is read.
    socket.connect(port, place.address);
  }

  #call(socket: Socket, { address }: OutboundAddress): void {
    const { addresses: _, port, ...options } = this.#options;
    this.#caller = new SrtCaller({
      ...options,
      peer: { address, port },
      clock: () => performance.now() * 1_000,
      timeoutUs: ANSWER_MS * 1_000,
      send: (packet) => {
        // What keeps a connection open, and ends it, passes.
        if (this.#socket === socket && (isControl(packet) || socket.getSendQueueSize() <= MAX_UNSENT_BYTES))
          socket.send(packet, passOver);
      },
      connected: (connection) => {
        this.#isConnected = true;
        options.connected(connection);
      },
      refused: (reason) => this.#over(({ refused }) => refused(reason), reason === SrtRejection.timeout),
    });
    this.#ticks = setInterval(() => {
      this.#caller?.tick();
      if (this.#isConnected && !this.#isOver) options.ticked?.();
    }, TICK_MS);
  }

  /** This address is no use: the next one is called, unless a server has answered. */
  #over(tell: (options: SrtCallOptions) => void, isSilent = true): void {
    this.#hangUp();
    if (this.#isOver) return;
    if (isSilent && this.#next < this.#options.addresses.length) return this.#callNext();
    this.#isOver = true;
    tell(this.#options);
  }

  #hangUp(): void {
    clearInterval(this.#ticks);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#caller = undefined;
    if (socket !== undefined) setImmediate(() => socket.close());
  }
}

/** Failures of single datagrams are told by the socket as well. */
const passOver = (): void => undefined;
