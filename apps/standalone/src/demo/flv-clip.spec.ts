import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FlvTagType } from '@millrace/protocol/flv';
import { FlvClip } from './flv-clip.ts';

const shipped = resolve(import.meta.dirname, '../../../../media/bbb-h264-aac.flv');

describe('a clip without end', () => {
  it('goes on with growing times in each of its tracks, frame by frame as far apart as before', () => {
    const clip = FlvClip.read(shipped);
    expect(clip.durationMs).toBeGreaterThan(29_000);
    const last = new Map<number, number>();
    const gaps = new Map<number, number>();
    for (const { tag, atMs } of clip.rounds()) {
      const before = last.get(tag.type);
      if (before !== undefined) {
        expect(atMs).toBeGreaterThanOrEqual(before);
        gaps.set(tag.type, Math.max(gaps.get(tag.type) ?? 0, atMs - before));
      }
      last.set(tag.type, atMs);
      if (atMs > 2.5 * clip.durationMs) break;
    }
    expect(gaps.get(FlvTagType.video)).toBeLessThan(120);
    expect(gaps.get(FlvTagType.audio)).toBeLessThan(120);
  });

  it('sends the codec configuration once', () => {
    const clip = FlvClip.read(shipped);
    let configurations = 0;
    for (const { tag, atMs } of clip.rounds()) {
      if (tag.type === FlvTagType.video && tag.data[1] === 0) configurations++;
      if (atMs > 2 * clip.durationMs) break;
    }
    expect(configurations).toBe(1);
  });

  it('needs frames', () => {
    expect(() => new FlvClip([])).toThrow(/frames/);
  });
});
