import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { encodeAdtsPrefix, patchAdtsFrameBytes } from './adts.ts';
import { decodeAudioSpecificConfig } from './audio-specific-config.ts';
import type { AudioSpecificConfig } from './audio-specific-config.ts';
import { silentAccessUnit } from './silence.ts';

const FRAMES = 4;
const SAMPLES = 1_024;

/** AAC-LC at 48 kHz with these channels. */
const lc = (channelConfiguration: number): AudioSpecificConfig =>
  decodeAudioSpecificConfig(Buffer.from([0x11, 0x80 | (channelConfiguration << 3)]));

/** A stereo pair and a low frequency channel, listed in a program config element. */
const LISTED: AudioSpecificConfig = {
  ...lc(2),
  channelConfiguration: 0,
  channels: 3,
  programConfig: {
    instanceTag: 0,
    objectType: 1,
    samplingFrequencyIndex: 3,
    front: [{ pair: true, tag: 4 }],
    side: [],
    back: [],
    lfeTags: [2],
    dataTags: [],
    coupling: [],
    monoMixdown: undefined,
    stereoMixdown: undefined,
    matrixMixdown: undefined,
    comment: Buffer.alloc(0),
  },
};

/** What FFmpeg decodes, 16 bits a sample, and what it complains of. */
function decoded(config: AudioSpecificConfig): { readonly samples: Buffer; readonly complaints: string } {
  const silence = silentAccessUnit(config)!;
  const prefix = encodeAdtsPrefix(config);
  patchAdtsFrameBytes(prefix, 0, prefix.length + silence.length);
  const input = Buffer.concat(Array.from({ length: FRAMES }, () => [prefix, silence]).flat());
  const output = spawnSync('ffmpeg', ['-v', 'warning', '-f', 'aac', '-i', '-', '-f', 's16le', '-'], { input });
  return { samples: output.stdout, complaints: output.stderr.toString() };
}

describe('a silent access unit', () => {
  it.each([
    ...[1, 2, 3, 4, 5, 6, 7].map(
      (configuration) => [`channel configuration ${configuration}`, lc(configuration)] as const,
    ),
    ['listed channels', LISTED] as const,
  ])('of %s is a frame of zeros to FFmpeg', (_, config) => {
    const { samples, complaints } = decoded(config);
    // What the container cannot know of a file without a length is no fault of the frames.
    expect(complaints.replace(/.*Estimating duration from bitrate.*\n/, '')).toBe('');
    expect(samples.length).toBe(FRAMES * SAMPLES * config.channels * 2);
    expect(samples.every((byte) => byte === 0)).toBe(true);
  });

  it('is written for no channels that ADTS has no configuration for', () => {
    expect(silentAccessUnit({ ...lc(2), channelConfiguration: 11, channels: 7 })).toBeUndefined();
  });
});
