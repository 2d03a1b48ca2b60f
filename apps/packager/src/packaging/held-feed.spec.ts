import type { FramePosition } from '@millrace/domain';
import { expect, it } from 'vitest';
import { videoLog } from '../testing/log-builder.ts';
import { HeldFeed } from './held-feed.ts';

const [first, second, third] = videoLog().picture(0, true).picture(40).frames;

it('gives back frames and gaps in the order in which they came', () => {
  const held = new HeldFeed(first!, 10_000);
  held.addFrame(second!);
  held.addGap({ epoch: 1_000, sequence: 3 }, third!);
  held.addFrame(third!);
  const given: (FramePosition | string)[] = [];
  held.replay({ onFrame: (frame) => void given.push(frame), onGap: () => void given.push('gap') });
  expect(given).toEqual([first, second, 'gap', third]);
  expect(held).toMatchObject({ epoch: 1_000, length: 4 });
});

it('keeps no more bytes than it may', () => {
  const held = new HeldFeed(first!, 600);
  expect([held.addFrame(second!), held.addFrame(second!), held.addFrame(second!)]).toEqual([true, true, false]);
  expect(held.length).toBe(3);
});
