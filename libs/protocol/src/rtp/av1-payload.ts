// "RTP Payload Format For AV1" (Alliance for Open Media, version 1.0.0) section 4: OBUs, and fragments of them, in packets.
import { MAX_OBUS, ObuType, splitObus } from '../av1/obu.ts';
import { ByteReader, ENDED_EARLY, ProtocolError } from '../bytes/index.ts';
import type { PicturePayloadReader } from './picture-payload-reader.ts';
import type { PutPayload } from './put-payload.ts';

/** Section 4.4: the aggregation header. */
const CONTINUES = 0x80;
const GOES_ON = 0x40;
const ONE_ELEMENT = 0x10;
const NEW_SEQUENCE = 0x08;
const AGGREGATION_HEADER_BYTES = 1;

/** How many elements there are, where all but the last one have a length; 0: all of them have one. */
const COUNT_AT = 4;
const COUNT_MASK = 0x03;

const PLACE = 'rtp/av1';
const OBU_HAS_SIZE = 0x02;
const OBU_HAS_EXTENSION = 0x04;

/**
 * Cuts a temporal unit into payloads of at most `maxBytes`. OBUs lose their sizes: "obu_has_size_field SHOULD be set to zero". Temporal
 * delimiters and tile lists are left out, as section 5 has it.
 *
 * @param startsSequence whether a new coded video sequence begins here
 * @throws ProtocolError when its OBUs do not add up
 */
export function packAv1TemporalUnit(
  unit: Uint8Array,
  startsSequence: boolean,
  maxBytes: number,
  put: PutPayload,
): void {
  let flags = startsSequence ? NEW_SEQUENCE : 0;
  for (const { type, start, dataStart, end } of splitObus(unit)) {
    if (type === ObuType.temporalDelimiter || type === ObuType.tileList) continue;
    const first = unit[start]!;
    const header = [first & ~OBU_HAS_SIZE, ...((first & OBU_HAS_EXTENSION) === 0 ? [] : [unit[start + 1]!])];
    let at = dataStart;
    do {
      const isFirst = at === dataStart;
      const room = maxBytes - AGGREGATION_HEADER_BYTES - (isFirst ? header.length : 0);
      const to = Math.min(end, at + room);
      const aggregation = ONE_ELEMENT | flags | (isFirst ? 0 : CONTINUES) | (to < end ? GOES_ON : 0);
      put(isFirst ? Buffer.of(aggregation, ...header) : Buffer.of(aggregation), unit.subarray(at, to));
      flags = 0;
      at = to;
    } while (at < end);
  }
}

/** Temporal units out of packets of one source, in order; the caller knows where one ends. OBUs get sizes: containers need them. */
export class Av1PayloadReader implements PicturePayloadReader {
  readonly #maxBytes: number;
  #obus: Buffer[] = [];
  /** Of an OBU that goes on in the next packet. */
  #fragments: Buffer[] | undefined;
  #bytes = 0;

  /** @param maxBytes of one temporal unit */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#obus.length === 0 && this.#fragments === undefined;
  }

  push(payload: Buffer): void {
    this.#bytes += payload.length;
    if (this.#bytes > this.#maxBytes) this.#fail(`a temporal unit of more than ${this.#maxBytes} bytes`);
    const aggregation = payload[0];
    if (aggregation === undefined) throw new ProtocolError(ENDED_EARLY, PLACE, 'no aggregation header');
    const goesOn = (aggregation & GOES_ON) !== 0;
    let continues = (aggregation & CONTINUES) !== 0;
    if (continues !== (this.#fragments !== undefined)) this.#fail('a fragment without the one before it');
    const elements = this.#elementsOf(
      payload.subarray(AGGREGATION_HEADER_BYTES),
      (aggregation >> COUNT_AT) & COUNT_MASK,
    );
    for (const [i, element] of elements.entries()) {
      const fragments = continues && this.#fragments !== undefined ? [...this.#fragments, element] : [element];
      continues = false;
      const isWhole = i < elements.length - 1 || !goesOn;
      this.#fragments = isWhole ? undefined : fragments;
      if (isWhole) this.#add(fragments.length === 1 ? element : Buffer.concat(fragments));
    }
  }

  take(): Buffer {
    const isWhole = this.#fragments === undefined;
    const unit = Buffer.concat(this.#obus);
    this.drop();
    if (!isWhole) this.#fail('the last fragment is missing');
    return unit;
  }

  drop(): void {
    this.#obus = [];
    this.#fragments = undefined;
    this.#bytes = 0;
  }

  #elementsOf(bytes: Buffer, count: number): Buffer[] {
    const reader = new ByteReader(bytes, PLACE);
    const elements: Buffer[] = [];
    while (reader.remaining > 0) {
      if (elements.length === MAX_OBUS) this.#fail(`more than ${MAX_OBUS} elements`);
      const size = elements.length === count - 1 ? reader.remaining : readLeb128(reader);
      const at = reader.offset;
      reader.take(size);
      elements.push(bytes.subarray(at, at + size));
    }
    if (elements.length === 0 || (count > 0 && elements.length !== count)) this.#fail('not the elements that it says');
    return elements;
  }

  /** Section 5: receivers leave temporal delimiters and tile lists out. */
  #add(obu: Buffer): void {
    const head = obu[0];
    if (head === undefined) return;
    const type = (head >> 3) & 15;
    if (type === ObuType.temporalDelimiter || type === ObuType.tileList) return;
    if (this.#obus.length >= 2 * MAX_OBUS) this.#fail(`more than ${MAX_OBUS} OBUs`);
    if ((head & OBU_HAS_SIZE) !== 0) return void this.#obus.push(obu);
    const headerBytes = (head & OBU_HAS_EXTENSION) === 0 ? 1 : 2;
    if (obu.length < headerBytes) this.#fail('an OBU without its extension header');
    const header = Buffer.from([
      head | OBU_HAS_SIZE,
      ...obu.subarray(1, headerBytes),
      ...leb128Of(obu.length - headerBytes),
    ]);
    this.#obus.push(header, obu.subarray(headerBytes));
  }

  #fail(detail: string): never {
    this.drop();
    throw new ProtocolError('rtp.av1', PLACE, detail);
  }
}

/** AV1 specification section 4.10.5; four bytes reach beyond any packet. */
function readLeb128(reader: ByteReader): number {
  let value = 0;
  for (let at = 0; at < 4; at++) {
    const byte = reader.u8();
    value += (byte & 0x7f) * 2 ** (7 * at);
    if ((byte & 0x80) === 0) return value;
  }
  throw new ProtocolError('rtp.av1', PLACE, 'a length beyond the packet');
}

function leb128Of(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  do {
    const low = left & 0x7f;
    left >>>= 7;
    bytes.push(left === 0 ? low : low | 0x80);
  } while (left > 0);
  return bytes;
}
