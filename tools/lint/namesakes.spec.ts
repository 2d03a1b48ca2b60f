import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namesakes, readRepository } from './namesakes.ts';

describe('a type of the product that shares its name with another', () => {
  /** The client library is published by itself and depends on nothing: its types of the wire are its own. */
  const product = readRepository(resolve(import.meta.dirname, '../..')).filter(
    ({ path }) =>
      /^(apps|libs)\/[\w-]+\/src\//.test(path) &&
      !path.startsWith('libs/rooms-client/') &&
      !/\.(spec|contract|fuzz)\.ts$|\/(testing|contract)\//.test(path),
  );

  it('is found', () => {
    const clock = (path: string) => ({ path, text: 'export interface Clock {}' });
    expect(namesakes([clock('a.ts'), clock('b.ts')])).toEqual(['Clock: a.ts, b.ts']);
    // A constant and the type of its values are one thing.
    expect(namesakes([{ path: 'a.ts', text: 'export const Kind = {};\nexport type Kind = 1;' }])).toEqual([]);
  });

  it('is nowhere', () => {
    expect(product.length).toBeGreaterThan(500);
    expect(namesakes(product)).toEqual([]);
  });
});
