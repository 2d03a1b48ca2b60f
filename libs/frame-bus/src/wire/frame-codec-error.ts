// What a message on the bus may be refused for.

/** Stable codes of `FrameCodecError`, safe as a metric label. */
export type FrameCodecErrorCode =
  /** The message stopped before the frame did. */
  | 'ended-early'
  /** The header was written by another version of the format. */
  | 'unknown-version'
  /** A number does not fit its field, or is not an integer that this process can hold exactly. */
  | 'out-of-range'
  /** Part numbers that contradict each other. */
  | 'bad-parts'
  /** A frame above `maxFrameBytes`. */
  | 'too-large';

/** The only error that the frame codec throws, in both directions. */
export class FrameCodecError extends Error {
  override readonly name = 'FrameCodecError';
  readonly code: FrameCodecErrorCode;
  /** Where in the format, from the outside in: `frame/header/version`. */
  readonly place: string;
  readonly detail: string;

  constructor(code: FrameCodecErrorCode, place: string, detail: string) {
    super(`${code} at ${place}: ${detail}`);
    this.code = code;
    this.place = place;
    this.detail = detail;
  }
}
