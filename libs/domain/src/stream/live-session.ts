// What is known of a stream while it has a publisher.

/** What a tenant may set on a live stream that the media path obeys. */
export interface StreamSettings {
  /** Wished length of a segment, in milliseconds; a segment ends at the first keyframe at or after it. */
  readonly segmentTargetMs: number;
  /** How many milliseconds of segments a playlist lists. */
  readonly windowMs: number;
  /** How long a session waits for its publisher to come back, in milliseconds. */
  readonly reconnectWindowMs: number;
  /** What becomes of a second publisher: it is refused, or it takes over and the first one is cut. */
  readonly secondPublisher: 'refuse' | 'takeover';
  /** Low latency: how long a part of a segment lasts at most, in milliseconds. Undefined: standard latency, without parts. */
  readonly partDurationMs?: number | undefined;
  /** What its encoder may send, averaged over 10 s; undefined: as much as it likes. Given by the quota of the tenant. */
  readonly maxIngestBitsPerSecond?: number | undefined;
  /** Segments are encrypted, and this many in a row have the same key; undefined: they are not encrypted. */
  readonly keyRotationSegments?: number | undefined;
  /** What its tracks of sound are called, and their languages; undefined: encoders do not say. */
  readonly audioTracks?: readonly AudioTrackName[] | undefined;
}

/** What a tenant says of a track of sound. */
export interface AudioTrackName {
  /** Its number, as the encoder sends it; 0 is the first one. */
  readonly track: number;
  readonly name?: string | undefined;
  /** BCP 47. */
  readonly language?: string | undefined;
}

/** Of a stream. */
export const AUDIO_TRACK_NAMES = { max: 16, nameLength: 64, languageLength: 35, maxTrack: 255 } as const;

/** How long a part lasts at most where a stream with low latency does not say. */
export const DEFAULT_PART_DURATION_MS = 500;

export const DEFAULT_STREAM_SETTINGS: StreamSettings = {
  segmentTargetMs: 2_000,
  windowMs: 30_000,
  reconnectWindowMs: 10_000,
  secondPublisher: 'refuse',
};

/** Which of the two encoders of a stream: the backup asks to be it. */
export type EncoderRole = 'primary' | 'backup';

/** Who publishes: made when a key is accepted. */
export interface PublishClaim {
  readonly tenantId: string;
  readonly streamId: string;
  readonly streamKeyId: string;
  readonly sessionId: string;
  readonly epoch: number;
  /** The edge process that holds the publisher's connection. */
  readonly edgeId: string;
  /** Wall-clock time at which the session (not this epoch) began, in milliseconds since 1970. */
  readonly sessionStartedAtMs: number;
  /** Wall-clock time at which this epoch began, in milliseconds since 1970. */
  readonly epochStartedAtMs: number;
  readonly settings: StreamSettings;
  /** Of the backup encoder; absent for the primary. */
  readonly role?: 'backup' | undefined;
  /** How many streams the tenant may have live at once: of an encoder that may have to wait, which may begin a session later. */
  readonly maxLiveStreams?: number | undefined;
  /** Its encoder waits: the epoch only names it, and nothing may be published with it. */
  readonly standby?: true | undefined;
  /** The span of this epoch's publish (W3C `traceparent`); only where the edge traces. */
  readonly traceparent?: string | undefined;
}
