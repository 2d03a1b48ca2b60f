// What puts pictures of one codec together: packets of one source, in order; the caller knows where a picture ends.

export interface PicturePayloadReader {
  readonly isEmpty: boolean;
  /** @param payload of one packet: what is kept are views of it. @throws ProtocolError after which the picture is to be dropped */
  push(payload: Buffer): void;
  /** The picture so far, in the form of frames; it is forgotten. @throws ProtocolError when its last part is not whole */
  take(): Buffer;
  /** Forgets what there is. */
  drop(): void;
}
