// RTMP 1.0 section 5.3: chunks back into messages. The hot path of ingest: no allocation per chunk, one copy per byte.
import { ProtocolError } from '../../bytes/index.ts';
import { decodeAbort } from '../message/abort.ts';
import { MessageType } from '../message/message-type.ts';
import { decodeSetChunkSize } from '../message/set-chunk-size.ts';
import { DEFAULT_CHUNK_DECODER_LIMITS, DEFAULT_CHUNK_SIZE, LARGEST_CHUNK_SIZE } from './chunk-limits.ts';
import type { ChunkDecoderLimits } from './chunk-limits.ts';
import type { ChunkStream } from './chunk-stream.ts';
import { ChunkStreamTable } from './chunk-stream-table.ts';
import { EXTENDED, ExtendedTimestampDialect } from './extended-timestamp.ts';
import type { MessageHandler } from './message-handler.ts';
import { IncomingSlab } from './incoming-slab.ts';
import type { MediaMemory } from './media-memory.ts';

/** Basic header 3, message header 11, extended timestamp 4. */
const LONGEST_HEADER = 18;
/** Below this many bytes a loop is faster than a call into native code. */
const COPY_BY_LOOP = 24;
/** librtmp sends its pings as fmt 1 on a chunk stream it never opened. */
const CONTROL_CHUNK_STREAM = 2;

/**
 * Turns the bytes behind the handshake into messages, whatever way they are cut. Obeys Set Chunk Size and Abort itself,
 * at once, and does not hand them on. Breaking input throws a `ProtocolError` and leaves the decoder unusable.
 */
export class ChunkDecoder {
  /** May be replaced at any time; what is begun already is not judged again. */
  limits: ChunkDecoderLimits;
  /** Where messages of audio and video lie that begin from now on; undefined for memory that is used once. */
  mediaMemory: MediaMemory | undefined;
  readonly #handler: MessageHandler;
  readonly #dialect = new ExtendedTimestampDialect();
  readonly #slab = new IncomingSlab();
  readonly #streams = new ChunkStreamTable();
  #peerChunkSize = DEFAULT_CHUNK_SIZE;
  #unassembled = 0;
  #stopped = false;
  /** Whether the current `push` is to end behind the message that is handed over. */
  #halted = false;

  /** The chunk whose payload is being read, and how much of it is still to come. */
  #current: ChunkStream | null = null;
  #left = 0;
  /** A header that the end of the input cut. */
  readonly #cut: Buffer = Buffer.alloc(LONGEST_HEADER);
  #cutBytes = 0;

  constructor(handler: MessageHandler, limits: ChunkDecoderLimits = DEFAULT_CHUNK_DECODER_LIMITS) {
    this.#handler = handler;
    this.limits = limits;
  }

  /** The chunk size that the peer has set. */
  get chunkSize(): number {
    return this.#peerChunkSize;
  }

  /** Bytes held for messages that are not complete. */
  get unassembledBytes(): number {
    return this.#unassembled;
  }

  /** Ignores all input from now on; may be called while a message is handed over. */
  stop(): void {
    this.#stopped = true;
    this.#halted = true;
  }

  /** Ends the current `push` behind the message that is handed over just now; the next one goes on. */
  pause(): void {
    this.#halted = true;
  }

