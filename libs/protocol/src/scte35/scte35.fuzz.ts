import { crc32Mpeg2 } from '../mpegts/crc32.ts';
import { decodeSpliceInfo } from './index.ts';

/** The samples of SCTE 35 section 14 without table, length and CRC, which are put in. */
export const seeds: readonly Uint8Array[] = [
  '/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==',
  '/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=',
].map((text) => Buffer.from(text, 'base64').subarray(3, -4));

/** The table, the length and the CRC are right, so that what is behind them is read. */
export function fuzz(data: Uint8Array): void {
  const body = data.subarray(0, 4_000);
  const section = Buffer.alloc(3 + body.length + 4);
  section[0] = 0xfc;
  section.writeUInt16BE(0x3000 | (body.length + 4), 1);
  section.set(body, 3);
  section.writeUInt32BE(crc32Mpeg2(section.subarray(0, -4)), section.length - 4);
  const { segmentations, insert } = decodeSpliceInfo(section);
  if (segmentations.length * 11 > body.length) throw new Error('more descriptors than bytes');
  if (insert?.duration90k !== undefined && insert.duration90k >= 2 ** 33) throw new Error('an impossible duration');
}
