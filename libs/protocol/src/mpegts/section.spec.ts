import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import type { ProgramMap } from './testing/index.ts';
import { decodePat, decodePmt, decodeSection, encodePat, encodePmt, encodeSection } from './testing/index.ts';

/** A PAT and a PMT as FFmpeg 5.1 writes them, with its descriptors. */
const PAT = hex('00b00d0001c100000001f0002ab104b2');

const programMap: ProgramMap = {
  programNumber: 1,
  version: 0,
  current: true,
  pcrPid: 0x100,
  descriptors: hex(''),
  streams: [
    { streamType: 0x1b, pid: 0x100, descriptors: hex('') },
    { streamType: 0x0f, pid: 0x101, descriptors: hex('0a04756e6400') },
  ],
};

describe('section', () => {
  it('PAT is read and written', () => {
    const pat = { transportStreamId: 1, version: 0, current: true, programs: [{ programNumber: 1, pid: 0x1000 }] };
    expect(decodePat(PAT)).toEqual(pat);
    expect(encodePat(pat)).toEqual(PAT);
  });

  it('PAT with a network PID and two programs is read and written', () => {
    const pat = {
      transportStreamId: 0xabcd,
      version: 31,
      current: false,
      programs: [
        { programNumber: 0, pid: 0x10 },
        { programNumber: 7, pid: 0x1ffe },
      ],
    };
    expect(encodePat(pat).subarray(0, 16)).toEqual(hex('00b011abcdfe00000000e0100007fffe'));
    expect(decodePat(encodePat(pat))).toEqual(pat);
  });

  it('PMT is read and written', () => {
    const bytes = encodePmt(programMap);
    expect(bytes.subarray(0, -4)).toEqual(hex('02b01d 0001 c1 00 00 e100 f000 1b e100 f000 0f e101 f006 0a04756e6400'));
    expect(decodePmt(bytes)).toEqual(programMap);
  });

  it('comes back from any content, and no changed bit goes unseen', () => {
    const section = fc.record({
      tableId: fc.nat(0xff),
      tableIdExtension: fc.nat(0xffff),
      version: fc.nat(31),
      current: fc.boolean(),
      sectionNumber: fc.nat(255),
      lastSectionNumber: fc.nat(255),
      body: fc.uint8Array({ maxLength: 1012 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(section, fc.nat(), (fields, at) => {
        const bytes = encodeSection(fields);
        expect(decodeSection(bytes)).toEqual(fields);
        const bit = at % (bytes.length * 8);
        bytes[bit >> 3] = bytes[bit >> 3]! ^ (0x80 >> (bit & 7));
        // Bits of section_syntax_indicator and section_length show in other ways, reserved bits by the CRC.
        const fault = faultOf(() => decodeSection(bytes));
        expect(fault).toMatch(/^(mpegts\.section\.(crc|syntax|length)|ended-early)$/);
      }),
    );
  });

  it('every truncation is refused', () => {
    for (let length = 0; length < PAT.length; length++) {
      expect(faultOf(() => decodePat(PAT.subarray(0, length)))).toBe('ended-early');
    }
  });

  it.each<[string, () => unknown, string]>([
    ['a PMT where a PAT belongs', () => decodePat(encodePmt(programMap)), 'mpegts.pat.table-id'],
    ['a PAT where a PMT belongs', () => decodePmt(PAT), 'mpegts.pmt.table-id'],
    ['the short form', () => decodeSection(hex('00300d0001c100000001f0002ab104b2')), 'mpegts.section.syntax'],
    ['a length above 1021', () => decodeSection(hex('00b3fe').fill(0, 3)), 'mpegts.section.length'],
    [
      'a length without room for its CRC',
      () => decodeSection(hex('00b0080001c10000aabbccdd')),
      'mpegts.section.length',
    ],
    [
      'descriptors longer than the PMT',
      () => decodePmt(encodeSection({ ...decodeSection(encodePmt(programMap)), body: hex('e100f004') })),
      'ended-early',
    ],
    [
      'half a stream',
      () => decodePmt(encodeSection({ ...decodeSection(encodePmt(programMap)), body: hex('e100f000 1be1') })),
      'ended-early',
    ],
  ])('with %s is refused', (_name, read, code) => {
    expect(faultOf(read)).toBe(code);
  });
});
