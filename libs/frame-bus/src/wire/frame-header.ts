// The header of a frame on the wire: 40 bytes, big-endian, in front of every payload.
//
//   0  u8   version             1
//   1  u8   kind                FrameKind
//   2  u8   codec               Codec
//   3  u8   flags               bits of FrameFlag
//   4  u32  payload length      bytes that follow this header
//   8  u64  epoch               at most 2^53 - 1
//  16  u64  sequence            1 to 2^53 - 1
//  24  i64  decode time         90 kHz ticks, within ±(2^53 - 1)
//  32  i32  composition offset  90 kHz ticks
//  36  u16  part index          from 0; below the part count
//  38  u16  part count          1: the payload is whole
//
// A message is any number of these back to back, all of one stream. A frame that does not fit a message travels as
// `part count` messages that hold one part each and repeat the header but for payload length and part index.
import type { Frame } from '@millrace/domain';
import { FrameCodecError } from './frame-codec-error.ts';

export const FRAME_HEADER_VERSION = 1;
export const FRAME_HEADER_BYTES = 40;
/** The part count is a u16. */
export const MAX_PARTS = 0xffff;

const TWO_32 = 0x1_0000_0000;
const MAX_U8 = 0xff;
const MAX_U32 = 0xffff_ffff;
const MIN_I32 = -0x8000_0000;
const MAX_I32 = 0x7fff_ffff;

/**
 * Checks that a frame can stand on the wire: done once, when a publisher takes the frame.
 * @throws FrameCodecError when a field does not fit the format
 */
export function assertEncodable(frame: Frame): void {
  const offset = frame.compositionOffset90k;
  if (!Number.isSafeInteger(frame.epoch) || frame.epoch < 0) refuse('epoch', frame.epoch);
  if (!Number.isSafeInteger(frame.sequence) || frame.sequence < 1) refuse('sequence', frame.sequence);
  if (!Number.isSafeInteger(frame.dts90k)) refuse('dts', frame.dts90k);
  if (!Number.isInteger(offset) || offset < MIN_I32 || offset > MAX_I32) refuse('composition-offset', offset);
  if ((frame.flags & MAX_U8) !== frame.flags) refuse('flags', frame.flags);
  if (frame.payload.byteLength > MAX_U32) refuse('payload-length', frame.payload.byteLength);
}

function refuse(field: string, value: number): never {
  throw new FrameCodecError('out-of-range', `frame/header/${field}`, `${value} does not fit the field`);
}

/**
 * Writes the header of a frame that is encodable, or of one part of it, and returns the offset after it.
 *
 * @param payloadBytes length of what follows: the whole payload or this part of it
 */
export function writeFrameHeader(
  out: Uint8Array,
  at: number,
  frame: Frame,
  payloadBytes: number,
  partIndex: number,
  partCount: number,
): number {
  out[at] = FRAME_HEADER_VERSION;
  out[at + 1] = frame.kind;
  out[at + 2] = frame.codec;
  out[at + 3] = frame.flags;
  writeU32(out, at + 4, payloadBytes);
  writeInteger64(out, at + 8, frame.epoch);
  writeInteger64(out, at + 16, frame.sequence);
  writeInteger64(out, at + 24, frame.dts90k);
  writeU32(out, at + 32, frame.compositionOffset90k);
  out[at + 36] = partIndex >>> 8;
  out[at + 37] = partIndex;
  out[at + 38] = partCount >>> 8;
  out[at + 39] = partCount;
  return at + FRAME_HEADER_BYTES;
}

function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

/** Two's complement of a safe integer, in two halves: numbers and shifts are many times cheaper here than BigInt. */
function writeInteger64(out: Uint8Array, at: number, value: number): void {
  writeU32(out, at, Math.floor(value / TWO_32));
  writeU32(out, at + 4, value);
}

export function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function readI32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export function readU32(bytes: Uint8Array, at: number): number {
  return readI32(bytes, at) >>> 0;
}

/** @throws FrameCodecError when the unsigned number is not a safe integer */
export function readU64(bytes: Uint8Array, at: number, field: string): number {
  return safe(readU32(bytes, at) * TWO_32 + readU32(bytes, at + 4), field);
}

/** @throws FrameCodecError when the signed number is not a safe integer */
export function readI64(bytes: Uint8Array, at: number, field: string): number {
  return safe(readI32(bytes, at) * TWO_32 + readU32(bytes, at + 4), field);
}

function safe(value: number, field: string): number {
  if (!Number.isSafeInteger(value))
    throw new FrameCodecError('out-of-range', `frame/header/${field}`, 'beyond what a number holds exactly');
  return value;
}
