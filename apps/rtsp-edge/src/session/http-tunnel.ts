// The two connections of one client that speaks RTSP through HTTP: its GET, which carries what it is sent, and its POST, which may be
// closed and followed by another one.
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { EncoderPeer } from '@millrace/ingest';
import { ProtocolError } from '@millrace/protocol/bytes';
import { formatTunnelOpened, TunnelBodyReader } from '@millrace/protocol/rtsp';
import type { Logger } from '@millrace/service-kit';
import type { ClientStream } from './client-stream.ts';

interface TunnelEvents {
  data: [Buffer];
  drain: [];
  close: [];
  error: [Error];
}

export class HttpTunnel extends EventEmitter<TunnelEvents> implements ClientStream {
  readonly #output: Socket;
  readonly #logger: Logger;
  /** How long it may be without a POST, in milliseconds. */
  readonly #inputMs: number;
  #input: Socket | undefined;
  /** Of those that are closed. */
  #bytesOfFormerInputs = 0;
  #isPaused = false;
  #waiting: NodeJS.Timeout | undefined;

  /** Answers the GET. @param output its socket, of which nothing more is read */
  constructor(output: Socket, server: string, inputMs: number, logger: Logger) {
    super();
    this.#output = output;
    this.#logger = logger;
    this.#inputMs = inputMs;
    output.on('drain', () => this.emit('drain'));
    output.on('error', (error) => this.emit('error', error));
    output.on('close', () => {
      clearTimeout(this.#waiting);
      this.#input?.destroy();
      this.emit('close');
    });
    // What comes here is no part of a tunnel, and is not looked at: a client that sends it is closed.
    output.on('data', () => this.destroy());
    output.write(formatTunnelOpened(server));
    this.#awaitInput();
  }

  get bytesRead(): number {
    return this.#output.bytesRead + this.#bytesOfFormerInputs + (this.#input?.bytesRead ?? 0);
  }

  get localAddress(): string | undefined {
    return this.#output.localAddress;
  }

  get writable(): boolean {
    return this.#output.writable;
  }

  get writableLength(): number {
    return this.#output.writableLength;
  }

  /** Whether it has a POST: another one is refused then. */
  get hasInput(): boolean {
    return this.#input !== undefined;
  }

  /** Takes the socket of a POST. @param first what has come behind its head */
  useInput(input: Socket, first: Buffer): void {
    clearTimeout(this.#waiting);
    this.#input = input;
    const body = new TunnelBodyReader();
    const read = (bytes: Buffer): void => {
      let requests: Buffer;
      try {
        requests = body.push(bytes);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.#logger.debug({ code: error.code, detail: error.detail }, 'malformed tunnel');
        return this.destroy();
      }
      // Also when it is empty: what was read counts, and blanks without end are noticed by that.
      this.emit('data', requests);
    };
    input.on('data', read);
    input.on('end', () => input.destroy());
    input.on('close', () => {
      this.#bytesOfFormerInputs += input.bytesRead;
      this.#input = undefined;
      this.#awaitInput();
    });
    if (this.#isPaused) input.pause();
    else input.resume();
    if (first.length > 0) read(first);
  }

  write(bytes: Uint8Array): boolean {
    return this.#output.write(bytes);
  }

  pause(): void {
    this.#isPaused = true;
    this.#input?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#input?.resume();
  }

  isPaused(): boolean {
    return this.#isPaused;
  }

  end(): void {
    this.#output.end();
  }

  destroy(): void {
    this.#output.destroy();
  }

  #awaitInput(): void {
    if (this.#output.destroyed) return;
    this.#waiting = setTimeout(() => this.destroy(), this.#inputMs);
  }
}

/** The tunnels of an edge. */
export class HttpTunnels {
  readonly #open = new Map<string, HttpTunnel>();

  /** The one with this cookie, of this client: another peer that knows the cookie, or has guessed it, does not find it. */
  find(peer: EncoderPeer, cookie: string): HttpTunnel | undefined {
    return this.#open.get(nameOf(peer, cookie));
  }

  add(peer: EncoderPeer, cookie: string, tunnel: HttpTunnel): void {
    const name = nameOf(peer, cookie);
    this.#open.set(name, tunnel);
    tunnel.on('close', () => void this.#open.delete(name));
  }
}

/** What came over TLS and what did not have nothing to do with each other. */
const nameOf = ({ protocol, address }: EncoderPeer, cookie: string): string => `${protocol} ${address} ${cookie}`;
