// Writes RTMP chunks byte by byte from the specification (Adobe RTMP 1.0 §5.3.1), with every corner under the test's control.
// No code under test is used here: what is wrong in the decoder must not be wrong here in the same way.

export interface RawMessage {
  readonly type: number;
  readonly streamId: number;
  /** 32-bit milliseconds. */
  readonly timestamp: number;
  readonly body: Buffer;
}

export interface ChunkStyle {
  /** Chunk stream id: 2 to 65599. */
  readonly csid: number;
  /** Write the id in this many bytes where it fits (64 to 319 fit in 2 and in 3). */
  readonly basicHeaderBytes?: 1 | 2 | 3;
  /** `full`: always fmt 0. `compressed`: the shortest form that says it, fmt 3 for a new message included. */
  readonly headers: 'full' | 'no-stream-id' | 'compressed';
  /** Whether continuation chunks repeat the extended timestamp (the specification) or not (old librtmp). */
  readonly repeatsExtendedTimestamp?: boolean;
}

interface Previous {
  timestamp: number;
  delta: number | undefined;
  length: number;
  type: number;
  streamId: number;
}

const EXTENDED = 0xffffff;

/** One direction of a connection. */
export class RawChunkWriter {
  chunkSize = 128;
  readonly #previous = new Map<number, Previous>();

  /** @returns the chunks of a message, one Buffer each, so that a test can interleave or cut them off */
  chunksOf(message: RawMessage, style: ChunkStyle): Buffer[] {
    const previous = this.#previous.get(style.csid);
    const fmt = chooseFmt(message, style, previous);
    const delta = previous ? (message.timestamp - previous.timestamp) >>> 0 : 0;
    const field = fmt === 0 ? message.timestamp : delta;
    const extended = field >= EXTENDED;
    this.#previous.set(style.csid, {
      timestamp: message.timestamp,
      // A type 3 chunk after a type 0 one adds that one's timestamp as delta (§5.3.1.2.4).
      delta: fmt === 0 ? message.timestamp : delta,
      length: message.body.length,
      type: message.type,
      streamId: message.streamId,
    });
    const chunks: Buffer[] = [];
    let at = 0;
    do {
      const first = at === 0;
      const header = first ? messageHeader(fmt, field, message) : Buffer.alloc(0);
      const repeats = first || (style.repeatsExtendedTimestamp ?? true);
      const payload = message.body.subarray(at, at + this.chunkSize);
      chunks.push(
        Buffer.concat([
          basicHeader(first ? fmt : 3, style),
          header,
          extended && repeats ? uint32(field) : Buffer.alloc(0),
          payload,
        ]),
      );
      at += this.chunkSize;
    } while (at < message.body.length);
    return chunks;
  }
}

function chooseFmt(message: RawMessage, style: ChunkStyle, previous: Previous | undefined): 0 | 1 | 2 | 3 {
  if (!previous || style.headers === 'full' || previous.streamId !== message.streamId) return 0;
  const delta = message.timestamp - previous.timestamp;
  if (delta < 0) return 0;
  if (style.headers === 'no-stream-id' || previous.length !== message.body.length || previous.type !== message.type)
    return 1;
  return previous.delta === delta ? 3 : 2;
}

function basicHeader(fmt: number, { csid, basicHeaderBytes }: ChunkStyle): Buffer {
  const bytes = basicHeaderBytes ?? (csid < 64 ? 1 : csid < 320 ? 2 : 3);
  if (bytes === 1) return Buffer.from([(fmt << 6) | csid]);
  if (bytes === 2) return Buffer.from([fmt << 6, csid - 64]);
  return Buffer.from([(fmt << 6) | 1, (csid - 64) & 255, (csid - 64) >> 8]);
}

function messageHeader(fmt: number, field: number, message: RawMessage): Buffer {
  const header = Buffer.alloc([11, 7, 3, 0][fmt]!);
  if (fmt <= 2) header.writeUIntBE(Math.min(field, EXTENDED), 0, 3);
  if (fmt <= 1) {
    header.writeUIntBE(message.body.length, 3, 3);
    header[6] = message.type;
  }
  if (fmt === 0) header.writeUInt32LE(message.streamId, 7);
  return header;
}

export function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value >>> 0);
  return out;
}
