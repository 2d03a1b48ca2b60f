import {
  AccessUnitReader,
  classifyAccessUnit,
  joinAccessUnit,
  ParameterSetStore,
  splitAccessUnit,
  splitAnnexB,
} from '../nal/index.ts';
import type { NalLengthSize } from '../nal/index.ts';
import { hex } from '../testing/hex.ts';
import {
  decodeH264Configuration,
  decodeSps,
  encodeH264Configuration,
  H264_PARAMETER_SETS,
  H264_SYNTAX,
  readH264ParameterSets,
  readPpsIds,
  readSliceHead,
} from './index.ts';

const READERS: readonly ((bytes: Uint8Array) => unknown)[] = [
  (bytes) => encodeH264Configuration(decodeH264Configuration(bytes)),
  (bytes) => decodeSps(bytes),
  (bytes) => decodeSps(Buffer.concat([Buffer.from([0x67]), bytes])),
  (bytes) => readPpsIds(bytes),
  (bytes) => readSliceHead(bytes),
  (bytes) => splitAnnexB(bytes),
  ...([1, 2, 4] as const).map((size: NalLengthSize) => (bytes: Uint8Array) => {
    classifyAccessUnit(bytes, size, H264_SYNTAX);
    const again = joinAccessUnit(splitAccessUnit(bytes, size), size);
    if (!again.equals(bytes)) throw new Error('an access unit came out otherwise than it went in');
  }),
  (bytes) => {
    const store = new ParameterSetStore(H264_PARAMETER_SETS);
    const { sps, pps } = readH264ParameterSets(bytes);
    store.replace([...sps, ...pps]);
    if (store.isComplete) decodeH264Configuration(store.toRecord(4));
  },
  (bytes) => {
    const reader = new AccessUnitReader(H264_SYNTAX, 4);
    const read = reader.read(Buffer.from(bytes));
    if (read !== undefined && classifyAccessUnit(read, reader.lengthSize, H264_SYNTAX) !== reader.flags)
      throw new Error('an access unit that says something else than what was read');
  },
];

/** Good inputs, one for each reader. */
export const seeds: readonly Uint8Array[] = [
  hex('00 01 64001f ff e1 001a 6764001facd980f0117ef0110000030001000003003c0f18319a 01 0005 68e97b2c8b fdf8f800'),
  hex('01 67640020acd9405005bb011000000300100000078626000f424001e84e4d38078c18cb'),
  hex('02 64001eacd940b424dff8020001688000000300800000190f8a14cb'),
  hex('03 68cb83cb20'),
  hex('04 65b84010ff'),
  hex('05 0000000109f0 00000001 65aabb 000001 41'),
  hex('06 0265aa 0141'),
  hex('07 000265aa 000141'),
  hex('08 00000002 09f0 00000003 65aabb'),
  hex('09 00000001 6742c01ed900a02ff97011000003000100000300320f162e48 00000001 68cb83cb20'),
  hex('0a 00000000 00000002 09f0 00000003 65aabb 00'),
];

/** The first byte chooses the reader, the rest is its input. */
export function fuzz(data: Uint8Array): void {
  READERS[(data[0] ?? 0) % READERS.length]?.(data.subarray(1));
}
