// Frames as RTMP messages in chunks (RTMP 1.0 section 5.3): the same bytes for every peer with the same message stream.
import { FrameKind, TICKS_PER_MS } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { flvCodecOf, flvScriptBody } from '@millrace/media';
import { FlvTagType } from '@millrace/protocol/flv';
import { ChunkStreamId, encodeData, encodeSharedMessage, MessageType } from '@millrace/protocol/rtmp';
import type { EncodedFrame, SeenTracks, WireForm } from '../live/wire-form.ts';
import { metadataOf } from './on-meta-data.ts';

const MAX_MESSAGE_BYTES = 0xff_ffff;
/** More than any header before a payload. */
const MAX_HEADER_BYTES = 16;
const NO_HEADER = new Uint8Array(0);

/** Timestamps have 32 bits: they begin again at 0 after 49 days. */
const timestampMs = (dts90k: number): number => Math.floor(dts90k / TICKS_PER_MS) % 2 ** 32;

export class RtmpForm implements WireForm {
  readonly #messageStreamId: number;
  readonly #chunkSize: number;
  readonly #isPublished: boolean;

  /**
   * @param chunkSize of every peer of this form
   * @param isPublished for servers that are published to rather than for players: they keep the metadata for players of theirs
   */
  constructor(messageStreamId: number, chunkSize: number, isPublished = false) {
    this.#messageStreamId = messageStreamId;
    this.#chunkSize = chunkSize;
    this.#isPublished = isPublished;
  }

  head(tracks: SeenTracks): Uint8Array {
    const metadata = metadataOf(tracks);
    const data = this.#isPublished
      ? encodeData({ name: '@setDataFrame', values: ['onMetaData', metadata] })
      : encodeData({ name: 'onMetaData', values: [metadata] });
    return this.#message(MessageType.dataAmf0, 0, NO_HEADER, data).bytes;
  }

  encode(frame: Frame, dts90k: number): EncodedFrame | undefined {
    // Without multitrack there is one track of each kind.
    if ((frame.track ?? 0) !== 0 || frame.payload.byteLength > MAX_MESSAGE_BYTES - MAX_HEADER_BYTES) return undefined;
    if (frame.kind === FrameKind.data) {
      const body = flvScriptBody(frame);
      const message = body && this.#message(MessageType.dataAmf0, timestampMs(dts90k), NO_HEADER, body);
      return body === frame.payload ? message : message && { bytes: message.bytes, payloadOffset: undefined };
    }
    const codec = flvCodecOf(frame.codec);
    const header = codec?.header(frame, dts90k);
    if (codec === undefined || header === undefined) return undefined;
    const type = codec.type === FlvTagType.video ? MessageType.video : MessageType.audio;
    return this.#message(type, timestampMs(dts90k), header, frame.payload);
  }

  #message(type: number, timestamp: number, header: Uint8Array, data: Uint8Array): EncodedFrame {
    const { bytes, dataOffset } = encodeSharedMessage({
      type,
      messageStreamId: this.#messageStreamId,
      timestamp,
      header,
      data,
      chunkStreamId: CHUNK_STREAMS[type] ?? ChunkStreamId.data,
      chunkSize: this.#chunkSize,
    });
    return { bytes, payloadOffset: dataOffset };
  }
}

const CHUNK_STREAMS: Readonly<Record<number, number>> = {
  [MessageType.audio]: ChunkStreamId.audio,
  [MessageType.video]: ChunkStreamId.video,
};
