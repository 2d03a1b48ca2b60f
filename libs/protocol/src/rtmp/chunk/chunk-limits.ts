/** Bounds on what a peer can make a `ChunkDecoder` hold. */
export interface ChunkDecoderLimits {
  /** The longest message that is assembled; a longer one ends the connection before anything is allocated. */
  readonly maxMessageBytes: number;
  /** How many chunk streams a peer may open. */
  readonly maxChunkStreams: number;
  /** Sum of the declared lengths of all messages that are begun and not complete. */
  readonly maxUnassembledBytes: number;
  /** The smallest chunk size a peer may set. One is what the specification allows. */
  readonly minChunkSize: number;
  /** The largest chunk size a peer may set, compared after values above 16,777,215 were taken as that. */
  readonly maxChunkSize: number;
}

/** A message length has 24 bits, so a larger chunk size means the same as this one (RTMP 1.0 section 5.4.1). */
export const LARGEST_CHUNK_SIZE = 0xff_ffff;

/** What a connection uses until a Set Chunk Size says otherwise (RTMP 1.0 section 5.4.1). */
export const DEFAULT_CHUNK_SIZE = 128;

export const DEFAULT_CHUNK_DECODER_LIMITS: ChunkDecoderLimits = {
  maxMessageBytes: 8 * 1024 * 1024,
  maxChunkStreams: 64,
  maxUnassembledBytes: 16 * 1024 * 1024,
  minChunkSize: 1,
  maxChunkSize: LARGEST_CHUNK_SIZE,
};
