// From frames to a segment's bytes.
import {
  type ContinuityCounters,
  type Frame,
  FrameKind,
  isConfiguration,
  isKeyframe,
  isRandomAccess,
} from '@millrace/domain';
import type { CaptionKind } from '@millrace/live-store';
import { findTrack, type Tracks } from '@millrace/media';
import { AccessUnitFlag } from '@millrace/protocol/h264';
import { type AccessUnit, type MuxedSegment, muxSegment } from '@millrace/protocol/mpegts';
import { decodeTimes } from './decode-times.ts';
import { fillSilence } from './fill-silence.ts';
import { programOf } from '../containers/mpegts.ts';
import { timedTags } from './timed-metadata.ts';

export interface MuxedFrames extends MuxedSegment {
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** Whether everything can be decoded without another segment: its first picture, if it has one, is a keyframe. */
  readonly independent: boolean;
  /** How far the decoding of pictures was put forward. */
  readonly videoDelay90k: number;
  /** Silent access units in place of sound that pauses. */
  readonly silentFrames: number;
  readonly captions: readonly CaptionKind[];
}

export interface MuxedState {
  /** The next continuity counters. */
  readonly continuity: ContinuityCounters;
  /** Whether the timeline jumps before the first frame. */
  readonly discontinuity: boolean;
  /** How far decoding was put forward in the segment before; undefined when this one follows on none. */
  readonly videoDelay90k: number | undefined;
}

/**
 * Makes the segment of these frames; configurations among them are skipped. The same arguments give the same bytes.
 * @param startDts90k decode time at which it starts
 * @param ticks how long it lasts
 */
export function muxFrames(
  frames: readonly Frame[],
  tracks: Tracks,
  { continuity, discontinuity, videoDelay90k }: MuxedState,
  startDts90k: number,
  ticks: number,
): MuxedFrames {
  const units: AccessUnit[] = [];
  const sound: AccessUnit[] = [];
  const pictures = frames.filter((frame) => frame.kind === FrameKind.video && !isConfiguration(frame));
  const { times, delay90k } = decodeTimes(pictures, videoDelay90k);
  let videoFrames = 0;
  let independent = true;
  let lastAudio = -Infinity;
  let audioFrames = 0;
  for (const frame of frames) {
    if (isConfiguration(frame)) continue;
    const keyframe = isRandomAccess(frame);
    if (frame.kind === FrameKind.video) {
      if (videoFrames === 0) independent = isKeyframe(frame);
      units.push(accessUnit('video', frame, times[videoFrames++]!, keyframe));
    } else if (frame.kind === FrameKind.audio) {
      audioFrames++;
      lastAudio = Math.max(lastAudio, frame.dts90k);
      sound.push(accessUnit('audio', frame, lastAudio, keyframe));
    }
  }
  const silence = fillSilence(frames, findTrack(tracks, FrameKind.audio), startDts90k, startDts90k + ticks);
  units.push(...(silence.length === 0 ? sound : [...sound, ...silence].sort((a, b) => a.dts90k - b.dts90k)));
  const tags = timedTags(frames, startDts90k, ticks);
  const muxed = muxSegment({ ...programOf(tracks), continuity, discontinuity }, units, tags);
  const silentFrames = silence.length;
  const captions = captionsIn(muxed.contents);
  return { ...muxed, captions, videoFrames, audioFrames, silentFrames, independent, videoDelay90k: delay90k };
}

function captionsIn(contents: number): CaptionKind[] {
  const kinds: CaptionKind[] = [];
  if ((contents & AccessUnitFlag.cea608) !== 0) kinds.push('cea608');
  if ((contents & AccessUnitFlag.cea708) !== 0) kinds.push('cea708');
  return kinds;
}

/** Wherever decoding was moved to, presentation stays where it was. */
function accessUnit(kind: AccessUnit['kind'], frame: Frame, dts90k: number, keyframe: boolean): AccessUnit {
  const cto90k = frame.dts90k + frame.compositionOffset90k - dts90k;
  return { kind, dts90k, cto90k, keyframe, payload: frame.payload };
}
