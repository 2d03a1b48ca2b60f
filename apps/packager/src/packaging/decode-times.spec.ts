import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '@millrace/domain';
import { videoLog } from '../testing/log-builder.ts';
import { decodeTimes, MAX_VIDEO_DELAY_90K } from './decode-times.ts';

/** Pictures by decode time and composition offset, in milliseconds. */
function pictures(...times: readonly (readonly [dtsMs: number, offsetMs: number])[]): Frame[] {
  const log = videoLog();
  for (const [dtsMs, offsetMs] of times)
    log.media(1, 1, Math.round(dtsMs * 90), new Uint8Array(0), false, Math.round(offsetMs * 90));
  return log.frames;
}

const inMs = ({ times, delay90k }: ReturnType<typeof decodeTimes>) => [times.map((time) => time / 90), delay90k / 90];

describe('decode times', () => {
  it('stay where they are when each picture is decoded before it is shown', () => {
    expect(inMs(decodeTimes(pictures([0, 80], [40, 160], [80, 0]), undefined))).toEqual([[0, 40, 80], 0]);
  });

  it('are put forward by as much as the lowest offset is below zero', () => {
    const lowered = pictures([114, -34], [154, 46], [194, -74], [234, -114]);
    expect(inMs(decodeTimes(lowered, undefined))).toEqual([[0, 40, 80, 120], 114]);
  });

  it('stay put forward in segments that need it no more', () => {
    expect(inMs(decodeTimes(pictures([1_000, 0], [1_040, 80]), 7_200))).toEqual([[920, 960], 80]);
  });

  it('grow from the segment before when more is needed', () => {
    const { times, delay90k } = decodeTimes(pictures([1_000, 0], [1_040, 80], [1_080, -100]), 0);
    expect(times).toEqual([90_000, 90_001, 90_002]);
    expect(delay90k).toBe(1_080 * 90 - 90_002);
  });

  it('grow where two pictures have the same', () => {
    expect(decodeTimes(pictures([0, 40], [0, 80], [80, 40]), undefined).times).toEqual([0, 1, 7_200]);
  });

  it('are not put forward beyond reason', () => {
    expect(decodeTimes(pictures([0, -10_000]), undefined).delay90k).toBe(MAX_VIDEO_DELAY_90K);
    expect(decodeTimes([], 7_200).delay90k).toBe(7_200);
  });

  it('grow over any segments, and only ever come before those that the encoder gave', () => {
    const picture = fc.tuple(fc.integer({ min: 0, max: 80 }), fc.integer({ min: -300, max: 300 }));
    const segments = fc.array(fc.array(picture, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(segments, (steps) => {
        let nowMs = 0;
        let delay90k: number | undefined;
        let last = -Infinity;
        for (const segment of steps) {
          // As edges give them: each later than the one before.
          const frames = pictures(...segment.map(([stepMs, offsetMs]) => [(nowMs += stepMs + 1), offsetMs] as const));
          const decoded = decodeTimes(frames, delay90k);
          for (const [index, time] of decoded.times.entries()) {
            expect(time).toBeGreaterThan(last);
            expect(time).toBeLessThanOrEqual(frames[index]!.dts90k);
            last = time;
          }
          delay90k = decoded.delay90k;
        }
      }),
    );
  });
});
