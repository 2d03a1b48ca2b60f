// The tables of MPEG-TS in the project's protocol notes, one test each: a segment is made and read field by field.
import { describe, expect, it } from 'vitest';
import { muxSegment } from './index.ts';
import { crc32Mpeg2 } from './testing/index.ts';
import type { FieldRow } from './testing/field-walk.ts';
import { expectedFields, walkFields } from './testing/field-walk.ts';
import { both, picture, pictures, sounds } from './testing/synthetic.ts';

const { bytes } = muxSegment(both, [...pictures(3, 150), ...sounds(3)]);
const packet = (index: number): Buffer => bytes.subarray(index * 188, (index + 1) * 188);
const packets = Array.from({ length: bytes.length / 188 }, (_, index) => packet(index));
const pidOf = (one: Buffer): number => one.readUInt16BE(1) & 0x1fff;
const starts = (pid: number): Buffer[] => packets.filter((one) => pidOf(one) === pid && (one[1]! & 0x40) !== 0);
/** Behind header, adaptation field and (for tables) pointer_field. */
const payloadOf = (one: Buffer): Buffer => one.subarray((one[3]! & 0x20) === 0 ? 4 : 5 + one[4]!);

function check(content: Uint8Array, rows: readonly FieldRow[]): Record<string, number> {
  const actual = walkFields(content, rows);
  expect(actual).toEqual(expectedFields(rows, actual));
  return actual;
}

