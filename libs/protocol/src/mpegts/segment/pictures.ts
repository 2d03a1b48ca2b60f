// ISO/IEC 13818-1 sections 2.14 and 2.17 (carriage of H.264 and H.265): one PES packet per picture, what goes into it, how many bytes
// that makes, and its length-prefixed NAL units as a byte stream (annex B of both).
import { ProtocolError } from '../../bytes/index.ts';
import { H264_SYNTAX, isAccessUnitDelimiter } from '../../h264/index.ts';
import { H265_SYNTAX, isH265AccessUnitDelimiter } from '../../h265/index.ts';
import { AccessUnitFlag, AccessUnitScan, nalLengthAt, scanAccessUnit, START_CODE } from '../../nal/index.ts';
import type { NalSyntax } from '../../nal/index.ts';
import { viewOf } from './elementary-stream.ts';
import type { ElementarySink } from './elementary-stream.ts';
import type { VideoPes } from './schedule.ts';
import type { AccessUnit, VideoTrack } from './segment-options.ts';
import { MAX_COMPOSITION_OFFSET_90K } from './segment-options.ts';

interface PictureCodec {
  readonly syntax: NalSyntax;
  /** An access unit delimiter that allows any slice type, behind a start code. */
  readonly delimiter: Buffer;
  isDelimiter(firstByte: number): boolean;
}

const PICTURE_CODECS: Readonly<Record<VideoTrack['codec'], PictureCodec>> = {
  h264: {
    syntax: H264_SYNTAX,
    // access_unit_delimiter_rbsp with primary_pic_type 7 and the stop bit: ITU-T H.264 section 7.3.2.4.
    delimiter: Buffer.from([...START_CODE, 0x09, 0xf0]),
    isDelimiter: isAccessUnitDelimiter,
  },
  h265: {
    syntax: H265_SYNTAX,
    // access_unit_delimiter_rbsp with pic_type 2 and the stop bit: ITU-T H.265 section 7.3.2.5.
    delimiter: Buffer.from([...START_CODE, 0x46, 0x01, 0x50]),
    isDelimiter: isH265AccessUnitDelimiter,
  },
};

const scan = new AccessUnitScan();

/** The parameter sets of a configuration as they are put before keyframes, each behind a start code. */
function parameterSetBytes({ config: { vps = [], sps, pps } }: VideoTrack): Buffer {
  const parts: Uint8Array[] = [];
  for (const set of [...vps, ...sps, ...pps]) parts.push(START_CODE, set);
  return Buffer.concat(parts);
}

/**
 * Plans the PES packet of one access unit.
 * @param parameterSetSize bytes of `parameterSetBytes`
 * @returns undefined when the unit holds no picture or its NAL lengths do not add up
 */
export function planVideo(unit: AccessUnit, track: VideoTrack, parameterSetSize: number): VideoPes | undefined {
  const { nalLengthSize, vps = [], sps, pps } = track.config;
  const { syntax, delimiter } = PICTURE_CODECS[track.codec];
  try {
    scanAccessUnit(unit.payload, nalLengthSize, syntax, scan);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
  if ((scan.flags & AccessUnitFlag.slice) === 0) return undefined;
  // Parameter sets in the unit make ours superfluous only when they are as many.
  const insertParameterSets =
    unit.keyframe && (scan.vpsCount < vps.length || scan.spsCount < sps.length || scan.ppsCount < pps.length);
  // "There is at most one access unit delimiter": the first stays, or gets moved to the front, any other is left out.
  const delimiterSize = scan.delimiterCount === 0 ? delimiter.length - START_CODE.length : scan.delimiterSize;
  const others = scan.nalUnits - scan.delimiterCount;
  const dataBytes =
    START_CODE.length +
    delimiterSize +
    (insertParameterSets ? parameterSetSize : 0) +
    others * START_CODE.length +
    scan.nalBytes -
    scan.delimiterBytes;
  const offset = Math.min(Math.max(unit.cto90k, 0), MAX_COMPOSITION_OFFSET_90K);
  return {
    kind: 'video',
    dts90k: unit.dts90k,
    pts90k: unit.dts90k + offset,
    dataBytes,
    randomAccess: unit.keyframe,
    unit,
    contents: scan.flags,
    delimiterOffset: scan.delimiterOffset,
    delimiterSize: scan.delimiterCount === 0 ? 0 : scan.delimiterSize,
    insertParameterSets,
  };
}

/** Turns pictures into a byte stream on their way into transport packets. */
export class PictureWriter {
  /** Bytes of the parameter sets that go before keyframes. */
  readonly parameterSetSize: number;
  readonly #track: VideoTrack;
  readonly #codec: PictureCodec;
  readonly #parameterSets: DataView;
  readonly #delimiter: DataView;
  static readonly #startCode = viewOf(START_CODE);

  constructor(track: VideoTrack) {
    this.#track = track;
    this.#codec = PICTURE_CODECS[track.codec];
    this.#delimiter = viewOf(this.#codec.delimiter);
    const sets = parameterSetBytes(track);
    this.#parameterSets = viewOf(sets);
    this.parameterSetSize = sets.length;
  }

  /** Writes exactly `plan.dataBytes` bytes. */
  write(plan: VideoPes, sink: ElementarySink): void {
    const { payload } = plan.unit;
    const view = viewOf(payload);
    if (plan.delimiterSize > 0) {
      sink.append(PictureWriter.#startCode, 0, START_CODE.length);
      sink.append(view, plan.delimiterOffset, plan.delimiterOffset + plan.delimiterSize);
    } else {
      sink.append(this.#delimiter, 0, this.#delimiter.byteLength);
    }
    if (plan.insertParameterSets) sink.append(this.#parameterSets, 0, this.parameterSetSize);
    const { nalLengthSize } = this.#track.config;
    for (let offset = 0; offset < payload.length;) {
      const from = offset + nalLengthSize;
      const end = from + nalLengthAt(payload, offset, nalLengthSize);
      offset = end;
      if (this.#codec.isDelimiter(payload[from]!)) continue;
      sink.append(PictureWriter.#startCode, 0, START_CODE.length);
      sink.append(view, from, end);
    }
  }
}
