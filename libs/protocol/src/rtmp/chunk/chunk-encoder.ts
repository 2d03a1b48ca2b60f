// RTMP 1.0 section 5.3: messages into chunks.
import { DEFAULT_CHUNK_SIZE } from './chunk-limits.ts';
import { basicHeaderBytes, writeBasicHeader } from './basic-header.ts';
import type { BasicHeaderBytes } from './basic-header.ts';
import { EXTENDED } from './extended-timestamp.ts';

/** A message to be sent. */
export interface OutgoingMessage {
  /** Message type id. */
  readonly type: number;
  readonly messageStreamId: number;
  /** Milliseconds, unsigned 32 bits. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
  /** 2 to 65599. */
  readonly chunkStreamId: number;
}

export type Fmt = 0 | 1 | 2 | 3;

/** How a message is written when the encoder is not to choose: for tests, and for peers with habits. */
export interface ChunkForm {
  /** Format of the first chunk. By itself the encoder takes 0, 1 or 2, whichever is shortest and beyond dispute. */
  readonly fmt?: Fmt;
  /** Size of basic headers; by itself the shortest that holds the chunk stream id. */
  readonly basicHeader?: BasicHeaderBytes;
  /** Whether continuation chunks repeat the extended timestamp. The specification, and the encoder by itself: yes. */
  readonly repeatExtendedTimestamp?: boolean;
}

/** What the last message of a chunk stream was, so that the next can leave out what is the same. */
interface LastHeader {
  messageStreamId: number;
  timestamp: number;
  /** The last timestamp or delta field. */
  field: number;
  length: number;
  type: number;
}

/** A message header with everything decided; the first chunk and the continuation chunks are written from it. */
interface ChosenHeader {
  readonly fmt: Fmt;
  readonly basicHeader: BasicHeaderBytes;
  readonly field: number;
  readonly repeat: boolean;
}

const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const;

/** Turns messages into chunks for one direction of one connection, remembering each chunk stream's last header. */
export class ChunkEncoder {
  readonly #last = new Map<number, LastHeader>();
  #size: number;

  constructor(chunkSize: number = DEFAULT_CHUNK_SIZE) {
    this.#size = chunkSize;
  }

  get chunkSize(): number {
    return this.#size;
  }

  /** From the next chunk on. The peer has to be told before, by a Set Chunk Size message. */
  set chunkSize(size: number) {
    if (!(size >= 1 && size <= 0x7fff_ffff)) throw new RangeError(`chunk size ${size}`);
    this.#size = size;
  }

