// RFC 4184 section 4.1 (AC-3) and RFC 4598 section 4.1 (Enhanced AC-3): one frame, or a fragment of one, in each packet.
import { ProtocolError } from '../bytes/index.ts';
import type { PutPayload } from './put-payload.ts';

const HEADER_BYTES = 2;

/** RFC 4184: the type of a frame. An initial fragment with five eighths of its frame can be decoded in part. */
const Ac3FrameType = { complete: 0, initialFiveEighths: 1, initial: 2, other: 3 } as const;
const FIVE_EIGHTHS = 5 / 8;
/** RFC 4598: the packet has a fragment. */
const EAC3_FRAGMENT = 1;

/** Cuts a syncframe of AC-3 into payloads of at most `maxBytes`. */
export function packAc3Frame(frame: Uint8Array, maxBytes: number, put: PutPayload): void {
  const room = maxBytes - HEADER_BYTES;
  const initial = room >= frame.length * FIVE_EIGHTHS ? Ac3FrameType.initialFiveEighths : Ac3FrameType.initial;
  packWith(frame, room, put, (isFirst, isWhole) =>
    isWhole ? Ac3FrameType.complete : isFirst ? initial : Ac3FrameType.other,
  );
}

/** Cuts the syncframes of one access unit of Enhanced AC-3 into payloads of at most `maxBytes`. */
export function packEac3AccessUnit(accessUnit: Uint8Array, maxBytes: number, put: PutPayload): void {
  packWith(accessUnit, maxBytes - HEADER_BYTES, put, (_isFirst, isWhole) => (isWhole ? 0 : EAC3_FRAGMENT));
}

/** Both formats have a byte that says what is in the packet, and one with the number of frames in it, or of fragments in all. */
function packWith(
  frame: Uint8Array,
  room: number,
  put: PutPayload,
  typeOf: (isFirst: boolean, isWhole: boolean) => number,
): void {
  const fragments = Math.ceil(frame.length / room);
  for (let at = 0; at < frame.length; at += room)
    put(Buffer.of(typeOf(at === 0, fragments === 1), fragments), frame.subarray(at, at + room));
}

/** What the first byte of a payload says. */
interface Ac3Payload {
  readonly isFragment: boolean;
  /** Whether a frame begins with it; where it does not say, it begins where there is nothing to go on with. */
  readonly begins: boolean | undefined;
}

const readAc3: (type: number) => Ac3Payload = (type) => ({
  isFragment: (type & 3) !== Ac3FrameType.complete,
  begins: (type & 3) !== Ac3FrameType.other,
});
const readEac3: (type: number) => Ac3Payload = (type) => ({
  isFragment: (type & 1) === EAC3_FRAGMENT,
  begins: undefined,
});

/** Syncframes out of packets: several in one, or one in several. */
export class Ac3PayloadReader {
  readonly #maxBytes: number;
  readonly #read: (type: number) => Ac3Payload;
  #fragments: Buffer[] = [];
  #bytes = 0;
  /** How many fragments the frame has. */
  #count = 0;

  /** @param maxBytes of one frame, or access unit. @param isEnhanced of RFC 4598 */
  constructor(maxBytes: number, isEnhanced = false) {
    this.#maxBytes = maxBytes;
    this.#read = isEnhanced ? readEac3 : readAc3;
  }

  /** @returns whole frames, as many as a packet had, or one: a view of the payload, or of memory of its own. @throws ProtocolError */
  push(payload: Buffer): Buffer[] {
    if (payload.length <= HEADER_BYTES) fail('no frame');
    const { isFragment, begins = this.#fragments.length === 0 } = this.#read(payload[0]!);
    const data = payload.subarray(HEADER_BYTES);
    if (!isFragment) {
      this.drop();
      return [data];
    }
    if (begins) this.drop();
    if (begins) this.#count = payload[1]!;
    else if (this.#fragments.length === 0) fail('a fragment without a start');
    this.#bytes += data.length;
    if (this.#bytes > this.#maxBytes) fail(`a frame of more than ${this.#maxBytes} bytes`);
    this.#fragments.push(data);
    if (this.#fragments.length < this.#count) return [];
    const frame = Buffer.concat(this.#fragments);
    this.drop();
    return [frame];
  }

  /** Packets have been lost. */
  drop(): void {
    this.#fragments = [];
    this.#bytes = 0;
    this.#count = 0;
  }
}

function fail(detail: string): never {
  throw new ProtocolError('rtp.ac3', 'rtp/ac3', detail);
}
