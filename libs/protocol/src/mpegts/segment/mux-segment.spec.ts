import { describe, expect, it } from 'vitest';
import { joinAccessUnit } from '../../nal/index.ts';
import { hex } from '../../testing/hex.ts';
import { faultOf } from '../../testing/protocol-fault.ts';
import type { AccessUnit, AudioTrack, SegmentOptions, VideoTrack } from '../index.ts';
import { INITIAL_CONTINUITY, muxSegment } from '../index.ts';
import { checkSegment, readTransportStream } from '../testing/index.ts';
import {
  aac,
  audioOnly,
  both,
  h264,
  noise,
  picture,
  pictureOf,
  pictures,
  PPS,
  sound,
  sounds,
  SPS,
  videoOnly,
} from '../testing/synthetic.ts';

const OFFSET = 900_000;
const read = (options: SegmentOptions, units: readonly AccessUnit[]) =>
  readTransportStream(muxSegment(options, units).bytes);
const pids = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length / 188 }, (_, index) => bytes.readUInt16BE(index * 188 + 1) & 0x1fff);
const unitsOf = (options: SegmentOptions, unit: AccessUnit): string[] =>
  read(options, [unit]).pictures[0]!.nalUnits.map((nalUnit) => nalUnit.toString('hex'));

describe('segment of video and audio', () => {
  const units = [...pictures(50), ...sounds(90)];
  const { bytes, continuity, skipped } = muxSegment(both, units);
  const content = readTransportStream(bytes);

  it('conforms', () => {
    expect(checkSegment(bytes)).toEqual([]);
    expect(skipped).toBe(0);
  });

  it('carries every picture with its times', () => {
    expect(content.pictures.map((one) => [one.dts90k, one.pts90k])).toEqual(
      Array.from({ length: 50 }, (_, index) => [OFFSET + index * 3600, OFFSET + index * 3600]),
    );
    const slices = units.filter((unit) => unit.kind === 'video').map((unit) => Buffer.from(unit.payload.subarray(4)));
    expect(content.pictures.map((one) => one.nalUnits.at(-1))).toEqual(slices);
  });

  it('carries every sound with its time', () => {
    const sent = units.filter((unit) => unit.kind === 'audio');
    expect(content.sounds.map((one) => one.data)).toEqual(sent.map((unit) => unit.payload));
    expect(content.sounds.map((one) => one.pts90k)).toEqual(sent.map((unit) => OFFSET + unit.dts90k));
  });

  it('is in the order of decode times', () => {
    const order = read(both, [...sounds(90), ...pictures(50)]);
    expect(muxSegment(both, [...sounds(90), ...pictures(50)]).bytes.equals(bytes)).toBe(true);
    expect(order.pcrs90k).toEqual(content.pcrs90k);
  });

  it('is the same each time, in a buffer of its own size', () => {
    const again = muxSegment(both, units);
    expect(again.bytes.equals(bytes)).toBe(true);
    expect(again.bytes.buffer.byteLength).toBe(again.bytes.length);
    expect(again.continuity).toEqual(continuity);
  });

  it('does not depend on where the payloads lie', () => {
    const moved = units.map((unit) => {
      const around = Buffer.concat([noise(3, 1), unit.payload, noise(5, 2)]);
      return { ...unit, payload: new Uint8Array(around.buffer, around.byteOffset + 3, unit.payload.length) };
    });
    expect(muxSegment(both, moved).bytes.equals(bytes)).toBe(true);
  });

  it('marks the keyframe as entry point and no other picture', () => {
    expect(content.pictures.map((one) => one.randomAccess)).toEqual([true, ...new Array<boolean>(49).fill(false)]);
  });

  it('has a PCR with each picture, 200 ms before its decode time', () => {
    expect(content.pcrs90k).toEqual(content.pictures.map((one) => one.dts90k - 18_000));
  });

  it('repeats PAT and PMT while it lasts', () => {
    const tables = pids(bytes).filter((pid) => pid === 0).length;
    expect(tables).toBe(5);
    expect(pids(bytes).filter((pid) => pid === 0x1000)).toHaveLength(tables);
  });
});

