// RFC 3640: AAC in RTP. The mode AAC-hbr (section 3.3.6), whose header fields have the lengths that the session description says.
import { BitReader, ProtocolError } from '../bytes/index.ts';
import type { PutPayload } from './put-payload.ts';

const PLACE = 'rtp/aac';
/** More than a packet of any encoder has. */
const MAX_UNITS = 64;
const HEADERS_LENGTH_BYTES = 2;

export interface AacPayloadFormat {
  readonly sizeLength: number;
  readonly indexLength: number;
  readonly indexDeltaLength: number;
}

/** Section 3.3.6: the lengths that every sender of this mode has. */
export const AAC_HBR: AacPayloadFormat = { sizeLength: 13, indexLength: 3, indexDeltaLength: 3 };

/** @param parameters of `fmtp`. @returns undefined for another mode, and for lengths that are not read here */
export function aacPayloadFormatOf(parameters: ReadonlyMap<string, string>): AacPayloadFormat | undefined {
  if (parameters.get('mode')?.toLowerCase() !== 'aac-hbr') return undefined;
  const length = (name: string): number => Number(parameters.get(name) ?? 0);
  const format = {
    sizeLength: length('sizelength'),
    indexLength: length('indexlength'),
    indexDeltaLength: length('indexdeltalength'),
  };
  const isReadable = Object.values(format).every((bits) => Number.isInteger(bits) && bits >= 0 && bits <= 16);
  // Fields that are not of this mode: time stamps and flags within a packet (section 3.2.1).
  const others = ['ctsdeltalength', 'dtsdeltalength', 'randomaccessindication', 'streamstateindication'];
  return isReadable && format.sizeLength > 0 && others.every((name) => length(name) === 0) ? format : undefined;
}

/** Access units out of packets: several in one, or one in several (section 3.2.3). */
export class AacPayloadReader {
  readonly #format: AacPayloadFormat;
  readonly #maxBytes: number;
  #fragments: Buffer[] = [];
  #missing = 0;

  /** @param maxBytes of one access unit */
  constructor(format: AacPayloadFormat, maxBytes: number) {
    this.#format = format;
    this.#maxBytes = maxBytes;
  }

  /** @returns whole access units: views of the payload, or of memory of their own. @throws ProtocolError */
  push(payload: Buffer): Buffer[] {
    const sizes = this.#readSizes(payload);
    let at = HEADERS_LENGTH_BYTES + Math.ceil(payload.readUInt16BE(0) / 8);
    const [first = 0] = sizes;
    if (sizes.length === 1 && (this.#missing > 0 || first > payload.length - at))
      return this.#fragment(first, payload.subarray(at));
    this.drop();
    return sizes.map((size) => {
      if (size > payload.length - at) fail('an access unit beyond the packet');
      return payload.subarray(at, (at += size));
    });
  }

  /** Packets have been lost. */
  drop(): void {
    this.#fragments = [];
    this.#missing = 0;
  }

  #readSizes(payload: Buffer): number[] {
    const { sizeLength, indexLength, indexDeltaLength } = this.#format;
    if (payload.length < HEADERS_LENGTH_BYTES) fail('no length of headers');
    const bits = payload.readUInt16BE(0);
    const headers = payload.subarray(HEADERS_LENGTH_BYTES, HEADERS_LENGTH_BYTES + Math.ceil(bits / 8));
    const reader = new BitReader(headers, PLACE);
    const sizes: number[] = [];
    while (bits - reader.position >= sizeLength + (sizes.length === 0 ? indexLength : indexDeltaLength)) {
      if (sizes.length >= MAX_UNITS) fail(`more than ${MAX_UNITS} access units`);
      const size = reader.bits(sizeLength);
      // Section 3.2.1.1: an index other than 0 is one of interleaving, which reorders access units.
      if (reader.bits(sizes.length === 0 ? indexLength : indexDeltaLength) !== 0) fail('interleaved access units');
      if (size > this.#maxBytes) fail(`an access unit of ${size} bytes`);
      sizes.push(size);
    }
    if (sizes.length === 0) fail('no access unit');
    return sizes;
  }

  /** Each fragment has the size of the whole. */
  #fragment(size: number, fragment: Buffer): Buffer[] {
    if (this.#missing === 0) this.#missing = size;
    this.#missing -= fragment.length;
    this.#fragments.push(fragment);
    if (this.#missing > 0 && fragment.length > 0) return [];
    const whole = Buffer.concat(this.#fragments);
    this.drop();
    if (whole.length !== size) fail('fragments that are not the whole');
    return [whole];
  }
}

function fail(detail: string): never {
  throw new ProtocolError('rtp.aac', PLACE, detail);
}

/** The headers of a packet with one access unit, or a fragment of one. */
export function aacHeadersOf(accessUnitBytes: number): Buffer {
  const { sizeLength, indexLength } = AAC_HBR;
  return Buffer.of(0, sizeLength + indexLength, (accessUnitBytes >> 5) & 0xff, (accessUnitBytes << indexLength) & 0xff);
}

/** Cuts an access unit into payloads of at most `maxBytes`. */
export function packAacAccessUnit(accessUnit: Uint8Array, maxBytes: number, put: PutPayload): void {
  const headers = aacHeadersOf(accessUnit.length);
  const room = maxBytes - headers.length;
  for (let at = 0; at < accessUnit.length; at += room) put(headers, accessUnit.subarray(at, at + room));
}
