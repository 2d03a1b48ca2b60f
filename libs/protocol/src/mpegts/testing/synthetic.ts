import { decodeAudioSpecificConfig } from '../../aac/index.ts';
import { joinAccessUnit } from '../../nal/index.ts';
import { hex } from '../../testing/hex.ts';
import type { AccessUnit, AudioTrack, SegmentOptions, VideoTrack } from '../index.ts';
import { INITIAL_CONTINUITY } from '../index.ts';

export const SPS = hex('6742c01ed900a02ff97011000003000100000300320f162e48');
export const PPS = hex('68cb83cb20');
export const h264: VideoTrack = { codec: 'h264', config: { nalLengthSize: 4, sps: [SPS], pps: [PPS] } };
/** AAC-LC, 48 kHz, stereo: a frame lasts 1,920 ticks. */
export const aac: AudioTrack = { codec: 'aac', config: decodeAudioSpecificConfig(hex('1190')) };
export const AAC_FRAME_90K = 1920;
export const both: SegmentOptions = { video: h264, audio: aac, continuity: INITIAL_CONTINUITY };
export const videoOnly: SegmentOptions = { ...both, audio: undefined };
export const audioOnly: SegmentOptions = { ...both, video: undefined };

/** Bytes that differ from each other and hold no start code. */
export function noise(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed * 2654435761 + 1;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = 1 | (state >>> 16);
  }
  return bytes;
}

/** A picture of one slice with `size` bytes. */
export function picture(dts90k: number, size: number, fields: Partial<AccessUnit> = {}): AccessUnit {
  const keyframe = fields.keyframe ?? false;
  const slice = Buffer.concat([hex(keyframe ? '65' : '41'), noise(size - 1, dts90k + size)]);
  return { kind: 'video', dts90k, cto90k: 0, keyframe, payload: joinAccessUnit([slice], 4), ...fields };
}

/** A picture of the given NAL units. */
export function pictureOf(dts90k: number, keyframe: boolean, nalUnits: readonly string[]): AccessUnit {
  return { kind: 'video', dts90k, cto90k: 0, keyframe, payload: joinAccessUnit(nalUnits.map(hex), 4) };
}

/** A raw AAC frame of `size` bytes. */
export function sound(dts90k: number, size: number): AccessUnit {
  return {
    kind: 'audio',
    dts90k,
    cto90k: 0,
    keyframe: false,
    payload: Buffer.concat([hex('21'), noise(size - 1, dts90k)]),
  };
}

/** Frames of AAC one behind the other. */
export function sounds(count: number, size = 300, from90k = 0): AccessUnit[] {
  return Array.from({ length: count }, (_, index) => sound(from90k + index * AAC_FRAME_90K, size));
}

/** Pictures at 25 frames a second, the first one a keyframe. */
export function pictures(count: number, size = 2000, step90k = 3600): AccessUnit[] {
  return Array.from({ length: count }, (_, index) => picture(index * step90k, size, { keyframe: index === 0 }));
}
