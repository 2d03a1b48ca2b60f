// H.264 (ITU-T H.264). A frame is one access unit as length-prefixed NAL units (ISO/IEC 14496-15 section 5.3); its configuration
// is an AVCDecoderConfigurationRecord (section 5.3.3.1).
import { Codec, FrameKind } from '@millrace/domain';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import {
  decodeH264Configuration,
  decodeSps,
  encodeH264Configuration,
  H264_PARAMETER_SETS,
  H264_SYNTAX,
  h264CodecString,
  readH264ParameterSets,
  spsFrameRate,
} from '@millrace/protocol/h264';
import type { H264Configuration } from '@millrace/protocol/h264';
import { describeColour } from './codec-rules.ts';
import type { TrackDescription, VideoRules } from './codec-rules.ts';
import { inspectNalPicture, NalPictureReader } from './nal-picture-reader.ts';

export const h264 = {
  codec: Codec.h264,
  kind: FrameKind.video,
  hasRecord: true,
  readConfiguration: decodeH264Configuration,
  inspect: (payload, { nalLengthSize }) => inspectNalPicture(payload, nalLengthSize, H264_SYNTAX),
  /** The next picture tells. */
  duration90k: () => undefined,
  codecString: h264CodecString,
  describe,
  openReader: () =>
    new NalPictureReader({
      syntax: H264_SYNTAX,
      parameterSets: H264_PARAMETER_SETS,
      readRecord(record) {
        const { nalLengthSize, sps, pps } = readH264ParameterSets(record);
        return { nalLengthSize, sets: [...sps, ...pps] };
      },
      rewriteRecord: (record) => encodeH264Configuration(decodeH264Configuration(record)),
    }),
} as const satisfies VideoRules<H264Configuration>;

/** What cannot be read here a decoder may read all the same: then it goes untold. */
function describe({ sps }: H264Configuration): TrackDescription {
  const set = decodeOrUndefined(decodeSps, sps[0]!);
  if (set === undefined) return {};
  const { width, height, vui } = set;
  return { width, height, frameRate: spsFrameRate(set), ...describeColour(vui?.colour) };
}
