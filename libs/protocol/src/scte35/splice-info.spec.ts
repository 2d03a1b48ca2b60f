// The samples of ANSI/SCTE 35 (2023) section 14, with the values that it gives for them.
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../bytes/index.ts';
import { crc32Mpeg2 } from '../mpegts/crc32.ts';
import { decodeSpliceInfo, encodeSpliceInsert } from './index.ts';

const section = (text: string): Buffer => Buffer.from(text, 'base64');
const OPPORTUNITY_START = '/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==';
const SPLICE_INSERT = '/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=';
const OPPORTUNITY_END = '/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g=';

/** With the CRC that belongs to it. */
function withCrc(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32Mpeg2(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

describe('a splice_info_section', () => {
  it.each([
    [
      'time_signal: placement opportunity start',
      OPPORTUNITY_START,
      {
        commandType: 6,
        insert: undefined,
        segmentations: [{ eventId: 0x4800008e, cancelled: false, typeId: 0x34, duration90k: 0x0001a599b0 }],
      },
    ],
    [
      'splice_insert',
      SPLICE_INSERT,
      {
        commandType: 5,
        insert: { eventId: 0x4800008f, cancelled: false, out: true, duration90k: 0x00052ccf5, autoReturn: true },
        segmentations: [],
      },
    ],
    [
      'time_signal: placement opportunity end',
      OPPORTUNITY_END,
      {
        commandType: 6,
        insert: undefined,
        segmentations: [{ eventId: 0x4800008e, cancelled: false, typeId: 0x35, duration90k: undefined }],
      },
    ],
  ])('is read: %s', (_name, text, expected) => {
    expect(decodeSpliceInfo(section(text))).toEqual(expected);
  });

  it('is read where it cancels, is immediate, or names components', () => {
    const insert = (hex: string): Buffer => {
      const command = Buffer.from(hex, 'hex');
      const bytes = Buffer.concat([
        Buffer.from(`fc30${(17 + command.length).toString(16).padStart(2, '0')}00000000000000fff0`, 'hex'),
        Buffer.of(command.length, 0x05),
        command,
        Buffer.alloc(6),
      ]);
      return withCrc(bytes);
    };
    expect(decodeSpliceInfo(insert('00000007ff')).insert).toMatchObject({ eventId: 7, cancelled: true });
    // In, immediate, whole program.
    expect(decodeSpliceInfo(insert('000000077f5f00010000')).insert).toMatchObject({ eventId: 7, out: false });
    // Out, two components, each at a time.
    const components = '000000077f8f' + '02' + '01fe00000001' + '027f' + '00010000';
    expect(decodeSpliceInfo(insert(components)).insert).toMatchObject({ out: true, duration90k: undefined });
  });

  it('is written as a splice_insert', () => {
    // By hand, from the tables of sections 9.6 and 9.7.3; 30 s are 2,700,000 ticks.
    const out = encodeSpliceInsert({ eventId: 7, out: true, duration90k: 2_700_000, autoReturn: true });
    expect(out.subarray(0, -4).toString('hex')).toBe(
      'fc3020' + '00' + '0000000000' + '00' + 'fff00f' + '05' + '000000077fff' + 'fe002932e0' + '00000000' + '0000',
    );
    for (const insert of [
      { eventId: 7, out: true, duration90k: 2_700_000, autoReturn: true },
      { eventId: 2 ** 32 - 1, out: true, duration90k: 2 ** 33 - 1, autoReturn: false },
      { eventId: 0, out: false, duration90k: undefined, autoReturn: false },
    ])
      expect(decodeSpliceInfo(encodeSpliceInsert(insert)).insert).toEqual({ ...insert, cancelled: false });
  });

  it('is refused when it is cut short, longer, changed anywhere, or encrypted', () => {
    const whole = section(SPLICE_INSERT);
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeSpliceInfo(whole.subarray(0, length))).toThrow(ProtocolError);
    expect(() => decodeSpliceInfo(Buffer.concat([whole, Buffer.of(0)]))).toThrow(ProtocolError);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0x10;
      expect(() => decodeSpliceInfo(changed)).toThrow(ProtocolError);
    }
    const encrypted = Buffer.from(whole);
    encrypted[4]! |= 0x80;
    expect(() => decodeSpliceInfo(withCrc(encrypted))).toThrow(/encrypted/);
  });

  it('is refused when lengths inside it lie', () => {
    for (const [at, value] of [
      // The command, the descriptors, and one of them.
      [12, 0x01],
      [12, 0xf0],
      [35, 0xff],
      [37, 0xff],
    ] as const) {
      const lying = section(SPLICE_INSERT);
      lying[at] = value;
      expect(() => decodeSpliceInfo(withCrc(lying))).toThrow(ProtocolError);
    }
  });
});
