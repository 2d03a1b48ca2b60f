import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { foldersInCircles, readSources } from './folder-circles.ts';

const apps = resolve(import.meta.dirname, '../../apps');

describe('folders that import each other in a circle', () => {
  const file = (path: string, ...imports: string[]) => ({
    path,
    text: imports.map((to) => `import { x } from '${to}';`).join('\n'),
  });

  it('are found when there are two of them', () => {
    const files = [file('rooms/room.ts', '../tokens/token.ts'), file('tokens/token.ts', '../rooms/limits.ts')];
    expect(foldersInCircles(files)).toEqual([
      {
        folders: ['rooms', 'tokens'],
        imports: ['rooms/room.ts -> tokens/token.ts', 'tokens/token.ts -> rooms/limits.ts'],
      },
    ]);
  });

  it('are found over a third folder and over a file directly in src', () => {
    const files = [file('a/a.ts', '../b/b.ts'), file('b/b.ts', '../server.ts'), file('server.ts', './a/a.ts')];
    expect(foldersInCircles(files).map(({ folders }) => folders)).toEqual([['a', 'b', 'server.ts']]);
  });

  it.each([
    ['a type', "import type { X } from '../a/a.ts';"],
    ['a re-export', "export { x } from '../a/a.ts';"],
    ['an import that is made later', "await import('../a/a.ts');"],
    ['an import for its effects', "import '../a/a.ts';"],
  ])('are found by %s', (_, text) => {
    expect(foldersInCircles([file('a/a.ts', '../b/b.ts'), { path: 'b/b.ts', text }])).toHaveLength(1);
  });

  it('are kept apart when there are two circles', () => {
    const files = [
      file('a/x.ts', '../b/x.ts', '../c/x.ts'),
      file('b/x.ts', '../a/x.ts'),
      file('c/x.ts', '../d/x.ts'),
      file('d/x.ts', '../c/x.ts'),
    ];
    expect(foldersInCircles(files).map(({ folders }) => folders)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('are not found where imports go one way', () => {
    expect(foldersInCircles([file('a/a.ts', '../b/b.ts', './other.ts'), file('b/b.ts', '../c/c.ts')])).toEqual([]);
  });

  it.each(readdirSync(apps))('are not in apps/%s', (app) => {
    const files = readSources(resolve(apps, app, 'src'));
    expect(files.length).toBeGreaterThan(0);
    expect(foldersInCircles(files)).toEqual([]);
  });
});
