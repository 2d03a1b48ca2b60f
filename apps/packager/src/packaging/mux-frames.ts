// From frames to a segment's bytes.
import { FrameKind, isConfiguration, isKeyframe, isRandomAccess } from '@millrace/domain';
import type { ContainerState, Frame } from '@millrace/domain';
import { findTrack } from '@millrace/media';
import type { Tracks } from '@millrace/media';
import type { Allocate, Container, MuxedMedia, Sample } from '../containers/container.ts';
import { decodeTimes } from './decode-times.ts';
import { fillSilence } from './fill-silence.ts';
import { timedTags } from './timed-metadata.ts';

export interface MuxedFrames extends MuxedMedia {
  readonly videoFrames: number;
  readonly audioFrames: number;
  /** Whether everything can be decoded without another segment: its first picture, if it has one, is a keyframe. */
  readonly independent: boolean;
  /** How far the decoding of pictures was put forward. */
  readonly videoDelay90k: number;
  /** Silent access units in place of sound that pauses. */
  readonly silentFrames: number;
}

export interface MuxedState {
  readonly container: Container;
  /** The container's own state. */
  readonly state: ContainerState;
  /** Whether the timeline jumps before the first frame. */
  readonly discontinuity: boolean;
  /** How far decoding was put forward in the segment before; undefined when this one follows on none. */
  readonly videoDelay90k: number | undefined;
  /** Gives its memory. */
  readonly allocate: Allocate | undefined;
}

/**
 * Makes the segment of these frames; configurations among them are skipped. The same arguments give the same bytes.
 * @param tracks those that have a place in it: the media of others is counted and left out
 * @param startDts90k decode time at which it starts
 * @param ticks how long it lasts
 */
export function muxFrames(
  frames: readonly Frame[],
  tracks: Tracks,
  { container, state, discontinuity, videoDelay90k, allocate }: MuxedState,
  startDts90k: number,
  ticks: number,
): MuxedFrames {
  const samples: Sample[] = [];
  const sound: Sample[] = [];
  const pictures = frames.filter((frame) => frame.kind === FrameKind.video && !isConfiguration(frame));
  const { times, delay90k } = decodeTimes(pictures, videoDelay90k);
  let videoFrames = 0;
  let independent = true;
  const hasPictures = findTrack(tracks, FrameKind.video) !== undefined;
  const sounding = findTrack(tracks, FrameKind.audio);
  let lastAudio = -Infinity;
  let audioFrames = 0;
  for (const frame of frames) {
    if (isConfiguration(frame)) continue;
    const keyframe = isRandomAccess(frame);
    if (frame.kind === FrameKind.video) {
      if (videoFrames === 0) independent = isKeyframe(frame);
      const dts90k = times[videoFrames++]!;
      if (hasPictures) samples.push(sampleOf('video', frame, dts90k, keyframe));
    } else if (frame.kind === FrameKind.audio) {
      audioFrames++;
      lastAudio = Math.max(lastAudio, frame.dts90k);
      if (sounding !== undefined) sound.push(sampleOf('audio', frame, lastAudio, keyframe));
    }
  }
  const silence = fillSilence(frames, sounding, startDts90k, startDts90k + ticks);
  samples.push(...(silence.length === 0 ? sound : [...sound, ...silence].sort((a, b) => a.dts90k - b.dts90k)));
  const tags = timedTags(frames, startDts90k, ticks);
  const muxed = container.mux({ samples, tags, startDts90k, ticks }, tracks, state, discontinuity, allocate);
  const silentFrames = silence.length;
  return { ...muxed, videoFrames, audioFrames, silentFrames, independent, videoDelay90k: delay90k };
}

/** Wherever decoding was moved to, presentation stays where it was. */
function sampleOf(kind: Sample['kind'], frame: Frame, dts90k: number, keyframe: boolean): Sample {
  const cto90k = frame.dts90k + frame.compositionOffset90k - dts90k;
  return { kind, dts90k, cto90k, keyframe, payload: frame.payload };
}
