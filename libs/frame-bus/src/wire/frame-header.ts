// The header of a frame on the wire, big-endian, in front of every payload. Version 1 has 40 bytes:
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
// Version 2 begins with the same 40 bytes, but for the version, and goes on:
//
//  40  u16  header length       at least 52; the payload follows there, and a reader skips the fields that it does not know
//  42  u16  track               which track of its kind, from 0
//  44  u64  encoder time        milliseconds since 1970, at most 2^53 - 1; 0: unknown
//
// A frame is written in version 1 whenever that can express it, so that readers of the release before read it. Readers pass
// through kinds and codecs that they do not know (docs/decisions/0040).
//
// A message is any number of these back to back, all of one stream. A frame that does not fit a message travels as
// `part count` messages that hold one part each and repeat the header but for payload length and part index.
import type { Frame } from '@millrace/domain';
import { FrameCodecError } from './frame-codec-error.ts';

/** The version of the header that readers of every release read. */
export const FRAME_HEADER_VERSION = 1;
export const FRAME_HEADER_BYTES = 40;
/** The version that carries its own length. */
export const LONG_HEADER_VERSION = 2;
export const LONG_HEADER_BYTES = 52;
/** The part count is a u16. */
export const MAX_PARTS = 0xffff;

const TWO_32 = 0x1_0000_0000;
const MAX_U8 = 0xff;
const MAX_U16 = 0xffff;
const MAX_U32 = 0xffff_ffff;
const MIN_I32 = -0x8000_0000;
const MAX_I32 = 0x7fff_ffff;

/**
 * Checks that a frame can be written to the wire: done once, when a publisher takes the frame.
 * @throws FrameCodecError when a field does not fit the format
 */
export function assertEncodable(frame: Frame): void {
  const offset = frame.compositionOffset90k;
  if ((frame.kind & MAX_U8) !== frame.kind) refuse('kind', frame.kind);
  if ((frame.codec & MAX_U8) !== frame.codec) refuse('codec', frame.codec);
  if (!Number.isSafeInteger(frame.epoch) || frame.epoch < 0) refuse('epoch', frame.epoch);
  if (!Number.isSafeInteger(frame.sequence) || frame.sequence < 1) refuse('sequence', frame.sequence);
  if (!Number.isSafeInteger(frame.dts90k)) refuse('dts', frame.dts90k);
  if (!Number.isInteger(offset) || offset < MIN_I32 || offset > MAX_I32) refuse('composition-offset', offset);
  if ((frame.flags & MAX_U8) !== frame.flags) refuse('flags', frame.flags);
  if (frame.payload.byteLength > MAX_U32) refuse('payload-length', frame.payload.byteLength);
  const { track = 0, encoderTimeMs = 1 } = frame;
  if ((track & MAX_U16) !== track) refuse('track', track);
  if (!Number.isSafeInteger(encoderTimeMs) || encoderTimeMs < 1) refuse('encoder-time', encoderTimeMs);
}

function refuse(field: string, value: number): never {
  throw new FrameCodecError('out-of-range', `frame/header/${field}`, `${value} does not fit the field`);
}

/** Bytes of the header that a frame is written with. */
export function frameHeaderBytes(frame: Frame): number {
  return (frame.track ?? 0) === 0 && frame.encoderTimeMs === undefined ? FRAME_HEADER_BYTES : LONG_HEADER_BYTES;
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
  const headerBytes = frameHeaderBytes(frame);
  out[at] = headerBytes === FRAME_HEADER_BYTES ? FRAME_HEADER_VERSION : LONG_HEADER_VERSION;
  out[at + 1] = frame.kind;
  out[at + 2] = frame.codec;
  out[at + 3] = frame.flags;
  writeU32(out, at + 4, payloadBytes);
  writeInteger64(out, at + 8, frame.epoch);
  writeInteger64(out, at + 16, frame.sequence);
  writeInteger64(out, at + 24, frame.dts90k);
  writeU32(out, at + 32, frame.compositionOffset90k);
  writeU16(out, at + 36, partIndex);
  writeU16(out, at + 38, partCount);
  if (headerBytes === LONG_HEADER_BYTES) {
    writeU16(out, at + 40, headerBytes);
    writeU16(out, at + 42, frame.track ?? 0);
    writeInteger64(out, at + 44, frame.encoderTimeMs ?? 0);
  }
  return at + headerBytes;
}

function writeU16(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 8;
  out[at + 1] = value;
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
