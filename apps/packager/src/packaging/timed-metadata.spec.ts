// What an encoder says on the way, as its viewers get it: ID3 tags at their times, in the same bytes from any packager.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Codec, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { encodeAmf0, newRecord, AmfDate, AmfEcmaArray } from '@millrace/protocol/amf0';
import { METADATA_PID } from '@millrace/protocol/mpegts/testing';
import { describe, expect, it } from 'vitest';
import { cutLog, firstPoint } from '../testing/cut-log.ts';
import { audioLog, audioVideoLog } from '../testing/log-builder.ts';
import type { LogBuilder } from '../testing/log-builder.ts';
import { checkSegments, countUnits } from '../testing/transport-stream.ts';
import { METADATA_LIMITS, timedTags } from './timed-metadata.ts';

const record = (fields: Record<string, string | number>) => Object.assign(newRecord(), fields);

/** Name and text of a tag, read by hand: header and TXXX header are 10 bytes each, then the encoding. */
function read(tag: Uint8Array): readonly [string, unknown] {
  const [name = '', text = ''] = Buffer.from(tag).subarray(21).toString('utf8').split('\0');
  return [name, JSON.parse(text)];
}

const dataFrame = (payload: Uint8Array, dts90k = 0): Frame => ({
  kind: FrameKind.data,
  codec: Codec.none,
  flags: 0,
  epoch: 1,
  sequence: 1,
  dts90k,
  compositionOffset90k: 0,
  payload,
});
const tagsOf = (...payloads: readonly Uint8Array[]) =>
  timedTags(
    payloads.map((payload) => dataFrame(payload)),
    0,
    90_000,
  ).map(({ tag }) => read(tag));

interface ProbedPacket {
  readonly pts: number;
  readonly data: string;
}

/** What ffprobe reads of the metadata of these segments, one after the other as a player gets them. */
function probe(segments: readonly Uint8Array[]): { readonly codecs: string[]; readonly packets: ProbedPacket[] } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-id3-'));
  const file = join(folder, 'all.ts');
  writeFileSync(file, Buffer.concat(segments));
  const args = [
    '-v',
    'quiet',
    '-select_streams',
    'd',
    '-show_streams',
    '-show_packets',
    '-show_data',
    '-of',
    'json',
    file,
  ];
  const { stdout } = spawnSync('ffprobe', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  rmSync(folder, { recursive: true });
  const { streams, packets } = JSON.parse(stdout) as { streams: { codec_name: string }[]; packets: ProbedPacket[] };
  return { codecs: streams.map((stream) => stream.codec_name), packets };
}

/** Ten seconds with something said every 700 ms, once between a configuration and its keyframe. */
function spokenLog(log: LogBuilder): LogBuilder {
  for (let ms = 0; ms < 10_000; ms += 700) {
    if (ms > 0) log.data(ms, 'onTextData', record({ text: `at ${ms}` }));
    log.run(ms, ms + 700, { gopMs: 2_100, firstKeyMs: ms % 2_100 === 0 ? ms : ms + 100_000 });
  }
  return log;
}

