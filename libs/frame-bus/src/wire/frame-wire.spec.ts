import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameCodecError } from './frame-codec-error.ts';
import { assertEncodable, FRAME_HEADER_BYTES } from './frame-header.ts';
import { FrameReader } from './frame-reader.ts';
import { wireBytes, writeFrame, writeFrameParts } from './frame-writer.ts';
import { PartAssembler } from './part-assembler.ts';

/** A header as the tables in frame-header.ts lay it out, built field by field with Node's own writers. */
function headerByHand(frame: Frame, payloadBytes: number, partIndex = 0, partCount = 1): Buffer {
  const { track = 0, encoderTimeMs = 0 } = frame;
  const isLong = track !== 0 || encoderTimeMs !== 0;
  const header = Buffer.alloc(isLong ? 52 : 40);
  header.writeUInt8(isLong ? 2 : 1, 0);
  header.writeUInt8(frame.kind, 1);
  header.writeUInt8(frame.codec, 2);
  header.writeUInt8(frame.flags, 3);
  header.writeUInt32BE(payloadBytes, 4);
  header.writeBigUInt64BE(BigInt(frame.epoch), 8);
  header.writeBigUInt64BE(BigInt(frame.sequence), 16);
  header.writeBigInt64BE(BigInt(frame.dts90k), 24);
  header.writeInt32BE(frame.compositionOffset90k, 32);
  header.writeUInt16BE(partIndex, 36);
  header.writeUInt16BE(partCount, 38);
  if (isLong) {
    header.writeUInt16BE(52, 40);
    header.writeUInt16BE(track, 42);
    header.writeBigUInt64BE(BigInt(encoderTimeMs), 44);
  }
  return header;
}

const base: Frame = {
  kind: FrameKind.video,
  codec: Codec.h264,
  flags: 0,
  epoch: 1_795_000_000_000,
  sequence: 1,
  dts90k: 0,
  compositionOffset90k: 0,
  payload: Buffer.from('payload'),
};
const MAX = Number.MAX_SAFE_INTEGER;
const table: [string, Frame][] = [
  ['an ordinary frame', base],
  ['every flag', { ...base, flags: 0xff }],
  ['an empty end frame', { ...base, kind: FrameKind.end, codec: Codec.none, payload: Buffer.alloc(0) }],
  ['the greatest numbers', { ...base, epoch: MAX, sequence: MAX, dts90k: MAX, compositionOffset90k: 0x7fff_ffff }],
  ['the smallest numbers', { ...base, epoch: 0, sequence: 1, dts90k: -MAX, compositionOffset90k: -0x8000_0000 }],
  ['a decode time of -1', { ...base, dts90k: -1, compositionOffset90k: -1 }],
  ['numbers around 2^32', { ...base, epoch: 2 ** 32, sequence: 2 ** 32 - 1, dts90k: -(2 ** 32) }],
  ['audio', { ...base, kind: FrameKind.audio, codec: Codec.mp3, flags: FrameFlag.keyframe }],
  ['a kind and a codec of a newer release', { ...base, kind: 5, codec: 200 }],
  ['a kind and a codec without meaning', { ...base, kind: 0, codec: 255 }],
  ['a further track', { ...base, track: 0xffff, encoderTimeMs: undefined }],
  ['the time of the encoder', { ...base, track: 0, encoderTimeMs: 1_795_000_000_123 }],
  ['both, at their greatest', { ...base, track: 0xffff, encoderTimeMs: MAX }],
];

function encode(...frames: Frame[]): Uint8Array {
  const message = new Uint8Array(frames.reduce((sum, frame) => sum + wireBytes(frame), 0));
  frames.reduce((at, frame) => writeFrame(message, at, frame), 0);
  return message;
}

function decode(message: Uint8Array): Frame[] {
  const reader = new FrameReader(message);
  const frames: Frame[] = [];
  while (reader.next()) frames.push(reader.frame(reader.payload()));
  return frames;
}

const plain = (frames: readonly Frame[]): object[] =>
  frames.map((frame) => ({ ...frame, payload: Buffer.from(frame.payload).toString('hex') }));

const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'nothing was thrown';
  } catch (error) {
    return error instanceof FrameCodecError ? error.code : String(error);
  }
};

