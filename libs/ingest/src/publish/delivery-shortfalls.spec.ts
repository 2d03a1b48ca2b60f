import { Codec, DEFAULT_STREAM_SETTINGS } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { shortfallsOf } from './delivery-shortfalls.ts';

const SETTINGS = {
  standard: DEFAULT_STREAM_SETTINGS,
  low: { ...DEFAULT_STREAM_SETTINGS, partDurationMs: 500 },
  encrypted: { ...DEFAULT_STREAM_SETTINGS, keyRotationSegments: 10 },
} as const;

describe('what viewers get less of than the settings ask for', () => {
  it.each([
    ['low', 'h264', 'mp3', false, ['no_low_latency audio (MP3: send AAC or Opus)']],
    ['low', undefined, 'mp3', false, ['no_low_latency audio (MP3: send AAC or Opus)']],
    ['low', 'av1', 'mp3', false, ['silent_in_browsers audio (MP3 beside AV1: send AAC)']],
    [
      'low',
      'h264',
      'mp3',
      true,
      [
        'tracks_left_out audio (with MP3 players get MPEG-TS, which has the first track of each kind: send AAC)',
        'no_low_latency audio (MP3: send AAC or Opus)',
      ],
    ],
    ['low', 'av1', 'flac', false, []],
    ['low', 'h264', 'opus', false, []],
    ['standard', 'h264', 'mp3', false, []],
    [
      'standard',
      'h264',
      'mp3',
      true,
      ['tracks_left_out audio (with MP3 players get MPEG-TS, which has the first track of each kind: send AAC)'],
    ],
    ['standard', 'av1', 'opus', false, ['not_in_mpeg_ts video (AV1)']],
    ['standard', 'vp9', 'flac', false, ['not_in_mpeg_ts video (VP9)', 'not_in_mpeg_ts audio (FLAC)']],
    ['standard', undefined, 'flac', false, ['not_in_mpeg_ts audio (FLAC)']],
    ['standard', 'h264', 'opus', false, ['silent_in_browsers audio (Opus: send AAC, or set latency_mode to low)']],
    ['standard', 'h264', 'opus', true, []],
    ['encrypted', 'h265', 'opus', false, ['silent_in_browsers audio (Opus: send AAC)']],
    ['encrypted', 'h264', 'aac', false, []],
    ['low', undefined, undefined, false, []],
  ] as const)('with %s latency, %s and %s (several tracks: %s)', (mode, video, audio, hasFurther, expected) => {
    const codecOf = (name: keyof typeof Codec | undefined) => (name === undefined ? undefined : Codec[name]);
    const found = shortfallsOf(SETTINGS[mode], { video: codecOf(video), audio: codecOf(audio), hasFurther });
    expect(found.map(({ code, track, detail }) => `${code} ${track} (${detail})`)).toEqual(expected);
  });
});
