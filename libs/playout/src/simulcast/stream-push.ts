// One connection to a server that a stream is pushed to, whatever its protocol.
import type { WatchedViewer } from '../live/live-streams.ts';
import type { WireForm } from '../live/wire-form.ts';
import { PushFault } from './push-fault.ts';

export interface StreamPush {
  /** Resolves once the server accepts the stream. @throws PushFault */
  readonly ready: Promise<void>;
  /** Resolves when the connection is gone: with the reason, unless it was ended here. */
  readonly closed: Promise<PushFault | undefined>;
  /** Why the connection is over; undefined while it is not, and when it was ended here. */
  readonly fault: PushFault | undefined;
  /** How it is written for this server; known once it is ready. */
  readonly form: WireForm;
  /** Bytes of media that the connection has taken. */
  readonly sentBytes: number;
  /** Whether the server can read a codec. @returns why not */
  refusalOf(codec: number): PushFault | undefined;
  /** What it is given comes from this viewer. */
  attached?(viewer: WatchedViewer): void;
  /** @param bytes in its form @returns whether the connection accepts more now */
  write(bytes: Uint8Array): boolean;
  /** Says that the stream is done, and closes. What was written before is still sent. Idempotent. */
  end(): void;
  /** Closes at once, unless it is over: the first reason counts. */
  fail(fault: PushFault | undefined): void;
}

/** How the connection of a push is over, and the promises that tell of it. */
export class PushOutcome {
  readonly #ready = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<PushFault | undefined>();
  #fault: PushFault | undefined;
  #isAccepted = false;
  #isOver = false;

  constructor() {
    // One who does not wait for it is told by `closed`.
    this.#ready.promise.catch(() => undefined);
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get closed(): Promise<PushFault | undefined> {
    return this.#closed.promise;
  }

  get fault(): PushFault | undefined {
    return this.#fault;
  }

  /** Whether the server has accepted the stream. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  accept(): void {
    this.#isAccepted = true;
    this.#ready.resolve();
  }

  /** It ends from now on. @returns false when it does already: the first reason counts */
  over(fault: PushFault | undefined): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#fault = fault;
    this.#ready.reject(fault ?? new PushFault('closed', 'the connection was ended'));
    return true;
  }

  /** It is gone. */
  close(): void {
    this.#closed.resolve(this.#fault);
  }
}
