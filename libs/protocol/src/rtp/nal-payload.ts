// RFC 6184 section 5 (H.264) and RFC 7798 section 4.4 (H.265): NAL units in RTP packets. Without DON fields: packetization mode 0 or 1,
// and sprop-max-don-diff 0.
import { ENDED_EARLY, ProtocolError } from '../bytes/index.ts';
import { isAccessUnitDelimiter } from '../h264/index.ts';
import { isH265AccessUnitDelimiter } from '../h265/index.ts';
import { joinAccessUnit } from '../nal/index.ts';
import type { PicturePayloadReader } from './picture-payload-reader.ts';
import type { PutPayload } from './put-payload.ts';

/** How the two codecs differ. */
interface NalPayloadSyntax {
  readonly place: string;
  readonly headerBytes: number;
  readonly aggregation: number;
  readonly fragmentation: number;
  /** Types from here on, but for these two, are reserved or need DON fields. */
  readonly firstUnusable: number;
  typeOf(bytes: Uint8Array): number;
  /** Whether a NAL unit with this first byte is a delimiter. */
  isDelimiter(first: number): boolean;
  /** Writes the header of a NAL unit with another type. */
  withType(header: Uint8Array, type: number): Buffer;
}

export const H264_PAYLOAD: NalPayloadSyntax = {
  place: 'rtp/h264',
  headerBytes: 1,
  aggregation: 24,
  fragmentation: 28,
  firstUnusable: 24,
  typeOf: (bytes) => bytes[0]! & 0x1f,
  isDelimiter: isAccessUnitDelimiter,
  withType: (header, type) => Buffer.of((header[0]! & 0xe0) | type),
};

export const H265_PAYLOAD: NalPayloadSyntax = {
  place: 'rtp/h265',
  headerBytes: 2,
  aggregation: 48,
  fragmentation: 49,
  firstUnusable: 48,
  typeOf: (bytes) => (bytes[0]! >> 1) & 0x3f,
  isDelimiter: isH265AccessUnitDelimiter,
  withType: (header, type) => Buffer.of((header[0]! & 0x81) | (type << 1), header[1]!),
};

const START = 0x80;
const END = 0x40;
const LENGTH_BYTES = 2;
/** Bits of a fragment's header that are its type: 5 for H.264 (section 5.8), 6 for H.265 (section 4.4.3). */
const fragmentTypeMask = (syntax: NalPayloadSyntax): number => (syntax.headerBytes === 1 ? 0x1f : 0x3f);

export interface NalReaderLimits {
  /** Of one access unit. */
  readonly maxBytes: number;
  readonly maxNalUnits: number;
}

/** NAL units with lengths before them, as frames have them. */
const LENGTH_SIZE = 4;

/** Access units out of packets of one source, in order; the caller knows where one ends. */
export class NalPayloadReader implements PicturePayloadReader {
  readonly #syntax: NalPayloadSyntax;
  readonly #limits: NalReaderLimits;
  #nalUnits: Buffer[] = [];
  #bytes = 0;
  #fragments: Buffer[] | undefined;

  constructor(syntax: NalPayloadSyntax, limits: NalReaderLimits) {
    this.#syntax = syntax;
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#nalUnits.length === 0 && this.#fragments === undefined;
  }

  push(payload: Buffer): void {
    const { headerBytes, aggregation, fragmentation, firstUnusable, place } = this.#syntax;
    if (payload.length < headerBytes) throw new ProtocolError(ENDED_EARLY, place, 'no NAL unit header');
    const type = this.#syntax.typeOf(payload);
    if (type === fragmentation) return this.#fragment(payload);
    if (this.#fragments !== undefined) this.#fail('a NAL unit before the end of another');
    if (type === aggregation) return this.#aggregate(payload);
    if (type >= firstUnusable) this.#fail(`packets of type ${type}`);
    this.#add(payload);
  }

  /** Access unit delimiters are of the byte stream: containers write their own where they need them. */
  take(): Buffer {
    const isWhole = this.#fragments === undefined;
    const nalUnits = this.#nalUnits;
    this.drop();
    if (!isWhole) this.#fail('the last fragment is missing');
    const kept = nalUnits.filter((nalUnit) => !this.#syntax.isDelimiter(nalUnit[0]!));
    return joinAccessUnit(kept, LENGTH_SIZE);
  }

  drop(): void {
    this.#nalUnits = [];
    this.#bytes = 0;
    this.#fragments = undefined;
  }

  #aggregate(payload: Buffer): void {
    let at = this.#syntax.headerBytes;
    while (at < payload.length) {
      const from = at + LENGTH_BYTES;
      const end = from <= payload.length ? from + payload.readUInt16BE(at) : Infinity;
      if (end > payload.length) this.#fail('a length beyond the packet');
      if (end > from) this.#add(payload.subarray(from, end));
      at = end;
    }
  }

  #fragment(payload: Buffer): void {
    const { headerBytes } = this.#syntax;
    const at = headerBytes + 1;
    if (payload.length < at) this.#fail('a fragment without a header');
    const header = payload[headerBytes]!;
    if ((header & START) !== 0) {
      if (this.#fragments !== undefined) this.#fail('a NAL unit before the end of another');
      this.#fragments = [this.#syntax.withType(payload, header & fragmentTypeMask(this.#syntax))];
      this.#bytes += headerBytes;
    }
    if (this.#fragments === undefined) this.#fail('a fragment without a start');
    this.#count(payload.length - at);
    this.#fragments.push(payload.subarray(at));
    if ((header & END) === 0) return;
    const nalUnit = Buffer.concat(this.#fragments);
    this.#fragments = undefined;
    this.#keep(nalUnit);
  }

  #add(nalUnit: Buffer): void {
    this.#count(nalUnit.length);
    this.#keep(nalUnit);
  }

  #keep(nalUnit: Buffer): void {
    if (this.#nalUnits.length >= this.#limits.maxNalUnits)
      this.#fail(`more than ${this.#limits.maxNalUnits} NAL units`);
    this.#nalUnits.push(nalUnit);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.maxBytes) this.#fail(`an access unit of more than ${this.#limits.maxBytes} bytes`);
  }

  #fail(detail: string): never {
    this.drop();
    throw new ProtocolError('rtp.nal', this.#syntax.place, detail);
  }
}

/** Cuts a NAL unit into payloads of at most `maxBytes`: itself, or fragments. */
export function packNalUnit(syntax: NalPayloadSyntax, nalUnit: Uint8Array, maxBytes: number, put: PutPayload): void {
  const { headerBytes, fragmentation } = syntax;
  if (nalUnit.length <= maxBytes) return put(NO_HEAD, nalUnit);
  const type = syntax.typeOf(nalUnit);
  const indicator = syntax.withType(nalUnit, fragmentation);
  const room = maxBytes - headerBytes - 1;
  for (let at = headerBytes; at < nalUnit.length; at += room) {
    const isFirst = at === headerBytes;
    const isLast = at + room >= nalUnit.length;
    const header = (isFirst ? START : 0) | (isLast ? END : 0) | type;
    put(Buffer.concat([indicator, Buffer.of(header)]), nalUnit.subarray(at, at + room));
  }
}

const NO_HEAD = Buffer.alloc(0);
