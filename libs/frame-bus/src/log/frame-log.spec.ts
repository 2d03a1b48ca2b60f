import { frameCost } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { sampleFrame } from '../testing/sample-frames.ts';
import { FrameLog } from './frame-log.ts';

const filled = (count: number): FrameLog => {
  const log = new FrameLog();
  for (let sequence = 1; sequence <= count; sequence++) log.push(sampleFrame(sequence > 500 ? 2 : 1, sequence));
  return log;
};

describe('FrameLog', () => {
  it('keeps the index of a frame while others leave in front', () => {
    const log = filled(2_000);
    const kept = log.at(1_500);
    let dropped = 0;
    for (let i = 0; i < 1_400; i++) dropped += log.dropFirst();
    expect(log.at(1_500)).toBe(kept);
    expect([log.first, log.end]).toEqual([1_400, 2_000]);
    expect(dropped).toBe(1_400 * frameCost(kept));
    expect(log.bytes).toBe(600 * frameCost(kept));
  });

  it('finds the first frame at or after a position', () => {
    const log = filled(1_000);
    for (let i = 0; i < 300; i++) log.dropFirst();
    expect(log.indexOf({ epoch: 0, sequence: 0 })).toBe(300);
    expect(log.indexOf({ epoch: 1, sequence: 301 })).toBe(300);
    expect(log.indexOf({ epoch: 1, sequence: 400 })).toBe(399);
    expect(log.indexOf({ epoch: 1, sequence: 9_999 })).toBe(500);
    expect(log.indexOf({ epoch: 2, sequence: 1_000 })).toBe(999);
    expect(log.indexOf({ epoch: 2, sequence: 1_001 })).toBe(1_000);
  });

  it('is empty again when all have left', () => {
    const log = filled(700);
    while (log.dropFirst() > 0) expect(log.bytes).toBeGreaterThanOrEqual(0);
    expect([log.first, log.end, log.bytes, log.dropFirst()]).toEqual([700, 700, 0, 0]);
    expect(() => log.at(700)).toThrow(RangeError);
    log.push(sampleFrame(3, 1));
    expect(log.at(700).epoch).toBe(3);
  });
});
