// RTMP 1.0 sections 7.1.2 (data), 7.1.4 (audio), 7.1.5 (video) and 7.1.6 (aggregate messages).
import { ProtocolError } from '../../bytes/index.ts';
import type { AmfLimits } from '../../amf3/index.ts';
import type { MessageHandler } from '../chunk/message-handler.ts';
import { splitAggregate } from '../message/aggregate.ts';
import { amfBody } from '../message/amf-body.ts';
import { decodeData } from '../message/data.ts';
import type { DataMessage } from '../message/data.ts';
import { MessageType } from '../message/message-type.ts';
import type { TokenBucket } from '../../rate/token-bucket.ts';

/** Takes the media of one message stream. */
export interface MediaHandler {
  /** @param timestamp milliseconds, unsigned 32 bits. @param payload an FLV audio tag body; now the handler's. */
  onAudio(timestamp: number, payload: Buffer): void;
  /** @param timestamp milliseconds, unsigned 32 bits. @param payload an FLV video tag body; now the handler's. */
  onVideo(timestamp: number, payload: Buffer): void;
  /** @param body what `data` was read from: AMF0, `@setDataFrame` included; now the handler's. */
  onData(timestamp: number, data: DataMessage, body: Buffer): void;
}

/**
 * Where messages go once they are whole: media of one message stream to who takes it, and of none while there is none to take it
 * from; everything else to the session.
 */
export class MediaIntake implements MessageHandler {
  /** Takes the media; what comes while there is none is dropped. */
  handler: MediaHandler | undefined;
  /** The message stream whose media is taken; -1 for none. */
  messageStreamId = -1;
  /** Audio and video messages and aggregates that were dropped: another message stream, empty, or not taken. */
  ignoredMedia = 0;
  /** Data messages that were dropped: as above, or above the rate, too large, or no AMF. */
  ignoredData = 0;
  readonly #others: MessageHandler;
  readonly #amfLimits: AmfLimits;
  readonly #dataRate: TokenBucket;

  constructor(others: MessageHandler, amfLimits: AmfLimits, dataRate: TokenBucket) {
    this.#others = others;
    this.#amfLimits = amfLimits;
    this.#dataRate = dataRate;
  }

  /** @throws ProtocolError as `message` */
  onMessage(type: number, messageStreamId: number, timestamp: number, payload: Buffer, chunkStreamId: number): void {
    if (!this.message(type, messageStreamId, timestamp, payload))
      this.#others.onMessage(type, messageStreamId, timestamp, payload, chunkStreamId);
  }

  /**
   * Takes a message.
   * @returns false when it is no media
   * @throws ProtocolError when it is a broken aggregate; the messages before the break have been handed on
   */
  message(type: number, messageStreamId: number, timestamp: number, payload: Buffer): boolean {
    switch (type) {
      case MessageType.video:
        this.#video(messageStreamId, timestamp, payload);
        return true;
      case MessageType.audio:
        this.#audio(messageStreamId, timestamp, payload);
        return true;
      case MessageType.dataAmf0:
      case MessageType.dataAmf3:
        this.#data(type, messageStreamId, timestamp, payload);
        return true;
      case MessageType.aggregate:
        this.#aggregate(messageStreamId, timestamp, payload);
        return true;
      default:
        return false;
    }
  }

  #audio(messageStreamId: number, timestamp: number, payload: Buffer): void {
    const { handler } = this;
    if (handler === undefined || messageStreamId !== this.messageStreamId || payload.length === 0)
      this.ignoredMedia += 1;
    else handler.onAudio(timestamp, payload);
  }

  #video(messageStreamId: number, timestamp: number, payload: Buffer): void {
    const { handler } = this;
    if (handler === undefined || messageStreamId !== this.messageStreamId || payload.length === 0)
      this.ignoredMedia += 1;
    else handler.onVideo(timestamp, payload);
  }

  #data(type: number, messageStreamId: number, timestamp: number, payload: Buffer): void {
    const { handler } = this;
    const taken = handler !== undefined && messageStreamId === this.messageStreamId && this.#dataRate.take();
    const body = taken ? this.#tryBody(type, payload) : undefined;
    const data = body === undefined ? undefined : this.#tryDecode(body);
    if (handler === undefined || body === undefined || data === undefined) this.ignoredData += 1;
    else handler.onData(timestamp, data, body);
  }

  #aggregate(messageStreamId: number, timestamp: number, payload: Buffer): void {
    if (messageStreamId !== this.messageStreamId) {
      this.ignoredMedia += 1;
      return;
    }
    splitAggregate(payload, timestamp, (type, at, body) => {
      if (!this.message(type, messageStreamId, at, body)) this.ignoredMedia += 1;
    });
  }

  #tryBody(type: number, payload: Buffer): Buffer | undefined {
    return payload.length === 0 ? undefined : amfBody(type, payload);
  }

  /** Metadata is a courtesy: a stream is not cut off for broken one. */
  #tryDecode(body: Buffer): DataMessage | undefined {
    try {
      return decodeData(body, this.#amfLimits);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return undefined;
    }
  }
}
