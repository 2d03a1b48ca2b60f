import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namesakes, readRepository, unusedExports } from './exported-names.ts';

const files = readRepository(resolve(import.meta.dirname, '../..'));

describe('an export that no other file uses', () => {
  it('is found when it is a value', () => {
    const own = {
      path: 'a.ts',
      text: 'export const A = 1;\nexport function b() {\n  return A;\n}\nexport type C = 1;',
    };
    expect(unusedExports([own])).toEqual(['a.ts: A', 'a.ts: b']);
    expect(unusedExports([own, { path: 'b.ts', text: "import { A, b } from './a.ts';" }])).toEqual([]);
  });

  it('is nowhere', () => {
    expect(unusedExports(files)).toEqual([]);
  });
});

describe('a type of the product that shares its name with another', () => {
  /** The client library is published by itself and depends on nothing: its types of the wire are its own. */
  const product = files.filter(
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
