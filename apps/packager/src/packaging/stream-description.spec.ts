import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cutLog, firstPoint } from '../testing/cut-log.ts';
import { BBB_FLV, flvLog } from '../testing/flv-log.ts';
import { audioLog, videoLog } from '../testing/log-builder.ts';
import { sampleSegments } from '../testing/sample-segments.ts';
import { segmentEntry } from './playlist-window.ts';
import { describeStream } from './stream-description.ts';

/** The data of CEA-608 and 708 that ffmpeg finds beside each decoded picture. */
function captionsIn(input: Buffer): readonly string[] {
  const args = [
    '-v',
    'error',
    '-select_streams',
    'v',
    '-show_frames',
    '-show_entries',
    'frame=side_data',
    '-of',
    'json',
    'pipe:0',
  ];
  const text = execFileSync('ffprobe', args, { input, maxBuffer: 2 ** 26 }).toString();
  const { frames } = JSON.parse(text) as { frames: { side_data_list?: { side_data_type: string }[] }[] };
  const found = frames.map(({ side_data_list: list = [] }) => list.map((data) => JSON.stringify(data)).join());
  expect(found.filter((data) => data.includes('Closed Captions')).length).toBeGreaterThan(10);
  return found;
}

describe('what is said of a stream', () => {
  it('pictures and sound', () => {
    const [segment] = cutLog(flvLog(BBB_FLV, 1_000)).segments;
    expect(describeStream(segment!, { entries: [segmentEntry(segment!)] })).toMatchObject({
      codecs: ['avc1.64001f', 'mp4a.40.2'],
      width: 960,
      height: 540,
      frameRate: 30,
    });
  });

  it('captions that the pictures of its newest segment carry', () => {
    const log = videoLog();
    const sei = Buffer.from('00000015060411b500314741393403c2fffc9420ff0221ff80', 'hex');
    for (let ms = 0; ms < 4_000; ms += 40) {
      const { payload } = videoLog()
        .picture(ms, ms % 2_000 === 0)
        .frames.at(-1)!;
      log.media(1, 1, ms * 90, ms < 2_000 ? Buffer.concat([sei, payload]) : payload, ms % 2_000 === 0);
    }
    const { segments } = cutLog(log.frames);
    expect(segments.map((segment) => describeStream(segment, { entries: [] }).captions)).toEqual([
      ['cea608', 'cea708'],
      [],
    ]);
  });

  it('captions, which a decoder finds in the pictures of CMAF as in those of the encoder', () => {
    const file = new URL('../../../../e2e/cases/rtmp/captions.flv', import.meta.url).pathname;
    const point = { ...firstPoint(1_000), partDurationMs: 500 };
    const { segments } = cutLog(flvLog(file, 1_000), { point });
    const pictures = segments.map(({ renditions }) => renditions!.video!);
    expect(describeStream(segments[0]!, { entries: [] }).captions).toContain('cea608');
    expect(captionsIn(Buffer.concat([pictures[0]!.map.bytes, ...pictures.map(({ bytes }) => bytes)]))).toEqual(
      captionsIn(readFileSync(file)),
    );
  });

  it('sound alone', () => {
    const [segment] = cutLog(audioLog().run(0, 5_000, { video: false }).frames).segments;
    expect(describeStream(segment!, { entries: [] })).toMatchObject({
      codecs: ['mp4a.40.2'],
      width: undefined,
      frameRate: undefined,
    });
  });

  it('pictures and MP3', () => {
    const log = videoLog();
    for (let ms = 0; ms < 4_000; ms += 40) log.picture(ms, ms % 2_000 === 0).mp3(ms);
    expect(describeStream(cutLog(log.frames).segments[0]!, { entries: [] }).codecs).toEqual([
      'avc1.64001f',
      'mp4a.40.34',
    ]);
  });

  it('the highest rate of a segment that is not a stub, and the mean', () => {
    const segments = sampleSegments([
      { durationMs: 4_000, bytes: 400_000 },
      { durationMs: 4_000, bytes: 600_000 },
      { durationMs: 10, bytes: 100_000 },
    ]);
    expect(describeStream(segments[0]!, { entries: segments.map(segmentEntry) })).toMatchObject({
      peakBitsPerSecond: 1_200_000,
      averageBitsPerSecond: Math.ceil((1_100_000 * 8_000) / 8_010),
    });
  });
});
