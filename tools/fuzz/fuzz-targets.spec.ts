// Every fuzz target for a fixed number of inputs, the same in every run; `npm run fuzz` goes on where this stops.
import { globSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

const root = resolve(import.meta.dirname, '../..');
const sources = globSync('{libs,apps}/*/src/**/*.fuzz.ts', { cwd: root }).sort();
const INPUTS = 500;
const SEED = 2026;
const NOISE = [Buffer.alloc(200), Buffer.from(Array.from({ length: 256 }, (_, i) => i))];

interface FuzzModule {
  readonly fuzz: (data: Uint8Array) => void;
  readonly seeds?: readonly Uint8Array[];
}

/** What went wrong with an input; a `ProtocolError` is right. */
function defectOf(fuzz: FuzzModule['fuzz'], input: Buffer): unknown {
  try {
    fuzz(Buffer.from(input));
    return undefined;
  } catch (error) {
    return error instanceof Error && error.name === 'ProtocolError' ? undefined : error;
  }
}

describe('fuzz targets', () => {
  it('there are some', () => {
    expect(sources.length).toBeGreaterThan(6);
  });

  it.each(sources)('%s takes damaged input', async (source) => {
    const { fuzz, seeds = [] } = (await import(join(root, source))) as FuzzModule;
    for (const seed of seeds) expect(() => fuzz(seed)).not.toThrow();
    const random = new Random(SEED);
    for (let i = 0; i < INPUTS; i++) {
      const input = mutate([...seeds, ...NOISE], random);
      const defect = defectOf(fuzz, input);
      if (defect !== undefined) throw new Error(`input ${input.toString('hex')}`, { cause: defect });
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