describe('parameter sets', () => {
  const sps = SPS.toString('hex');
  const pps = PPS.toString('hex');

  it('go before a keyframe', () => {
    expect(unitsOf(videoOnly, pictureOf(0, true, ['65aa']))).toEqual([sps, pps, '65aa']);
  });

  it('do not go before other pictures', () => {
    expect(unitsOf(videoOnly, pictureOf(0, false, ['41aa']))).toEqual(['41aa']);
  });

  it('are not doubled when they came with the picture', () => {
    expect(unitsOf(videoOnly, pictureOf(0, true, [sps, pps, '65aa']))).toEqual([sps, pps, '65aa']);
  });

  it('are put in when only some of them came with it', () => {
    expect(unitsOf(videoOnly, pictureOf(0, true, [pps, '65aa']))).toEqual([sps, pps, pps, '65aa']);
    const two: SegmentOptions = {
      ...videoOnly,
      video: { ...h264, config: { nalLengthSize: 4, sps: [SPS], pps: [PPS, hex('68aa')] } },
    };
    expect(unitsOf(two, pictureOf(0, true, [sps, pps, '65aa']))).toEqual([sps, pps, '68aa', sps, pps, '65aa']);
  });

  it('follow the access unit delimiter, not the SEI', () => {
    expect(unitsOf(videoOnly, pictureOf(0, true, ['09f0', '0601', '65aa']))).toEqual([sps, pps, '0601', '65aa']);
  });
});

describe('access unit delimiter', () => {
  const stream = (nalUnits: readonly string[]): Buffer => {
    const { bytes } = muxSegment(videoOnly, [pictureOf(0, false, nalUnits)]);
    const packet = bytes.subarray(2 * 188, 3 * 188);
    return packet.subarray(5 + packet[4]! + 14);
  };

  it.each<[string, string[], string]>([
    ['is put before a picture', ['41aa'], '0000000109f0 0000000141aa'],
    ['is the one that came, when one came', ['0930', '41aa'], '000000010930 0000000141aa'],
    ['is moved to the front', ['0601', '0930', '41aa'], '000000010930 000000010601 0000000141aa'],
    ['is the first one, when several came', ['0910', '0930', '41aa'], '000000010910 0000000141aa'],
  ])('%s', (_name, nalUnits, expected) => {
    expect(stream(nalUnits)).toEqual(hex(expected));
  });
});

describe('H.265', () => {
  const [vps, sps, pps] = ['40010c01', '42010101', '4401c172'];
  const video: SegmentOptions['video'] = {
    codec: 'h265',
    config: { nalLengthSize: 4, vps: [hex(vps)], sps: [hex(sps)], pps: [hex(pps)] },
  };
  const options: SegmentOptions = { ...videoOnly, video };

  it('has its stream type, and a descriptor with its format identifier, in a program map of another version', () => {
    const { program } = readTransportStream(muxSegment(options, [pictureOf(0, true, ['2601af'])]).bytes);
    expect(program!.streams).toMatchObject([{ streamType: 0x24, descriptors: hex('050448455643') }]);
    const other = readTransportStream(muxSegment(videoOnly, [pictureOf(0, true, ['65aa'])]).bytes);
    expect(program!.version).not.toBe(other.program!.version);
  });

  it.each<[string, boolean, string[], string[]]>([
    ['a keyframe gets the parameter sets', true, ['2601af'], [vps, sps, pps, '2601af']],
    ['one that brings them does not', true, [vps, sps, pps, '2601af'], [vps, sps, pps, '2601af']],
    ['one that lacks the VPS does', true, [sps, pps, '2601af'], [vps, sps, pps, sps, pps, '2601af']],
    ['other pictures do not', false, ['460130', '0201d0'], ['0201d0']],
  ])('%s', (_, keyframe, units, expected) => {
    expect(unitsOf(options, pictureOf(0, keyframe, units))).toEqual(expected);
    const [picture] = readTransportStream(muxSegment(options, [pictureOf(0, keyframe, units)]).bytes).pictures;
    expect([picture!.randomAccess, picture!.delimiters]).toEqual([keyframe, 1]);
  });
});

