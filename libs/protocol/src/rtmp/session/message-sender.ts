// RTMP 1.0 sections 5.3 and 5.4: messages on their chunk streams.
import { ChunkEncoder } from '../chunk/chunk-encoder.ts';
import type { ChunkForm } from '../chunk/chunk-encoder.ts';
import { encodeCommand } from '../message/command.ts';
import type { Command } from '../message/command.ts';
import { CONTROL_CHUNK_STREAM_ID, CONTROL_MESSAGE_STREAM_ID } from '../message/control-message.ts';
import { MessageType } from '../message/message-type.ts';
import { encodeSetChunkSize } from '../message/set-chunk-size.ts';
import { encodeUserControl } from '../message/user-control.ts';
import type { UserControl } from '../message/user-control.ts';

/** Which chunk stream carries what. Only 2 is fixed by the specification; the others are common practice. */
export const ChunkStreamId = {
  control: CONTROL_CHUNK_STREAM_ID,
  connection: 3,
  audio: 4,
  stream: 5,
  video: 6,
  data: 8,
} as const;

/** Encodes one side's messages and sends each at once. */
export class MessageSender {
  readonly encoder: ChunkEncoder;
  readonly #sendBytes: (bytes: Buffer) => void;

  constructor(sendBytes: (bytes: Buffer) => void, encoder: ChunkEncoder = new ChunkEncoder()) {
    this.#sendBytes = sendBytes;
    this.encoder = encoder;
  }

  message(
    type: number,
    messageStreamId: number,
    timestamp: number,
    payload: Uint8Array,
    chunkStreamId: number,
    form?: ChunkForm,
  ): void {
    this.#sendBytes(this.encoder.encode({ type, messageStreamId, timestamp, payload, chunkStreamId }, form));
  }

  /** Sends a protocol control message or a user control message. */
  control(type: number, payload: Uint8Array): void {
    this.message(type, CONTROL_MESSAGE_STREAM_ID, 0, payload, ChunkStreamId.control);
  }

  userControl(control: Exclude<UserControl, { event: 'unknown' }>): void {
    this.control(MessageType.userControl, encodeUserControl(control));
  }

  /** Tells the peer the new chunk size, then uses it. */
  chunkSize(size: number): void {
    this.control(MessageType.setChunkSize, encodeSetChunkSize(size));
    this.encoder.chunkSize = size;
  }

  /** Sends an AMF0 command: on message stream 0 about the connection, else about that stream. */
  command(command: Command, messageStreamId = 0): void {
    const chunkStreamId = messageStreamId === 0 ? ChunkStreamId.connection : ChunkStreamId.stream;
    this.message(MessageType.commandAmf0, messageStreamId, 0, encodeCommand(command), chunkStreamId);
  }
}
