/**
 * What decoders throw when a peer's bytes break the format. It is the only error a decoder may throw for bad input:
 * anything else that escapes is a defect of the decoder.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** Stable, lower case, dotted: `ended-early`, `rtmp.chunk.message-too-large`. Safe as a metric label. */
  readonly code: string;
  /** Where in the format, from the outside in: `amf0/object/key`. Safe as a metric label. */
  readonly place: string;
  /** For people. May quote numbers that the peer chose, never its text. */
  readonly detail: string;

  constructor(code: string, place: string, detail: string, options?: ErrorOptions) {
    super(`${code} at ${place}: ${detail}`, options);
    this.code = code;
    this.place = place;
    this.detail = detail;
  }
}

/** The code of every error that says: the input stopped before the element did. */
export const ENDED_EARLY = 'ended-early';

/**
 * For bytes that a stream can do without: what is malformed counts as absent.
 *
 * @returns undefined when `decode` throws a `ProtocolError`; any other error passes
 */
export function decodeOrUndefined<I, T>(decode: (input: I) => T, input: I): T | undefined {
  try {
    return decode(input);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