describe('a frame on the wire', () => {
  it.each(table)('%s: as laid out, and back', (_, frame) => {
    const expected = Buffer.concat([headerByHand(frame, frame.payload.byteLength), frame.payload]);
    expect(Buffer.from(encode(frame)).toString('hex')).toBe(expected.toString('hex'));
    expect(plain(decode(expected))).toEqual(plain([frame]));
  });

  it('follows others in one message', () => {
    const frames = table.map(([, frame]) => frame);
    expect(plain(decode(encode(...frames)))).toEqual(plain(frames));
    expect(decode(new Uint8Array(0))).toEqual([]);
  });

  it('is read without copying its payload', () => {
    const message = encode(base);
    expect(decode(message)[0]!.payload.buffer).toBe(message.buffer);
  });

  it('fails cleanly at every truncation', () => {
    const message = encode(base, base);
    for (let length = 1; length < message.length; length++) {
      if (length === wireBytes(base)) continue;
      expect(codeOf(() => decode(message.subarray(0, length)))).toBe('ended-early');
    }
    const long = encode({ ...base, track: 1 });
    for (let length = 1; length < long.length; length++)
      expect(codeOf(() => decode(long.subarray(0, length)))).toBe('ended-early');
  });

  it('is read past fields of a header that only a newer release knows', () => {
    const frame = { ...base, track: 3, encoderTimeMs: 1_795_000_000_123 };
    const header = headerByHand(frame, frame.payload.byteLength);
    header.writeUInt16BE(60, 40);
    const newer = Buffer.concat([header, Buffer.from('newer...'), frame.payload]);
    expect(plain(decode(Buffer.concat([newer, encode(base), newer])))).toEqual(plain([frame, base, frame]));
  });

  it.each([
    ['shorter than what every header of its version has', 51, 'out-of-range'],
    ['longer than the message', 1_000, 'ended-early'],
  ])('is refused when its header says that it is %s', (_, length, code) => {
    const message = Buffer.from(encode({ ...base, track: 1 }));
    message.writeUInt16BE(length, 40);
    expect(codeOf(() => decode(message))).toBe(code);
  });

  it.each([
    ['version 0', 0, [0], 'unknown-version'],
    ['version 3', 0, [3], 'unknown-version'],
    ['a payload that is longer than the message', 4, [0xff, 0xff, 0xff, 0xff], 'ended-early'],
    ['an epoch of 2^53', 8, [0, 0x20, 0, 0, 0, 0, 0, 0], 'out-of-range'],
    ['sequence 0', 16, [0, 0, 0, 0, 0, 0, 0, 0], 'out-of-range'],
    ['a decode time of -2^53', 24, [0xff, 0xe0, 0, 0, 0, 0, 0, 0], 'out-of-range'],
    ['part 1 of 1', 36, [0, 1], 'bad-parts'],
    ['a part count of 0', 38, [0, 0], 'bad-parts'],
  ])('refuses %s', (_, at, bytes, code) => {
    const message = encode(base);
    message.set(bytes, at);
    expect(codeOf(() => decode(message))).toBe(code);
  });

  it.each([
    ['a fractional decode time', { dts90k: 0.5 }],
    ['a decode time of 2^53', { dts90k: 2 ** 53 }],
    ['no number', { dts90k: NaN }],
    ['a negative epoch', { epoch: -1 }],
    ['sequence 0', { sequence: 0 }],
    ['an offset of 2^31', { compositionOffset90k: 2 ** 31 }],
    ['flags of nine bits', { flags: 256 }],
    ['a kind of nine bits', { kind: 256 }],
    ['a codec below 0', { codec: -1 }],
    ['a track of 17 bits', { track: 0x1_0000 }],
    ['a time of the encoder of 0, which means that it is unknown', { encoderTimeMs: 0 }],
    ['a fractional time of the encoder', { encoderTimeMs: 1.5 }],
  ])('is not made from %s', (_, fields) => {
    expect(codeOf(() => assertEncodable({ ...base, ...fields }))).toBe('out-of-range');
  });

  it('is never read as anything but frames or a FrameCodecError, whatever the bytes', () => {
    const random = fc.uint8Array({ maxLength: 200 });
    const damaged = fc
      .tuple(fc.nat(encode(base, base).length - 1), fc.integer({ min: 0, max: 255 }))
      .map(([at, value]) => encode(base, base).fill(value, at, at + 1));
    fc.assert(
      fc.property(fc.oneof(random, damaged), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameCodecError);
        }
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('comes back as it went in, whatever it holds', () => {
    const frames = fc.record({
      kind: fc.integer({ min: 0, max: 255 }),
      codec: fc.integer({ min: 0, max: 255 }),
      flags: fc.integer({ min: 0, max: 255 }),
      epoch: fc.maxSafeNat(),
      sequence: fc.integer({ min: 1, max: MAX }),
      dts90k: fc.maxSafeInteger(),
      compositionOffset90k: fc.integer(),
      payload: fc.uint8Array({ maxLength: 100 }),
      track: fc.constantFrom(undefined, 1, 0xffff),
      encoderTimeMs: fc.option(fc.integer({ min: 1, max: MAX }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 5 }), (drawn) => {
        // What is read in a header of version 2 has a number for its track.
        const list = drawn.map((frame) =>
          frame.encoderTimeMs === undefined ? frame : { ...frame, track: frame.track ?? 0 },
        );
        expect(plain(decode(encode(...list)))).toEqual(plain(list));
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });
});

describe('a frame in parts', () => {
  const large: Frame = { ...base, payload: Buffer.from(Array.from({ length: 1_000 }, (_, index) => index & 0xff)) };
  const parts = [...writeFrameParts(large, FRAME_HEADER_BYTES + 300)];
  const push = (assembler: PartAssembler, message: Uint8Array): Frame | undefined => {
    const reader = new FrameReader(message);
    expect(reader.next()).toBe(true);
    return assembler.push(reader);
  };

  it('repeats the header in each and counts them', () => {
    const expected = [300, 300, 300, 100].map((bytes, index) =>
      Buffer.concat([headerByHand(large, bytes, index, 4), large.payload.subarray(index * 300, index * 300 + bytes)]),
    );
    expect(parts.map((part) => Buffer.from(part).toString('hex'))).toEqual(expected.map((b) => b.toString('hex')));
  });

  it('is whole with the last one', () => {
    const assembler = new PartAssembler(1_000);
    const results = parts.map((part) => push(assembler, part));
    expect(results.slice(0, -1)).toEqual([undefined, undefined, undefined]);
    expect(plain([results[3]!])).toEqual(plain([large]));
  });

  it('repeats the longer header in each, too', () => {
    const second: Frame = { ...large, track: 2, encoderTimeMs: 1_795_000_000_123 };
    const messages = [...writeFrameParts(second, 52 + 300)];
    const expected = [300, 300, 300, 100].map((bytes, index) =>
      Buffer.concat([headerByHand(second, bytes, index, 4), large.payload.subarray(index * 300, index * 300 + bytes)]),
    );
    expect(messages.map((part) => Buffer.from(part).toString('hex'))).toEqual(expected.map((b) => b.toString('hex')));
    const assembler = new PartAssembler(1_000);
    expect(plain([messages.map((part) => push(assembler, part)).at(-1)!])).toEqual(plain([second]));
  });

  it('is missing when a part is, and does not disturb the next one', () => {
    const assembler = new PartAssembler(1_000);
    const next = [...writeFrameParts({ ...large, sequence: 2 }, FRAME_HEADER_BYTES + 300)];
    for (const index of [0, 1, 3]) expect(push(assembler, parts[index]!)).toBeUndefined();
    for (const index of [1, 2, 3]) expect(push(assembler, parts[index]!)).toBeUndefined();
    expect(push(assembler, parts[0]!)).toBeUndefined();
    expect(next.map((part) => push(assembler, part)?.sequence)).toEqual([undefined, undefined, undefined, 2]);
  });

  it.each([
    ['number', { sequence: 2 }],
    ['epoch', { epoch: large.epoch + 1 }],
  ])('is not made of parts of another frame: another %s', (_, other) => {
    const assembler = new PartAssembler(1_000);
    const next = [...writeFrameParts({ ...large, ...other }, FRAME_HEADER_BYTES + 300)];
    push(assembler, parts[0]!);
    for (const part of next.slice(1)) expect(push(assembler, part)).toBeUndefined();
  });

  it('starts anew when it is sent again from the beginning', () => {
    const assembler = new PartAssembler(1_000);
    for (const part of parts.slice(0, 2)) push(assembler, part);
    expect(parts.map((part) => push(assembler, part)).at(-1)?.payload.byteLength).toBe(1_000);
  });

  it('is not collected beyond the limit', () => {
    const assembler = new PartAssembler(999);
    for (const part of parts.slice(0, 3)) push(assembler, part);
    expect(codeOf(() => push(assembler, parts[3]!))).toBe('too-large');
  });

  it('is refused when it would take more parts than can be counted', () => {
    expect(codeOf(() => [...writeFrameParts({ ...base, payload: new Uint8Array(70_000) }, 41)])).toBe('bad-parts');
    expect(codeOf(() => [...writeFrameParts(base, 40)])).toBe('bad-parts');
  });
});