  /** The whole message as chunks, in one buffer that the caller owns. */
  encode(message: OutgoingMessage, form: ChunkForm = {}): Buffer {
    const header = this.#choose(message, form);
    const { payload } = message;
    const continuations = Math.max(0, Math.ceil(payload.length / this.#size) - 1);
    const firstBytes = firstHeaderBytes(header);
    const nextBytes = nextHeaderBytes(header);
    const out = Buffer.allocUnsafe(firstBytes + payload.length + continuations * nextBytes);
    let to = writeFirstHeader(out, message, header);
    for (let from = 0; from < payload.length; from += this.#size) {
      if (from > 0) to = writeNextHeader(out, to, message.chunkStreamId, header);
      const part = from === 0 && continuations === 0 ? payload : payload.subarray(from, from + this.#size);
      out.set(part, to);
      to += part.length;
    }
    return out;
  }

  /**
   * The same message chunk by chunk, for sending others in between; each chunk is as long as the chunk size says when it
   * is asked for. Chunks of other messages on the same chunk stream have to wait until this one is complete.
   */
  *chunks(message: OutgoingMessage, form: ChunkForm = {}): Generator<Buffer, void, void> {
    const header = this.#choose(message, form);
    const { payload } = message;
    let from = 0;
    do {
      const part = payload.subarray(from, from + this.#size);
      const out = Buffer.allocUnsafe((from === 0 ? firstHeaderBytes(header) : nextHeaderBytes(header)) + part.length);
      const to =
        from === 0 ? writeFirstHeader(out, message, header) : writeNextHeader(out, 0, message.chunkStreamId, header);
      out.set(part, to);
      from += part.length;
      yield out;
    } while (from < payload.length);
  }

  #choose(message: OutgoingMessage, form: ChunkForm): ChosenHeader {
    const { chunkStreamId, messageStreamId, timestamp, type } = message;
    const { length } = message.payload;
    if (length > 0xff_ffff) throw new RangeError(`a message of ${length} bytes does not fit 24 bits`);
    const last = this.#last.get(chunkStreamId);
    const delta = last === undefined ? 0 : (timestamp - last.timestamp) >>> 0;
    const fmt = form.fmt ?? shortestFmt(message, last, delta);
    if (fmt > 0) checkFmt(fmt, message, last, delta);
    const field = fmt === 0 ? timestamp : delta;
    this.#last.set(chunkStreamId, { messageStreamId, timestamp, field, length, type });
    return {
      fmt,
      basicHeader: basicHeaderBytes(chunkStreamId, form.basicHeader),
      field,
      repeat: form.repeatExtendedTimestamp ?? true,
    };
  }
}

/**
 * Never 3: three bytes saved are not worth the peers that read a new message behind fmt 3 in their own way. Never an
 * extended delta either: what it means is disputed.
 */
function shortestFmt(message: OutgoingMessage, last: LastHeader | undefined, delta: number): 0 | 1 | 2 {
  if (last?.messageStreamId !== message.messageStreamId || delta >= EXTENDED) return 0;
  return last.length === message.payload.length && last.type === message.type ? 2 : 1;
}

/** A form that cannot say what the message is would be a different message: the caller's mistake. */
function checkFmt(fmt: Fmt, message: OutgoingMessage, last: LastHeader | undefined, delta: number): void {
  if (last?.messageStreamId !== message.messageStreamId) {
    throw new RangeError(`fmt ${fmt} needs a message before on the same message stream`);
  }
  if (fmt > 1 && (last.length !== message.payload.length || last.type !== message.type)) {
    throw new RangeError(`fmt ${fmt} needs the same length and type as the message before`);
  }
  if (fmt === 3 && delta !== last.field) throw new RangeError(`fmt 3 means a delta of ${last.field}, not ${delta}`);
}

function firstHeaderBytes(header: ChosenHeader): number {
  return header.basicHeader + MESSAGE_HEADER_BYTES[header.fmt] + (header.field >= EXTENDED ? 4 : 0);
}

function nextHeaderBytes(header: ChosenHeader): number {
  return header.basicHeader + (header.field >= EXTENDED && header.repeat ? 4 : 0);
}

/** Writes the first chunk's header at the start of `out` and returns its size. */
function writeFirstHeader(out: Buffer, message: OutgoingMessage, header: ChosenHeader): number {
  const { fmt, field } = header;
  let at = writeBasicHeader(out, 0, fmt, message.chunkStreamId, header.basicHeader);
  if (fmt < 3) {
    at = out.writeUIntBE(Math.min(field, EXTENDED), at, 3);
    if (fmt < 2) {
      at = out.writeUIntBE(message.payload.length, at, 3);
      at = out.writeUInt8(message.type, at);
      if (fmt === 0) at = out.writeUInt32LE(message.messageStreamId, at);
    }
  }
  return field >= EXTENDED ? out.writeUInt32BE(field, at) : at;
}

/** Writes a continuation chunk's header at `at` and returns where its payload goes. */
function writeNextHeader(out: Buffer, at: number, chunkStreamId: number, header: ChosenHeader): number {
  const next = writeBasicHeader(out, at, 3, chunkStreamId, header.basicHeader);
  return header.field >= EXTENDED && header.repeat ? out.writeUInt32BE(header.field, next) : next;
}
