// What is wrong with a session that goes on all the same. One list for the edges, the API, the metrics and the docs.

/** The code of a warning and the sentence that its message begins with. */
export const SESSION_WARNINGS = {
  unsupported_video: 'unsupported video: viewers get no picture; send H.264 or H.265',
  unsupported_audio: 'unsupported audio: viewers get no sound; send AAC or MP3',
  unreadable_video: 'unreadable video: viewers get no picture; check the output settings of the encoder',
  unreadable_audio: 'unreadable audio: viewers get no sound; check the output settings of the encoder',
  no_idr:
    'no IDR pictures: a browser that joins late may wait a long time for a picture; configure the encoder to send IDR keyframes',
} as const;
export type SessionWarningCode = keyof typeof SESSION_WARNINGS;

/** A session keeps no more warnings than this: each code at most once for each track. */
export const MAX_SESSION_WARNINGS = 16;
export const MAX_WARNING_LENGTH = 256;

export interface SessionWarning {
  /** One of `SESSION_WARNINGS`, or what a newer release warns of. */
  readonly code: string;
  /** Begins with the sentence of its code; holds nothing that the peer chose freely. */
  readonly message: string;
  /** Undefined for what concerns the stream as a whole. */
  readonly track?: 'video' | 'audio' | undefined;
  readonly firstAtMs: number;
}
