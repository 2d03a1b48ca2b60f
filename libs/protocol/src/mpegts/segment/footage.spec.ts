// Outside judge: ffprobe and ffmpeg read what the muxer makes of real footage.
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { AccessUnit, AudioTrack, SegmentOptions } from '../index.ts';
import { muxSegment } from '../index.ts';
import { hex } from '../../testing/hex.ts';
import { checkTransportStream, readTransportStream } from '../testing/index.ts';
import { bunny, cutAtKeyframes, soundsOf } from '../testing/footage.ts';
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

  it.each<[string, AudioTrack, string, object, number]>([
    [
      'ac3',
      { codec: 'ac3' },
      'bbb-ac3-enhanced.flv',
      { streamType: 0x81, descriptors: hex('050441432d33 6a0100') },
      32,
    ],
    [
      'eac3',
      { codec: 'eac3' },
      'bbb-eac3-enhanced.flv',
      { streamType: 0x87, descriptors: hex('050445414333 7a0100') },
      32,
    ],
    [
      'opus',
      { codec: 'opus', channelConfigCode: 2 },
      'bbb-opus-enhanced.flv',
      { streamType: 0x06, descriptors: hex('05044f707573 7f028002') },
      20,
    ],
  ])('of %s is read by ffmpeg, each frame at its time, alone and beside pictures', (name, track, file, stream, ms) => {
    const frames = soundsOf(file);
    const options = { video: undefined, audio: track, continuity: both.continuity };
    const { bytes, skipped } = muxSegment(options, frames);
    expect(skipped).toBe(0);
    expect(checkTransportStream(bytes)).toEqual([]);
    const { program, sounds } = readTransportStream(bytes);
    expect(program?.streams).toMatchObject([stream]);
    expect(sounds.map(({ data }) => data)).toEqual(frames.map(({ payload }) => payload));
    for (const [index, { pts90k }] of sounds.entries())
      expect(Math.abs(pts90k - 900_000 - frames[index]!.dts90k)).toBeLessThan(45 * ms);
    // FFmpeg gives each packet of silence that Opus may begin with a warning.
    expect(complaints(bytes)).toBe('');
    expect(packets(bytes)).toEqual({ [name]: frames.length });
    for (const step of steps(bytes, 'a')) expect(Math.abs(step * 1_000 - ms)).toBeLessThan(1.1);
    const pictures = units.filter(({ kind, dts90k }) => kind === 'video' && dts90k < 4 * 90_000);
    const beside = muxSegment({ ...options, video }, [...pictures, ...frames]);
    expect(beside.skipped).toBe(0);
    expect(checkTransportStream(beside.bytes)).toEqual([]);
    expect(packets(beside.bytes)).toEqual({ h264: pictures.length, [name]: frames.length });
  });

  it('leaves out what is no frame of its codec', () => {
    const odd = soundsOf('bbb-ac3-enhanced.flv').map((unit) => ({ ...unit, payload: unit.payload.subarray(1) }));
    const tracks: AudioTrack[] = [{ codec: 'ac3' }, { codec: 'eac3' }];
    for (const track of tracks)
      expect(muxSegment({ ...both, video: undefined, audio: track }, odd).skipped).toBe(odd.length);
    const [empty] = odd.map((unit) => ({ ...unit, payload: Buffer.alloc(0) }));
    const opus: AudioTrack = { codec: 'opus', channelConfigCode: 1 };
    expect(muxSegment({ ...both, video: undefined, audio: opus }, [empty!]).skipped).toBe(1);
  });

  it('can be decoded from each segment alone', () => {
    const segments = mux({ video, audio }, ['video', 'audio']);
    for (const segment of [segments[0]!, segments[7]!, segments.at(-1)!]) expect(complaints(segment)).toBe('');
  });
});
