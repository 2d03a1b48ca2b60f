// ISO/IEC 13818-1 section 2.4.3.6: PES packets put together from transport packets.
import { ByteReader, ProtocolError } from '../../bytes/index.ts';
import type { PesHeader } from '../pes.ts';
import { decodePesHeader, PES_PREFIX_BYTES } from '../pes.ts';

export interface PesPacket {
  readonly header: PesHeader;
  /** Elementary stream data. */
  readonly data: Buffer;
  /** random_access_indicator of the packet in which it began. */
  readonly randomAccess: boolean;
}

/** Puts the PES packets of one PID together. Keeps at most one, of at most `maxBytes`. */
export class PesAssembler {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #started = false;
  #randomAccess = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the payload of a packet; returns the PES packet that ended before it or in it. */
  push(payload: Buffer, unitStart: boolean, randomAccess: boolean): PesPacket[] {
    const done: PesPacket[] = [];
    if (unitStart) {
      done.push(...this.end());
      this.#started = true;
      this.#randomAccess = randomAccess;
    }
    if (!this.#started) return done;
    this.#parts.push(payload);
    this.#bytes += payload.length;
    if (this.#bytes > this.#maxBytes)
      throw new ProtocolError('mpegts.pes.too-large', 'mpegts/pes', `${this.#bytes} bytes`);
    if (this.#complete()) done.push(...this.end());
    return done;
  }

  /** Forgets what is there, up to the next start: something of it was lost. */
  drop(): void {
    this.#parts = [];
    this.#bytes = 0;
    this.#started = false;
  }

  /** Gives what is there when no more will come. */
  end(): PesPacket[] {
    if (!this.#started) return [];
    const bytes =
      this.#parts.length === 1 && this.#parts[0] !== undefined ? this.#parts[0] : Buffer.concat(this.#parts);
    this.drop();
    const reader = new ByteReader(bytes, 'mpegts/pes');
    const header = decodePesHeader(reader);
    const length =
      header.packetLength === 0 ? reader.remaining : header.packetLength + PES_PREFIX_BYTES - reader.offset;
    return [{ header, data: reader.take(length), randomAccess: this.#randomAccess }];
  }

  /** Whether PES_packet_length is known and reached. */
  #complete(): boolean {
    const first = this.#parts[0];
    if (first === undefined || first.length < PES_PREFIX_BYTES) return false;
    const length = first.readUInt16BE(4);
    return length > 0 && this.#bytes >= length + PES_PREFIX_BYTES;
  }
}
