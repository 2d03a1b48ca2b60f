// RFC 9628 section 4: VP9 frames without layers. What is written is not in flexible mode and has a picture id of 15 bits.
import { ByteReader, ProtocolError } from '../bytes/index.ts';
import type { PicturePayloadReader } from './picture-payload-reader.ts';
import type { PutPayload } from './put-payload.ts';

/** Section 4.2: the first byte of the payload descriptor. */
const HAS_PICTURE_ID = 0x80;
const IS_PREDICTED = 0x40;
const HAS_LAYERS = 0x20;
const IS_FLEXIBLE = 0x10;
const BEGINS_FRAME = 0x08;
const ENDS_FRAME = 0x04;
const HAS_STRUCTURE = 0x02;
/** The picture id has 15 bits rather than 7. */
const LONG_PICTURE_ID = 0x80;
const DESCRIPTOR_BYTES = 3;

/** Cuts a frame, or a superframe, into payloads of at most `maxBytes`. @param pictureId counts pictures; 15 bits of it are written */
export function packVp9Frame(
  frame: Uint8Array,
  pictureId: number,
  isKeyframe: boolean,
  maxBytes: number,
  put: PutPayload,
): void {
  const room = maxBytes - DESCRIPTOR_BYTES;
  for (let at = 0; at < frame.length; at += room) {
    const flags =
      HAS_PICTURE_ID |
      (isKeyframe ? 0 : IS_PREDICTED) |
      (at === 0 ? BEGINS_FRAME : 0) |
      (at + room >= frame.length ? ENDS_FRAME : 0);
    const head = Buffer.of(flags, LONG_PICTURE_ID | ((pictureId >> 8) & 0x7f), pictureId & 0xff);
    put(head, frame.subarray(at, at + room));
  }
}

const PLACE = 'rtp/vp9';
/** Section 4.2: reference indices of flexible mode. */
const MAX_REFERENCES = 3;

/** Frames and superframes out of packets of one source, in order; the caller knows where one ends. */
export class Vp9PayloadReader implements PicturePayloadReader {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #isWhole = false;

  /** @param maxBytes of one frame */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  push(payload: Buffer): void {
    const { begins, ends, data } = readPayload(payload);
    if (begins !== this.isEmpty) this.#fail(begins ? 'several frames at one time' : 'a fragment without a start');
    this.#bytes += data.length;
    if (this.#bytes > this.#maxBytes) this.#fail(`a frame of more than ${this.#maxBytes} bytes`);
    this.#parts.push(data);
    this.#isWhole = ends;
  }

  take(): Buffer {
    const isWhole = this.#isWhole;
    const frame = Buffer.concat(this.#parts);
    this.drop();
    if (!isWhole) this.#fail('the last fragment is missing');
    return frame;
  }

  drop(): void {
    this.#parts = [];
    this.#bytes = 0;
    this.#isWhole = false;
  }

  #fail(detail: string): never {
    this.drop();
    throw new ProtocolError('rtp.vp9', PLACE, detail);
  }
}

/** Section 4.2: the payload descriptor, whose parts are there or not, and what follows it. */
function readPayload(payload: Buffer): { readonly begins: boolean; readonly ends: boolean; readonly data: Buffer } {
  const reader = new ByteReader(payload, PLACE);
  const flags = reader.u8();
  if ((flags & HAS_PICTURE_ID) !== 0 && (reader.u8() & LONG_PICTURE_ID) !== 0) reader.u8();
  if ((flags & HAS_LAYERS) !== 0) {
    const layer = reader.u8();
    // A picture of several layers is of several frames, which no container here has a form for.
    if (((layer >> 1) & 7) !== 0) throw new ProtocolError('rtp.vp9', PLACE, 'a spatial layer');
    if ((flags & IS_FLEXIBLE) === 0) reader.u8();
  }
  if ((flags & IS_FLEXIBLE) !== 0 && (flags & IS_PREDICTED) !== 0)
    for (let count = 1; (reader.u8() & 1) !== 0; count++)
      if (count === MAX_REFERENCES) throw new ProtocolError('rtp.vp9', PLACE, 'too many references');
  if ((flags & HAS_STRUCTURE) !== 0) skipStructure(reader);
  if (reader.remaining === 0) throw new ProtocolError('rtp.vp9', PLACE, 'no frame');
  return {
    begins: (flags & BEGINS_FRAME) !== 0,
    ends: (flags & ENDS_FRAME) !== 0,
    data: payload.subarray(reader.offset),
  };
}

/** Section 4.2.1: sizes of layers, and how pictures of a group refer to each other. */
function skipStructure(reader: ByteReader): void {
  const head = reader.u8();
  const layers = (head >> 5) + 1;
  if ((head & 0x10) !== 0) reader.take(4 * layers);
  if ((head & 0x08) === 0) return;
  for (let pictures = reader.u8(); pictures > 0; pictures--) reader.take((reader.u8() >> 2) & 3);
}
