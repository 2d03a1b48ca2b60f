import { FrameFlag } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { keyframe, picture, sound } from '../testing/text-form.ts';
import { EpochTimeline } from './epoch-timeline.ts';

const MS = 90;

describe('EpochTimeline', () => {
  it('keeps the distances of frames within an epoch', () => {
    const timeline = new EpochTimeline();
    const times = [500_000, 503_600, 507_200].map((dts90k, i) => timeline.place(picture(i + 1, { dts90k })));
    expect(times.map((at) => at - times[0]!)).toEqual([0, 3_600, 7_200]);
  });

  it.each([
    ['begins at 0 again', 0],
    ['lies before the last', -900_000],
    ['lies far ahead', 9e12],
  ])('goes on 40 ms after the last frame when the next epoch %s', (_, dts90k) => {
    const timeline = new EpochTimeline();
    timeline.place(keyframe(1, { dts90k: 0 }));
    const last = timeline.place(sound(2, { dts90k: 300 * MS }));
    const first = timeline.place(keyframe(1, { epoch: 2, dts90k }));
    expect(first - last).toBe(40 * MS);
    expect(timeline.place(picture(2, { epoch: 2, dts90k: dts90k + 3_600 })) - first).toBe(3_600);
  });

  it('never goes back on a track: sound just before the first picture of an epoch', () => {
    const timeline = new EpochTimeline();
    timeline.place(keyframe(1, { dts90k: 0 }));
    const last = timeline.place(sound(2, { dts90k: 10_000 }));
    timeline.place(keyframe(1, { epoch: 2, dts90k: 90_000 }));
    expect(timeline.place(sound(2, { epoch: 2, dts90k: 80_000 }))).toBeGreaterThanOrEqual(last);
  });

  it('keeps the times of sound that follows the configuration which a keyframe repeats', () => {
    const timeline = new EpochTimeline();
    const first = timeline.place(keyframe(1, { dts90k: 0 }));
    timeline.place(sound(2, { dts90k: 88_000 }));
    timeline.place({ ...sound(3, { dts90k: 90_000 }), flags: FrameFlag.configuration });
    timeline.place(keyframe(4, { dts90k: 90_000 }));
    expect(timeline.place(sound(5, { dts90k: 89_000 })) - first).toBe(89_000);
  });

  it('has no time below 0 at its start', () => {
    const timeline = new EpochTimeline();
    timeline.place(keyframe(1, { dts90k: 0 }));
    expect(timeline.place(sound(2, { dts90k: -45_000 }))).toBeGreaterThanOrEqual(0);
  });
});
