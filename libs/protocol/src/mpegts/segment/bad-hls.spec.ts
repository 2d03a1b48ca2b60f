// What must hold for every segment, whatever the encoder sent.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessUnit } from '../index.ts';
import { muxSegment } from '../index.ts';
import { checkSegment, checkTransportStream, readTransportStream } from '../testing/index.ts';
import { bunny, cutAtKeyframes } from '../testing/footage.ts';
import { both, picture, pictures, sound, sounds, videoOnly } from '../testing/synthetic.ts';

const { video, audio, units } = bunny();
const cuts = cutAtKeyframes(units);

describe('the start of a segment', () => {
  it('each segment begins with PAT and PMT and its first picture is an IDR picture', () => {
    let { continuity } = both;
    for (const cut of cuts) {
      const segment = muxSegment({ video, audio, continuity }, cut);
      ({ continuity } = segment);
      expect(checkSegment(segment.bytes)).toEqual([]);
      const [first] = readTransportStream(segment.bytes).pictures;
      expect(first?.randomAccess).toBe(true);
      expect(first?.nalUnits.map((nalUnit) => nalUnit[0]! & 31).filter((type) => type !== 6)).toEqual([7, 8, 5]);
    }
  });
});

describe('the border between segments', () => {
  it('counters, clock and timestamps go on over segment borders', () => {
    let { continuity } = both;
    const segments: Buffer[] = [];
    for (const cut of cuts) {
      const segment = muxSegment({ video, audio, continuity }, cut);
      ({ continuity } = segment);
      segments.push(segment.bytes);
    }
    expect(checkTransportStream(Buffer.concat(segments), { maxPcrIntervalMs: 40 })).toEqual([]);
    const content = readTransportStream(Buffer.concat(segments));
    const sent = units.filter((unit) => unit.kind === 'video');
    expect(content.pictures.map((one) => [one.dts90k, one.pts90k])).toEqual(
      sent.map((unit) => [unit.dts90k + 900_000, unit.dts90k + unit.cto90k + 900_000]),
    );
  });

  it('a segment of any length repeats its tables and its clock', () => {
    const long = [...pictures(250, 300), ...sounds(450)];
    expect(checkSegment(muxSegment(both, long).bytes)).toEqual([]);
  });

  it('any mix of pictures and sounds conforms', () => {
    const unit = fc.record({
      video: fc.boolean(),
      step: fc.integer({ min: 0, max: 9_000 }),
      size: fc.oneof(fc.integer({ min: 1, max: 900 }), fc.constantFrom(20_000, 70_000)),
      cto90k: fc.integer({ min: -5_000, max: 20_000 }),
      keyframe: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 40 }), (list) => {
        let now = 0;
        const made = list.map(({ video: isPicture, step, size, cto90k, keyframe }): AccessUnit => {
          now += step;
          return isPicture ? picture(now, size, { cto90k, keyframe }) : sound(now, Math.min(size, 8_000));
        });
        const first: AccessUnit[] = [picture(0, 50, { keyframe: true }), sound(0, 50), ...made];
        const { bytes, skipped } = muxSegment(both, first);
        expect(checkSegment(bytes)).toEqual([]);
        const content = readTransportStream(bytes);
        const payloads = (kind: string): Buffer[] =>
          first.filter((one) => one.kind === kind).map((one) => Buffer.from(one.payload));
        expect(content.pictures.map((one) => one.nalUnits.at(-1))).toEqual(
          payloads('video').map((one) => one.subarray(4)),
        );
        expect(content.sounds.map((one) => one.data)).toEqual(payloads('audio'));
        expect(skipped).toBe(0);
        // Nothing is left of the segment, of any other stream, that had its memory before.
        const tags = [{ pts90k: 4_500, tag: Buffer.alloc(300, 1) }];
        const [clean, used] = [0, 0xa5].map((before) => {
          const allocate = (size: number): Buffer<ArrayBuffer> => Buffer.alloc(size, before);
          return muxSegment({ ...both, discontinuity: true, allocate }, first, tags).bytes;
        });
        expect(used!.equals(clean!)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('stuffing', () => {
  /** Bytes of adaptation field, and of what it is filled up with, in the last packet of a picture. */
  const lastField = (bytes: Buffer): number => {
    const last = bytes.subarray(-188);
    return (last[3]! & 0x20) === 0 ? 0 : last[4]! + 1;
  };

  it.each([0, 1, 2, 182, 183])('a picture that leaves exactly %d bytes of its last packet', (left) => {
    // In its first packet a picture has room for 184 - 8 (PCR) - 14 (PES header) - 10 (delimiter and start code) bytes.
    const size = 184 - 8 - 14 - 10 + 2 * 184 - left;
    const { bytes } = muxSegment(videoOnly, [picture(0, size, { keyframe: false })]);
    expect(bytes.length).toBe((2 + 3) * 188);
    expect(lastField(bytes)).toBe(left);
    expect(checkTransportStream(bytes)).toEqual([]);
    expect(readTransportStream(bytes).pictures[0]?.nalUnits[0]).toHaveLength(size);
  });

  it('a picture that leaves 184 bytes needs one packet less', () => {
    const size = 184 - 8 - 14 - 10 + 184;
    const { bytes } = muxSegment(videoOnly, [picture(0, size)]);
    expect(bytes.length).toBe((2 + 2) * 188);
    expect(lastField(bytes)).toBe(0);
  });

  it.each([0, 1, 2, 3, 100])('a sound that leaves %d bytes of its only packet', (left) => {
    const size = 184 - 14 - 7 - left;
    const { bytes } = muxSegment(both, [picture(0, 10, { keyframe: true }), sound(10, size)]);
    expect(lastField(bytes)).toBe(left);
    expect(checkSegment(bytes)).toEqual([]);
    expect(readTransportStream(bytes).sounds[0]?.data).toHaveLength(size);
  });

  it('an adaptation field of length 0 is one byte', () => {
    const { bytes } = muxSegment(both, [picture(0, 10, { keyframe: true }), sound(10, 184 - 14 - 7 - 1)]);
    expect(bytes.subarray(-188, -180).readUInt16BE(3)).toBe(0x3000);
  });

  it('every size of picture comes out whole', () => {
    for (let size = 1; size < 800; size++) {
      const unit = picture(0, size, { keyframe: size % 2 === 0 });
      const { bytes } = muxSegment(videoOnly, [unit]);
      expect(readTransportStream(bytes).pictures[0]?.nalUnits.at(-1)).toEqual(unit.payload.subarray(4));
    }
  });

  it.each([65_000, 65_522 - 10, 65_523 - 10, 200_000])('video PES of %d bytes: length 0 only above 65,535', (size) => {
    const { bytes } = muxSegment(videoOnly, [picture(0, size)]);
    const length = bytes.readUInt16BE(2 * 188 + 4 + 8 + 4);
    const packetLength = size + 10 + 8;
    expect(length).toBe(packetLength > 0xffff ? 0 : packetLength);
    expect(checkTransportStream(bytes)).toEqual([]);
  });

  it('audio never comes near 65,535 bytes, however much of it there is', () => {
    const heap = Array.from({ length: 200 }, (_, index) => ({ ...sound(0, 2000), dts90k: index }));
    const { bytes, skipped } = muxSegment(both, [picture(0, 10, { keyframe: true }), ...heap]);
    expect(skipped).toBe(0);
    expect(checkSegment(bytes)).toEqual([]);
    expect(readTransportStream(bytes).sounds).toHaveLength(200);
  });

  it('the extension of the PCR is 0 and its reserved bits are 1', () => {
    const { bytes } = muxSegment(videoOnly, [picture(0, 10)]);
    expect(bytes.readUInt16BE(2 * 188 + 4 + 2 + 4) & 0x7fff).toBe(0x7e00);
  });
});
