// ISO/IEC 13818-1 section 2.4.3.6: PES packets put together from transport packets.
import { ByteReader, ProtocolError } from '../../bytes/index.ts';
import type { PesHeader } from '../pes.ts';
import { decodePesHeader, PES_PREFIX_BYTES } from '../pes.ts';

export interface PesPacket {
  readonly header: PesHeader;
  /** Elementary stream data, which is the taker's. */
  readonly data: Buffer;
  /** random_access_indicator of the packet in which it began. */
  readonly randomAccess: boolean;
}

const NONE = Buffer.alloc(0);
/** What a buffer begins with: a picture of an ordinary stream, or some frames of sound. */
const FIRST_BYTES = 4 * 1024;

/**
 * Puts the PES packets of one PID together. Keeps at most one, of at most `maxBytes`: a copy, since views would keep all that was read with
 * them.
 */
export class PesAssembler {
  readonly #maxBytes: number;
  #buffer: Buffer = NONE;
  #bytes = 0;
  /** Of the whole packet; 0 while that is not known, and where only the next one ends it. */
  #expected = 0;
  #started = false;
  #randomAccess = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the payload of a packet.
   *
   * @param emit called with the PES packet that ended before it, and with that which ended in it
   * @throws ProtocolError when one is too large or has no header that can be read: it is left out
   */
  push(payload: Buffer, unitStart: boolean, randomAccess: boolean, emit: (packet: PesPacket) => void): void {
    if (unitStart) {
      this.end(emit);
      this.#started = true;
      this.#randomAccess = randomAccess;
      this.#buffer = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, payload.length));
    }
    if (!this.#started) return;
    this.#append(payload);
    if (this.#expected > 0 && this.#bytes >= this.#expected) this.end(emit);
  }

  /** Forgets what is there, up to the next start: something of it was lost. */
  drop(): void {
    this.#buffer = NONE;
    this.#bytes = 0;
    this.#expected = 0;
    this.#started = false;
  }

  /** Gives what is there when no more will come. @throws ProtocolError as `push` does */
  end(emit: (packet: PesPacket) => void): void {
    if (!this.#started) return;
    const bytes = this.#buffer.subarray(0, this.#bytes);
    this.drop();
    const reader = new ByteReader(bytes, 'mpegts/pes');
    const header = decodePesHeader(reader);
    const length =
      header.packetLength === 0 ? reader.remaining : header.packetLength + PES_PREFIX_BYTES - reader.offset;
    emit({ header, data: reader.take(length), randomAccess: this.#randomAccess });
  }

  #append(payload: Buffer): void {
    const end = this.#bytes + payload.length;
    if (end > this.#maxBytes) {
      this.drop();
      throw new ProtocolError('mpegts.pes.too-large', 'mpegts/pes', `${end} bytes`);
    }
    if (end > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, Math.min(2 * this.#buffer.length, this.#maxBytes)));
      this.#buffer.copy(larger, 0, 0, this.#bytes);
      this.#buffer = larger;
    }
    payload.copy(this.#buffer, this.#bytes);
    const before = this.#bytes;
    this.#bytes = end;
    if (before >= PES_PREFIX_BYTES || end < PES_PREFIX_BYTES) return;
    const length = this.#buffer.readUInt16BE(4);
    if (length > 0) this.#expected = length + PES_PREFIX_BYTES;
  }
}
