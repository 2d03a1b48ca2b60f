// Frames as tags of an FLV stream (Adobe Flash Video File Format 10.1, annex E): the same bytes for every viewer.
import { FrameKind, TICKS_PER_MS } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import {
  encodeFlvHeader,
  encodeFlvTag,
  FLV_TAG_HEADER_BYTES,
  FlvTagType,
  MAX_FLV_TAG_DATA_BYTES,
} from '@millrace/protocol/flv';
import { flvCodecOf, flvScriptBody } from '@millrace/media';
import type { EncodedFrame, SeenTracks, WireForm } from '@millrace/playout';

/** The longest header before a payload: ExAudioTagHeader with FourCC, then signature and block header of FLAC. */
const MAX_HEADER_BYTES = 13;
const NO_HEADER = new Uint8Array(0);

/** Timestamps have 32 bits: they begin again at 0 after 49 days. */
const timestampMs = (dts90k: number): number => Math.floor(dts90k / TICKS_PER_MS) % 2 ** 32;

class FlvForm implements WireForm {
  head(tracks: SeenTracks): Uint8Array {
    return encodeFlvHeader(tracks);
  }

  encode(frame: Frame, dts90k: number): EncodedFrame | undefined {
    // FLV has one track of each kind.
    if ((frame.track ?? 0) !== 0) return undefined;
    if (frame.kind === FrameKind.data) {
      const body = flvScriptBody(frame);
      const tag = encodeTag(FlvTagType.script, dts90k, NO_HEADER, body);
      return body === frame.payload ? tag : tag && { bytes: tag.bytes, payloadOffset: undefined };
    }
    const codec = flvCodecOf(frame.codec);
    return codec && encodeTag(codec.type, dts90k, codec.header(frame, dts90k), frame.payload);
  }
}

/** @returns undefined for what FLV has no tag for */
function encodeTag(
  type: FlvTagType,
  dts90k: number,
  header: Uint8Array | undefined,
  data: Uint8Array | undefined,
): EncodedFrame | undefined {
  if (header === undefined || data === undefined) return undefined;
  if (data.byteLength > MAX_FLV_TAG_DATA_BYTES - MAX_HEADER_BYTES) return undefined;
  const bytes = encodeFlvTag({ type, timestampMs: timestampMs(dts90k), header, data });
  return { bytes, payloadOffset: FLV_TAG_HEADER_BYTES + header.byteLength };
}

/** One for the process: frames are kept under it. */
export const FLV_FORM: WireForm = new FlvForm();
