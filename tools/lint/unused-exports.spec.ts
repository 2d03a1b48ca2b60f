import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { unusedExports } from './unused-exports.ts';

it('there are none', () => {
  expect(unusedExports(join(import.meta.dirname, '../..'))).toEqual([]);
});

it('are found behind entry points, and only where nothing uses them', () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-exports-'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const manifest = { name: '@x/a', exports: { '.': { '@millrace/source': './src/index.ts' } } };
  write('libs/a/package.json', JSON.stringify(manifest));
  write('libs/a/src/index.ts', "export { used, passedOn } from './one.ts';\nexport type { Used } from './one.ts';\n");
  write(
    'libs/a/src/one.ts',
    [
      'export const used = 1;',
      '// passedOn, alone: mentioned in comments alone.',
      'export const passedOn = 2;',
      'export interface Used {}',
      'export function inside(): void {}',
      'inside();',
      'export class Alone {}',
    ].join('\n'),
  );
  write(
    'apps/b/src/main.ts',
    "import { used as first, type Used } from '@x/a';\nexport const main: Used = first;\nmain;\n",
  );
  write('eslint.config.mjs', '');
  write('vitest.config.ts', '');
  expect(unusedExports(root)).toEqual(['libs/a/src/one.ts: passedOn', 'libs/a/src/one.ts: Alone']);
  rmSync(root, { recursive: true });
});