describe('NAL unit lengths', () => {
  it.each([1, 2, 4] as const)('of %d bytes become start codes', (nalLengthSize) => {
    const payload = joinAccessUnit([hex('0601'), hex('65aabbcc')], nalLengthSize);
    const options: SegmentOptions = { ...videoOnly, video: { ...h264, config: { ...h264.config, nalLengthSize } } };
    expect(unitsOf(options, { kind: 'video', dts90k: 0, cto90k: 0, keyframe: false, payload })).toEqual([
      '0601',
      '65aabbcc',
    ]);
  });
});

describe('programs', () => {
  it('without audio conform and have one stream', () => {
    const { bytes, skipped } = muxSegment(videoOnly, [...pictures(50), sound(0, 10)]);
    expect(checkSegment(bytes)).toEqual([]);
    expect(readTransportStream(bytes).program?.streams.map((stream) => stream.streamType)).toEqual([0x1b]);
    expect(skipped).toBe(1);
  });

  it('without video conform, have one stream and their PCR on it', () => {
    const { bytes, skipped } = muxSegment(audioOnly, [...sounds(100), picture(0, 10)]);
    expect(checkSegment(bytes)).toEqual([]);
    const content = readTransportStream(bytes);
    expect(content.program).toMatchObject({ pcrPid: 0x101, streams: [{ streamType: 0x0f, pid: 0x101 }] });
    expect(content.sounds).toHaveLength(100);
    expect(skipped).toBe(1);
  });

  it('of H.264 and MP3 conform', () => {
    const frame = Buffer.concat([hex('fffb9064'), noise(413, 1)]);
    const mp3 = Array.from({ length: 76 }, (_, index): AccessUnit => {
      return { kind: 'audio', dts90k: Math.round(index * 2351.02), cto90k: 0, keyframe: false, payload: frame };
    });
    const { bytes, skipped } = muxSegment({ ...both, audio: { codec: 'mp3' } }, [...pictures(50), ...mp3]);
    expect(checkSegment(bytes)).toEqual([]);
    expect(skipped).toBe(0);
    const content = readTransportStream(bytes);
    expect(content.program?.streams.map((stream) => stream.streamType)).toEqual([0x1b, 0x03]);
    expect(content.sounds).toHaveLength(76);
    expect(content.sounds.every((one) => one.data.equals(frame))).toBe(true);
  });

  it('have different versions of the PMT where they differ', () => {
    const programs: SegmentOptions[] = [both, { ...both, audio: { codec: 'mp3' } }, videoOnly, audioOnly];
    programs.push({ ...audioOnly, audio: { codec: 'mp3' } });
    const versions = programs.map((options) => read(options, []).program?.version);
    expect(versions).toEqual([0, 1, 2, 3, 4]);
    const sounds: (AudioTrack | undefined)[] = [
      aac,
      { codec: 'mp3' },
      undefined,
      { codec: 'ac3' },
      { codec: 'eac3' },
      { codec: 'opus', channelConfigCode: 2 },
    ];
    const pictures: (VideoTrack | undefined)[] = [h264, { ...h264, codec: 'h265' }, undefined];
    const all = pictures.flatMap((video) => sounds.map((audio) => ({ ...both, video, audio })));
    const programMaps = all
      .filter(({ video, audio }) => video !== undefined || audio !== undefined)
      .map((options) => read(options, []).program!.version);
    // H.265 with MP3, and Opus alone, have the same one.
    expect(programMaps).toHaveLength(17);
    expect(new Set(programMaps).size).toBe(16);
    expect(Math.max(...programMaps)).toBe(15);
  });

  it('without any access unit have tables only', () => {
    expect(pids(muxSegment(both, []).bytes)).toEqual([0, 0x1000]);
  });

  it('with a video track keep the PCR on it even while no picture comes', () => {
    const { bytes } = muxSegment(both, sounds(100));
    const content = readTransportStream(bytes);
    expect(content.program?.pcrPid).toBe(0x100);
    expect(content.pcrs90k.length).toBeGreaterThan(15);
  });

  it('of AAC that ADTS cannot express are refused', () => {
    const config = { ...(aac.codec === 'aac' ? aac.config : undefined!), samplingFrequency: 37_800 };
    expect(faultOf(() => muxSegment({ ...both, audio: { codec: 'aac', config } }, []))).toBe(
      'aac.adts.not-expressible',
    );
  });
});

