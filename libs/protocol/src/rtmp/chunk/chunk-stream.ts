/** What one chunk stream remembers from chunk to chunk (RTMP 1.0 section 5.3.1). */
export class ChunkStream {
  readonly id: number;
  /** Of the message that is being assembled, or was last; unsigned 32 bits. */
  timestamp = 0;
  /** The last timestamp or timestamp delta field, extended or not: what a new message behind fmt 3 adds. */
  delta = 0;
  /** Whether the message that is being assembled, or was last, came with an extended timestamp. */
  extended = false;
  length = 0;
  type = 0;
  messageStreamId = 0;

  /** Whether a message is begun and not complete. Only then `memory` is meaningful. */
  partial = false;
  memory: Buffer = NOTHING;
  offset = 0;
  filled = 0;

  constructor(id: number) {
    this.id = id;
  }
}

const NOTHING = Buffer.alloc(0);
