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
import { flvCodecOf } from '@millrace/media';
import type { FlvCodec } from '@millrace/media';
import type { EncodedFrame, SeenTracks, WireForm } from '@millrace/playout';

/** AMF0's type marker of a string, with which the name of a script message begins (AMF0 section 2.4). */
const AMF0_STRING = 2;
/** The longest header before a payload: ExAudioTagHeader with FourCC, then signature and block header of FLAC. */
const MAX_HEADER_BYTES = 13;
const NO_HEADER = new Uint8Array(0);
const SCRIPT: FlvCodec = { type: FlvTagType.script, header: () => NO_HEADER };

/** Timestamps have 32 bits: they begin again at 0 after 49 days. */
const timestampMs = (dts90k: number): number => Math.floor(dts90k / TICKS_PER_MS) % 2 ** 32;

class FlvForm implements WireForm {
  head(tracks: SeenTracks): Uint8Array {
    return encodeFlvHeader(tracks);
  }

  encode(frame: Frame, dts90k: number): EncodedFrame | undefined {
    const tag = tagOf(frame);
    if (tag === undefined || frame.payload.byteLength > MAX_FLV_TAG_DATA_BYTES - MAX_HEADER_BYTES) return undefined;
    const header = tag.header(frame, dts90k);
    if (header === undefined) return undefined;
    const bytes = encodeFlvTag({ type: tag.type, timestampMs: timestampMs(dts90k), header, data: frame.payload });
    return { bytes, payloadOffset: FLV_TAG_HEADER_BYTES + header.byteLength };
  }
}

/** @returns undefined for what FLV, or this form of it, has no tag for */
function tagOf(frame: Frame): FlvCodec | undefined {
  // FLV has one track of each kind.
  if ((frame.track ?? 0) !== 0) return undefined;
  if (frame.kind === FrameKind.data) return frame.payload[0] === AMF0_STRING ? SCRIPT : undefined;
  return flvCodecOf(frame.codec);
}

/** One for the process: frames are kept under it. */
export const FLV_FORM: WireForm = new FlvForm();
