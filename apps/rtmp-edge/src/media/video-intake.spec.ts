// The catalogue of bad video, and what becomes of each case.
import { Codec, DEFAULT_STREAM_SETTINGS, FrameFlag, FrameKind, PACKAGER_FEATURES } from '@millrace/domain';
import type { Frame, PackagerFeature } from '@millrace/domain';
import { FrameSequencer, IngestCounts, MediaTimeline } from '@millrace/ingest';
import { tagsOf } from '@millrace/ingest/testing';
import type { FlvFileTag } from '@millrace/ingest/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeH264Configuration } from '@millrace/protocol/h264';
import { decodeColorInfo, encodeColorInfo, encodeVideoTracks, fourCcOf, MultitrackType } from '@millrace/protocol/flv';
import type { ColorInfo } from '@millrace/protocol/flv';
import { joinAccessUnit, joinAnnexB, splitAccessUnit } from '@millrace/protocol/nal';
import { H264_CONFIG, interframe, keyframe, nal, slice, videoConfig, videoMessage } from '../testing/sample-media.ts';
import { FurtherTracks } from './carried-tracks.ts';
import { PublishedCodecs } from './flv-codecs.ts';
import { MessageTimeline } from './message-timeline.ts';
import { MAX_COMPOSITION_OFFSET_MS } from './picture-frames.ts';
import { VideoIntake } from './video-intake.ts';

/** FourCC `hvc1`. */
const HVC1 = 0x68766331;
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const edit = (record: Buffer, at: number, value: number) => {
  const copy = Buffer.from(record);
  copy[at] = value;
  return copy;
};

