// AV1. A frame is one temporal unit without its delimiter ("AV1 Codec ISO Media File Format Binding" section 2.4); its configuration is an
// AV1CodecConfigurationRecord with the sequence header (section 2.3).
import { Codec, FrameKind } from '@millrace/domain';
import {
  av1CodecString,
  decodeAv1Configuration,
  encodeAv1Configuration,
  readTemporalUnit,
  sequenceHeaderOf,
} from '@millrace/protocol/av1';
import type { Av1Configuration } from '@millrace/protocol/av1';
import { decodeOrUndefined } from '@millrace/protocol/bytes';
import { describeColour, Inspected, PictureFlag } from './codec-rules.ts';
import type { VideoRules } from './codec-rules.ts';
import { WholePictureReader } from './whole-picture-reader.ts';

export const av1 = {
  codec: Codec.av1,
  kind: FrameKind.video,
  hasRecord: true,
  readConfiguration: decodeAv1Configuration,
  inspect(payload, { sequence }) {
    const unit = decodeOrUndefined((bytes) => readTemporalUnit(bytes, sequence !== undefined), payload);
    if (unit?.hasFrame !== true) return Inspected.unusable;
    return unit.keyframe ? Inspected.keyframe : Inspected.decodable;
  },
  /** The next picture tells. */
  duration90k: () => undefined,
  codecString: av1CodecString,
  describe: ({ sequence }) =>
    sequence === undefined
      ? {}
      : {
          width: sequence.width,
          height: sequence.height,
          frameRate: sequence.frameRate,
          ...describeColour(sequence),
        },
  openReader: () =>
    new WholePictureReader({
      checkRecord: decodeAv1Configuration,
      read(payload) {
        const { hasFrame, keyframe, delimiterBytes } = readTemporalUnit(payload, true);
        const kind = keyframe ? PictureFlag.keyframe : PictureFlag.predicted;
        return { contents: hasFrame ? PictureFlag.picture | kind : 0, skip: delimiterBytes };
      },
      recordFor(keyframe, given, last) {
        const { sequenceHeader } = readTemporalUnit(keyframe, true);
        // A keyframe without a sequence header goes on with the one before.
        if (sequenceHeader === undefined) return given !== undefined && sequenceHeaderOf(given) ? given : last;
        for (const record of [given, last])
          if (record !== undefined && sequenceHeaderOf(record)?.equals(sequenceHeader) === true) return record;
        return encodeAv1Configuration(sequenceHeader);
      },
    }),
} as const satisfies VideoRules<Av1Configuration>;
