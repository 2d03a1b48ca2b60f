import { describe, expect, it } from 'vitest';
import { ReadingShare } from './reading-share.ts';

describe('the share that reading playlists has of the time of a process', () => {
  it('is divided among the sources of a tenant, and not among tenants', () => {
    const share = new ReadingShare();
    const leaves = [share.enter('a'), share.enter('a'), share.enter('a')];
    share.enter('b');
    expect(share.waitMs('a', 2)).toBe(60);
    expect(share.waitMs('b', 2)).toBe(20);
    leaves[0]!();
    expect(share.waitMs('a', 2)).toBe(40);
    for (const leave of leaves.slice(1)) leave();
    expect(share.waitMs('a', 2)).toBe(0);
  });
});