describe('what an encoder says', () => {
  it('is timed_id3 for ffprobe, each at its time, with counters that go on over segments', () => {
    const { segments } = cutLog(spokenLog(audioVideoLog()).frames);
    expect(segments.length).toBeGreaterThan(3);
    const { codecs, packets } = probe(segments.map(({ bytes }) => bytes));
    expect(codecs).toEqual(['timed_id3']);
    expect(packets.map(({ pts }) => pts)).toEqual(Array.from({ length: 14 }, (_, i) => 900_000 + (i + 1) * 700 * 90));
    expect(packets[0]!.data).toContain('TXXX');
    expect(checkSegments(segments.map(({ bytes }) => bytes))).toEqual([]);
    expect(segments.at(-1)!.after.container.state.metadata).toBe(14);
  });

  it('is beside sound alone too', () => {
    const log = audioLog()
      .run(0, 1_000, { video: false })
      .data(1_000, 'onCuePoint', record({ name: 'ad' }));
    const { segments } = cutLog(log.run(1_000, 3_000, { video: false }).frames);
    expect(probe(segments.map(({ bytes }) => bytes)).packets.map(({ pts }) => pts)).toEqual([990_000]);
  });

  it('is cut the same from every resume point, also where it comes between a configuration and its keyframe', () => {
    const log = spokenLog(audioVideoLog());
    const frames = log.frames.flatMap((frame, i) => {
      const isBeforeKeyframe = frame.kind === FrameKind.video && log.frames[i + 1]?.kind === FrameKind.audio;
      return isBeforeKeyframe && i > 5 ? [frame, dataFrame(encodeAmf0('between', i), frame.dts90k)] : [frame];
    });
    const numbered = frames.map((frame, i) => ({ ...frame, epoch: 1_000, sequence: i + 1 }));
    const { segments } = cutLog(numbered);
    const tags = segments.map(({ bytes }) => countUnits(bytes).get(METADATA_PID) ?? 0);
    expect(tags.reduce((a, b) => a + b)).toBeGreaterThan(14);
    for (const [index, { before }] of segments.entries()) {
      const again = cutLog(numbered, { point: before }).segments;
      expect(again.map(({ bytes }) => bytes)).toEqual(segments.slice(index).map(({ bytes }) => bytes));
      expect(again.at(-1)!.after).toEqual(segments.at(-1)!.after);
    }
  });

  it('leaves segments without it as they were, and points of older releases readable', () => {
    const { segments } = cutLog(audioVideoLog().run(0, 6_000).frames);
    expect(segments.map(({ after }) => Object.keys(after.container.state))).toEqual(
      segments.map(() => ['pat', 'pmt', 'video', 'audio']),
    );
    expect(segments.map(({ bytes }) => countUnits(bytes).has(METADATA_PID))).toEqual(segments.map(() => false));
  });
});

/** An event message of CMAF, read by hand (ISO/IEC 23009-1 section 5.10.3.3). */
function readEvent(box: Buffer) {
  const [scheme = '', value = ''] = box.subarray(32).toString('latin1').split('\0');
  const tag = box.subarray(32 + scheme.length + value.length + 2);
  return {
    version: box.readUInt8(8),
    scheme,
    value,
    ms: Number(box.readBigUInt64BE(16)) / (box.readUInt32BE(12) / 1_000) - 10_000,
    duration: box.readUInt32BE(24),
    id: box.readUInt32BE(28),
    says: read(tag),
  };
}

/** The boxes of a file. */
function boxesOf(bytes: Uint8Array): { readonly type: string; readonly box: Buffer }[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes = [];
  for (let at = 0; at < file.length; at += file.readUInt32BE(at))
    boxes.push({ type: file.toString('latin1', at + 4, at + 8), box: file.subarray(at, at + file.readUInt32BE(at)) });
  return boxes;
}

const eventsOf = (bytes: Uint8Array) =>
  boxesOf(bytes)
    .filter(({ type }) => type === 'emsg')
    .map(({ box }) => readEvent(box));

describe('what an encoder says, in a session with low latency', () => {
  const point = { ...firstPoint(), partDurationMs: 500 };

  it('is an event of the part that it comes with, once, beside the pictures', () => {
    const { parts, segments } = cutLog(spokenLog(audioVideoLog()).frames, { point });
    const said = parts.flatMap(({ rendition, index, bytes, before }) =>
      eventsOf(bytes).map((event) => ({ ...event, rendition, index, mediaSequence: before.mediaSequence })),
    );
    const times = Array.from({ length: 14 }, (_, i) => (i + 1) * 700);
    expect(said.map(({ ms, says, rendition }) => [ms, says, rendition])).toEqual(
      times.map((ms) => [ms, ['onTextData', { text: `at ${ms}` }], 'video']),
    );
    expect(said.map(({ mediaSequence, index }) => [mediaSequence, index]).slice(0, 6)).toEqual([
      [0, 1],
      [0, 2],
      [0, 4],
      [1, 1],
      [1, 2],
      [1, 4],
    ]);
    for (const { version, scheme, value, duration } of said)
      expect([version, scheme, value, duration]).toEqual([1, 'https://aomedia.org/emsg/ID3', '', 0xffff_ffff]);
    expect(new Set(said.map(({ id }) => id)).size).toBe(14);
    expect(boxesOf(parts.find(({ bytes }) => eventsOf(bytes).length > 0)!.bytes).map(({ type }) => type)).toEqual([
      'prft',
      'emsg',
      'moof',
      'mdat',
    ]);
    // The whole segments say the same, and so do those of MPEG-TS.
    expect(segments.flatMap(({ renditions }) => eventsOf(renditions!.video!.bytes).map(({ ms }) => ms))).toEqual(times);
    expect(probe(segments.map(({ bytes }) => bytes)).packets.map(({ pts }) => pts / 90 - 10_000)).toEqual(times);
  });

  it('is beside the sound where there are no pictures', () => {
    const log = audioLog().run(0, 1_000, { video: false }).data(1_000, 'onTextData', 'now');
    const { parts } = cutLog(log.run(1_000, 3_000, { video: false }).frames, { point });
    expect(parts.flatMap(({ bytes }) => eventsOf(bytes)).map(({ ms, says }) => [ms, says])).toEqual([
      [1_000, ['onTextData', 'now']],
    ]);
  });

  it('keeps its time where it comes a little early or late, and is no further from its part than a second', () => {
    const log = audioVideoLog().run(0, 600);
    for (const ms of [300, 1_400, 900, 90_000]) log.data(ms, 'onTextData', ms);
    const { parts } = cutLog(log.run(600, 2_000, { firstKeyMs: 2_000 }).frames, { point });
    const said = parts.flatMap(({ bytes }) => eventsOf(bytes));
    expect(said.map(({ ms, says }) => [ms, says[1]])).toEqual([
      [300, 300],
      [1_400, 1_400],
      [1_400, 900],
      [2_000, 90_000],
    ]);
  });

  it('has bounds for each part', () => {
    const log = audioVideoLog().run(0, 600);
    for (let i = 0; i < 500; i++) log.data(600, 'a', i);
    const { parts } = cutLog(log.run(600, 2_000, { firstKeyMs: 2_000 }).frames, { point });
    expect(parts.flatMap(({ bytes }) => eventsOf(bytes))).toHaveLength(METADATA_LIMITS.maxTagsPerSecond);
  });
});

