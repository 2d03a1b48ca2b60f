// Outside judge: ffprobe and ffmpeg read what the muxer makes of real footage.
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { AccessUnit, SegmentOptions } from '../index.ts';
import { muxSegment } from '../index.ts';
import { checkTransportStream } from '../testing/index.ts';
import { bunny, cutAtKeyframes } from '../testing/footage.ts';
import { decodeMp3FrameHeader, mp3FrameDuration90k } from '../../mp3/index.ts';
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

/** The steps between the decode times of one stream's packets as ffprobe reads them, in seconds. */
function steps(stream: Buffer, which: 'v' | 'a'): number[] {
  const args = ['-v', 'error', '-select_streams', which, '-show_entries', 'packet=dts_time', '-of', 'csv=p=0'];
  const text = execFileSync('ffprobe', [...args, '-f', 'mpegts', 'pipe:0'], { input: stream, maxBuffer: 2 ** 24 });
  // Side data makes a line of its own, which is empty here.
  const times = text
    .toString()
    .match(/^-?[\d.]+/gm)!
    .map(Number);
  return times.slice(1).map((time, index) => time - times[index]!);
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

  // 2^33 ticks are 26.5 hours; the stream begins 15 s before that, so that PCR, DTS and PTS wrap inside it, one by one.
  it('is read by ffmpeg without complaint where timestamps wrap', () => {
    let { continuity } = both;
    const stream = cuts.map((cut) => {
      const timestampOffset90k = 2 ** 33 - 15 * 90_000;
      const segment = muxSegment({ video, audio, continuity, timestampOffset90k }, cut);
      ({ continuity } = segment);
      return segment.bytes;
    });
    expect(complaints(Buffer.concat(stream))).toBe('');
    expect(packets(Buffer.concat(stream))).toEqual({ h264: 897, aac: 1289 });
    // FFmpeg does not look at the bits before a timestamp, which one that is not wrapped would spill into.
    expect(checkTransportStream(Buffer.concat(stream))).toEqual([]);
    for (const kind of ['v', 'a'] as const) {
      const found = steps(Buffer.concat(stream), kind);
      expect(Math.min(...found)).toBeGreaterThan(0.02);
      expect(Math.max(...found)).toBeLessThan(0.04);
    }
  });

  it.each([44_100, 22_050])('of MP3 at %d Hz is read by ffmpeg without complaint', (rate) => {
    const source = ['-f', 'lavfi', '-i', `sine=r=${rate}`, '-t', '3', '-c:a', 'libmp3lame', '-write_xing', '0'];
    const mp3 = execFileSync('ffmpeg', ['-v', 'error', ...source, '-id3v2_version', '0', '-f', 'mp3', '-']);
    const frames: AccessUnit[] = [];
    let time = 0;
    for (let at = 0; at < mp3.length;) {
      const header = decodeMp3FrameHeader(mp3.subarray(at));
      const payload = mp3.subarray(at, at + header.frameBytes);
      frames.push({ kind: 'audio', dts90k: Math.round(time), cto90k: 0, keyframe: false, payload });
      time += mp3FrameDuration90k(header);
      at += header.frameBytes;
    }
    const options = { video: undefined, audio: { codec: 'mp3' }, continuity: both.continuity } as const;
    const { bytes, skipped } = muxSegment(options, frames);
    expect(skipped).toBe(0);
    expect(complaints(bytes)).toBe('');
    expect(packets(bytes)).toEqual({ mp3: frames.length });
  });

  it('can be decoded from each segment alone', () => {
    const segments = mux({ video, audio }, ['video', 'audio']);
    for (const segment of [segments[0]!, segments[7]!, segments.at(-1)!]) expect(complaints(segment)).toBe('');
  });
});
