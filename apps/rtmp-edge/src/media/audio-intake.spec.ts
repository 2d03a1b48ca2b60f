// The catalogue of bad audio, and what becomes of each case.
import { Codec, DEFAULT_STREAM_SETTINGS, FrameFlag, FrameKind, PACKAGER_FEATURES } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { FrameSequencer, HOLD_AUDIO_90K, IngestCounts, MediaTimeline } from '@millrace/ingest';
import { tagsOf } from '@millrace/ingest/testing';
import { encodeAudioTracks, fourCcOf, MultitrackType } from '@millrace/protocol/flv';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  AAC_CONFIG,
  aacMessage,
  audioConfig,
  mp3Frame,
  mp3Message,
  OTHER_AAC_CONFIG,
} from '../testing/sample-media.ts';
import { AudioIntake } from './audio-intake.ts';
import { FurtherTracks } from './carried-tracks.ts';
import { PublishedCodecs } from './flv-codecs.ts';
import { MessageTimeline } from './message-timeline.ts';
import { INTAKE_LIMITS } from './intake-limits.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const AAC_FRAME_MS = 23;
const MP3_FRAME_90K = 2_351;

describe('AudioIntake', () => {
  let frames: Frame[];
  let events: string[];
  let counts: IngestCounts;
  let intake: AudioIntake;
  let openIntake: (further: FurtherTracks) => AudioIntake;
  let sequencer: FrameSequencer;

  beforeEach(() => {
    frames = [];
    events = [];
    counts = new IngestCounts();
    sequencer = new FrameSequencer(1, { publish: (frame) => frames.push(frame) > 0 });
    const observer = {
      dropped: (track: string, reason: string) => events.push(`${track} ${reason}`),
      leftOut: (track: string) => events.push(`${track} left out`),
      unsupported: (track: string, codec: string) => events.push(`${track} unsupported ${codec}`),
      warn: (code: string, _track: string | undefined, detail?: string) =>
        events.push(`warned of ${code}${detail === undefined ? '' : ` (${detail})`}`),
    };
    const codecs = new PublishedCodecs(new Set(PACKAGER_FEATURES), DEFAULT_STREAM_SETTINGS);
    openIntake = (further) =>
      new AudioIntake(new MessageTimeline(new MediaTimeline(() => 0)), sequencer, counts, observer, codecs, further);
    intake = openIntake(new FurtherTracks(2));
  });

  const send = (timestamp: number, ...messages: Buffer[]) => {
    for (const message of messages) intake.message(timestamp, message);
  };
  /** What was taken, once nothing waits for video any more. */
  const taken = () => {
    sequencer.end(0, false);
    return frames.filter(({ kind }) => kind === FrameKind.audio);
  };
  const coded = () => taken().filter(({ flags }) => (flags & FrameFlag.configuration) === 0);
  const payloads = () => coded().map(({ payload }) => Buffer.from(payload).toString('hex'));
  const bodyOf = (message: Buffer) => message.subarray(2).toString('hex');

  it('makes a frame of an access unit, as it came, without a copy', () => {
    const message = aacMessage(1);
    send(500, audioConfig(), message);
    send(500 + AAC_FRAME_MS, aacMessage(2));
    const [configuration, first, second] = taken();
    expect(configuration).toMatchObject({ codec: Codec.aac, flags: FrameFlag.configuration, payload: AAC_CONFIG });
    expect(first).toMatchObject({ codec: Codec.aac, dts90k: 0, payload: message.subarray(2) });
    expect(first!.payload.buffer).toBe(message.buffer);
    expect(second).toMatchObject({ dts90k: AAC_FRAME_MS * 90 });
    expect(counts.audioFrames).toBe(2);
  });

  it('takes the same from Enhanced RTMP', () => {
    const start = Buffer.concat([hex('90 6d703461'), AAC_CONFIG]);
    const codedFrames = Buffer.concat([hex('91 6d703461'), hex('2100')]);
    send(0, start, codedFrames);
    expect(payloads()).toEqual(['2100']);
  });

  describe('AC-3, Enhanced AC-3 and Opus', () => {
    /** So that nothing waits for a picture any more. */
    const afterPicture = () => sequencer.video(Codec.h264, FrameFlag.keyframe, 0, 0, Buffer.from([1]));
    const play = (name: string) => {
      const tags = tagsOf(new URL(`../../../../media/${name}`, import.meta.url).pathname).filter(
        ({ type }) => type === 8,
      );
      for (const { timestamp, body } of tags) send(timestamp, body);
      return tags.filter(({ body }) => (body[0]! & 15) === 1).map(({ body }) => body.subarray(5).toString('hex'));
    };

    it.each<[string, string, number, string, number]>([
      ['AC-3', 'bbb-ac3-enhanced.flv', Codec.ac3, '101100', 2_880],
      ['Enhanced AC-3', 'bbb-eac3-enhanced.flv', Codec.eac3, '0600200f00', 2_880],
      ['Opus', 'bbb-opus-enhanced.flv', Codec.opus, '4f707573486561640102380180bb0000000000', 1_800],
    ])('%s: every frame as it came, with its configuration before it', (_name, file, codec, record, ticks) => {
      const sent = play(file);
      expect(events).toEqual([]);
      const [configuration] = taken();
      expect(configuration).toMatchObject({ codec, flags: FrameFlag.configuration });
      expect(Buffer.from(configuration!.payload).toString('hex')).toBe(record);
      expect(payloads()).toEqual(sent);
      const times = coded().map(({ dts90k }) => dts90k);
      for (let i = 0; i < times.length; i++) expect(Math.abs(times[i]! - i * ticks)).toBeLessThan(91);
    });

    it('take several frames in a message apart, and a changed format for a new configuration', () => {
      const [first, second] = tagsOf(new URL('../../../../media/bbb-ac3-enhanced.flv', import.meta.url).pathname)
        .filter(({ type, body }) => type === 8 && (body[0]! & 15) === 1)
        .map(({ body }) => body.subarray(5));
      const ac3 = hex('91 61632d33');
      const mono = Buffer.from(first!);
      // acmod 1 instead of 2: lfeon is then where dsurmod was.
      mono[6] = 0x2f;
      afterPicture();
      send(0, Buffer.concat([ac3, first!, second!]));
      send(64, Buffer.concat([ac3, mono]));
      send(96, Buffer.concat([ac3, first!, mono]));
      sequencer.end(0, false);
      expect(coded().map(({ dts90k }) => dts90k)).toEqual([0, 2_880, 5_760, 8_640]);
      const records = frames.filter(({ flags }) => (flags & FrameFlag.configuration) !== 0);
      expect(records.map(({ payload }) => Buffer.from(payload).toString('hex'))).toEqual([
        '101100',
        '100900',
        '101100',
      ]);
      expect(events).toEqual(['audio malformed_frame']);
    });

    it('Opus without an ID header has two channels, or those of the layout', () => {
      const head = (channels: string) => `4f7075734865616401${channels}000080bb00000000`;
      afterPicture();
      send(0, hex('90 4f707573'), hex('91 4f707573 fcfffe'));
      send(20, hex('94 4f707573 01 06 0000003f'), hex('91 4f707573 fcfffe'));
      send(0, hex('94 4f707573 01 ff'), hex('94 4f707573 00 09'));
      sequencer.end(0, false);
      const records = frames.filter(({ flags }) => (flags & FrameFlag.configuration) !== 0);
      expect(records.map(({ payload }) => Buffer.from(payload).toString('hex'))).toEqual([
        `${head('02')}00`,
        `${head('06')}010402000401020305`,
      ]);
      expect(events).toEqual(['audio malformed_tag']);
    });

    it.each<[string, string, string]>([
      ['Opus without samples', '91 4f707573 fb00', 'malformed_frame'],
      ['an ID header that cannot be read', '90 4f707573 00', 'bad_configuration'],
      ['AC-3 that is cut', '91 61632d33 0b77 0000 10 40 43e1', 'malformed_frame'],
      ['Enhanced AC-3 that is AC-3', '91 65632d33 0b77 0000 10 40 43e1 00000000', 'malformed_frame'],
      ['AC-3 without a frame', '91 61632d33', 'empty_frame'],
      ['Opus without a packet', '91 4f707573', 'empty_frame'],
    ])('drop %s', (_name, message, reason) => {
      send(0, hex(message));
      expect(events).toEqual([`audio ${reason}`]);
      expect(coded()).toEqual([]);
    });
  });

  it('carries the default track of several, and names the others once all have come', () => {
    const tracks = (packetType: number, ...all: [number, Buffer][]) =>
      encodeAudioTracks(
        { type: MultitrackType.manyTracks, packetType, nanoOffset: 0 },
        all.map(([trackId, body]) => ({ trackId, fourCc: fourCcOf('mp4a'), body })),
      );
    send(0, tracks(0, [0, AAC_CONFIG], [1, OTHER_AAC_CONFIG], [2, AAC_CONFIG]));
    send(0, tracks(1, [0, hex('2101')], [1, hex('2102')], [2, hex('2103')]));
    expect(taken()[0]).toMatchObject({ payload: AAC_CONFIG });
    expect(payloads()).toEqual(['2101']);
    expect(events.filter((event) => event.startsWith('warned'))).toEqual([
      'warned of tracks_left_out (audio track 1, 2: more than 2 tracks)',
      'warned of tracks_left_out (audio track 1, 2: more than 2 tracks)',
    ]);
  });

  it('takes the same configuration again for no event, and a changed one at once', () => {
    send(0, audioConfig());
    for (let i = 0; i < 1_000; i++) send(i, audioConfig());
    send(1_000, aacMessage(1), audioConfig(OTHER_AAC_CONFIG), aacMessage(2));
    sequencer.end(0, false);
    expect(events).toEqual([]);
    expect(coded()).toHaveLength(2);
  });

  it('tells a changed configuration before the frame that needs it', () => {
    sequencer.expectVideo(false);
    send(0, audioConfig());
    for (let at = 0; at <= HOLD_AUDIO_90K / 90; at += AAC_FRAME_MS) send(at, aacMessage(at));
    send(1_100, audioConfig(OTHER_AAC_CONFIG), aacMessage(0xabc));
    const last = frames.slice(-2);
    expect(last).toMatchObject([{ flags: FrameFlag.configuration, payload: OTHER_AAC_CONFIG }, { dts90k: 1_100 * 90 }]);
  });

  it.each([
    ['no bytes', ''],
    ['one byte', '12'],
    ['a reserved sampling frequency', '1690'],
    ['no channels', '1200'],
  ])('keeps the old configuration in force when a new one has %s', (_, record) => {
    send(0, audioConfig(), audioConfig(hex(record)), aacMessage(1));
    expect(events).toEqual(['audio bad_configuration']);
    expect(taken()[0]).toMatchObject({ payload: AAC_CONFIG });
  });

  it.each([
    ['raw data before its configuration', [aacMessage(1)], 'no_configuration'],
    ['no samples', [audioConfig(), hex('af01')], 'empty_frame'],
    ['an ADTS header without samples', [audioConfig(), hex('af01 fff15080 00fffc')], 'empty_frame'],
    [
      'more than an ADTS frame can hold',
      [audioConfig(), Buffer.concat([hex('af01'), Buffer.alloc(8_185)])],
      'malformed_frame',
    ],
    ['nothing at all', [Buffer.alloc(0)], 'malformed_tag'],
    ['one byte', [hex('af')], 'malformed_tag'],
    ['an unknown packet type', [audioConfig(), hex('af0521')], 'not_carried'],
    ['a multitrack message that is cut', [hex('95 11 6d703461 00000002 21')], 'malformed_tag'],
    ['a channel layout that is cut', [audioConfig(), hex('94 6d703461 0102')], 'malformed_tag'],
  ])('drops and counts %s', (_, messages, reason) => {
    send(0, ...messages);
    expect(events).toEqual([`audio ${reason}`]);
    expect(coded()).toEqual([]);
  });

  it('takes the largest access unit', () => {
    send(0, audioConfig(), Buffer.concat([hex('af01'), Buffer.alloc(8_184, 0x21)]));
    expect(coded()).toHaveLength(1);
  });

  it('takes off an ADTS header, which has no place here, and nothing that only looks like one', () => {
    const raw = hex('2110050020');
    const adts = Buffer.concat([hex('fff15080 01 9ffc'), raw]);
    adts[4] = adts.length >> 3;
    adts[5] = ((adts.length & 7) << 5) | 0x1f;
    send(0, audioConfig(), Buffer.concat([hex('af01'), adts]), hex('af01 ff21'));
    expect(payloads()).toEqual([raw.toString('hex'), 'ff21']);
  });

  const adtsOf = (raw: Buffer): Buffer => {
    const header = hex('fff15080 00 1ffc');
    header[4] = (raw.length + header.length) >> 3;
    header[5] = (((raw.length + header.length) & 7) << 5) | 0x1f;
    return Buffer.concat([header, raw]);
  };

  it('takes ADTS frames one behind the other, and their own word for the configuration where there is no other', () => {
    const message = Buffer.concat([hex('af01'), adtsOf(hex('2110')), adtsOf(hex('2120'))]);
    send(0, message);
    expect(events).toEqual([]);
    expect(payloads()).toEqual(['2110', '2120']);
    expect(coded().map(({ dts90k }) => dts90k)).toEqual([0, Math.round((1_024 * 90_000) / 44_100)]);
    expect(taken()[0]).toMatchObject({ flags: FrameFlag.configuration, payload: hex('1210') });
  });

  it('takes an ADTS header for a configuration', () => {
    send(0, audioConfig(adtsOf(hex('21'))), aacMessage(1));
    expect(taken()[0]).toMatchObject({ flags: FrameFlag.configuration, payload: hex('1210') });
  });

  it('takes a configuration with bytes behind it', () => {
    send(0, audioConfig(Buffer.concat([AAC_CONFIG, Buffer.alloc(9)])), aacMessage(1));
    expect(events).toEqual([]);
    expect(coded()).toHaveLength(1);
  });

  it.each([
    ['960 samples per frame', '1214', 'AAC with 960 samples per frame', 0],
    ['the low delay coder', 'ba10', 'AAC object type 23', 1],
    ['the object type 39', 'f8e840', 'AAC object type 39', 1],
  ])('does not carry AAC of %s, and says what it is', (_, record, name, bad) => {
    send(0, audioConfig(), audioConfig(hex(record)), aacMessage(1));
    expect(events).toEqual([...Array<string>(bad).fill('audio bad_configuration'), `audio unsupported ${name}`]);
    send(0, audioConfig(OTHER_AAC_CONFIG), aacMessage(2));
    expect(coded()).toHaveLength(1);
  });

  it.each([
    ['960 samples per frame', '1214'],
    ['the low delay coder', 'ba10'],
  ])('carries AAC again that goes back from %s to what it was', (_, record) => {
    send(0, audioConfig(), aacMessage(1), audioConfig(hex(record)), aacMessage(2), audioConfig(), aacMessage(3));
    expect(payloads()).toEqual([bodyOf(aacMessage(1)), bodyOf(aacMessage(3))]);
  });

  it('makes a frame of each MP3 frame in a message', () => {
    send(100, mp3Message(mp3Frame(1), mp3Frame(2), mp3Frame(3)));
    const codedFrames = coded();
    expect(codedFrames).toMatchObject([
      { codec: Codec.mp3, dts90k: 0, payload: mp3Frame(1) },
      { codec: Codec.mp3, dts90k: MP3_FRAME_90K, payload: mp3Frame(2) },
      { codec: Codec.mp3, dts90k: 2 * MP3_FRAME_90K, payload: mp3Frame(3) },
    ]);
    expect(taken().filter(({ flags }) => flags === FrameFlag.configuration)).toEqual([]);
  });

  it.each([
    ['no frame', mp3Message(Buffer.from('no frame at all'))],
    ['a frame longer than the message', mp3Message(mp3Frame(1).subarray(0, 400))],
    ['a header alone', mp3Message(mp3Frame(1).subarray(0, 3))],
  ])('drops and counts an MP3 message with %s', (_, message) => {
    send(0, message);
    expect(events).toEqual(['audio malformed_frame']);
    expect(coded()).toEqual([]);
  });

  it('takes a bounded number of MP3 frames from a message', () => {
    send(0, mp3Message(...Array.from({ length: INTAKE_LIMITS.maxFramesPerMessage + 5 }, (_, i) => mp3Frame(i))));
    expect(coded()).toHaveLength(INTAKE_LIMITS.maxFramesPerMessage);
  });

  it('changes from AAC to MP3 and back', () => {
    send(0, audioConfig(), aacMessage(1), mp3Message(mp3Frame(2)), aacMessage(3), audioConfig(), aacMessage(4));
    expect(coded().map(({ codec }) => codec)).toEqual([Codec.aac, Codec.mp3, Codec.aac]);
    expect(payloads()[2]).toBe(bodyOf(aacMessage(4)));
    expect(events).toEqual(['audio no_configuration']);
  });

  it('goes on over a jump of the clock, which is no discontinuity', () => {
    send(0, audioConfig(), aacMessage(1));
    send(AAC_FRAME_MS, aacMessage(2));
    send(3_600_000, aacMessage(3));
    const marks = coded().map(({ flags, dts90k }) => [flags & FrameFlag.discontinuity, dts90k / 90]);
    expect(marks).toEqual([0, 23, 46].map((ms) => [0, ms]));
  });

  it.each([
    ['Opus', 'av1-opus', Codec.opus],
    ['FLAC', 'flac', Codec.flac],
    ['AC-3', 'ac3', Codec.ac3],
    ['E-AC-3', 'eac3', Codec.eac3],
  ])('takes every frame of %s as an encoder sends it', (_, name, codec) => {
    const tags = tagsOf(new URL(`../../../../media/bbb-${name}-enhanced.flv`, import.meta.url).pathname).filter(
      ({ type }) => type === 8,
    );
    for (const { timestamp, body } of tags) intake.message(timestamp, body);
    const sent = tags.filter(({ body }) => (body[0]! & 15) === 1 && body.length > 5);
    // FFmpeg ends FLAC with a message without a frame.
    expect(events.filter((event) => event !== 'audio empty_frame')).toEqual([]);
    expect(payloads()).toEqual(sent.map(({ body }) => body.toString('hex', 5)));
    expect(new Set(coded().map((frame) => frame.codec))).toEqual(new Set([codec]));
  });

  it('reports a record of FLAC without an end', () => {
    send(0, hex('90 664c6143 01'));
    expect(events).toEqual(['audio bad_configuration']);
  });

  it.each([
    ['Speex', 'b2 00', 'speex'],
    ['Nellymoser', '62 00', 'nellymoser'],
    ['G.711', '72 00', 'g711-a'],
    ['PCM', '32 00', 'pcm-le'],
    ['an unknown codec', '90 7a7a7a7a 01', 'unknown'],
  ])('refuses %s', (_, message, codec) => {
    send(0, hex(message));
    expect(events).toEqual([`audio unsupported ${codec}`]);
  });
});
