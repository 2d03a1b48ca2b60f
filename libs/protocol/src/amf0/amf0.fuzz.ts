import { AmfDictionary, AmfEcmaArray, decodeAmf0, encodeAmf0 } from './index.ts';

/** So short that no replaced character makes a key too long to be written again. */
const MAX_INPUT_BYTES = 16_384;
/** References are written out, and replacement characters take three bytes for one. */
const REWRITTEN = { maxDepth: 32, maxBytes: 1024 * MAX_INPUT_BYTES };

export const seeds: readonly Uint8Array[] = [
  encodeAmf0('connect', 1, { app: 'live', tcUrl: 'rtmp://host/live', fourCcList: ['avc1'] }),
  encodeAmf0('@setDataFrame', 'onMetaData', new AmfEcmaArray({ width: 1280, height: 720, stereo: true })),
  encodeAmf0([null, undefined, true, { a: [new Date(0).getTime()] }], new AmfDictionary([['k', 1.5]])),
  // An object, and twice the reference to it, in an array.
  Buffer.from('0a00000003 03000161050000 09 070001 070001'.replaceAll(' ', ''), 'hex'),
];

/** What is read can be written, and what was written reads as the same. */
export function fuzz(data: Uint8Array): void {
  const values = decodeAmf0(data.subarray(0, MAX_INPUT_BYTES));
  const written = encodeAmf0(...values);
  if (!encodeAmf0(...decodeAmf0(written, REWRITTEN)).equals(written)) throw new Error('written again, it differs');
}
