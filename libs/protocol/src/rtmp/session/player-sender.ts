// RTMP 1.0 sections 7.1.2 to 7.1.7: what goes to a player.
import { encodeData } from '../message/data.ts';
import type { DataMessage } from '../message/data.ts';
import { MessageType } from '../message/message-type.ts';
import { ChunkStreamId } from './message-sender.ts';
import type { MessageSender } from './message-sender.ts';

/**
 * Sends media to one player until it stops or its session ends; what comes later is dropped. Media that many players are sent alike is
 * written by `encodeSharedMessage` instead: a player gets one or the other, since a chunk stream remembers what it carried.
 */
export class PlayerSender {
  readonly #sender: MessageSender;
  readonly #messageStreamId: number;
  #open = true;

  constructor(sender: MessageSender, messageStreamId: number) {
    this.#sender = sender;
    this.#messageStreamId = messageStreamId;
  }

  /** Whether the player still takes anything. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** @param timestamp milliseconds, unsigned 32 bits. @param payload an FLV video tag body, copied. */
  sendVideo(timestamp: number, payload: Uint8Array): void {
    this.#send(MessageType.video, timestamp, payload, ChunkStreamId.video);
  }

  /** @param timestamp milliseconds, unsigned 32 bits. @param payload an FLV audio tag body, copied. */
  sendAudio(timestamp: number, payload: Uint8Array): void {
    this.#send(MessageType.audio, timestamp, payload, ChunkStreamId.audio);
  }

  /** @param body AMF0, such as `encodeData` writes; copied. */
  sendData(timestamp: number, body: Uint8Array): void {
    this.#send(MessageType.dataAmf0, timestamp, body, ChunkStreamId.data);
  }

  /** Data before the first media: on the chunk stream of commands, so that those of media begin with the media. */
  announceData(data: DataMessage): void {
    this.#send(MessageType.dataAmf0, 0, encodeData(data), ChunkStreamId.stream);
  }

  /** The stream begins again, has no media for now, or is over. */
  sendStreamEvent(event: 'streamBegin' | 'streamDry' | 'streamEof'): void {
    if (this.#open) this.#sender.userControl({ event, messageStreamId: this.#messageStreamId });
  }

  /** Drops everything from now on. */
  close(): void {
    this.#open = false;
  }

  #send(type: number, timestamp: number, payload: Uint8Array, chunkStreamId: number): void {
    if (this.#open) this.#sender.message(type, this.#messageStreamId, timestamp, payload, chunkStreamId);
  }
}
