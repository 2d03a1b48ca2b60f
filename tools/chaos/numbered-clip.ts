// A clip whose pictures carry numbers: what an encoder publishes, and what is looked for in the segments that viewers get.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const AUDIO = 8;
const VIDEO = 9;
const KEYFRAME = 1;
/** Of the second byte of a tag with H.264: what follows, and nothing, after `CODED`. AAC has the same first two. */
const SEQUENCE_HEADER = 0;
const CODED = 1;
/** FLV's two bytes of frame type and packet type, and three of composition time, before the NAL units. */
const AVC_HEADER_BYTES = 5;

/** ITU-T H.264 table 7-1: a supplemental enhancement information NAL unit; annex D.1.7: user data, unregistered. */
const SEI_NAL_UNIT = 6;
const USER_DATA_UNREGISTERED = 5;
/** Names the numbers below among other user data. Without a zero byte: nothing in it has to be escaped (H.264 §7.4.1). */
const NUMBER_UUID = Buffer.from('6d696c6c726163652d6368616f732d31', 'hex');
const NUMBER_DIGITS = 10;
const HASH_CHARACTERS = 16;
const STOP_BIT = 0x80;

export interface ClipTag {
  readonly kind: 'video' | 'audio';
  readonly timestampMs: number;
  readonly isKeyframe: boolean;
  /** Parameters of a codec, not media: sent first on every connection. */
  readonly isConfiguration: boolean;
  readonly body: Buffer;
}

export interface NumberedPicture {
  readonly number: number;
  /** Whether its slices are those that were published with this number. */
  readonly isIntact: boolean;
}

/** Reads an FLV file (Adobe FLV 10.1 annex E) with H.264 and AAC. */
export function readClip(path: string): ClipTag[] {
  const file = readFileSync(path);
  const tags: ClipTag[] = [];
  for (let at = file.readUInt32BE(5) + 4; at + 11 <= file.length;) {
    const length = file.readUIntBE(at + 1, 3);
    const body = file.subarray(at + 11, at + 11 + length);
    const type = file[at];
    const hasContent = body[1] === SEQUENCE_HEADER || body[1] === CODED;
    if ((type === VIDEO || type === AUDIO) && hasContent) {
      tags.push({
        kind: type === VIDEO ? 'video' : 'audio',
        timestampMs: file.readUIntBE(at + 4, 3) + (file[at + 7] ?? 0) * 2 ** 24,
        isKeyframe: type === VIDEO && (body[0] ?? 0) >> 4 === KEYFRAME,
        isConfiguration: body[1] === SEQUENCE_HEADER,
        body,
      });
    }
    at += 11 + length + 4;
  }
  return tags;
}

const hashes = new WeakMap<Buffer, string>();

/** @returns the body of a picture's tag with its number, and a hash of its slices, in front of its NAL units */
export function numberPicture({ body }: ClipTag, number: number): Buffer {
  let hash = hashes.get(body);
  if (hash === undefined) {
    hash = hashOfSlices(lengthPrefixed(body.subarray(AVC_HEADER_BYTES)));
    hashes.set(body, hash);
  }
  const text = String(number).padStart(NUMBER_DIGITS, '0') + hash;
  const unit = Buffer.concat([
    Buffer.from([SEI_NAL_UNIT, USER_DATA_UNREGISTERED, NUMBER_UUID.length + text.length]),
    NUMBER_UUID,
    Buffer.from(text),
    Buffer.from([STOP_BIT]),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(unit.length);
  return Buffer.concat([body.subarray(0, AVC_HEADER_BYTES), length, unit, body.subarray(AVC_HEADER_BYTES)]);
}

/** @returns undefined when none of these NAL units carries a number */
export function readNumber(nalUnits: readonly Buffer[]): NumberedPicture | undefined {
  for (const unit of nalUnits) {
    if (unit[0] !== SEI_NAL_UNIT || !unit.subarray(3, 3 + NUMBER_UUID.length).equals(NUMBER_UUID)) continue;
    const text = unit.toString('latin1', 3 + NUMBER_UUID.length);
    const hash = text.slice(NUMBER_DIGITS, NUMBER_DIGITS + HASH_CHARACTERS);
    return { number: Number(text.slice(0, NUMBER_DIGITS)), isIntact: hash === hashOfSlices(nalUnits) };
  }
  return undefined;
}

/** Slices are NAL units of types 1 to 5 (H.264 table 7-1): what must arrive. Delimiters and parameter sets may be added. */
function hashOfSlices(nalUnits: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const unit of nalUnits) {
    const type = (unit[0] ?? 0) & 31;
    if (type >= 1 && type <= 5) hash.update(unit);
  }
  return hash.digest('base64url').slice(0, HASH_CHARACTERS);
}

/** NAL units with four bytes of length before each, as FLV has them. */
function lengthPrefixed(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at + 4 < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    units.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return units;
}
