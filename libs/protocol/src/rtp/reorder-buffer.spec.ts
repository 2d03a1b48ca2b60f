import { describe, expect, it } from 'vitest';
import { ReorderBuffer } from './index.ts';

const LIMITS = { maxPackets: 4, maxWaitMs: 100 };

function passOn(...sequences: readonly number[]): number[][] {
  const buffer = new ReorderBuffer<number>(LIMITS);
  return sequences.map((sequence) => buffer.push(sequence & 0xffff, sequence & 0xffff, 0));
}

describe('ReorderBuffer', () => {
  it('passes on at once what is in order, over the wrap of sequence numbers', () => {
    expect(passOn(0xfffe, 0xffff, 0, 1)).toEqual([[0xfffe], [0xffff], [0], [1]]);
  });

  it('holds what came too early, and leaves out what comes twice or too late', () => {
    expect(passOn(0xfffe, 1, 0, 0, 1, 0xffff, 0xffff, 0xfffe, 2)).toEqual([
      [0xfffe],
      [],
      [],
      [],
      [],
      [0xffff, 0, 1],
      [],
      [],
      [2],
    ]);
  });

  it('gives up what is missing once too many wait, and once they have waited for too long', () => {
    expect(passOn(1, 3, 4, 5, 7, 8, 6)).toEqual([[1], [], [], [], [], [3, 4, 5], [6, 7, 8]]);
    const buffer = new ReorderBuffer<number>(LIMITS);
    expect(buffer.push(1, 1, 0)).toEqual([1]);
    expect([...buffer.push(3, 3, 10), ...buffer.push(5, 5, 60)]).toEqual([]);
    expect(buffer.expire(109)).toEqual([]);
    expect(buffer.expire(110)).toEqual([3]);
    expect(buffer.push(2, 2, 120)).toEqual([]);
    expect([buffer.expire(160), buffer.size]).toEqual([[5], 0]);
  });

  it('begins anew with a source that has restarted', () => {
    expect(passOn(1, 3, 30_000, 30_001, 10, 11)).toEqual([[1], [], [3, 30_000], [30_001], [10], [11]]);
  });

  it('loses nothing of what comes in any order within its bounds', () => {
    for (let seed = 1; seed <= 200; seed++) {
      let state = seed;
      const random = (below: number): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % below;
      const buffer = new ReorderBuffer<number>({ maxPackets: 16, maxWaitMs: 100 });
      const sent = Array.from({ length: 200 }, (_, i) => (65_500 + i) % 65_536);
      const out: number[] = [...buffer.push(sent[0]!, sent[0]!, 0)];
      const rest = sent.slice(1).map((sequence, i) => ({ sequence, at: i + random(8) }));
      for (const { sequence } of rest.toSorted((a, b) => a.at - b.at)) {
        out.push(...buffer.push(sequence, sequence, 0));
        if (random(3) === 0) out.push(...buffer.push(sequence, sequence, 0));
      }
      expect([...out, ...buffer.flush()]).toEqual(sent);
    }
  });
});
