import { describe, expect, it } from 'vitest';
import { ViewerCount } from './viewer-count.ts';

describe('ViewerCount', () => {
  it('counts who asked lately, each once', () => {
    const viewers = new ViewerCount();
    for (let ms = 100_000; ms < 110_000; ms += 2_000) for (const name of ['a', 'b', 'c']) viewers.note(name, ms);
    expect(viewers.count(110_000)).toBe(3);
  });

  it('keeps who goes on asking, and forgets who left', () => {
    const viewers = new ViewerCount();
    viewers.note('left', 100_000);
    for (let ms = 100_000; ms <= 140_000; ms += 2_000) viewers.note('stays', ms);
    expect(viewers.count(114_000 + 15_000)).toBe(1);
    expect(viewers.count(140_000)).toBe(1);
    expect(viewers.count(200_000)).toBe(0);
  });
});
