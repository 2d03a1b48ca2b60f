/** Takes complete messages, synchronously, in the order in which their last byte came. */
export interface MessageHandler {
  /**
   * @param type message type id.
   * @param messageStreamId unsigned 32 bits.
   * @param timestamp milliseconds, unsigned 32 bits, as the wire has it.
   * @param payload belongs to the handler from now on: it is not written to again.
   */
  onMessage(type: number, messageStreamId: number, timestamp: number, payload: Buffer, chunkStreamId: number): void;
}
