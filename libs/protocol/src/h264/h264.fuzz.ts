import type { NalLengthSize } from './index.ts';
import {
  classifyAccessUnit,
  decodeAvcConfiguration,
  decodeSps,
  encodeAvcConfiguration,
  joinAccessUnit,
  readPpsIds,
  readSliceHead,
  splitAccessUnit,
  splitAnnexB,
} from './index.ts';

const READERS: readonly ((bytes: Uint8Array) => unknown)[] = [
  (bytes) => encodeAvcConfiguration(decodeAvcConfiguration(bytes)),
  (bytes) => decodeSps(bytes),
  (bytes) => decodeSps(Buffer.concat([Buffer.from([0x67]), bytes])),
  (bytes) => readPpsIds(bytes),
  (bytes) => readSliceHead(bytes),
  (bytes) => splitAnnexB(bytes),
  ...([1, 2, 4] as const).map((size: NalLengthSize) => (bytes: Uint8Array) => {
    classifyAccessUnit(bytes, size);
    const again = joinAccessUnit(splitAccessUnit(bytes, size), size);
    if (!again.equals(bytes)) throw new Error('an access unit came out otherwise than it went in');
  }),
];

/** The first byte chooses the reader, the rest is its input. */
export function fuzz(data: Uint8Array): void {
  READERS[(data[0] ?? 0) % READERS.length]?.(data.subarray(1));
}
