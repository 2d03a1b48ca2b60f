// Frames that this release does not package. An edge of a newer release may send them: they cost nothing but themselves.
import { Codec, FrameKind, isConfiguration } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { rulesOf } from '@millrace/media';

/**
 * Why a frame is left out: its kind or its codec is not known here, or it belongs to a further track of its kind. A bounded set:
 * a metric label.
 */
export type LeftOutReason = 'kind' | 'codec' | 'track';

/**
 * Says why a frame is left out; undefined for frames that are packaged.
 * @param hasFurtherTracks whether there is a place for more than the first track of each kind
 */
export function leftOut(frame: Frame, hasFurtherTracks: boolean): LeftOutReason | undefined {
  const { kind, codec, track = 0 } = frame;
  const isColour = kind === FrameKind.colour && isConfiguration(frame);
  if (isMedia(kind)) {
    if (rulesOf(codec)?.kind !== kind) return 'codec';
  } else if (kind === FrameKind.data || isColour) {
    if (codec !== Codec.none) return 'codec';
  } else if (kind !== FrameKind.end) return 'kind';
  if (track === 0) return undefined;
  return hasFurtherTracks && (isMedia(kind) || isColour) ? undefined : 'track';
}

const isMedia = (kind: number): boolean => kind === FrameKind.video || kind === FrameKind.audio;
