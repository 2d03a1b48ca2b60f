// From frames to a segment's bytes.
import { type ContinuityCounters, type Frame, FrameFlag, FrameKind, isConfiguration } from '@millrace/domain';
import { type AccessUnit, type MuxedSegment, muxSegment } from '@millrace/protocol/mpegts';
import { decodeTimes } from './decode-times.ts';
import type { Program } from './program.ts';

export interface MuxedFrames extends MuxedSegment {
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** Whether everything can be decoded without another segment: its first picture, if it has one, is a keyframe. */
  readonly independent: boolean;
  /** How far the decoding of pictures was put forward. */
  readonly videoDelay90k: number;
}

/**
 * Makes the segment of these frames; configurations among them are skipped. The same arguments give the same bytes.
 * @param continuity the next continuity counters
 * @param discontinuity whether the timeline jumps before the first frame
 * @param videoDelay90k how far decoding was put forward in the segment before; undefined when this one follows on none
 */
export function muxFrames(
  frames: readonly Frame[],
  program: Program,
  continuity: ContinuityCounters,
  discontinuity: boolean,
  videoDelay90k: number | undefined,
): MuxedFrames {
  const units: AccessUnit[] = [];
  const pictures = frames.filter((frame) => frame.kind === FrameKind.video && !isConfiguration(frame));
  const { times, delay90k } = decodeTimes(pictures, videoDelay90k);
  let videoFrames = 0;
  let independent = true;
  let lastAudio = -Infinity;
  let audioFrames = 0;
  for (const frame of frames) {
    if (isConfiguration(frame)) continue;
    const keyframe = (frame.flags & FrameFlag.keyframe) !== 0;
    if (frame.kind === FrameKind.video) {
      if (videoFrames === 0) independent = keyframe;
      units.push(accessUnit('video', frame, times[videoFrames++]!, keyframe));
    } else {
      audioFrames++;
      lastAudio = Math.max(lastAudio, frame.dts90k);
      units.push(accessUnit('audio', frame, lastAudio, keyframe));
    }
  }
  const video = program.video === undefined ? undefined : { codec: 'h264' as const, config: program.video.config };
  const muxed = muxSegment({ video, audio: audioTrack(program), continuity, discontinuity }, units);
  return { ...muxed, videoFrames, audioFrames, independent, videoDelay90k: delay90k };
}

/** Wherever decoding was moved to, presentation stays where it was. */
function accessUnit(kind: AccessUnit['kind'], frame: Frame, dts90k: number, keyframe: boolean): AccessUnit {
  const cto90k = frame.dts90k + frame.compositionOffset90k - dts90k;
  return { kind, dts90k, cto90k, keyframe, payload: frame.payload };
}

function audioTrack(program: Program): Parameters<typeof muxSegment>[0]['audio'] {
  if (program.aac !== undefined) return { codec: 'aac', config: program.aac.config };
  return program.mp3 ? { codec: 'mp3' } : undefined;
}