describe('VideoIntake', () => {
  let frames: Frame[];
  let events: string[];
  let counts: IngestCounts;
  let intake: VideoIntake;
  let openIntake: (further: FurtherTracks) => VideoIntake;
  /** What all packagers read. */
  let features: readonly PackagerFeature[];

  beforeEach(() => {
    frames = [];
    events = [];
    counts = new IngestCounts();
    const sequencer = new FrameSequencer(1, { publish: (frame) => frames.push(frame) > 0 });
    const observer = {
      dropped: (track: string, reason: string) => events.push(`${track} ${reason}`),
      leftOut: (track: string) => events.push(`${track} left out`),
      unsupported: (track: string, codec: string) => events.push(`${track} unsupported ${codec}`),
      warn: (code: string, _track: string | undefined, detail?: string) =>
        events.push(`warned of ${code}${detail === undefined ? '' : ` (${detail})`}`),
    };
    features = PACKAGER_FEATURES;
    openIntake = (further) =>
      new VideoIntake(
        new MessageTimeline(new MediaTimeline(() => 0)),
        sequencer,
        counts,
        observer,
        new PublishedCodecs(new Set(features), DEFAULT_STREAM_SETTINGS),
        further,
        DEFAULT_STREAM_SETTINGS.segmentTargetMs,
      );
    intake = openIntake(new FurtherTracks(2));
  });

  const send = (timestamp: number, ...messages: Buffer[]) => {
    for (const message of messages) intake.message(timestamp, message);
    // What waits for the next message needs none here.
    intake.flush();
  };
  const coded = () => frames.filter(({ flags }) => (flags & FrameFlag.configuration) === 0);
  const configurations = () => frames.filter(({ flags }) => (flags & FrameFlag.configuration) !== 0);

  it('makes a frame of an access unit, as it came, without a copy', () => {
    const message = keyframe(1, 80);
    send(1_000, videoConfig());
    send(1_000, message);
    send(1_033, interframe(2, 0));
    expect(frames).toMatchObject([
      { kind: FrameKind.video, codec: Codec.h264, flags: FrameFlag.configuration, dts90k: 0, payload: H264_CONFIG },
      { flags: FrameFlag.keyframe, dts90k: 0, compositionOffset90k: 7_200, payload: slice(true, 1) },
      { flags: 0, dts90k: 2_970, compositionOffset90k: 0, payload: slice(false, 2) },
    ]);
    expect(coded()[0]!.payload.buffer).toBe(message.buffer);
    expect(counts).toMatchObject({ videoFrames: 2, keyframes: 1 });
  });

  it('takes the same from Enhanced RTMP', () => {
    const start = Buffer.concat([hex('90 61766331'), H264_CONFIG]);
    const codedFrames = Buffer.concat([hex('91 61766331 000050'), slice(true, 1)]);
    const codedFramesX = Buffer.concat([hex('a3 61766331'), slice(false, 2)]);
    const nanoseconds = Buffer.concat([hex('a7 02 07a120 03 61766331'), slice(false, 3)]);
    send(0, start, codedFrames);
    send(40, codedFramesX);
    send(80, nanoseconds);
    expect(coded().map(({ dts90k, compositionOffset90k }) => [dts90k, compositionOffset90k])).toEqual([
      [0, 7_200],
      [3_600, 0],
      [7_245, 0],
    ]);
    expect(coded().map(({ payload }) => payload)).toEqual([slice(true, 1), slice(false, 2), slice(false, 3)]);
  });

  it('takes H.265 from Enhanced RTMP and by its unofficial number, and begins anew with another codec', () => {
    const tags = tagsOf(new URL('../../../../media/bbb-h265-aac-enhanced.flv', import.meta.url).pathname);
    const ofType = (packetType: number) =>
      tags.filter(({ type, body }) => type === 9 && body.readUInt32BE(1) === HVC1 && (body[0]! & 15) === packetType);
    const [record] = ofType(0);
    const [first, second] = ofType(1);
    const legacy = (packetType: number, { body }: FlvFileTag, headerBytes: number) =>
      Buffer.concat([hex(`1c ${packetType.toString(16).padStart(2, '0')} 000000`), body.subarray(headerBytes)]);
    send(0, record!.body, first!.body);
    send(40, second!.body);
    send(80, videoConfig(), keyframe(1));
    send(120, legacy(0, record!, 5), legacy(1, first!, 8));
    expect(events).toEqual([]);
    expect(configurations().map(({ codec }) => codec)).toEqual([Codec.h265, Codec.h264, Codec.h265]);
    expect(coded().map(({ codec, flags }) => [codec, flags])).toEqual([
      [Codec.h265, FrameFlag.keyframe],
      [Codec.h265, 0],
      [Codec.h264, FrameFlag.keyframe],
      [Codec.h265, FrameFlag.keyframe],
    ]);
  });

  describe('several tracks', () => {
    const [avc1, hvc1, av01] = ['avc1', 'hvc1', 'av01'].map(fourCcOf);
    const { oneTrack, manyTracks, manyTracksManyCodecs } = MultitrackType;
    const message = (type: MultitrackType, packetType: number, ...tracks: [number, number, Buffer][]) =>
      encodeVideoTracks(
        { type, frameType: 1, packetType, nanoOffset: 0 },
        tracks.map(([trackId, fourCc, body]) => ({ trackId, fourCc, body })),
      );
    const timed = (tag: number) => Buffer.concat([hex('000028'), slice(true, tag)]);
    const payloads = () => coded().map(({ payload }) => payload);
    const warnings = () => new Set(events.filter((event) => event.startsWith('warned')));

    it('in messages of their own: the first is carried, the others are named', () => {
      send(
        0,
        videoConfig(),
        message(oneTrack, 0, [1, avc1!, H264_CONFIG]),
        message(oneTrack, 0, [2, hvc1!, hex('00')]),
      );
      send(0, keyframe(1), message(oneTrack, 1, [1, avc1!, timed(2)]), message(oneTrack, 1, [2, hvc1!, timed(3)]));
      expect(payloads()).toEqual([slice(true, 1)]);
      expect(warnings()).toEqual(new Set(['warned of tracks_left_out (video track 1, 2: more than 2 tracks)']));
      expect(events.filter((event) => event === 'video left out')).toHaveLength(4);
    });

    it('in one message, of one codec or of several: with the composition time of the one that is carried', () => {
      send(0, message(manyTracks, 0, [0, avc1!, H264_CONFIG], [7, avc1!, H264_CONFIG]));
      send(0, message(manyTracksManyCodecs, 1, [7, av01!, hex('aa')], [0, avc1!, timed(1)]));
      send(40, message(manyTracks, 1, [0, avc1!, timed(2)], [7, avc1!, hex('')]));
      expect(coded()).toMatchObject([
        { payload: slice(true, 1), compositionOffset90k: 3_600, dts90k: 0 },
        { payload: slice(true, 2), compositionOffset90k: 3_600, dts90k: 3_600 },
      ]);
      expect(warnings()).toEqual(new Set(['warned of tracks_left_out (video track 7: more than 2 tracks)']));
    });

    it('without a default one: what came first is carried until a default one comes', () => {
      send(0, message(oneTrack, 0, [3, avc1!, H264_CONFIG]), message(oneTrack, 1, [3, avc1!, timed(1)]));
      expect(payloads()).toEqual([slice(true, 1)]);
      expect(events).toEqual([]);
      const other = Buffer.from(H264_CONFIG);
      send(40, videoConfig(other), message(oneTrack, 1, [3, avc1!, timed(2)]), interframe(3), keyframe(4));
      expect(payloads()).toEqual([slice(true, 1), slice(true, 4)]);
      expect(events).toEqual([
        'video left out',
        'warned of tracks_left_out (video track 3: more than 2 tracks)',
        'video before_keyframe',
      ]);
    });

    it('with keyframes at other times than the first one are told of', () => {
      intake = openIntake(new FurtherTracks(3));
      send(0, videoConfig(), message(oneTrack, 0, [1, avc1!, H264_CONFIG]));
      for (let ms = 0; ms <= 6_000; ms += 500) {
        send(ms, ms % 2_000 === 0 ? keyframe(1) : interframe(1));
        if (ms % 2_000 === 500) send(ms, message(oneTrack, 1, [1, avc1!, timed(2)]));
      }
      expect(events).toEqual([]);
      for (let ms = 6_200; ms <= 8_000; ms += 200) {
        send(ms, ms === 8_000 ? keyframe(1) : interframe(1));
        if (ms === 7_000) send(ms, message(oneTrack, 1, [1, avc1!, timed(2)]));
      }
      for (const ms of [8_200, 9_000, 10_000]) {
        send(ms, ms === 10_000 ? keyframe(1) : interframe(1));
        if (ms === 9_000) send(ms, message(oneTrack, 1, [1, avc1!, timed(2)]));
      }
      expect(new Set(events)).toEqual(new Set(['warned of tracks_unaligned (track 1)']));
    });

    it('all of them, where there is room: each with its number, its configuration and its places to start', () => {
      intake = openIntake(new FurtherTracks(4));
      send(
        0,
        videoConfig(),
        message(oneTrack, 0, [1, avc1!, H264_CONFIG]),
        message(manyTracksManyCodecs, 0, [2, avc1!, H264_CONFIG], [3, avc1!, H264_CONFIG]),
      );
      // Before the first one has begun, others wait.
      send(0, message(oneTrack, 1, [1, avc1!, timed(2)]));
      send(0, keyframe(1), message(manyTracks, 1, [2, avc1!, timed(3)], [3, avc1!, timed(4)]));
      const inter = Buffer.concat([hex('000000'), slice(false, 5)]);
      const next = { type: oneTrack, frameType: 2, packetType: 1, nanoOffset: 0 };
      send(40, interframe(5), encodeVideoTracks(next, [{ trackId: 1, fourCc: avc1!, body: inter }]));
      const { configuration, keyframe: key, trackStart } = FrameFlag;
      expect(frames.map(({ track, flags, dts90k }) => [track ?? 0, flags, dts90k])).toEqual([
        [0, configuration, 0],
        [0, key, 0],
        [1, configuration, 0],
        [1, trackStart, 0],
        [2, configuration, 0],
        [2, trackStart, 0],
        [0, 0, 3_600],
        [1, 0, 3_600],
      ]);
      expect(frames.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(warnings()).toEqual(new Set(['warned of tracks_left_out (video track 3: more than 4 tracks)']));
      // What is counted of pictures is that of the first one; bytes are all that came.
      expect(counts).toMatchObject({ videoFrames: 2, keyframes: 1 });
    });

    it('one of a codec that is not carried costs itself alone', () => {
      intake = openIntake(new FurtherTracks(4));
      send(0, videoConfig(), keyframe(1), message(oneTrack, 1, [1, fourCcOf('vp08'), timed(2)]));
      send(40, interframe(3), message(oneTrack, 1, [1, fourCcOf('vp08'), timed(2)]));
      expect(payloads()).toEqual([slice(true, 1), slice(false, 3)]);
      expect(warnings()).toEqual(new Set(['warned of tracks_left_out (video track 1: unsupported codec vp8)']));
      expect(events).not.toContain('video unsupported vp8');
    });

    it('none but the first one where there is a reason against it', () => {
      intake = openIntake(new FurtherTracks(4, 'the stream is encrypted'));
      for (const ms of [0, 40]) send(ms, videoConfig(), keyframe(1), message(oneTrack, 1, [1, avc1!, timed(2)]));
      expect(frames.every(({ track }) => track === undefined)).toBe(true);
      expect(warnings()).toEqual(new Set(['warned of tracks_left_out (video track 1: the stream is encrypted)']));
    });

    it('that are cut short cost the message', () => {
      send(
        0,
        message(manyTracks, 0, [0, avc1!, H264_CONFIG]).subarray(0, 20),
        message(oneTrack, 1, [0, avc1!, hex('00')]),
      );
      expect(events).toEqual(['video malformed_tag', 'video malformed_tag']);
    });
  });

  /** A P slice: slice_type 5. */
  const predicted = nal(0x41, 0x98, 0x20);
  /** SEI with a recovery point, and a P slice. */
  const recoveryPoint = Buffer.concat([nal(0x06, 0x06, 0x01, 0xc4, 0x80), predicted]);
  const [tagKey, tagInter] = [1, 2];

  it('takes IDR pictures for keyframes and knows recovery points, whatever the container says', () => {
    send(0, videoConfig(), videoMessage(slice(true, 1), tagInter));
    send(40, videoMessage(predicted, tagKey));
    send(80, videoMessage(Buffer.concat([nal(0x06, 1), slice(true, 3)]), tagInter));
    send(120, videoMessage(recoveryPoint, tagInter));
    // An I picture without SEI may have pictures behind it that need others: then the encoder knows.
    send(160, videoMessage(slice(false, 4), tagInter), videoMessage(slice(false, 5), tagKey));
    const { keyframe: idr, recoveryPoint: recovery } = FrameFlag;
    expect(coded().map(({ flags }) => flags)).toEqual([idr, 0, idr, recovery, 0, recovery]);
    expect(counts.keyframes).toBe(2);
  });

  it('begins at a recovery point, with the configuration before each', () => {
    send(0, videoConfig(), videoMessage(predicted, tagInter), videoMessage(recoveryPoint, tagInter));
    send(40, videoMessage(recoveryPoint, tagInter));
    expect(events).toEqual(['video before_keyframe']);
    expect(frames.map(({ flags }) => flags)).toEqual([2, 16, 2, 16]);
  });

  it('warns of a stream that has recovery points and no IDR pictures for long', () => {
    send(0, videoConfig(), keyframe(1));
    const at = (seconds: number): void => send(seconds * 1_000, videoMessage(recoveryPoint, tagInter));
    for (let seconds = 2; seconds < 12; seconds += 2) at(seconds);
    expect(events).toEqual([]);
    // Ten seconds after the first of them.
    at(12);
    expect(events).toEqual(['warned of no_idr']);
    events.length = 0;
    send(13_000, keyframe(2));
    at(14);
    expect(events).toEqual([]);
  });

  it('waits for the configuration, then for a keyframe', () => {
    send(0, keyframe(1), videoConfig(), interframe(2));
    expect(frames).toEqual([]);
    send(40, keyframe(3));
    expect(coded()).toMatchObject([{ payload: slice(true, 3), dts90k: 0 }]);
    expect(events).toEqual(['video no_configuration', 'video before_keyframe']);
  });

  it('takes the same configuration again for no event', () => {
    send(0, videoConfig(), keyframe(1));
    for (let i = 0; i < 1_000; i++) send(40, videoConfig());
    send(40, interframe(2));
    expect(frames).toHaveLength(3);
    expect(events).toEqual([]);
  });

  it('uses a changed configuration from the next keyframe on', () => {
    const changed = Buffer.concat([H264_CONFIG.subarray(0, 4), Buffer.from([0xfd]), H264_CONFIG.subarray(5)]);
    const short = (accessUnit: Buffer) => Buffer.concat([accessUnit.subarray(2)]);
    send(0, videoConfig(), keyframe(1), videoConfig(changed));
    send(40, videoMessage(short(slice(false, 2))));
    send(80, videoMessage(short(slice(true, 3)), 1));
    expect(configurations().map(({ payload }) => payload)).toEqual([H264_CONFIG, changed]);
    expect(coded().map(({ payload }) => payload)).toEqual([slice(true, 1), short(slice(true, 3))]);
    expect(events).toEqual(['video before_keyframe']);
  });

  it.each([
    ['no parameter sets', H264_CONFIG.subarray(0, 6), ['video bad_configuration']],
    ['noise in it', Buffer.alloc(64, 0xa5), ['video bad_configuration']],
    ['no bytes', Buffer.alloc(0), []],
  ])('keeps the old configuration in force when a new one has %s', (_, record, told) => {
    send(0, videoConfig(), keyframe(1), videoConfig(record));
    send(40, keyframe(2));
    expect(events).toEqual(told);
    expect(configurations().map(({ payload }) => payload)).toEqual([H264_CONFIG, H264_CONFIG]);
    expect(coded()).toHaveLength(2);
  });

  it.each([
    ['another version', edit(H264_CONFIG, 0, 0)],
    ['no SPS announced', edit(H264_CONFIG, 5, 0xe0)],
    ['31 SPS announced', edit(H264_CONFIG, 5, 0xff)],
    ['a cut extension', H264_CONFIG.subarray(0, -1)],
    ['bytes behind it', Buffer.concat([H264_CONFIG, hex('000102030405')])],
    ['another profile than its SPS', edit(H264_CONFIG, 1, 0x42)],
    ['another level than its SPS', edit(H264_CONFIG, 3, 0x0a)],
  ])('takes the parameter sets out of a record with %s', (_, record) => {
    send(0, videoConfig(record), keyframe(1));
    expect(events).toEqual([]);
    expect(decodeH264Configuration(configurations()[0]!.payload)).toEqual({
      ...decodeH264Configuration(H264_CONFIG),
      extension: undefined,
    });
  });

  const { sps, pps } = decodeH264Configuration(H264_CONFIG);
  const unit = (...nalUnits: Uint8Array[]) => joinAccessUnit(nalUnits, 4);
  const idr = (tag: number) => slice(true, tag).subarray(4);
  const inter = (tag: number) => slice(false, tag).subarray(4);

  it('takes the parameter sets from the stream where the record is empty, or is not there', () => {
    const whole = unit(sps[0]!, pps[0]!, idr(1));
    send(0, videoConfig(Buffer.alloc(0)), videoMessage(whole, 1));
    send(40, interframe(2));
    expect(events).toEqual([]);
    expect(configurations()).toHaveLength(1);
    expect(decodeH264Configuration(configurations()[0]!.payload)).toMatchObject({ sps, pps, nalLengthSize: 4 });
    expect(coded().map(({ payload }) => payload)).toEqual([whole, slice(false, 2)]);
  });

  it('takes them from a message of their own, too', () => {
    send(0, videoMessage(unit(sps[0]!, pps[0]!)), keyframe(1));
    expect(configurations()).toHaveLength(1);
    expect(coded()).toMatchObject([{ payload: unit(sps[0]!, pps[0]!, idr(1)), flags: FrameFlag.keyframe }]);
  });

  it('adds what the record leaves out', () => {
    const onlySps = Buffer.concat([hex('01640020ffe1'), hex(sps[0]!.length.toString(16).padStart(4, '0')), sps[0]!]);
    send(0, videoConfig(onlySps), videoMessage(unit(pps[0]!, idr(1)), 1));
    expect(decodeH264Configuration(configurations()[0]!.payload)).toMatchObject({ sps, pps });
  });

  it('tells a new configuration before the keyframe that brings other parameter sets, and none for the same ones', () => {
    const other = Buffer.concat([sps[0]!.subarray(0, 3), Buffer.from([sps[0]![3]! + 1]), sps[0]!.subarray(4)]);
    send(0, videoConfig(), videoMessage(unit(sps[0]!, pps[0]!, idr(1)), 1));
    send(40, videoMessage(unit(other, pps[0]!, idr(2)), 1));
    send(80, videoConfig(), videoMessage(unit(other, pps[0]!, idr(3)), 1));
    const records = configurations().map(({ payload }) => payload);
    expect(records).toHaveLength(3);
    expect(records[0]).toEqual(H264_CONFIG);
    expect(records[1]).toEqual(records[2]);
    expect(decodeH264Configuration(records[1]!)).toMatchObject({ sps: [other], pps });
  });

  it.each([
    ['start codes', joinAnnexB([hex('09f0'), sps[0]!, pps[0]!, idr(0x11223344)])],
    [
      'start codes of three bytes',
      Buffer.concat([hex('000001'), sps[0]!, hex('000001'), pps[0]!, hex('000001'), idr(0x11223344)]),
    ],
  ])('makes lengths of %s, in the record too', (_, stream) => {
    send(0, videoConfig(joinAnnexB([sps[0]!, pps[0]!])), videoMessage(stream, 1));
    send(40, videoMessage(joinAnnexB([inter(0x11223344)])));
    expect(events).toEqual([]);
    expect(splitAccessUnit(coded()[0]!.payload, 4).at(-1)).toEqual(idr(0x11223344));
    expect(coded()[1]!.payload).toEqual(slice(false, 0x11223344));
  });

  it('finds out that lengths have another size than the record says', () => {
    const two = (nalUnit: Buffer) => joinAccessUnit([nalUnit], 2);
    send(0, videoConfig(), videoMessage(two(idr(1)), 1));
    send(40, videoMessage(two(inter(2))));
    expect(decodeH264Configuration(configurations()[0]!.payload)).toMatchObject({ nalLengthSize: 2, sps, pps });
    expect(coded().map(({ payload }) => payload)).toEqual([two(idr(1)), two(inter(2))]);
  });

  it.each([
    ['NAL units of no bytes', Buffer.concat([hex('00000000'), slice(false, 2), hex('00000000')])],
    ['a byte of padding', Buffer.concat([slice(false, 2), hex('5a')])],
    ['zeros behind it', Buffer.concat([slice(false, 2), hex('000000000000')])],
    ['a NAL unit with the forbidden bit', Buffer.concat([hex('00000002 ff00'), slice(false, 2)])],
  ])('takes %s out of an access unit', (_, accessUnit) => {
    send(0, videoConfig(), keyframe(1));
    send(40, videoMessage(accessUnit));
    expect(events).toEqual([]);
    expect(coded().map(({ payload }) => payload)).toEqual([slice(true, 1), slice(false, 2)]);
  });

  describe('messages of one time', () => {
    const first = (tag: number) => nal(0x65, 0x88, tag);
    const next = (tag: number) => nal(0x65, 0x44, tag);
    const push = (timestamp: number, ...units: Buffer[]) => {
      for (const each of units) intake.message(timestamp, videoMessage(each));
    };

    it('are one access unit, from the first picture on', () => {
      send(0, videoConfig());
      push(0, nal(0x06, 5), first(1), next(2), next(3));
      push(40, nal(0x41, 0x9a, 4), nal(0x41, 0x44, 5));
      push(80, nal(0x41, 0x9a, 6));
      intake.flush();
      expect(coded().map(({ payload, flags, dts90k }) => [payload, flags, dts90k])).toEqual([
        [Buffer.concat([nal(0x06, 5), first(1), next(2), next(3)]), FrameFlag.keyframe, 0],
        [Buffer.concat([nal(0x41, 0x9a, 4), nal(0x41, 0x44, 5)]), 0, 3_600],
        [nal(0x41, 0x9a, 6), 0, 7_200],
      ]);
      expect(events).toEqual([]);
    });

    it('that are pictures of their own stay apart', () => {
      send(0, videoConfig());
      push(0, first(1), nal(0x41, 0x9a, 2), nal(0x41, 0x9a, 3));
      push(40, nal(0x41, 0x9a, 4));
      expect(coded()).toHaveLength(4);
    });

    it('make nothing wait in an ordinary stream but its first picture', () => {
      send(0, videoConfig());
      push(0, first(1));
      expect(coded()).toHaveLength(0);
      push(40, nal(0x41, 0x9a, 2));
      expect(coded()).toHaveLength(2);
      push(80, nal(0x41, 0x9a, 3));
      expect(coded()).toHaveLength(3);
    });

    it('wait no longer than the sound goes on', () => {
      send(0, videoConfig());
      push(0xffff_ffff, first(1));
      intake.timePassed(0);
      expect([coded().length, intake.isWaiting]).toEqual([0, true]);
      intake.timePassed(300);
      expect([coded().length, intake.isWaiting]).toEqual([1, false]);
    });

    it('are no second place to start when they come after the picture went on', () => {
      send(0, videoConfig(), videoMessage(first(1)));
      push(0, next(2));
      push(40, nal(0x41, 0x9a, 3));
      intake.flush();
      expect(coded().map(({ flags }) => flags)).toEqual([FrameFlag.keyframe, 0, 0]);
    });
  });

  it.each([
    ['a NAL unit of no bytes', hex('00000000'), 'empty_frame'],
    ['a NAL unit longer than the rest', hex('00000009 41 88'), 'malformed_frame'],
    ['the longest length', hex('ffffffff 41 88'), 'malformed_frame'],
    ['many bytes left over', Buffer.concat([slice(false, 2), Buffer.alloc(9, 0x5a)]), 'malformed_frame'],
    ['start codes and nothing behind them', hex('000000 01 000000 01'), 'malformed_frame'],
    [
      'a hundred thousand NAL units',
      Buffer.concat(Array.from({ length: 100_000 }, () => nal(0x41))),
      'malformed_frame',
    ],
    ['a delimiter alone', nal(0x09, 0xf0), 'empty_frame'],
    ['SEI and filler alone', Buffer.concat([nal(0x06, 5), nal(0x0c, 0xff)]), 'empty_frame'],
    ['nothing at all', Buffer.alloc(0), 'empty_frame'],
  ])('drops and counts an access unit with %s', (_, accessUnit, reason) => {
    send(0, videoConfig(), keyframe(1));
    send(40, videoMessage(accessUnit));
    send(80, interframe(3));
    expect(events).toEqual([`video ${reason}`]);
    expect(coded().map(({ payload }) => payload)).toEqual([slice(true, 1), slice(false, 3)]);
  });

  it.each(['', '17', '17000000', '27010000', '9', '90', '9061766331'.slice(0, 8), '91617663310000'])(
    'drops and counts a message that ends inside its header: %s',
    (text) => {
      const bytes = Buffer.from(text.length % 2 === 1 ? `${text}0` : text, 'hex');
      send(0, bytes);
      expect(frames).toEqual([]);
      expect(events).toHaveLength(1);
    },
  );

  it.each([
    [-1, -90],
    [-100, -9_000],
    [MAX_COMPOSITION_OFFSET_MS, MAX_COMPOSITION_OFFSET_MS * 90],
    [MAX_COMPOSITION_OFFSET_MS + 1, 0],
    [-MAX_COMPOSITION_OFFSET_MS - 1, 0],
    [0x7fffff, 0],
    [-0x800000, 0],
  ])('keeps a composition offset of %i ms within reason', (offsetMs, expected90k) => {
    send(0, videoConfig(), keyframe(1, offsetMs));
    expect(coded()).toMatchObject([{ compositionOffset90k: expected90k + 0 }]);
    expect(events).toEqual(expected90k === 0 ? ['video bad_composition_offset'] : []);
  });

  it('goes on over a jump of the clock, which is no discontinuity', () => {
    send(0, videoConfig(), keyframe(1));
    send(40, interframe(2));
    send(3_600_000, interframe(3));
    expect(coded().map(({ flags, dts90k }) => [flags, dts90k / 90])).toEqual([
      [FrameFlag.keyframe, 0],
      [0, 40],
      [0, 80],
    ]);
  });

  it('shows pictures of one time when the encoder said, though they are decoded one after the other', () => {
    send(0, videoConfig(), keyframe(1, 80));
    send(40, interframe(2, 160), interframe(3, 40));
    const shownAt = coded().map(({ dts90k, compositionOffset90k }) => (dts90k + compositionOffset90k) / 90);
    expect(coded().map(({ dts90k }) => dts90k / 90)).toEqual([0, 40, 60]);
    expect(shownAt).toEqual([80, 200, 80]);
  });

  it.each([
    ['Sorenson H.263', '22 00', 'sorenson-h263'],
    ['VP6', '24 00', 'vp6'],
    ['VP8', '90 76703038 01', 'vp8'],
    ['H.266', '90 76766331 01', 'vvc'],
    ['an unknown codec', '90 7a7a7a7a 01', 'unknown'],
    ['an unknown codec number', '1f 00', 'unknown'],
  ])('refuses %s', (_, message, codec) => {
    send(0, hex(message));
    expect(events).toEqual([`video unsupported ${codec}`]);
  });

  it.each([
    ['AV1', 'av1-opus', 'av01', Codec.av1],
    ['VP9', 'vp9', 'vp09', Codec.vp9],
    ['H.265', 'h265-aac', 'hvc1', Codec.h265],
  ])('takes every picture of %s as an encoder sends it', (_, name, fourCc, codec) => {
    const tags = tagsOf(new URL(`../../../../media/bbb-${name}-enhanced.flv`, import.meta.url).pathname).filter(
      ({ type, body }) => type === 9 && body.toString('latin1', 1, 5) === fourCc,
    );
    for (const { timestamp, body } of tags) intake.message(timestamp, body);
    intake.flush();
    const sent = tags.filter(({ body }) => [1, 3].includes(body[0]! & 15));
    expect(events.filter((event) => event !== 'video not_carried')).toEqual([]);
    expect(coded()).toHaveLength(sent.length);
    expect(new Set(frames.map((frame) => frame.codec))).toEqual(new Set([codec]));
    const first = sent[0]!.timestamp;
    expect(coded().map(({ dts90k }) => dts90k / 90)).toEqual(sent.map(({ timestamp }) => timestamp - first));
    // What each keyframe needs comes right before it.
    const keyframes = frames.flatMap(({ flags }, index) => ((flags & FrameFlag.keyframe) === 0 ? [] : [index]));
    expect(keyframes.length).toBeGreaterThan(1);
    expect(keyframes.map((index) => frames[index - 1]!.flags)).toEqual(keyframes.map(() => FrameFlag.configuration));
  });

  it.each([
    ['a record of AV1 without an end', '90 61763031 81'],
    ['a record of VP9 without an end', '90 76703039 01'],
  ])('reports %s', (_, message) => {
    send(0, hex(message));
    expect(events).toEqual(['video bad_configuration']);
  });

  it('takes what no packager would read for unsupported, with what is to be done', () => {
    const codecs = new PublishedCodecs(new Set(['vp9']), DEFAULT_STREAM_SETTINGS);
    expect(codecs.video('vp9')).toMatchObject({ codec: Codec.vp9 });
    expect(codecs.video('h264')).toMatchObject({ codec: Codec.h264 });
    expect(codecs.video('av1')).toMatch(/^av1, which the packagers of this server cannot all read yet/);
    expect(codecs.audio('flac')).toMatch(/^flac, which the packagers/);
    const encrypted = new PublishedCodecs(new Set(PACKAGER_FEATURES), {
      ...DEFAULT_STREAM_SETTINGS,
      keyRotationSegments: 1,
    });
    expect(encrypted.audio('flac')).toMatch(/^flac, which MPEG-TS cannot carry, .*: set encryption to none$/);
    expect(encrypted.audio('opus')).toMatchObject({ codec: Codec.opus });
  });

  it.each([
    ['a seek command', '57 00'],
    ['an enhanced command', 'd0 00'],
    ['metadata of another name', '94 61766331 020005 6f74686572 05'],
    ['a generated keyframe', '47 01 000000 00000002 4188'],
  ])('leaves out %s', (_, message) => {
    send(0, videoConfig(), hex(message));
    expect(frames).toEqual([]);
    expect(events).toEqual(['video not_carried']);
  });

  describe('colours that the encoder describes beside the bit stream', () => {
    /** Enhanced RTMP v2: VideoPacketType.Metadata of `avc1`. */
    const colours = (info: ColorInfo): Buffer => Buffer.concat([hex('94 61766331'), encodeColorInfo(info)]);
    const hlg: ColorInfo = { colorConfig: { colorPrimaries: 9, transferCharacteristics: 18, matrixCoefficients: 9 } };
    const kinds = () => frames.map(({ kind, flags }) => [kind, flags]);
    const record = [FrameKind.video, FrameFlag.configuration];
    const beside = [FrameKind.colour, FrameFlag.configuration];
    const [key, inter] = [
      [FrameKind.video, FrameFlag.keyframe],
      [FrameKind.video, 0],
    ];

    it('come behind the configuration, with each keyframe, from the next one on', () => {
      send(0, videoConfig(), colours(hlg), keyframe(1), interframe(2));
      send(40, colours({ colorConfig: { transferCharacteristics: 16 } }), interframe(3), keyframe(4), keyframe(5));
      expect(kinds()).toEqual([record, beside, key, inter, inter, record, beside, key, record, beside, key]);
      const said = frames.filter(({ kind }) => kind === FrameKind.colour);
      expect(said.map(({ codec, payload }) => [codec, decodeColorInfo(payload)])).toEqual([
        [Codec.none, hlg],
        [Codec.none, { colorConfig: { transferCharacteristics: 16 } }],
        [Codec.none, { colorConfig: { transferCharacteristics: 16 } }],
      ]);
      expect(events).toEqual([]);
    });

    it('may come before the configuration, and are taken back by an empty object', () => {
      send(0, colours(hlg), videoConfig(), keyframe(1), colours({}), keyframe(2));
      const said = frames.filter(({ kind }) => kind === FrameKind.colour);
      expect(said.map(({ payload }) => decodeColorInfo(payload))).toEqual([hlg, {}]);
    });

    it('are no frame where the encoder says nothing, as FFmpeg does of SDR', () => {
      send(0, videoConfig(), colours({}), keyframe(1));
      expect(kinds()).toEqual([record, key]);
    });

    it('of a further track are behind its own configuration', () => {
      intake = openIntake(new FurtherTracks(4));
      const next = (packetType: number, body: Buffer) =>
        encodeVideoTracks({ type: MultitrackType.oneTrack, frameType: 1, packetType, nanoOffset: 0 }, [
          { trackId: 1, fourCc: fourCcOf('avc1'), body },
        ]);
      send(0, videoConfig(), next(0, H264_CONFIG), next(4, encodeColorInfo(hlg)));
      send(0, keyframe(1), next(1, Buffer.concat([hex('000000'), slice(true, 2)])));
      send(40, interframe(3));
      expect(frames.filter(({ track }) => track === 1).map(({ kind, flags }) => [kind, flags])).toEqual([
        record,
        beside,
        [FrameKind.video, FrameFlag.trackStart],
      ]);
      expect(frames.filter(({ kind, track }) => kind === FrameKind.colour && track !== 1)).toEqual([]);
    });

    it('are dropped where they are no AMF, and as long as not all packagers read them', () => {
      send(0, videoConfig(), hex('94 61766331 0200'), keyframe(1));
      expect(events).toEqual(['video malformed_tag']);
      features = ['av1'];
      intake = openIntake(new FurtherTracks(2));
      send(0, videoConfig(), colours(hlg), keyframe(1));
      expect(events).toEqual(['video malformed_tag', 'video not_carried']);
      expect(frames.filter(({ kind }) => kind === FrameKind.colour)).toEqual([]);
    });
  });

  it('takes the end of a sequence for nothing', () => {
    send(0, videoConfig(), keyframe(1), hex('17 02 000000'));
    expect(frames).toHaveLength(2);
    expect(events).toEqual([]);
  });
});
