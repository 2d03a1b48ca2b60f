// What a peer may send of each codec, cut short or beyond reason: it is refused with a typed error, and costs no more than its length.
import { readFileSync } from 'node:fs';
import { ProtocolError } from '@millrace/protocol/bytes';
import { FlvDecoder, FlvTagType, readAudioTag, readVideoTag } from '@millrace/protocol/flv';
import { describe, expect, it } from 'vitest';
import { CODECS } from './index.ts';
import type { CodecRules } from './index.ts';

/** The first record and frame of a codec in footage. */
function samples(file: string, codec: string): { readonly record: Buffer | undefined; readonly frame: Buffer } {
  let record: Buffer | undefined;
  for (const { type, data } of new FlvDecoder().push(
    readFileSync(new URL(`../../../media/bbb-${file}.flv`, import.meta.url)),
  )) {
    if (type !== FlvTagType.video && type !== FlvTagType.audio) continue;
    const tag = type === FlvTagType.video ? readVideoTag(data) : readAudioTag(data);
    const body = data.subarray(tag.dataOffset);
    if (tag.codec !== codec || body.length === 0) continue;
    if (tag.packetType === 0) record ??= body;
    if (tag.packetType === 1 || tag.packetType === 3) return { record, frame: body };
  }
  throw new Error(`no ${codec} in ${file}`);
}

const FOOTAGE = [
  ['h264', 'h264-aac'],
  ['h265', 'h265-aac-enhanced'],
  ['av1', 'av1-opus-enhanced'],
  ['vp9', 'vp9-enhanced'],
  ['aac', 'h264-aac'],
  ['opus', 'opus-enhanced'],
  ['flac', 'flac-enhanced'],
  ['ac3', 'ac3-enhanced'],
  ['eac3', 'eac3-enhanced'],
] as const;
const rulesNamed = (name: string): CodecRules =>
  Object.values<CodecRules>(CODECS).find((rules) => samplesNameOf(rules) === name)!;
const NAMES = ['', 'h264', 'aac', 'mp3', 'h265', 'ac3', 'eac3', 'opus', 'av1', 'vp9', 'flac'];
const samplesNameOf = ({ codec }: CodecRules): string => NAMES[codec]!;

/** The record as frames carry it. */
function recordOf(rules: CodecRules, given: Buffer | undefined, frame: Buffer): Buffer {
  const reader = rules.openReader();
  if ('judge' in reader) {
    if (given !== undefined && reader.judge(given) === 'new') reader.configure(given);
    const picture = reader.read(frame)!;
    reader.settle(picture, reader.contents);
  } else {
    if (given !== undefined) reader.configure(given);
    reader.open(frame);
  }
  return Buffer.from(reader.record!);
}

describe.each(FOOTAGE)('%s', (name, file) => {
  const rules = rulesNamed(name);
  const { record: given, frame } = samples(file, name);
  const record = recordOf(rules, given, frame);

  it('reads its record, and refuses every truncation of it with a typed error, or reads what is there', () => {
    expect(() => rules.readConfiguration(record)).not.toThrow();
    let refused = 0;
    for (let length = 0; length < record.length; length++) {
      try {
        rules.readConfiguration(record.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('takes no truncation of what an encoder sends for more than it is', () => {
    for (let length = 0; length < Math.min(frame.length, 400); length++) {
      const cut = frame.subarray(0, length);
      const reader = rules.openReader();
      if ('judge' in reader) {
        if (given !== undefined)
          expect(['new', 'repeated', 'unusable']).toContain(reader.judge(given.subarray(0, length)));
        expect((reader.read(cut) ?? cut).length).toBeLessThanOrEqual(length);
      } else {
        reader.configure(given?.subarray(0, length) ?? Buffer.alloc(0));
        reader.open(cut);
        while (reader.next()) expect(reader.payload.length).toBeLessThanOrEqual(length);
      }
    }
  });

  it.each([
    ['zeros', 0],
    ['ones', 0xff],
    ['lengths of nothing', 0x12],
  ])('is done with a megabyte of %s within a moment', (_what, byte) => {
    const bytes = Buffer.alloc(2 ** 20, byte);
    // A beginning that is believed, and then this.
    for (const body of [bytes, Buffer.concat([frame.subarray(0, 16), bytes]), Buffer.concat([record, bytes])]) {
      const before = process.cpuUsage();
      const reader = rules.openReader();
      if ('judge' in reader) {
        reader.judge(body);
        const picture = reader.read(body);
        if (picture !== undefined) reader.settle(picture, reader.contents);
      } else {
        reader.configure(body);
        reader.open(body);
        for (let frames = 0; frames < 1_000 && reader.next(); frames++);
      }
      expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
    }
  });
});