describe('timedTags', () => {
  it('makes a text of every kind of value, under the name of its message', () => {
    const cue = new AmfEcmaArray(record({ name: 'ad', time: 1.5 }), []);
    expect(
      tagsOf(
        encodeAmf0('onTextData', record({ text: 'Grüße' })),
        encodeAmf0('onCuePoint', cue),
        encodeAmf0('@setDataFrame', 'onFI', record({ sd: '29-11-2026' })),
        encodeAmf0('scores', 1, [true, null], new AmfDate(0)),
        encodeAmf0('empty'),
      ),
    ).toEqual([
      ['onTextData', { text: 'Grüße' }],
      ['onCuePoint', { name: 'ad', time: 1.5 }],
      ['onFI', { sd: '29-11-2026' }],
      ['scores', [1, [true, null], '1970-01-01T00:00:00.000Z']],
      ['empty', []],
    ]);
  });

  it('leaves out what is about the stream, for servers, broken, or too large', () => {
    expect(
      tagsOf(
        encodeAmf0('@setDataFrame', 'onMetaData', record({ width: 1 })),
        encodeAmf0('onMetaData', record({ width: 1 })),
        encodeAmf0('|RtmpSampleAccess', true, true),
        encodeAmf0('@clearDataFrame', 'onMetaData'),
        Buffer.from('05', 'hex'),
        Buffer.from('0200', 'hex'),
        encodeAmf0('x'.repeat(METADATA_LIMITS.maxNameBytes + 1), 1),
        encodeAmf0('large', 'x'.repeat(METADATA_LIMITS.maxMessageBytes)),
        encodeAmf0(
          'many',
          Array.from({ length: METADATA_LIMITS.maxValues + 1 }, () => 1),
        ),
        encodeAmf0('kept', 1),
      ),
    ).toEqual([['kept', 1]]);
  });

  it('gives each second so many tags and bytes, and no more', () => {
    const small = Array.from({ length: 500 }, (_, i) => dataFrame(encodeAmf0('a', i), i));
    expect(timedTags(small, 0, 90_000)).toHaveLength(100);
    expect(timedTags(small, 0, 90_001)).toHaveLength(200);
    const large = Array.from({ length: 50 }, (_, i) => dataFrame(encodeAmf0('a', 'x'.repeat(16_000)), i));
    expect(timedTags(large, 0, 90_000)).toHaveLength(4);
  });

  it('puts what lies outside of its segment at its edge, and none before another', () => {
    const at = (...times: readonly number[]) =>
      timedTags(
        times.map((dts90k) => dataFrame(encodeAmf0('a', 1), dts90k)),
        1_000,
        90_000,
      ).map(({ pts90k }) => pts90k);
    expect(at(0, 5_000, 4_000, 999_999)).toEqual([1_000, 5_000, 5_000, 91_000]);
  });
});
