// RTMP 1.0 section 7.1.6: aggregate messages, several messages of one message stream in one.
import { ByteReader, ByteWriter, ProtocolError } from '../../bytes/index.ts';
import { MessageType } from './message-type.ts';

const PLACE = 'rtmp/aggregate';
const SUB_HEADER_BYTES = 11;

/** How many messages one aggregate may hold by default; encoders that use them put in about ten. */
const DEFAULT_MAX_AGGREGATED = 1024;

/** Takes one message out of an aggregate; the payload is a view of the aggregate's. */
export type SubMessageHandler = (type: number, timestamp: number, payload: Buffer) => void;

export interface SubMessage {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/**
 * Hands on the messages of an aggregate, in order.
 *
 * "The difference between the timestamps of the aggregate message and the first sub-message is the offset used to
 * renormalize the timestamps of the sub-messages": so the first one has the aggregate's timestamp. Their message stream ids
 * are ignored: "the message stream ID of the aggregate message overrides" them.
 * @throws ProtocolError for a sub-message that does not fit, is an aggregate, goes back in time or is not confirmed by its
 *   back pointer; what came before it has been handed on.
 */
export function splitAggregate(
  payload: Buffer,
  timestamp: number,
  handler: SubMessageHandler,
  maxMessages: number = DEFAULT_MAX_AGGREGATED,
): void {
  const reader = new ByteReader(payload, PLACE);
  let offset = 0;
  let last = 0;
  for (let count = 0; reader.remaining > 0; count++) {
    if (count >= maxMessages) {
      throw new ProtocolError('rtmp.aggregate.too-many', PLACE, `more than ${maxMessages} messages`);
    }
    const type = reader.u8();
    const size = reader.u24();
    // As in an FLV tag, the fourth timestamp byte is the highest.
    const low = reader.u24();
    const sent = low + reader.u8() * 0x100_0000;
    reader.skip(3);
    const body = reader.take(size);
    checkBackPointer(reader.u32(), size);
    if (type === MessageType.aggregate) {
      throw new ProtocolError('rtmp.aggregate.nested', `${PLACE}/type`, 'an aggregate in an aggregate');
    }
    if (count === 0) offset = timestamp - sent;
    else if (((sent - last) | 0) < 0) {
      throw new ProtocolError('rtmp.aggregate.backwards', `${PLACE}/timestamp`, `${sent} after ${last}`);
    }
    last = sent;
    handler(type, (sent + offset) >>> 0, body);
  }
}

function checkBackPointer(found: number, size: number): void {
  if (found !== SUB_HEADER_BYTES + size) {
    throw new ProtocolError(
      'rtmp.aggregate.bad-back-pointer',
      `${PLACE}/back-pointer`,
      `${found} behind a message of ${SUB_HEADER_BYTES + size} bytes`,
    );
  }
}

/** Writes the payload of an aggregate; its own timestamp belongs to be the first message's. */
export function encodeAggregate(messages: readonly SubMessage[], messageStreamId: number): Buffer {
  const writer = new ByteWriter();
  for (const { type, timestamp, payload } of messages) {
    writer.u8(type).u24(payload.length);
    writer.u24(timestamp % 0x100_0000).u8(Math.floor(timestamp / 0x100_0000));
    writer
      .u24(messageStreamId)
      .write(payload)
      .u32(SUB_HEADER_BYTES + payload.length);
  }
  return writer.toBuffer();
}
