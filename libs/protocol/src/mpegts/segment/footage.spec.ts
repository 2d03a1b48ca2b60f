// Outside judge: ffprobe and ffmpeg read what the muxer makes of real footage.
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { AccessUnit, SegmentOptions } from '../index.ts';
import { muxSegment } from '../index.ts';
import { bunny, cutAtKeyframes } from '../testing/footage.ts';
import { both } from '../testing/synthetic.ts';

const { video, audio, units } = bunny();
const cuts = cutAtKeyframes(units);

function mux(options: Pick<SegmentOptions, 'video' | 'audio'>, kinds: readonly AccessUnit['kind'][]): Buffer[] {
  let { continuity } = both;
  return cuts.map((cut) => {
    const segment = muxSegment(
      { ...options, continuity },
      cut.filter((unit) => kinds.includes(unit.kind)),
    );
    ({ continuity } = segment);
    return segment.bytes;
  });
}

/** What ffmpeg complains about when it decodes a stream. */
const complaints = (stream: Buffer): string =>
  spawnSync('ffmpeg', ['-v', 'warning', '-f', 'mpegts', '-i', 'pipe:0', '-f', 'null', '-'], {
    input: stream,
  }).stderr.toString();

/** Packets per codec as ffprobe counts them. */
function packets(stream: Buffer): Record<string, number> {
  const args = [
    '-v',
    'error',
    '-count_packets',
    '-show_entries',
    'stream=codec_name,nb_read_packets',
    '-of',
    'csv=p=0',
  ];
  const lines = execFileSync('ffprobe', [...args, '-f', 'mpegts', 'pipe:0'], { input: stream })
    .toString()
    .trim()
    .split('\n');
  return Object.fromEntries(
    lines.filter((line) => line !== '').map((line) => [line.split(',')[0]!, Number(line.split(',')[1])]),
  );
}

describe('real footage', () => {
  it.each<[string, Pick<SegmentOptions, 'video' | 'audio'>, AccessUnit['kind'][], Record<string, number>]>([
    ['with video and audio', { video, audio }, ['video', 'audio'], { h264: 897, aac: 1289 }],
    ['with video only', { video, audio: undefined }, ['video'], { h264: 897 }],
    ['with audio only', { video: undefined, audio }, ['audio'], { aac: 1289 }],
  ])('%s is read by ffmpeg without complaint', (_name, options, kinds, expected) => {
    const stream = Buffer.concat(mux(options, kinds));
    expect(complaints(stream)).toBe('');
    expect(packets(stream)).toEqual(expected);
  });

  it('can be decoded from each segment alone', () => {
    const segments = mux({ video, audio }, ['video', 'audio']);
    for (const segment of [segments[0]!, segments[7]!, segments.at(-1)!]) expect(complaints(segment)).toBe('');
  });
});
