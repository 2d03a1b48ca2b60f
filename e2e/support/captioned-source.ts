// The source with captions in its pictures: CEA-608, in the SEI of H.264 (ATSC A/53 part 4 section 6.2.3).
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFlvTags } from './flv-tags.ts';
import type { FlvTag } from './flv-tags.ts';
import { SOURCE_FILE } from './source.ts';

/** With sound and pictures, and the size of the tag before the first one. */
const FLV_HEADER = Buffer.from('464c5601050000000900000000', 'hex');
const VIDEO = 9;
const TAG_HEADER_BYTES = 11;
const CODED_PICTURES = 1;
/** Of the FLV and AVC headers in front of the pictures. */
const PICTURE_AT = 5;
const SLICES = [1, 5];

/** CEA-608 section 8.4: codes of channel 1, each sent twice. */
const Control = {
  resumeCaptionLoading: [0x14, 0x20],
  eraseHidden: [0x14, 0x2e],
  bottomRow: [0x14, 0x70],
  endOfCaption: [0x14, 0x2f],
} as const;
type Pair = readonly [number, number];

/** A caption that is loaded and then shown, as pairs of bytes: one for each picture. */
function pairsOf(text: string): Pair[] {
  const twice = (pair: Pair): Pair[] => [pair, pair];
  const letters = Array.from({ length: Math.ceil(text.length / 2) }, (_, i): Pair => [
    text.charCodeAt(2 * i),
    text.charCodeAt(2 * i + 1) || 0,
  ]);
  const { resumeCaptionLoading, eraseHidden, bottomRow, endOfCaption } = Control;
  return [...[resumeCaptionLoading, eraseHidden, bottomRow].flatMap(twice), ...letters, ...twice(endOfCaption)];
}

/** Section 8.1: bytes have odd parity. */
function withParity(byte: number): number {
  let ones = 0;
  for (let bits = byte; bits > 0; bits >>= 1) ones += bits & 1;
  return ones % 2 === 0 ? byte | 0x80 : byte;
}

function seiOf([first, second]: Pair): Buffer {
  const captions = [0x03, 0x41, 0xff, 0xfc, withParity(first), withParity(second), 0xff];
  const payload = Buffer.from([0xb5, 0x00, 0x31, ...Buffer.from('GA94'), ...captions]);
  const nalUnit = Buffer.from([0x06, 0x04, payload.length, ...payload, 0x80]);
  return Buffer.concat([lengthOf(nalUnit), nalUnit]);
}

const lengthOf = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
};

/** In front of the first slice: what comes before it, such as parameter sets, stays in front. */
function insert(picture: Buffer, sei: Buffer): Buffer {
  let at = 0;
  while (at < picture.length && !SLICES.includes(picture[at + 4]! & 31)) at += 4 + picture.readUInt32BE(at);
  return Buffer.concat([picture.subarray(0, at), sei, picture.subarray(at)]);
}

/** FLV 10.1 section E.4.1. */
function tagBytes({ type, timestampMs, body }: FlvTag): Buffer {
  const header = Buffer.alloc(TAG_HEADER_BYTES);
  header[0] = type;
  header.writeUIntBE(body.length, 1, 3);
  header.writeUIntBE(timestampMs, 4, 3);
  return Buffer.concat([header, body, lengthOf(Buffer.concat([header, body]))]);
}

/**
 * @param texts are shown one after another, again and again
 * @returns the path of an FLV file
 */
export function captionedSource(folder: string, texts: readonly string[]): string {
  const tags = readFlvTags(SOURCE_FILE);
  const pictures = tags.filter(({ type, body }) => type === VIDEO && body[1] === CODED_PICTURES);
  const shownAt = ({ timestampMs, body }: FlvTag): number => timestampMs + ((body.readUIntBE(2, 3) << 8) >> 8);
  const pairs = texts.flatMap(pairsOf);
  // Pairs are in the order in which pictures are shown.
  const inOrder = pictures.toSorted((a, b) => shownAt(a) - shownAt(b));
  const places = new Map(inOrder.map((tag, index) => [tag, pairs[index % pairs.length]!]));
  const captioned = tags.map((tag) => {
    const pair = places.get(tag);
    if (pair === undefined) return tag;
    const picture = insert(tag.body.subarray(PICTURE_AT), seiOf(pair));
    return { ...tag, body: Buffer.concat([tag.body.subarray(0, PICTURE_AT), picture]) };
  });
  const path = join(folder, 'captioned.flv');
  writeFileSync(path, Buffer.concat([FLV_HEADER, ...captioned.map(tagBytes)]));
  return path;
}
