import { readTrack } from '@millrace/media';
import { describe, expect, it } from 'vitest';
import { audioLog, audioVideoLog } from '../testing/log-builder.ts';
import type { LogBuilder } from '../testing/log-builder.ts';
import { fillSilence } from './fill-silence.ts';

const aac = readTrack(audioLog().sound(0, true).frames[0]!, undefined);
const FRAME_MS = 1_024_000 / 44_100;

/** When silence was put, in milliseconds. */
function silence(log: LogBuilder, fromMs: number, toMs: number): number[] {
  return fillSilence(log.frames, aac, fromMs * 90, toMs * 90).map(({ dts90k }) => dts90k / 90);
}

const pictures = (fromMs: number, toMs: number, log = audioVideoLog()): LogBuilder =>
  log.run(fromMs, toMs, { sound: false });
const sounds = (log: LogBuilder, fromMs: number, toMs: number): LogBuilder => {
  for (let ms = fromMs; ms < toMs; ms += FRAME_MS) log.sound(ms);
  return log;
};
const isSteady = (times: readonly number[]): boolean =>
  times.every((time, at) => at === 0 || Math.abs(time - times[at - 1]! - FRAME_MS) < 0.02);

describe('silence', () => {
  it('is not put where sound goes on', () => {
    expect(silence(audioVideoLog().run(0, 2_000), 0, 2_000)).toEqual([]);
  });

  it('is not put for half a second, which may come later', () => {
    const log = audioVideoLog().run(0, 1_500);
    expect(silence(pictures(1_500, 2_000, log), 0, 2_000)).toEqual([]);
  });

  it('fills segments without sound, one after the other, without half a frame too much', () => {
    const all = [0, 2_000, 4_000].flatMap((from) => silence(pictures(from, from + 2_000), from, from + 2_000));
    expect(all).toHaveLength(Math.ceil(6_000 / FRAME_MS));
    expect(isSteady(all)).toBe(true);
  });

  it('goes from where sound stops to the end', () => {
    const log = pictures(440, 2_000, audioVideoLog().run(0, 440));
    const times = silence(log, 0, 2_000);
    expect(times[0]).toBeCloseTo(19 * FRAME_MS, 1);
    expect(times.at(-1)).toBeGreaterThan(2_000 - FRAME_MS);
    expect(isSteady(times)).toBe(true);
  });

  it('goes from the start to where sound returns', () => {
    const log = sounds(pictures(4_000, 5_600), 5_600, 6_000);
    const times = silence(pictures(5_600, 6_000, log), 4_000, 6_000);
    expect(times[0]).toBeGreaterThanOrEqual(4_000);
    expect(times.at(-1)).toBeLessThan(5_600);
    expect(times.at(-1)).toBeGreaterThan(5_600 - 2 * FRAME_MS);
  });

  it('fills a pause inside', () => {
    const log = pictures(400, 1_700, audioVideoLog().run(0, 400));
    const times = silence(log.run(1_700, 2_000), 0, 2_000);
    expect([times[0]! > 400, times.at(-1)! < 1_700, times.length]).toEqual([true, true, 55]);
  });

  it('is not put where sound comes in bursts of a second, or always late', () => {
    const bursts = audioVideoLog();
    for (let ms = 0; ms < 4_000; ms += 800) sounds(pictures(ms, ms + 800, bursts), ms, ms + 800);
    expect(silence(bursts, 0, 4_000)).toEqual([]);
    const late = audioVideoLog();
    for (let ms = 0; ms < 4_000; ms += 40) late.picture(ms).sound(ms - 3_000);
    expect(silence(late, 0, 4_000)).toEqual([]);
  });

  it('is not put for pictures that come too seldom to say anything', () => {
    const log = audioVideoLog();
    for (let ms = 0; ms < 8_000; ms += 2_000) sounds(log.picture(ms, ms === 0), ms, ms + 2_000);
    expect(silence(log, 0, 8_000)).toEqual([]);
  });

  it('is not put into a segment without pictures, nor for a codec without a configuration', () => {
    const log = sounds(audioVideoLog(), 0, 400);
    expect(silence(sounds(log, 2_400, 3_000), 0, 3_000)).toEqual([]);
    expect(fillSilence(pictures(0, 2_000).frames, undefined, 0, 180_000)).toEqual([]);
  });
});