describe('protocol notes', () => {
  it('packets have 188 bytes', () => {
    expect(bytes.length % 188).toBe(0);
    for (const one of packets) expect(one[0]).toBe(0x47);
  });

  it('table "ts header"', () => {
    check(packet(0), [
      ['sync_byte', 8, 0x47],
      ['transport_error_indicator', 1, 0],
      ['payload_unit_start_indicator', 1, 1],
      ['transport_priority', 1, 0],
      ['pid', 13, 0],
      ['transport_scrambling_control', 2, 0],
      ['adaptation_field_control', 2, 0b01],
      ['continuity_counter', 4, 0],
    ]);
    const [first] = starts(0x100);
    check(first!, [
      ['sync_byte', 8, 0x47],
      ['transport_error_indicator', 1, 0],
      ['payload_unit_start_indicator', 1, 1],
      ['transport_priority', 1, 0],
      ['pid', 13, 0x100],
      ['transport_scrambling_control', 2, 0],
      ['adaptation_field_control', 2, 0b11],
      ['continuity_counter', 4, 0],
    ]);
    const counters = packets.filter((one) => pidOf(one) === 0x100).map((one) => one[3]! & 15);
    expect(counters).toEqual(counters.map((_, index) => index % 16));
  });

  it('table "adaptation field"', () => {
    const [keyframe, inter] = starts(0x100);
    // The notes give 5 bytes for the PCR; it has 33 + 6 + 9 bits (ISO/IEC 13818-1 section 2.4.3.5), which are 6 bytes.
    const pcr: readonly FieldRow[] = [
      ['pcr_base', 33, undefined],
      ['reserved', 6, 0x3f],
      ['pcr_extension', 9, 0],
    ];
    const key = check(keyframe!.subarray(4), [['adaptation_field_length', 8, undefined], ['flag', 8, 0x50], ...pcr]);
    expect(key['pcr_base']).toBe(900_000 - 18_000);
    const length = key['adaptation_field_length']!;
    // 0x40 of the notes marks entry points; a picture that is none has the PCR alone.
    const other = check(inter!.subarray(4), [['adaptation_field_length', 8, undefined], ['flag', 8, 0x10], ...pcr]);
    expect(other['pcr_base']).toBe(900_000 + 3_600 - 18_000);
    const stuffed = packets.filter((one) => (one[3]! & 0x20) !== 0 && one[4]! > 7);
    expect(stuffed.length).toBeGreaterThan(0);
    for (const one of stuffed) {
      const used = (one[5]! & 0x10) === 0 ? 6 : 12;
      expect(one.subarray(used, 5 + one[4]!).every((byte) => byte === 0xff)).toBe(true);
    }
    expect(length).toBeGreaterThanOrEqual(7);
  });

  it('table "adaptation field": 0x40 where an entry point carries no PCR', () => {
    const early = { ...picture(0, 150), keyframe: true };
    // An audio-only program has its PCR on the audio: every packet of it is an entry point with PCR.
    const audio = muxSegment({ ...both, video: undefined }, sounds(1)).bytes.subarray(2 * 188);
    expect(audio[5]).toBe(0x50);
    expect(muxSegment(both, [early]).bytes.subarray(2 * 188)[5]).toBe(0x50);
  });

  it('table "PAT"', () => {
    const payload = payloadOf(packet(0));
    expect(payload[0]).toBe(0);
    const section = payload.subarray(1, 17);
    const fields = check(section, [
      ['table_id', 8, 0x00],
      ['section_syntax_indicator', 1, 1],
      ['zero', 1, 0],
      ['reserved 1', 2, 0b11],
      ['section_length', 12, 13],
      ['transport_stream_id', 16, 0x0001],
      ['reserved 2', 2, 0b11],
      ['version_number', 5, 0],
      ['current_next_indicator', 1, 1],
      ['section_number', 8, 0],
      ['last_section_number', 8, 0],
      ['program_number', 16, 0x0001],
      ['reserved 3', 3, 0b111],
      ['PID', 13, 0x1000],
      ['CRC32', 32, undefined],
    ]);
    expect(fields['CRC32']).toBe(crc32Mpeg2(section.subarray(0, 12)));
    expect(payload.subarray(17).every((byte) => byte === 0xff)).toBe(true);
  });

  it('table "PMT"', () => {
    expect(pidOf(packet(1))).toBe(0x1000);
    const payload = payloadOf(packet(1));
    const section = payload.subarray(1, 27);
    const fields = check(section, [
      ['table_id', 8, 0x02],
      ['section_syntax_indicator', 1, 1],
      ['zero', 1, 0],
      ['reserved 1', 2, 0b11],
      ['section_length', 12, 23],
      ['program_number', 16, 0x0001],
      ['reserved 2', 2, 0b11],
      ['version_number', 5, 0],
      ['current_next_indicator', 1, 1],
      ['section_number', 8, 0],
      ['last_section_number', 8, 0],
      ['reserved 3', 3, 0b111],
      ['PCR_PID', 13, 0x100],
      ['reserved 4', 4, 0b1111],
      ['program_info_length', 12, 0],
      ['stream_type 1', 8, 0x1b],
      ['reserved 5', 3, 0b111],
      ['elementary_PID 1', 13, 0x100],
      ['reserved 6', 4, 0b1111],
      ['ES_info_length 1', 12, 0],
      ['stream_type 2', 8, 0x0f],
      ['reserved 7', 3, 0b111],
      ['elementary_PID 2', 13, 0x101],
      ['reserved 8', 4, 0b1111],
      ['ES_info_length 2', 12, 0],
      ['CRC32', 32, undefined],
    ]);
    expect(fields['CRC32']).toBe(crc32Mpeg2(section.subarray(0, 22)));
    const mp3 = muxSegment({ ...both, audio: { codec: 'mp3' } }, []).bytes;
    expect(mp3[188 + 5 + 17]).toBe(0x03);
  });

  it('table "pes"', () => {
    const reordered = muxSegment(both, [picture(90_000, 100, { keyframe: true, cto90k: 6_000 })]).bytes;
    const video = check(payloadOf(reordered.subarray(2 * 188, 3 * 188)), [
      ['pes start code', 24, 0x000001],
      ['stream id', 8, 0xe0],
      ['pes packet length', 16, 6 + (4 + 25) + (4 + 5) + (4 + 100) + 13],
      ['flag 1', 8, 0x80],
      ['flag 2', 8, 0xc0],
      ['pes data length', 8, 10],
      ['pts prefix', 4, 0b0011],
      ['pts 32..30', 3, 0],
      ['marker 1', 1, 1],
      ['pts 29..15', 15, (990_000 + 6_000) >> 15],
      ['marker 2', 1, 1],
      ['pts 14..0', 15, (990_000 + 6_000) & 0x7fff],
      ['marker 3', 1, 1],
      ['dts prefix', 4, 0b0001],
      ['dts 32..30', 3, 0],
      ['marker 4', 1, 1],
      ['dts 29..15', 15, 990_000 >> 15],
      ['marker 5', 1, 1],
      ['dts 14..0', 15, 990_000 & 0x7fff],
      ['marker 6', 1, 1],
      ['access unit delimiter', 32, 1],
    ]);
    expect(video['access unit delimiter']).toBe(1);
    check(payloadOf(starts(0x101)[0]!), [
      ['pes start code', 24, 0x000001],
      ['stream id', 8, 0xc0],
      ['pes packet length', 16, 8 + 3 * 307],
      ['flag 1', 8, 0x80],
      ['flag 2', 8, 0x80],
      ['pes data length', 8, 5],
      ['pts prefix', 4, 0b0010],
      ['pts 32..30', 3, 0],
      ['marker 1', 1, 1],
      ['pts 29..15', 15, 900_000 >> 15],
      ['marker 2', 1, 1],
      ['pts 14..0', 15, 900_000 & 0x7fff],
      ['marker 3', 1, 1],
      ['ADTS syncword', 12, 0xfff],
    ]);
  });
});
