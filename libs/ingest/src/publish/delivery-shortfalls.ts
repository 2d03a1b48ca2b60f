// Codecs that go with the settings of a stream, but give viewers less than these ask for: no error anywhere, so that the tenant is told.
import { Codec } from '@millrace/domain';
import type { SessionWarningCode, StreamSettings } from '@millrace/domain';
import type { TrackName } from './media-observer.ts';

/** What is published of the first tracks, by `Codec`; undefined before the first frame of a track. */
export interface PublishedTracks {
  readonly video: number | undefined;
  readonly audio: number | undefined;
  /** Whether there is more than one track of a kind. */
  readonly hasFurther: boolean;
}

export interface Shortfall {
  readonly code: SessionWarningCode;
  readonly track: TrackName;
  /** Safe to log. */
  readonly detail: string;
}

/** Codecs that MPEG-TS has no form for. */
const NOT_IN_MPEG_TS: Readonly<Record<number, string>> = {
  [Codec.av1]: 'AV1',
  [Codec.vp9]: 'VP9',
  [Codec.flac]: 'FLAC',
};

const nameOf = (codec: number | undefined): string | undefined =>
  codec === undefined ? undefined : NOT_IN_MPEG_TS[codec];

/** docs/codecs.md says what `master.m3u8` offers, and what browsers take. */
export function shortfallsOf(
  { partDurationMs, keyRotationSegments = 0 }: StreamSettings,
  { video, audio, hasFurther }: PublishedTracks,
): Shortfall[] {
  const isLow = partDurationMs !== undefined;
  const shortfalls: Shortfall[] = [];
  const [picture, sound] = [nameOf(video), nameOf(audio)];
  // Encrypted streams have no such tracks.
  if (!isLow && picture !== undefined) shortfalls.push({ code: 'not_in_mpeg_ts', track: 'video', detail: picture });
  if (!isLow && sound !== undefined) shortfalls.push({ code: 'not_in_mpeg_ts', track: 'audio', detail: sound });
  const isCmaf = isLow || hasFurther || picture !== undefined;
  if (audio === Codec.mp3 && isCmaf) {
    // Pictures that MPEG-TS cannot carry make the whole stream CMAF.
    if (picture !== undefined)
      shortfalls.push({ code: 'silent_in_browsers', track: 'audio', detail: `MP3 beside ${picture}: send AAC` });
    else if (hasFurther)
      shortfalls.push({
        code: 'tracks_left_out',
        track: 'audio',
        detail: 'with MP3 players get MPEG-TS, which has the first track of each kind: send AAC',
      });
    if (isLow && picture === undefined)
      shortfalls.push({ code: 'no_low_latency', track: 'audio', detail: 'MP3: send AAC or Opus' });
  }
  if (audio === Codec.opus && !isCmaf)
    shortfalls.push({
      code: 'silent_in_browsers',
      track: 'audio',
      detail: keyRotationSegments > 0 ? 'Opus: send AAC' : 'Opus: send AAC, or set latency_mode to low',
    });
  return shortfalls;
}
