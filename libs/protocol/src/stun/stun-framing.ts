// RFC 8489 section 6.2.2 and RFC 8656 section 12.5: STUN and ChannelData in a stream, one behind the other.
import { ProtocolError } from '../bytes/index.ts';
import { CHANNEL_DATA_HEADER_BYTES, MAX_CHANNEL_DATA_BYTES, MAX_CHANNEL_NUMBER } from './channel-data.ts';
import { kindOfFirstByte } from './classify.ts';
import { MAX_STUN_MESSAGE_BYTES, paddedLength, STUN_HEADER_BYTES } from './header.ts';

const PLACE = 'stun/framing';
/** Type or channel, and length: enough to know how long the unit is. */
const PREFIX_BYTES = 4;
const MIN_HELD_BYTES = 64;

/** The longest that either of both may be. */
export const MAX_STREAM_UNIT_BYTES = Math.max(MAX_STUN_MESSAGE_BYTES, MAX_CHANNEL_DATA_BYTES);

/** One whole message. */
export interface StreamUnit {
  readonly kind: 'stun' | 'channel-data';
  /** With its header, and with the padding of ChannelData. A view that is not written to any more. */
  readonly bytes: Buffer;
}

export interface StunFramingOptions {
  /** A longer unit ends the stream. */
  readonly maxUnitBytes?: number;
  /** Whether ChannelData may come: from who has no allocation it cannot. */
  readonly channelData?: boolean;
  /** See `classify`. */
  readonly maxChannelNumber?: number;
}

/**
 * Cuts a stream into messages, however it comes. Call `push`, then `next` until there is nothing left. It keeps what is
 * unfinished and no more: at most `maxUnitBytes` and what was pushed last.
 */
export class StunFraming {
  /** May be set anew as the connection gains rights. */
  channelData: boolean;
  readonly #maxUnitBytes: number;
  readonly #maxChannelNumber: number;
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  constructor(options: StunFramingOptions = {}) {
    this.#maxUnitBytes = options.maxUnitBytes ?? MAX_STREAM_UNIT_BYTES;
    this.channelData = options.channelData ?? true;
    this.#maxChannelNumber = options.maxChannelNumber ?? MAX_CHANNEL_NUMBER;
  }

  /** How many bytes wait for the rest of their message. */
  get heldBytes(): number {
    return this.#end - this.#start;
  }

  /** Takes what was read. The bytes stay in use until their messages are done with. */
  push(bytes: Buffer): void {
    if (this.heldBytes === 0) {
      this.#buffer = bytes;
      this.#start = 0;
      this.#end = bytes.length;
      return;
    }
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /**
   * The next message, or undefined when more has to come first.
   * @throws ProtocolError when no message begins here; the stream has no end of it then and must be closed
   */
  next(): StreamUnit | undefined {
    if (this.heldBytes === 0) return undefined;
    const kind = this.#kind();
    if (this.heldBytes < PREFIX_BYTES) return undefined;
    const size = this.#unitBytes(kind);
    if (size > this.#maxUnitBytes) {
      throw new ProtocolError(
        'stun.framing.too-long',
        PLACE,
        `${size} bytes, at most ${this.#maxUnitBytes} are accepted`,
      );
    }
    if (this.heldBytes < size) return undefined;
    const bytes = this.#buffer.subarray(this.#start, this.#start + size);
    this.#start += size;
    return { kind, bytes };
  }

  /** What came behind the last message, for a connection that now carries something else (RFC 6062 section 4.4). */
  takeRest(): Buffer {
    const rest = this.#buffer.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return rest;
  }

  #kind(): StreamUnit['kind'] {
    const first = this.#buffer[this.#start]!;
    const kind = kindOfFirstByte(first, this.#maxChannelNumber);
    if (kind === 'stun' || (kind === 'channel-data' && this.channelData)) return kind;
    throw new ProtocolError('stun.framing.not-stun', PLACE, `first byte ${first}`);
  }

  #unitBytes(kind: StreamUnit['kind']): number {
    const length = this.#buffer.readUInt16BE(this.#start + 2);
    if (kind === 'channel-data') return CHANNEL_DATA_HEADER_BYTES + paddedLength(length);
    if (length % 4 !== 0) throw new ProtocolError('stun.framing.length', PLACE, `${length} is no multiple of four`);
    return STUN_HEADER_BYTES + length;
  }

  /** Room for `count` more bytes in a buffer of our own; doubling keeps the copying within bounds. */
  #reserve(count: number): void {
    // What was pushed ends where it ends: room behind `end` is only in a buffer of our own.
    if (this.#end + count <= this.#buffer.length) return;
    const held = this.heldBytes;
    const grown = Buffer.allocUnsafeSlow(Math.max(held + count, 2 * held, MIN_HELD_BYTES));
    this.#buffer.copy(grown, 0, this.#start, this.#end);
    this.#buffer = grown;
    this.#start = 0;
    this.#end = held;
  }
}
