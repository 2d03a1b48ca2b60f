// What one receiver is sent over SRT: in messages that every receiver has room for, at a pace, and as far as its shares of memory allow.
import { SRT_HEADER_BYTES } from '@millrace/protocol/srt';
import type { SrtConnection, SrtPace } from '@millrace/protocol/srt';
import type { ByteAccount } from '../live/byte-budget.ts';

const TS_PACKET_BYTES = 188;
/** Seven packets of MPEG-TS. */
const MESSAGE_BYTES = 7 * TS_PACKET_BYTES;
const BITS_PER_BYTE = 8;
/** What may be sent at once, at the pace of the connection: receivers keep little until they read it. */
const BURST_MS = 20;
const LEAST_BURST_BYTES = 16 * MESSAGE_BYTES;
/** How long a receiver may take to read what is due. */
const READ_MS = 100;

/** How long packets are kept for a receiver, whatever latency it asks for. */
export const SRT_MAX_KEEP_MS = 2_000;
/** A receiver sends acknowledgements only. */
export const SRT_RECEIVE_PACKETS = 64;

export interface SrtSenderOptions {
  /** How fast media is sent at most, what is sent again included. */
  readonly bitsPerSecond: number;
  /** All that did not fit has been sent. */
  readonly onDrained: () => void;
}

export class SrtSender {
  readonly pace: SrtPace;
  readonly #onDrained: () => void;
  #connection: SrtConnection | undefined;
  /** For what is sent and not acknowledged. */
  #account: ByteAccount | undefined;
  #messageBytes = MESSAGE_BYTES;
  /** What was written and not sent, the first of it up to `#sentOfFirst`. */
  #pending: Uint8Array[] = [];
  #sentOfFirst = 0;
  #sentBytes = 0;
  /** When the last message was sent. */
  #sentAtMs = 0;
  #isBlocked = false;

  constructor({ bitsPerSecond, onDrained }: SrtSenderOptions) {
    this.pace = new SteadyPace(bitsPerSecond);
    this.#onDrained = onDrained;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** From now on, what was written before included, media goes to this connection. @param account of its shares; closed with the sender */
  begin(connection: SrtConnection, account: ByteAccount | undefined): void {
    this.#connection = connection;
    this.#account = account;
    const { maxPayloadBytes } = connection;
    this.#messageBytes = Math.min(MESSAGE_BYTES, maxPayloadBytes - (maxPayloadBytes % TS_PACKET_BYTES));
  }

  /** @param bytes whole packets of MPEG-TS. @returns whether more is accepted now; otherwise it is told once it is */
  write(bytes: Uint8Array): boolean {
    this.#pending.push(bytes);
    const isEmpty = this.#send();
    this.#isBlocked = !isEmpty;
    return isEmpty;
  }

  /** To be called every 10 ms. */
  tick(): void {
    if (!this.#send() || !this.#isBlocked) return;
    this.#isBlocked = false;
    this.#onDrained();
  }

  /** Whether all has been sent, has come, and was read: receivers lose what they hold when the connection ends. */
  get isRead(): boolean {
    const connection = this.#connection;
    if (connection === undefined) return true;
    const sinceMs = performance.now() - this.#sentAtMs;
    return this.#pending.length === 0 && connection.isDrained && sinceMs >= connection.sendDelayMs + READ_MS;
  }

  /** Drops what was not sent. Idempotent. */
  close(): void {
    this.#pending = [];
    this.#isBlocked = false;
    this.#account?.close();
  }

  /** Sends what the pace, the peer and the shares of memory allow. @returns whether nothing is left */
  #send(): boolean {
    const connection = this.#connection;
    const account = this.#account;
    if (connection === undefined || account === undefined) return this.#pending.length === 0;
    account.release(account.held - connection.unacknowledgedBytes);
    if (connection.isUnread) return this.#pending.length === 0;
    const nowMs = performance.now();
    let [first] = this.#pending;
    while (first !== undefined) {
      if (this.pace.isSpent || !connection.isWritable) return false;
      const message = first.subarray(this.#sentOfFirst, this.#sentOfFirst + this.#messageBytes);
      if (!account.take(message.byteLength + SRT_HEADER_BYTES)) return false;
      connection.write(message);
      this.#sentAtMs = nowMs;
      this.#sentOfFirst += message.byteLength;
      this.#sentBytes += message.byteLength;
      this.pace.spend(message.byteLength);
      if (this.#sentOfFirst < first.byteLength) continue;
      this.#pending.shift();
      this.#sentOfFirst = 0;
      [first] = this.#pending;
    }
    return true;
  }
}

class SteadyPace implements SrtPace {
  readonly #bytesPerMs: number;
  readonly #burstBytes: number;
  /** How much may be sent now. */
  #allowance: number;
  #earnedAtMs = performance.now();

  constructor(bitsPerSecond: number) {
    this.#bytesPerMs = bitsPerSecond / BITS_PER_BYTE / 1_000;
    this.#burstBytes = Math.max(LEAST_BURST_BYTES, this.#bytesPerMs * BURST_MS);
    this.#allowance = this.#burstBytes;
  }

  get isSpent(): boolean {
    const nowMs = performance.now();
    this.#allowance = Math.min(this.#burstBytes, this.#allowance + (nowMs - this.#earnedAtMs) * this.#bytesPerMs);
    this.#earnedAtMs = nowMs;
    return this.#allowance <= 0;
  }

  spend(bytes: number): void {
    this.#allowance -= bytes;
  }
}
