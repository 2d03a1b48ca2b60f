import { AmfBytes, AmfEcmaArray, AmfTypedObject, AmfVector, AmfXml, decodeAmf3, encodeAmf3 } from './index.ts';

const MAX_INPUT_BYTES = 16_384;
/** References are written out, and replacement characters take three bytes for one. */
const REWRITTEN = { maxDepth: 32, maxBytes: 1024 * MAX_INPUT_BYTES };

export const seeds: readonly Uint8Array[] = [
  encodeAmf3({ a: 1, b: 1.5, c: 'text', d: [true, null, undefined] }),
  encodeAmf3([new AmfEcmaArray({ x: 1 }, [2]), new AmfTypedObject('C', { y: 3 }), new AmfXml('<a/>', true)]),
  encodeAmf3([new AmfBytes(Buffer.of(1, 2)), new AmfVector('int', [1, -1]), new AmfVector('object', ['a', 'b'])]),
  // Two objects that share traits, and a string by reference.
  Buffer.from('090501 0a1b0350 0378 0401 0379 0402 01 0a01 0600 01'.replaceAll(' ', ''), 'hex'),
  // An empty array, and twice the reference to it, in an array.
  Buffer.from('090701 090101 0902 0902'.replaceAll(' ', ''), 'hex'),
];

/** What is read can be written, and what was written reads as the same. */
export function fuzz(data: Uint8Array): void {
  const value = decodeAmf3(data.subarray(0, MAX_INPUT_BYTES));
  const written = encodeAmf3(value);
  if (!encodeAmf3(decodeAmf3(written, REWRITTEN)).equals(written)) throw new Error('written again, it differs');
}
