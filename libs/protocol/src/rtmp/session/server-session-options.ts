import { DEFAULT_AMF_LIMITS } from '../../amf3/index.ts';
import type { AmfLimits } from '../../amf3/index.ts';
import { CapsEx, FourCcInfo } from './capabilities.ts';
import { DEFAULT_CHUNK_DECODER_LIMITS } from '../chunk/chunk-limits.ts';
import type { ChunkDecoderLimits } from '../chunk/chunk-limits.ts';

/** A number of events at once, and per second in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Bounds on what a client can make a session do. */
export interface ServerSessionLimits {
  readonly chunks: ChunkDecoderLimits;
  readonly amf: AmfLimits;
  /** The longest message while nothing is published: enough for commands, little for who never gets further. */
  readonly maxMessageBytesBeforeActive: number;
  /** What may still arrive of a stream that the client has ended, in bytes: read as before, and thrown away. */
  readonly maxBytesInFlight: number;
  /** Message streams open at a time. */
  readonly maxStreams: number;
  /** App and stream name, without what follows a question mark. */
  readonly maxNameBytes: number;
  /** Any other text of a command: the URLs, and names with their query. */
  readonly maxTextBytes: number;
  /** Of a login: the user, and each other part. */
  readonly maxLoginPartBytes: number;
  /** Above this the connection is closed. */
  readonly commands: Rate;
  /** Pings and bandwidth messages above this are not answered. */
  readonly controlReplies: Rate;
  /** Data messages above this are dropped. */
  readonly dataMessages: Rate;
  /** The least number of bytes between two acknowledgements, whatever window the client asks for. */
  readonly minAcknowledgementBytes: number;
}

export const DEFAULT_SERVER_SESSION_LIMITS: ServerSessionLimits = {
  chunks: DEFAULT_CHUNK_DECODER_LIMITS,
  amf: DEFAULT_AMF_LIMITS,
  maxMessageBytesBeforeActive: 64 * 1024,
  maxBytesInFlight: 16 * 1024 * 1024,
  maxStreams: 8,
  maxNameBytes: 256,
  maxTextBytes: 1024,
  maxLoginPartBytes: 64,
  commands: { burst: 64, perSecond: 4 },
  controlReplies: { burst: 10, perSecond: 10 },
  dataMessages: { burst: 200, perSecond: 100 },
  minAcknowledgementBytes: 64 * 1024,
};

/** What the server tells a client that speaks Enhanced RTMP. */
export interface ServerCapabilities {
  /** Bits of `CapsEx`. */
  readonly capsEx: number;
  /** FourCC to bits of `FourCcInfo`. */
  readonly videoFourCcInfoMap: Readonly<Record<string, number>>;
  readonly audioFourCcInfoMap: Readonly<Record<string, number>>;
}

export const DEFAULT_SERVER_CAPABILITIES: ServerCapabilities = {
  // Not `multitrack`: one track of each kind is carried.
  capsEx: CapsEx.reconnect | CapsEx.modEx | CapsEx.timestampNanoOffset,
  videoFourCcInfoMap: { avc1: FourCcInfo.canForward },
  audioFourCcInfoMap: { mp4a: FourCcInfo.canForward, '.mp3': FourCcInfo.canForward },
};

export interface ServerSessionOptions {
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
  /** Of the chunks the session sends. */
  readonly chunkSize: number;
  /** Of the chunks that a player is sent. */
  readonly playerChunkSize: number;
  /** After how many bytes the client is to acknowledge. */
  readonly windowAcknowledgementSize: number;
  /** What the client is told of the bandwidth towards it. */
  readonly peerBandwidth: number;
  readonly capabilities: ServerCapabilities;
  /** Apps on which a client is asked for user and password at once: one that has them does not say so by itself. */
  readonly loginApps: readonly string[];
  readonly limits: ServerSessionLimits;
}

/** @param overrides replace the default of each key they hold. */
export function serverSessionOptions(
  now: () => number,
  overrides: Partial<Omit<ServerSessionOptions, 'now'>> = {},
): ServerSessionOptions {
  return {
    now,
    chunkSize: 4096,
    // As SRS sends: Flash players take chunks below 64 KiB, and most pictures are one chunk.
    playerChunkSize: 60_000,
    windowAcknowledgementSize: 2_500_000,
    peerBandwidth: 2_500_000,
    capabilities: DEFAULT_SERVER_CAPABILITIES,
    loginApps: [],
    limits: DEFAULT_SERVER_SESSION_LIMITS,
    ...overrides,
  };
}
