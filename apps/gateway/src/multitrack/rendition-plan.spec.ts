import { describe, expect, it } from 'vitest';
import { planRenditions } from './rendition-plan.ts';
import type { Canvas } from './rendition-plan.ts';

const GENEROUS = { maxTracks: 10, maxHeight: 4_320, maxKbps: 1_000_000 };
const canvas = (width: number, height: number, fps = 30): Canvas => ({
  width,
  height,
  framerate: { numerator: fps, denominator: 1 },
});
const sizes = (...plan: Parameters<typeof planRenditions>): string[] =>
  planRenditions(...plan).map(
    ({ width, height, framerate: { numerator, denominator } }) => `${width}x${height}@${numerator / denominator}`,
  );

describe('the renditions that an encoder is told to make', () => {
  it('have the usual sizes, and half the frame rate where they are small', () => {
    expect(sizes(canvas(1_920, 1_080, 60), GENEROUS)).toEqual([
      '1920x1080@60',
      '1280x720@60',
      '854x480@30',
      '640x360@30',
      '426x240@30',
    ]);
    expect(sizes(canvas(1_280, 720, 25), GENEROUS)).toEqual(['1280x720@25', '854x480@25', '640x360@25', '426x240@25']);
  });

  it('keep the shape of the picture, upright and odd ones too', () => {
    expect(sizes(canvas(1_080, 1_920), GENEROUS)).toEqual([
      '1080x1920@30',
      '720x1280@30',
      '480x854@30',
      '360x640@30',
      '240x426@30',
    ]);
    expect(sizes(canvas(2_560, 1_081), GENEROUS).slice(0, 2)).toEqual(['2560x1082@30', '1706x720@30']);
    expect(sizes(canvas(16, 16), GENEROUS)).toEqual(['16x16@30']);
  });

  it('are at most as many, as large and together as fast as permitted; the best come first', () => {
    expect(sizes(canvas(1_920, 1_080), { ...GENEROUS, maxTracks: 2 })).toEqual(['1920x1080@30', '1280x720@30']);
    expect(sizes(canvas(1_920, 1_080), { ...GENEROUS, maxHeight: 720, maxTracks: 1 })).toEqual(['1280x720@30']);
    for (let maxKbps = 1; maxKbps < 20_000; maxKbps += 97) {
      const plan = planRenditions(canvas(3_840, 2_160, 60), { ...GENEROUS, maxKbps });
      expect(plan.length).toBeGreaterThan(0);
      expect(plan.reduce((sum, { kbps }) => sum + kbps, 0)).toBeLessThanOrEqual(maxKbps);
      expect(plan.map(({ kbps }) => kbps)).toEqual(plan.map(({ kbps }) => kbps).sort((a, b) => b - a));
    }
  });

  it('have a bitrate that grows with size and frame rate', () => {
    const [slow] = planRenditions(canvas(1_920, 1_080), GENEROUS);
    const [fast] = planRenditions(canvas(1_920, 1_080, 60), GENEROUS);
    expect([slow?.kbps, fast?.kbps]).toEqual([5_000, 7_600]);
  });
});