  /**
   * Decodes the next bytes of the connection, calling the handler for each message that they complete.
   * @param input read during the call only: the caller may reuse it afterwards.
   * @returns how many bytes were taken: all, unless `pause` was called meanwhile.
   * @throws ProtocolError when the peer breaks the format or a limit.
   */
  push(input: Buffer): number {
    const end = input.length;
    let at = 0;
    this.#halted = this.#stopped;
    while (at < end && !this.#halted) at = this.#step(input, at, end);
    return this.#stopped ? end : at;
  }

  /** Reads a header or what is there of a payload. Returns where to go on in `input`. */
  #step(input: Buffer, at: number, end: number): number {
    if (this.#current !== null) return this.#readPayload(this.#current, input, at, end);
    if (this.#cutBytes > 0) return this.#resumeHeader(input, at, end);
    const next = this.#readHeader(input, at, end);
    if (next >= 0) return next;
    this.#cutBytes = input.copy(this.#cut, 0, at, end);
    return end;
  }

  /** Adds to a cut header what is there, and reads it if that completes it. Returns where to go on in `input`. */
  #resumeHeader(input: Buffer, at: number, end: number): number {
    const had = this.#cutBytes;
    const added = input.copy(this.#cut, had, at, Math.min(end, at + LONGEST_HEADER - had));
    const used = this.#readHeader(this.#cut, 0, had + added);
    if (used < 0) {
      this.#cutBytes = had + added;
      return at + added;
    }
    this.#cutBytes = 0;
    if (used >= had) return at + used - had;
    // What looked like an extended timestamp was payload: read again, as that, what was set aside.
    const again = Buffer.from(this.#cut.subarray(used, had));
    for (let done = 0; done < again.length && !this.#stopped;) done = this.#step(again, done, again.length);
    return at;
  }

  /**
   * Reads one chunk header and begins its chunk. Returns where the payload begins, or -1, with nothing changed, when the
   * header is not complete at `end`.
   */
  #readHeader(bytes: Buffer, start: number, end: number): number {
    // Section 5.3.1.1: chunk stream ids 0 and 1 stand for one and two more bytes.
    let at = start + 1;
    const first = bytes[start]!;
    const fmt = first >> 6;
    let id = first & 0x3f;
    if (id === 0) {
      if (end - at < 1) return -1;
      id = 64 + bytes[at]!;
      at += 1;
    } else if (id === 1) {
      if (end - at < 2) return -1;
      id = 64 + bytes[at]! + bytes[at + 1]! * 256;
      at += 2;
    }
    const known = this.#streams.find(id);

    if (fmt === 3) {
      if (known === undefined) throw unknownChunkStream(fmt, id);
      return this.#readFmt3(known, bytes, at, end);
    }
    if (known === undefined) {
      if (fmt !== 0 && !(fmt === 1 && id === CONTROL_CHUNK_STREAM)) throw unknownChunkStream(fmt, id);
    } else if (known.partial) {
      throw new ProtocolError(
        'rtmp.chunk.message-interrupted',
        'rtmp/chunk/fmt',
        `fmt ${fmt} inside a message on ${id}`,
      );
    }

    // Section 5.3.1.2: 11, 7 or 3 bytes.
    if (end - at < 11 - 4 * fmt) return -1;
    let field = ((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!) >>> 0;
    const extended = field === EXTENDED;
    const headerAt = at + 3;
    at += 11 - 4 * fmt;
    if (extended) {
      if (end - at < 4) return -1;
      field = bytes.readUInt32BE(at);
      at += 4;
    }

    const stream = known ?? this.#streams.open(id, this.limits.maxChunkStreams);
    stream.extended = extended;
    stream.delta = field;
    stream.timestamp = fmt === 0 ? field : (stream.timestamp + field) >>> 0;
    if (fmt < 2) {
      stream.length = (bytes[headerAt]! << 16) | (bytes[headerAt + 1]! << 8) | bytes[headerAt + 2]!;
      stream.type = bytes[headerAt + 3]!;
      if (fmt === 0) stream.messageStreamId = bytes.readUInt32LE(headerAt + 4);
    }
    this.#beginMessage(stream);
    return at;
  }

  /** Section 5.3.1.2.4: no message header; goes on with a message or begins one like the last. */
  #readFmt3(stream: ChunkStream, bytes: Buffer, start: number, end: number): number {
    let at = start;
    if (stream.extended) {
      const size = this.#dialect.fieldSize(bytes, at, end, stream.delta, stream.timestamp, stream.partial);
      if (size < 0) return -1;
      // A new message without the field has none in its other chunks either.
      if (!stream.partial) stream.extended = size > 0;
      at += size;
    }
    if (stream.partial) {
      this.#beginChunk(stream);
    } else {
      // "If a Type 3 chunk follows a Type 0 chunk, then the timestamp delta for this Type 3 chunk is the same as the
      // timestamp of the Type 0 chunk": fmt 0 leaves its timestamp in `delta`.
      stream.timestamp = (stream.timestamp + stream.delta) >>> 0;
      this.#beginMessage(stream);
    }
    return at;
  }

  #beginMessage(stream: ChunkStream): void {
    const { length } = stream;
    if (length > this.limits.maxMessageBytes) {
      throw new ProtocolError(
        'rtmp.chunk.message-too-large',
        'rtmp/chunk/message-length',
        `${length} bytes, at most ${this.limits.maxMessageBytes} are accepted`,
      );
    }
    if (this.#unassembled + length > this.limits.maxUnassembledBytes) {
      throw new ProtocolError(
        'rtmp.chunk.too-much-unassembled',
        'rtmp/chunk/message-length',
        `${this.#unassembled + length} bytes in unfinished messages, at most ${this.limits.maxUnassembledBytes} are accepted`,
      );
    }
    const isMedia = stream.type === MessageType.video || stream.type === MessageType.audio;
    const memory = isMedia && this.mediaMemory !== undefined ? this.mediaMemory : this.#slab;
    memory.reserve(length);
    stream.memory = memory.memory;
    stream.offset = memory.offset;
    stream.filled = 0;
    stream.partial = true;
    this.#unassembled += length;
    if (length === 0) this.#deliver(stream);
    else this.#beginChunk(stream);
  }

  #beginChunk(stream: ChunkStream): void {
    this.#current = stream;
    this.#left = Math.min(this.#peerChunkSize, stream.length - stream.filled);
  }

  /**
   * Copies what is there of the current chunk's payload, and of the chunks behind it that go on with the same message, so
   * that small chunks cost little. Returns where to go on in `input`.
   */
  #readPayload(stream: ChunkStream, input: Buffer, start: number, end: number): number {
    const continuation = stream.id < 64 && !stream.extended ? 0xc0 | stream.id : -1;
    const { memory, offset, length } = stream;
    let { filled } = stream;
    let left = this.#left;
    let at = start;
    for (;;) {
      const count = Math.min(left, end - at);
      if (count < COPY_BY_LOOP) {
        const to = offset + filled;
        for (let i = 0; i < count; i++) memory[to + i] = input[at + i]!;
      } else {
        input.copy(memory, offset + filled, at, at + count);
      }
      filled += count;
      left -= count;
      at += count;
      if (left > 0 || filled === length || at === end || input[at] !== continuation) break;
      at += 1;
      left = Math.min(this.#peerChunkSize, length - filled);
    }
    stream.filled = filled;
    this.#left = left;
    if (left === 0) {
      this.#current = null;
      if (filled === length) this.#deliver(stream);
    }
    return at;
  }

  #deliver(stream: ChunkStream): void {
    const payload = stream.memory.subarray(stream.offset, stream.offset + stream.length);
    this.#release(stream);
    if (stream.type === MessageType.setChunkSize) {
      this.#setChunkSize(decodeSetChunkSize(payload, stream.id, stream.messageStreamId));
    } else if (stream.type === MessageType.abort) {
      this.#abort(decodeAbort(payload, stream.id, stream.messageStreamId));
    } else {
      this.#handler.onMessage(stream.type, stream.messageStreamId, stream.timestamp, payload, stream.id);
    }
  }

