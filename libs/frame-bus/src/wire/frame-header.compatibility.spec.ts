// During a rolling update both releases write, and both read (docs/decisions/0040).
import { readFileSync } from 'node:fs';
import { Codec, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from './frame-reader.ts';
import { wireBytes, writeFrame, writeFrameParts } from './frame-writer.ts';
import { PartAssembler } from './part-assembler.ts';

interface Released {
  readonly FrameReader: new (message: Uint8Array) => Pick<FrameReader, 'next' | 'payload' | 'frame'>;
  readonly writeFrame: typeof writeFrame;
  readonly writeFrameParts: typeof writeFrameParts;
}

const fixture = (file: string): URL => new URL(`../../fixtures/release-0.1.0/${file}`, import.meta.url);
const load = async (file: string): Promise<object> => (await import(fixture(file).pathname)) as object;
const released = { ...(await load('frame-reader.ts')), ...(await load('frame-writer.ts')) } as Released;

interface Recorded {
  readonly messages: readonly string[];
  readonly frames: readonly (Omit<Frame, 'payload'> & { readonly payload: string })[];
}
const recorded = JSON.parse(readFileSync(fixture('messages.json'), 'utf8')) as Recorded[];

function message(frames: readonly Frame[], write: typeof writeFrame): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + wireBytes(frame), 0));
  frames.reduce((at, frame) => write(bytes, at, frame), 0);
  return bytes;
}

function readAll(reader: Pick<FrameReader, 'next' | 'payload' | 'frame'>): Frame[] {
  const frames: Frame[] = [];
  while (reader.next()) frames.push(reader.frame(reader.payload()));
  return frames;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const plain = (frames: readonly Frame[]): object[] =>
  frames.map((frame) => ({ ...frame, payload: hex(frame.payload) }));

/** All that version 1 can express. */
const frames = fc.record({
  kind: fc.constantFrom(FrameKind.video, FrameKind.audio, FrameKind.data, FrameKind.end),
  codec: fc.constantFrom(Codec.none, Codec.h264, Codec.aac, Codec.mp3),
  flags: fc.integer({ min: 0, max: 255 }),
  epoch: fc.maxSafeNat(),
  sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  dts90k: fc.maxSafeInteger(),
  compositionOffset90k: fc.integer(),
  payload: fc.uint8Array({ maxLength: 100 }),
});

describe('what this release writes', () => {
  it('is, byte for byte, what the release before wrote, and read by it', () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 5 }), fc.constantFrom({}, { track: 0 }), (list, track) => {
        const bytes = message(
          list.map((frame) => ({ ...frame, ...track })),
          writeFrame,
        );
        expect(hex(bytes)).toBe(hex(message(list, released.writeFrame)));
        expect(plain(readAll(new released.FrameReader(bytes)))).toEqual(plain(list));
      }),
      { interruptAfterTimeLimit: 2_000 },
    );
  });

  it('is the same in parts', () => {
    const frame: Frame = { ...fc.sample(frames, { numRuns: 1, seed: 1 })[0]!, payload: Buffer.alloc(1_000, 'parts') };
    expect([...writeFrameParts(frame, 300)].map(hex)).toEqual([...released.writeFrameParts(frame, 300)].map(hex));
  });
});

describe('what the release before wrote', () => {
  it.each(recorded.map((record, index) => [index, record] as const))('is read: recording %i', (_, record) => {
    const assembler = new PartAssembler(10_000);
    const read = record.messages.flatMap((text) => {
      const reader = new FrameReader(Buffer.from(text, 'hex'));
      const list: Frame[] = [];
      while (reader.next()) {
        const frame = reader.partCount === 1 ? reader.frame(reader.payload()) : assembler.push(reader);
        if (frame !== undefined) list.push(frame);
      }
      return list;
    });
    expect(plain(read)).toEqual(record.frames);
  });
});
