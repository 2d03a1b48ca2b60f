// VP9. A frame is one frame or superframe; its configuration is a VPCodecConfigurationRecord with width and height behind it, as only keyframes tell
// the size of the pictures.
import { Codec, FrameKind } from '@millrace/domain';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import {
  decodeVp9Configuration,
  decodeVp9FrameHeader,
  encodeVp9Configuration,
  vp9CodecString,
  vp9ConfigurationOf,
} from '@millrace/protocol/vp9';
import type { Vp9Configuration } from '@millrace/protocol/vp9';
import { describeColour, Inspected, PictureFlag } from './codec-rules.ts';
import type { VideoRules } from './codec-rules.ts';
import { WholePictureReader } from './whole-picture-reader.ts';

export const vp9 = {
  codec: Codec.vp9,
  kind: FrameKind.video,
  hasRecord: true,
  readConfiguration: decodeVp9Configuration,
  inspect(payload) {
    const header = decodeOrUndefined(decodeVp9FrameHeader, payload);
    if (header === undefined) return Inspected.unusable;
    return header.keyframe === undefined ? Inspected.decodable : Inspected.keyframe;
  },
  /** The next picture tells. */
  duration90k: () => undefined,
  codecString: vp9CodecString,
  describe: (configuration) => ({ ...configuration.size, ...describeColour(configuration) }),
  openReader: () =>
    new WholePictureReader({
      checkRecord: decodeVp9Configuration,
      read(payload) {
        const { keyframe } = decodeVp9FrameHeader(payload);
        const kind = keyframe === undefined ? PictureFlag.predicted : PictureFlag.keyframe;
        return { contents: PictureFlag.picture | kind, skip: 0 };
      },
      recordFor(picture, given, last) {
        const { profile, keyframe } = decodeVp9FrameHeader(picture);
        if (keyframe === undefined) return last;
        const said = given && decodeVp9Configuration(given);
        return encodeVp9Configuration(vp9ConfigurationOf(profile, keyframe, said));
      },
    }),
} as const satisfies VideoRules<Vp9Configuration>;