  /** Forgets the message of a chunk stream, so that its memory does not outlive it here. */
  #release(stream: ChunkStream): void {
    stream.partial = false;
    stream.memory = NOTHING;
    this.#unassembled -= stream.length;
  }

  /** Section 5.4.1: holds from the next chunk on, also of messages that are half received. */
  #setChunkSize(size: number): void {
    const wanted = Math.min(size, LARGEST_CHUNK_SIZE);
    if (wanted < this.limits.minChunkSize || wanted > this.limits.maxChunkSize) {
      throw new ProtocolError(
        'rtmp.chunk.bad-chunk-size',
        'rtmp/set-chunk-size/chunk-size',
        `${wanted} is outside ${this.limits.minChunkSize} to ${this.limits.maxChunkSize}`,
      );
    }
    this.#peerChunkSize = wanted;
  }

  /** Section 5.4.2: the rest of the message will not come; the next chunk there begins a new one. */
  #abort(id: number): void {
    const stream = this.#streams.find(id);
    if (stream?.partial === true) this.#release(stream);
  }
}

const NOTHING = Buffer.alloc(0);

function unknownChunkStream(fmt: number, id: number): ProtocolError {
  return new ProtocolError(
    'rtmp.chunk.unknown-stream',
    'rtmp/chunk/fmt',
    `fmt ${fmt} on chunk stream ${id}, never opened`,
  );
}
