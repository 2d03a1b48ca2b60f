// Silence where the sound of a segment pauses. Players wait for the slower of two tracks: without it, a muted encoder stops the
// picture (docs/decisions/0013). Decided from the frames of the segment alone, so that every packager fills alike.
import { FrameKind, isConfiguration } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { silenceOf } from '@millrace/media';
import type { Track } from '@millrace/media';
import type { Sample } from '../containers/container.ts';

/**
 * Sound that is away for less is late, or in a burst that comes with the next segment: players bridge as much themselves. 1 s,
 * in the time of the pictures that came meanwhile and in that of the sound itself.
 */
const SHORTEST_PAUSE_90K = 90_000;
/** What a pause is filled with at most: longer than any segment. 30 s. */
const LONGEST_FILL_90K = 2_700_000;

/**
 * @param frames of the segment, as the log has them
 * @param sound the track that is filled
 * @param startDts90k decode time at which the segment starts
 * @param endDts90k decode time of the picture that starts the next one
 */
export function fillSilence(
  frames: readonly Frame[],
  sound: Track | undefined,
  startDts90k: number,
  endDts90k: number,
): readonly Sample[] {
  const silence = sound && silenceOf(sound);
  if (silence === undefined) return [];
  const { payload, duration90k: step } = silence;
  const samples: Sample[] = [];
  /** Where the sound that was there ends; undefined before the first of it. */
  let heardTo: number | undefined;
  let videoNow = startDts90k;
  let videoAtSound = startDts90k;
  const fillTo = (end: number): void => {
    const from = heardTo ?? startDts90k;
    if (Math.min(end - from, videoNow - videoAtSound) < SHORTEST_PAUSE_90K) return;
    // Segments without sound follow one another on one grid, so that none has half a frame too much.
    let time = heardTo ?? Math.ceil(startDts90k / step) * step;
    for (const last = Math.min(end, from + LONGEST_FILL_90K); time < last; time += step)
      samples.push({ kind: 'audio', dts90k: Math.round(time), cto90k: 0, keyframe: false, payload });
  };
  for (const frame of frames) {
    if (isConfiguration(frame)) continue;
    if (frame.kind === FrameKind.video) videoNow = Math.max(videoNow, frame.dts90k);
    else if (frame.codec === sound?.codec) {
      fillTo(frame.dts90k - step / 2);
      heardTo = Math.max(heardTo ?? frame.dts90k + step, frame.dts90k + step);
      videoAtSound = videoNow;
    }
  }
  if (videoNow > startDts90k) {
    videoNow = endDts90k;
    fillTo(endDts90k);
  }
  return samples;
}
