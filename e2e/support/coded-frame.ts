// What the end-to-end oracle compares: one coded frame, known by a hash of the bytes that an encoder made.
import { createHash } from 'node:crypto';

/** One coded picture (all its slices) or one AAC frame. Times in 90 kHz ticks. */
export interface CodedFrame {
  readonly hash: string;
  readonly dts90k: number;
  readonly pts90k: number;
}

export interface CodedFrames {
  readonly video: CodedFrame[];
  readonly audio: CodedFrame[];
}

export const hashOf = (...parts: Uint8Array[]): string => {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest('base64url').slice(0, 16);
};

/** Slices (NAL unit types 1 to 5, ITU-T H.264 table 7-1): what must arrive; delimiters and parameter sets may be added. */
export const isSlice = (nalUnit: Uint8Array): boolean =>
  nalUnit.length > 0 && (nalUnit[0]! & 31) >= 1 && (nalUnit[0]! & 31) <= 5;
