import { describe, expect, it } from 'vitest';
import { IncomingSlab } from './incoming-slab.ts';

function reserve(slab: IncomingSlab, size: number): { memory: Buffer; from: number; to: number } {
  slab.reserve(size);
  return { memory: slab.memory, from: slab.offset, to: slab.offset + size };
}

describe('IncomingSlab', () => {
  it('never gives the same bytes twice', () => {
    const slab = new IncomingSlab();
    const given = Array.from({ length: 2000 }, (_, i) => reserve(slab, (i * 131) % 5000));
    for (const { memory, from, to } of given) {
      expect(to).toBeLessThanOrEqual(memory.length);
      memory.fill(memory.subarray(from, to).length & 0xff, from, to);
    }
    const byMemory = Map.groupBy(given, ({ memory }) => memory);
    for (const pieces of byMemory.values()) {
      const sorted = pieces.filter(({ from, to }) => to > from).sort((a, b) => a.from - b.from);
      sorted.forEach(({ from }, i) => expect(from).toBeGreaterThanOrEqual(sorted[i - 1]?.to ?? 0));
    }
  });

  it('gives a large message memory of its own, of just its size', () => {
    const slab = new IncomingSlab();
    const large = reserve(slab, 1_000_000);
    expect(large).toMatchObject({ from: 0, to: 1_000_000 });
    expect(large.memory).toHaveLength(1_000_000);
  });

  it('costs a connection that says little no more than 4 KiB', () => {
    const slab = new IncomingSlab();
    for (let i = 0; i < 10; i++) expect(reserve(slab, 300).memory.length).toBeLessThanOrEqual(4096);
  });

  it('holds many messages in one slab, and no slab above 128 KiB', () => {
    const slab = new IncomingSlab();
    const memories = new Set(Array.from({ length: 10_000 }, () => reserve(slab, 370).memory));
    expect(memories.size).toBeLessThan(50);
    for (const memory of memories) expect(memory.length).toBeLessThanOrEqual(128 * 1024);
  });
});
