// The clip that outside encoders send, and the check that all of it has come.
import { join, resolve } from 'node:path';
import { FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { tagsOf } from '@millrace/ingest/testing';
import { expect } from 'vitest';

export const MEDIA = resolve(import.meta.dirname, '../../../../media');
export const CLIP = join(MEDIA, 'bbb-h264-aac.flv');

export const isMedia = (frame: Frame) => (frame.flags & FrameFlag.configuration) === 0;
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const mediaOf = (frames: readonly Frame[], kind: number) =>
  frames.filter((frame) => frame.kind === kind && isMedia(frame));

export const PICTURES = tagsOf(CLIP).filter(({ type, body }) => type === 9 && body[1] === 1);
export const SOUNDS = tagsOf(CLIP).filter(({ type, body }) => type === 8 && body[1] === 1);

export const ALL = { pictures: PICTURES.length, sounds: SOUNDS.length };

/** NAL units but for access unit delimiters, which the byte stream has of its own, and parameter sets, which it repeats. */
function slicesOf(accessUnit: Buffer): string[] {
  const slices: string[] = [];
  for (let at = 0; at + 4 <= accessUnit.length;) {
    const end = at + 4 + accessUnit.readUInt32BE(at);
    const type = accessUnit[at + 4]! & 0x1f;
    if (type >= 1 && type <= 5) slices.push(hex(accessUnit.subarray(at + 4, end)));
    at = end;
  }
  return slices;
}

/** Checks that the clip has come, all or the beginning of it, in order and with its times. */
export function expectClip(frames: readonly Frame[], { pictures: least, sounds: leastSounds } = ALL): void {
  const pictures = mediaOf(frames, FrameKind.video);
  expect(pictures.length).toBeGreaterThanOrEqual(least);
  const sent = PICTURES.slice(0, pictures.length);
  expect(pictures.map(({ payload }) => slicesOf(Buffer.from(payload)))).toEqual(
    sent.map(({ body }) => slicesOf(body.subarray(5))),
  );
  const shown = pictures.map(({ dts90k, compositionOffset90k }) => (dts90k + compositionOffset90k) / 90);
  const meant = sent.map(({ timestamp, body }) => timestamp + ((body.readUIntBE(2, 3) << 8) >> 8));
  const zero = shown[0]! - meant[0]!;
  expect(Math.max(...shown.map((ms, i) => Math.abs(ms - zero - meant[i]!)))).toBeLessThan(1);
  expect(pictures.every(({ dts90k }, i) => i === 0 || dts90k > pictures[i - 1]!.dts90k)).toBe(true);
  const sounds = mediaOf(frames, FrameKind.audio);
  expect(sounds.length).toBeGreaterThanOrEqual(leastSounds);
  expect(sounds.map(({ payload }) => hex(payload))).toEqual(
    SOUNDS.slice(0, sounds.length).map(({ body }) => hex(body.subarray(2))),
  );
  expect(Math.max(...sounds.map(({ dts90k }, i) => Math.abs(dts90k / 90 - zero - SOUNDS[i]!.timestamp)))).toBeLessThan(
    1.5,
  );
}
