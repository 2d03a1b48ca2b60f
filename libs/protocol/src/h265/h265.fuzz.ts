import { AccessUnitReader, classifyAccessUnit, ParameterSetStore } from '../nal/index.ts';
import { hex } from '../testing/hex.ts';
import {
  decodeH265Configuration,
  decodeH265Sps,
  encodeH265Configuration,
  H265_PARAMETER_SETS,
  H265_SYNTAX,
  readH265ParameterSets,
} from './index.ts';

const READERS: readonly ((bytes: Uint8Array) => unknown)[] = [
  (bytes) => encodeH265Configuration(decodeH265Configuration(bytes)),
  (bytes) => decodeH265Sps(Buffer.concat([hex('4201'), bytes])),
  (bytes) => classifyAccessUnit(bytes, 4, H265_SYNTAX),
  (bytes) => {
    const store = new ParameterSetStore(H265_PARAMETER_SETS);
    const { vps, sps, pps } = readH265ParameterSets(bytes);
    store.replace([...vps, ...sps, ...pps]);
    if (store.isComplete) decodeH265Configuration(store.toRecord(4));
  },
  (bytes) => {
    const reader = new AccessUnitReader(H265_SYNTAX, 4);
    const read = reader.read(Buffer.from(bytes));
    if (read !== undefined && classifyAccessUnit(read, reader.lengthSize, H265_SYNTAX) !== reader.flags)
      throw new Error('an access unit that says something else than what was read');
  },
];

const SPS = '42010101600000030090000003000003003ca00a080b9f796566924caf0169c20000030002000003003c10';
const RECORD =
  '0101600000009000000000003cf000fcfdf8f800000f03' +
  '2000010019 40010c01ffff01600000030090000003000003003c95980920' +
  `210001002b ${SPS} 2200010007 4401c172b46240`;

/** Good inputs, one for each reader. */
export const seeds: readonly Uint8Array[] = [
  hex(`00 ${RECORD}`),
  hex(`01 ${SPS.slice(4)}`),
  hex('02 00000003 460150 00000003 2601af 00000004 4e010580'),
  hex(`03 ${RECORD}`),
  hex('04 00000003 2601af 00000000'),
];

/** The first byte chooses the reader, the rest is its input. */
export function fuzz(data: Uint8Array): void {
  READERS[(data[0] ?? 0) % READERS.length]?.(data.subarray(1));
}