describe('continuity', () => {
  it('goes on from segment to segment', () => {
    const first = muxSegment(both, [...pictures(50), ...sounds(90)]);
    const later = [...pictures(50), ...sounds(90)].map((unit) => ({ ...unit, dts90k: unit.dts90k + 50 * 3600 }));
    const second = muxSegment({ ...both, continuity: first.continuity }, later);
    expect(checkSegment(Buffer.concat([first.bytes, second.bytes]))).toEqual([]);
    expect(readTransportStream(Buffer.concat([first.bytes, second.bytes])).continuityErrors).toEqual([]);
    const reset = muxSegment(both, later);
    expect(readTransportStream(Buffer.concat([first.bytes, reset.bytes])).continuityErrors).not.toEqual([]);
  });

  it('is that of the packets that were written', () => {
    const { bytes, continuity } = muxSegment(
      { ...both, continuity: { pat: 15, pmt: 14, video: 3, audio: 0 } },
      pictures(3),
    );
    const next = (pid: number, from: number): number => (from + pids(bytes).filter((one) => one === pid).length) % 16;
    expect(continuity).toEqual({ pat: next(0, 15), pmt: next(0x1000, 14), video: next(0x100, 3), audio: 0 });
  });

  it('says where the timeline jumps, once', () => {
    const flags = (options: SegmentOptions): number[] => {
      const { bytes } = muxSegment(options, [
        ...sounds(2),
        ...pictures(3).map((unit) => ({ ...unit, dts90k: unit.dts90k + 10 })),
      ]);
      const fields = Array.from({ length: bytes.length / 188 }, (_, at) => bytes.subarray(at * 188, at * 188 + 6));
      return fields
        .filter((one) => (one[3]! & 0x20) !== 0 && one[4]! > 0 && (one[5]! & 0x10) !== 0)
        .map((one) => one[5]!);
    };
    expect(flags({ ...both, discontinuity: true })).toEqual([0xd0, 0x10, 0x10]);
    expect(flags(both)).toEqual([0x50, 0x10, 0x10]);
  });
});

describe('a composition offset beyond reason', () => {
  it.each<[string, number, number]>([
    ['-1 ms', -90, 0],
    ['-100 ms', -9_000, 0],
    ['0x7fffff ms', 0x7fffff * 90, 900_000],
    ['40 ms', 3_600, 3_600],
  ])('a composition offset of %s gives a PTS that is not before the DTS', (_name, cto90k, expected) => {
    const [one] = read(videoOnly, [picture(0, 100, { cto90k, keyframe: true })]).pictures;
    expect(one!.pts90k - one!.dts90k).toBe(expected);
  });

  it('alternating composition offsets conform', () => {
    const shaken = pictures(50).map((unit, index) => ({ ...unit, cto90k: index % 2 === 0 ? -3_600 : 7_200 }));
    expect(checkSegment(muxSegment(videoOnly, shaken).bytes)).toEqual([]);
  });

  it('a start before zero stays far from the wrap', () => {
    const early = pictures(10).map((unit) => ({ ...unit, dts90k: unit.dts90k - 90_000 }));
    expect(read(videoOnly, early).pictures[0]?.dts90k).toBe(OFFSET - 90_000);
    expect(muxSegment(videoOnly, early).bytes.readUInt32BE(2 * 188 + 6) * 2).toBe(OFFSET - 90_000 - 18_000);
  });

  it('the wrap at 26.5 hours comes when it is due', () => {
    const base = 2 ** 33 - OFFSET - 18_000;
    const late = pictures(20).map((unit) => ({ ...unit, dts90k: unit.dts90k + base }));
    const { bytes } = muxSegment(videoOnly, late);
    expect(checkSegment(bytes)).toEqual([]);
    const content = readTransportStream(bytes);
    expect(content.pictures.map((one) => one.dts90k)).toEqual(late.map((unit) => unit.dts90k + OFFSET));
  });
});

