import { describe, expect, it } from 'vitest';
import { AAC_FRAME_90K, aac, sound, sounds } from '../testing/synthetic.ts';
import type { AccessUnit } from './segment-options.ts';
import { AudioGatherer, audioFraming } from './sound.ts';

/** How many frames each packet holds, and when it begins. */
function gather(units: readonly AccessUnit[]): [number, number][] {
  const gatherer = new AudioGatherer(audioFraming(aac), false);
  for (const unit of units) expect(gatherer.add(unit)).toBe(true);
  gatherer.flush();
  return gatherer.packets.map((packet) => [packet.units.length, packet.dts90k]);
}

describe('audio gatherer', () => {
  it('gathers frames up to 100 ms', () => {
    expect(gather(sounds(9, 100))).toEqual([
      [4, 0],
      [4, 4 * AAC_FRAME_90K],
      [1, 8 * AAC_FRAME_90K],
    ]);
  });

  it('gathers frames up to 16 transport packets', () => {
    expect(gather(sounds(4, 1000)).map(([count]) => count)).toEqual([2, 2]);
    expect(gather(sounds(4, 1458)).map(([count]) => count)).toEqual([2, 2]);
    expect(gather(sounds(4, 1459)).map(([count]) => count)).toEqual([1, 1, 1, 1]);
  });

  it('takes a frame that is longer than that alone', () => {
    expect(
      gather([sound(0, 100), sound(AAC_FRAME_90K, 5000), sound(2 * AAC_FRAME_90K, 100)]).map(([count]) => count),
    ).toEqual([1, 1, 1]);
  });

  it.each<[string, number, number]>([
    ['a rounding to milliseconds', 45, 1],
    ['a jitter below half a frame', AAC_FRAME_90K / 2 - 1, 1],
    ['half a frame', AAC_FRAME_90K / 2, 2],
    ['a lost frame', AAC_FRAME_90K, 2],
    ['a frame too early', -AAC_FRAME_90K, 2],
  ])('starts a packet where players would count on wrongly: %s', (_name, off, packets) => {
    expect(gather([sound(0, 10), sound(AAC_FRAME_90K + off, 10)])).toHaveLength(packets);
  });

  it('does not let small errors add up', () => {
    const slow = [0, 1, 2, 3].map((index) => sound(index * (AAC_FRAME_90K + 500), 10));
    expect(gather(slow).map(([count]) => count)).toEqual([2, 2]);
  });

  it('flushes nothing twice', () => {
    const gatherer = new AudioGatherer(audioFraming(aac), false);
    gatherer.flush();
    gatherer.add(sound(0, 10));
    gatherer.flush();
    gatherer.flush();
    expect(gatherer.packets).toHaveLength(1);
  });
});
