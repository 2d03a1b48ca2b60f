import { describe, expect, it } from 'vitest';
import { sampleEnd, sampleFrame } from '../testing/sample-frames.ts';
import { FrameOrder } from './frame-order.ts';

const after = (...frames: [number, number][]): FrameOrder => {
  const order = new FrameOrder();
  for (const [epoch, sequence] of frames) order.gave(sampleFrame(epoch, sequence));
  return order;
};

describe('FrameOrder', () => {
  it('takes any frame first, and any position in epoch 0 for the oldest', () => {
    expect(new FrameOrder().judge(7, 900)).toBe('next');
    expect(new FrameOrder({ epoch: 0, sequence: 5 }).judge(7, 900)).toBe('next');
  });

  it.each([
    [5, 3, 'next'],
    [5, 2, 'repeat'],
    [5, 1, 'repeat'],
    [5, 4, 'gap'],
    [4, 3, 'repeat'],
    [4, 999, 'repeat'],
    [6, 1, 'next'],
    [6, 2, 'gap'],
  ])('after 5/2 finds %i/%i to be: %s', (epoch, sequence, verdict) => {
    expect(after([5, 1], [5, 2]).judge(epoch, sequence)).toBe(verdict);
  });

  it('takes a new epoch for a gap when the feed was interrupted before it', () => {
    const order = after([5, 1], [5, 2]);
    order.interrupted();
    expect(order.judge(6, 1)).toBe('gap');
    expect(order.judge(5, 3)).toBe('next');
  });

  it('takes no new epoch for a gap after the end frame of the older one', () => {
    const order = after([5, 1]);
    order.gave(sampleEnd(5, 2));
    order.interrupted();
    expect(order.judge(6, 1)).toBe('next');
  });

  it('is sure again when the last frame comes once more in the same feed', () => {
    const order = after([5, 1], [5, 2]);
    order.interrupted();
    expect(order.judge(5, 1)).toBe('repeat');
    expect(order.judge(6, 1)).toBe('gap');
    expect(order.judge(5, 2)).toBe('repeat');
    expect(order.judge(6, 1)).toBe('next');
  });

  it('wants its start position, or proof that nothing lies between it and a newer epoch', () => {
    const order = new FrameOrder({ epoch: 5, sequence: 0 });
    expect(order.expected).toEqual({ epoch: 5, sequence: 1 });
    expect(order.judge(5, 1)).toBe('next');
    expect(order.judge(6, 1)).toBe('gap');
  });
});
