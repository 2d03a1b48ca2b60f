// RFC 6416 section 6 (RFC 3016): AAC in RTP as LATM, with its configuration in the session description (`cpresent=0`).
import {
  aacFrameDuration90k,
  decodeAudioSpecificConfig,
  encodeAudioSpecificConfig,
  MAX_AUDIO_SPECIFIC_CONFIG_BYTES,
} from '../aac/index.ts';
import { BitReader, ENDED_EARLY, ProtocolError } from '../bytes/index.ts';

const PLACE = 'rtp/latm';
/** ISO/IEC 14496-3 section 1.7.3: a byte of a length; another one follows it where all bits are set. */
const LENGTH_GOES_ON = 255;

export interface LatmConfiguration {
  /** An AudioSpecificConfig. */
  readonly record: Buffer;
  /** How many access units there are in each element. */
  readonly unitsPerElement: number;
}

/**
 * Reads a StreamMuxConfig (ISO/IEC 14496-3 section 1.7.3) of one program with one layer: what encoders send.
 * @throws ProtocolError for any other
 */
export function decodeStreamMuxConfig(bytes: Uint8Array): LatmConfiguration {
  if (bytes.length > MAX_AUDIO_SPECIFIC_CONFIG_BYTES) fail('a configuration that is too long');
  const bits = new BitReader(bytes, PLACE);
  if (bits.flag()) fail('audioMuxVersion 1');
  if (!bits.flag()) fail('streams of different framing');
  const unitsPerElement = bits.bits(6) + 1;
  if (bits.bits(4) !== 0 || bits.bits(3) !== 0) fail('several programs or layers');
  // It begins in the middle of a byte, and so ends in one.
  const moved = Buffer.from(Array.from({ length: bits.remaining >> 3 }, () => bits.bits(8)));
  const config = decodeAudioSpecificConfig(moved);
  if (aacFrameDuration90k(config) <= 0) fail('no duration');
  return { record: encodeAudioSpecificConfig(config), unitsPerElement };
}

/** Elements out of packets, one in several of them where it is long: the marker is on its last one. */
export class LatmPayloadReader {
  readonly #unitsPerElement: number;
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** @param maxBytes of one element */
  constructor({ unitsPerElement }: LatmConfiguration, maxBytes: number) {
    this.#unitsPerElement = unitsPerElement;
    this.#maxBytes = maxBytes;
  }

  /** @returns the access units of a whole element: views of the payload, or of memory of their own. @throws ProtocolError */
  push(payload: Buffer, marker: boolean): Buffer[] {
    this.#bytes += payload.length;
    if (this.#bytes > this.#maxBytes) {
      this.drop();
      fail('an element that is too long');
    }
    this.#parts.push(payload);
    if (!marker) return [];
    const element = this.#parts.length === 1 ? payload : Buffer.concat(this.#parts);
    this.drop();
    return this.#unitsOf(element);
  }

  /** Packets have been lost. */
  drop(): void {
    this.#parts = [];
    this.#bytes = 0;
  }

  #unitsOf(element: Buffer): Buffer[] {
    let at = 0;
    return Array.from({ length: this.#unitsPerElement }, () => {
      let length = 0;
      for (let byte = LENGTH_GOES_ON; byte === LENGTH_GOES_ON; length += byte) {
        if (at >= element.length) throw new ProtocolError(ENDED_EARLY, PLACE, 'an element that ends in a length');
        byte = element[at++]!;
      }
      if (length > element.length - at) fail('an access unit beyond its element');
      return element.subarray(at, (at += length));
    });
  }
}

function fail(detail: string): never {
  throw new ProtocolError('rtp.latm', PLACE, detail);
}
