// Frames that this release does not package. An edge of a newer release may send them: they cost nothing but themselves.
import { Codec, type Frame, FrameKind } from '@millrace/domain';

/**
 * Why a frame is left out: its kind or its codec is not known here, or it belongs to a further track of its kind. A bounded set:
 * a metric label.
 */
export type LeftOutReason = 'kind' | 'codec' | 'track';

/** Says why a frame is left out; undefined for frames that are packaged. */
export function leftOut(frame: Frame): LeftOutReason | undefined {
  const { kind, codec } = frame;
  if (kind === FrameKind.video ? codec !== Codec.h264 : kind === FrameKind.audio && !isAudioCodec(codec))
    return 'codec';
  if (kind === FrameKind.data && codec !== Codec.none) return 'codec';
  if (kind < FrameKind.video || kind > FrameKind.end) return 'kind';
  return (frame.track ?? 0) === 0 ? undefined : 'track';
}

const isAudioCodec = (codec: number): boolean => codec === Codec.aac || codec === Codec.mp3;
