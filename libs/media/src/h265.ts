// H.265 (ITU-T H.265). A frame is one access unit as length-prefixed NAL units (ISO/IEC 14496-15 section 4.3); its configuration
// is an HEVCDecoderConfigurationRecord (section 8.3.3.1).
import { Codec, FrameKind } from '@millrace/domain';
import {
  decodeH265Configuration,
  encodeH265Configuration,
  H265_PARAMETER_SETS,
  H265_SYNTAX,
  h265CodecString,
  readH265ParameterSets,
} from '@millrace/protocol/h265';
import type { H265Configuration } from '@millrace/protocol/h265';
import { describeColour } from './codec-rules.ts';
import type { VideoRules } from './codec-rules.ts';
import { inspectNalPicture, NalPictureReader } from './nal-picture-reader.ts';

export const h265 = {
  codec: Codec.h265,
  kind: FrameKind.video,
  hasRecord: true,
  readConfiguration: decodeH265Configuration,
  inspect: (payload, { nalLengthSize }) => inspectNalPicture(payload, nalLengthSize, H265_SYNTAX),
  /** The next picture tells. */
  duration90k: () => undefined,
  codecString: h265CodecString,
  describe: ({ sequence: { width, height, frameRate, colour } }) => ({
    width,
    height,
    frameRate,
    ...describeColour(colour),
  }),
  openReader: () =>
    new NalPictureReader({
      syntax: H265_SYNTAX,
      parameterSets: H265_PARAMETER_SETS,
      readRecord(record) {
        const { nalLengthSize, vps, sps, pps } = readH265ParameterSets(record);
        return { nalLengthSize, sets: [...vps, ...sps, ...pps] };
      },
      rewriteRecord: (record) => encodeH265Configuration(decodeH265Configuration(record)),
    }),
} as const satisfies VideoRules<H265Configuration>;
