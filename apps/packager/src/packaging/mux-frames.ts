// From frames to a segment's bytes.
import { type ContinuityCounters, type Frame, FrameFlag, FrameKind, isConfiguration } from '@millrace/domain';
import { type AccessUnit, type MuxedSegment, muxSegment } from '@millrace/protocol/mpegts';
import type { Program } from './program.ts';

export interface MuxedFrames extends MuxedSegment {
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** Whether everything can be decoded without another segment: its first picture, if it has one, is a keyframe. */
  readonly independent: boolean;
}

/**
 * Makes the segment of these frames; configurations among them are skipped. The same arguments give the same bytes.
 * @param continuity the next continuity counters
 * @param discontinuity whether the timeline jumps before the first frame
 */
export function muxFrames(
  frames: readonly Frame[],
  program: Program,
  continuity: ContinuityCounters,
  discontinuity: boolean,
): MuxedFrames {
  const units: AccessUnit[] = [];
  let videoFrames = 0;
  let independent = true;
  let lastVideo = -Infinity;
  let lastAudio = -Infinity;
  let audioFrames = 0;
  for (const frame of frames) {
    if (isConfiguration(frame)) continue;
    const keyframe = (frame.flags & FrameFlag.keyframe) !== 0;
    if (frame.kind === FrameKind.video) {
      if (videoFrames++ === 0) independent = keyframe;
      lastVideo = Math.max(lastVideo, frame.dts90k);
      units.push(accessUnit('video', frame, lastVideo, keyframe));
    } else {
      audioFrames++;
      lastAudio = Math.max(lastAudio, frame.dts90k);
      units.push(accessUnit('audio', frame, lastAudio, keyframe));
    }
  }
  const video = program.video === undefined ? undefined : { codec: 'h264' as const, config: program.video.config };
  const muxed = muxSegment({ video, audio: audioTrack(program), continuity, discontinuity }, units);
  return { ...muxed, videoFrames, audioFrames, independent };
}

/** Decode times never decrease within a kind; where an encoder's did, presentation stays where it was. */
function accessUnit(kind: AccessUnit['kind'], frame: Frame, dts90k: number, keyframe: boolean): AccessUnit {
  const cto90k = frame.dts90k + frame.compositionOffset90k - dts90k;
  return { kind, dts90k, cto90k, keyframe, payload: frame.payload };
}

function audioTrack(program: Program): Parameters<typeof muxSegment>[0]['audio'] {
  if (program.aac !== undefined) return { codec: 'aac', config: program.aac.config };
  return program.mp3 ? { codec: 'mp3' } : undefined;
}
