import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../bytes/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { decodePesHeader, StreamId, writePesHeader } from './testing/index.ts';

/** ISO/IEC 13818-1 section 2.4.3.6: stream id, bytes of data, PTS, DTS, as bytes. */
const CASES: readonly [string, number, number, number, number, string][] = [
  ['audio', StreamId.audio, 100, 90_000, 90_000, '000001 c0 006c 80 80 05 210005bf21'],
  ['video without reordering', StreamId.video, 10, 0, 0, '000001 e0 0012 80 80 05 2100010001'],
  ['video with reordering', StreamId.video, 10, 2 ** 32, 1, '000001 e0 0017 80 c0 0a 3900010001 1100010003'],
  ['the longest video with a length', StreamId.video, 65_527, 0, 0, '000001 e0 ffff 80 80 05 2100010001'],
  ['longer video, without a length', StreamId.video, 65_528, 0, 0, '000001 e0 0000 80 80 05 2100010001'],
];

describe('PES header', () => {
  it.each(CASES)('of %s is written', (_name, streamId, dataBytes, pts, dts, expected) => {
    const bytes = Buffer.alloc(24);
    const end = writePesHeader(bytes, 0, streamId, dataBytes, pts, dts);
    expect(bytes.subarray(0, end)).toEqual(hex(expected));
  });

  it.each(CASES)('of %s is read', (_name, streamId, dataBytes, pts, dts, bytes) => {
    const reader = new ByteReader(hex(bytes), 'test');
    expect(decodePesHeader(reader)).toEqual({
      streamId,
      packetLength: dataBytes > 65_527 ? 0 : dataBytes + (pts === dts ? 8 : 13),
      pts,
      dts: pts === dts ? undefined : dts,
      dataAlignment: false,
      headerBytes: hex(bytes).length,
    });
    expect(reader.remaining).toBe(0);
  });

  it.each<[string, string, object]>([
    ['no timestamp', '000001 c0 0003 80 00 00', { pts: undefined, dts: undefined, headerBytes: 9 }],
    ['stuffing', '000001 c0 000b 84 80 08 2100010001 ffffff', { pts: 0, dataAlignment: true, headerBytes: 17 }],
  ])('with %s is read', (_name, bytes, expected) => {
    expect(decodePesHeader(new ByteReader(hex(bytes), 'test'))).toMatchObject(expected);
  });

  it.each<[string, string, string]>([
    ['no start code', '000002 e0 0000 80 80 05 2100010001', 'mpegts.pes.start-code'],
    ['the stream id of padding', '000001 be 0000 80 80 05 2100010001', 'mpegts.pes.stream-id'],
    ['flags of MPEG-1', '000001 e0 0000 21 80 05 2100010001', 'mpegts.pes.flags'],
    ['a DTS alone', '000001 e0 0000 80 40 05 1100010001', 'mpegts.pes.flags'],
    ['less header data than timestamps', '000001 e0 0000 80 c0 05 3100010001', 'ended-early'],
    ['a length shorter than the header', '000001 e0 0004 80 80 05 2100010001', 'mpegts.pes.length'],
  ])('with %s is refused', (_name, bytes, code) => {
    expect(faultOf(() => decodePesHeader(new ByteReader(hex(bytes), 'test')))).toBe(code);
  });

  it('every truncation is refused', () => {
    for (const [, , , , , bytes] of CASES) {
      for (let length = 0; length < hex(bytes).length; length++) {
        expect(faultOf(() => decodePesHeader(new ByteReader(hex(bytes).subarray(0, length), 'test')))).toBe(
          'ended-early',
        );
      }
    }
  });

  it('comes back with any timestamps', () => {
    const stamp = fc.nat(2 ** 31 - 1).chain((low) => fc.nat(3).map((high) => high * 2 ** 31 + low));
    fc.assert(
      fc.property(stamp, stamp, fc.nat(70_000), (pts, dts, dataBytes) => {
        const bytes = Buffer.alloc(19);
        const end = writePesHeader(bytes, 0, StreamId.video, dataBytes, pts, dts);
        const header = decodePesHeader(new ByteReader(bytes.subarray(0, end), 'test'));
        expect([header.pts, header.dts ?? header.pts]).toEqual([pts, dts]);
      }),
    );
  });
});