describe('an access unit that cannot be carried', () => {
  const good = pictures(3);
  it.each<[string, AccessUnit]>([
    ['NAL lengths that do not add up', { ...good[1]!, payload: hex('00000009 41aa') }],
    ['Annex B in place of lengths', { ...good[1]!, payload: hex('00000001 41aabb 00000001 41') }],
    ['delimiter, SEI and filler only', pictureOf(10, false, ['09f0', '0601', '0cff'])],
    ['an empty picture', { ...good[1]!, payload: hex('') }],
    ['an empty sound', { ...sound(0, 10), payload: hex('') }],
    ['a sound above 8,184 bytes', sound(0, 8185)],
  ])('%s is left out and counted', (_name, unit) => {
    const { bytes, skipped } = muxSegment(both, [...good, unit]);
    expect(skipped).toBe(1);
    expect(bytes.equals(muxSegment(both, good).bytes)).toBe(true);
  });

  it('the longest sound is carried', () => {
    const content = read(both, [...good, sound(0, 8184)]);
    expect(content.sounds.map((one) => one.data.length)).toEqual([8184]);
  });

  it('ADTS inside raw AAC is carried once', () => {
    const raw = noise(50, 1);
    const payload = Buffer.concat([hex('fff14c80073ffc'), raw]);
    expect(read(both, [{ ...sound(0, 1), payload }]).sounds.map((one) => one.data)).toEqual([raw]);
  });

  it('what is not exactly one MP3 frame is left out', () => {
    const mp3: SegmentOptions = { ...both, audio: { codec: 'mp3' } };
    const frame = (payload: Buffer): AccessUnit => ({ ...sound(0, 1), payload });
    const long = Buffer.concat([hex('fffb9064'), Buffer.alloc(414)]);
    const cut = long.subarray(0, 416);
    const whole = long.subarray(0, 417);
    expect(muxSegment(mp3, [frame(hex('49443304')), frame(long), frame(cut), frame(hex(''))]).skipped).toBe(4);
    expect(muxSegment(mp3, [frame(whole)]).skipped).toBe(0);
  });
});

describe('sound far from its pictures', () => {
  it('sound 30 s behind the pictures conforms', () => {
    const late = sounds(90, 300, -30 * 90_000);
    const { bytes } = muxSegment({ ...both, timestampOffset90k: 60 * 90_000 }, [...pictures(50), ...late]);
    expect(checkSegment(bytes)).toEqual([]);
    const content = readTransportStream(bytes);
    expect([content.pictures.length, content.sounds.length]).toEqual([50, 90]);
  });

  it.each<[string, number]>([
    ['1 frame a second', 90_000],
    ['240 frames a second', 375],
  ])('%s conforms', (_name, step90k) => {
    const units = [...pictures(20, 500, step90k), ...sounds(Math.max(4, Math.ceil((20 * step90k) / 1920)))];
    const { bytes } = muxSegment({ ...both, endDts90k: 20 * step90k }, units);
    expect(checkSegment(bytes, { maxPtsIntervalMs: 1100 })).toEqual([]);
  });

  it('1 frame a second has PCRs up to the next segment', () => {
    const units = pictures(4, 500, 90_000);
    const first = muxSegment({ ...videoOnly, endDts90k: 360_000 }, units);
    const later = units.map((unit) => ({ ...unit, dts90k: unit.dts90k + 360_000 }));
    const second = muxSegment({ ...videoOnly, continuity: first.continuity }, later);
    expect(checkSegment(Buffer.concat([first.bytes, second.bytes]), { maxPtsIntervalMs: 1100 })).toEqual([]);
  });

  it('two pictures with the same decode time are both carried', () => {
    const [first, second] = pictures(2);
    const twice = [first!, { ...second!, dts90k: 0 }];
    expect(read(videoOnly, twice).pictures.map((one) => one.dts90k)).toEqual([OFFSET, OFFSET]);
    expect(checkSegment(muxSegment(videoOnly, twice).bytes)).toEqual([]);
  });

  it('a gap of an hour is not filled with PCRs', () => {
    const far = picture(3600 * 90_000, 500);
    expect(muxSegment(videoOnly, [...pictures(2), far]).bytes.length).toBeLessThan(100 * 188);
  });

  it('continuity of a program starts anywhere', () => {
    expect(muxSegment({ ...both, continuity: INITIAL_CONTINUITY }, []).continuity).toEqual({
      pat: 1,
      pmt: 1,
      video: 0,
      audio: 0,
    });
  });
});
