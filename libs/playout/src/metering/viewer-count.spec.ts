import { describe, expect, it } from 'vitest';
import { ViewerCount } from './viewer-count.ts';
import type { Viewer } from './viewer-count.ts';

const viewer = (name: string, over: Partial<Viewer> = {}): Viewer => ({
  address: '192.0.2.1',
  userAgent: name,
  playbackId: 'pbk_1',
  streamId: 'str_1',
  tenantId: 'ten_1',
  ...over,
});
/** An address of its own for each number. */
const addressOf = (n: number): string => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

describe('ViewerCount', () => {
  it('counts each viewer that asked lately once', () => {
    const viewers = new ViewerCount();
    const news: boolean[] = [];
    for (let ms = 100_000; ms < 110_000; ms += 2_000)
      for (const name of ['a', 'b', 'c']) news.push(viewers.note(viewer(name), ms));
    expect(viewers.count(110_000)).toBe(3);
    expect(news.filter(Boolean)).toHaveLength(3);
  });

  it('tells viewers apart by address, program and stream', () => {
    const viewers = new ViewerCount();
    viewers.note(viewer('a'), 100_000);
    viewers.note(viewer('a', { address: '192.0.2.2' }), 100_000);
    viewers.note(viewer('b'), 100_000);
    viewers.note(viewer('a', { playbackId: 'pbk_2' }), 100_000);
    expect(viewers.count(100_000)).toBe(4);
  });

  it('keeps a viewer that goes on asking, and forgets one that left', () => {
    const viewers = new ViewerCount();
    viewers.note(viewer('left'), 100_000);
    for (let ms = 100_000; ms <= 140_000; ms += 2_000) viewers.note(viewer('stays'), ms);
    expect(viewers.count(114_000 + 15_000)).toBe(1);
    expect(viewers.count(140_000)).toBe(1);
    expect(viewers.count(200_000)).toBe(0);
  });

  it('counts the viewers of each playback id, over both halves of the window', () => {
    const viewers = new ViewerCount();
    viewers.note(viewer('left'), 100_000);
    viewers.note(viewer('stays'), 100_000);
    viewers.note(viewer('x', { playbackId: 'pbk_2' }), 100_000);
    expect(['pbk_1', 'pbk_2', 'pbk_3'].map((id) => viewers.countOf(id, 100_000))).toEqual([2, 1, 0]);
    viewers.note(viewer('stays'), 116_000);
    viewers.note(viewer('new'), 117_000);
    expect(viewers.countOf('pbk_1', 118_000)).toBe(3);
    expect(viewers.countOf('pbk_1', 132_000)).toBe(2);
    expect(viewers.countOf('pbk_1', 170_000)).toBe(0);
  });

  it('counts 200,000 at most', () => {
    const viewers = new ViewerCount();
    for (let n = 0; n < 200_500; n++)
      viewers.note(viewer('x', { address: addressOf(n), tenantId: `ten_${n % 3}` }), 100_000);
    expect(viewers.count(100_000)).toBe(200_000);
  });

  it('counts 10,000 of one address at most, and those of others beside it', () => {
    const viewers = new ViewerCount();
    for (let n = 0; n < 10_500; n++) viewers.note(viewer(`agent ${n}`), 100_000);
    expect(viewers.count(100_000)).toBe(10_000);
    expect(viewers.note(viewer('good', { address: '192.0.2.9' }), 100_000)).toBe(true);
    for (let n = 0; n < 10_500; n++) viewers.note(viewer('x', { address: `2001:db8::${n.toString(16)}` }), 100_000);
    expect(viewers.count(100_000)).toBe(20_001);
  });

  it('counts 100,000 of one tenant at most, and those of others beside it', () => {
    const viewers = new ViewerCount();
    for (let n = 0; n < 100_500; n++) viewers.note(viewer('x', { address: addressOf(n) }), 100_000);
    expect(viewers.count(100_000)).toBe(100_000);
    expect(viewers.note(viewer('good', { tenantId: 'ten_2' }), 100_000)).toBe(true);
  });
});
