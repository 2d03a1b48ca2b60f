// In a fresh clone nothing is installed and nothing is built: what the npm scripts load before they have seen to that.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importGraph } from './import-graph.ts';

const root = resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

/** Scripts that set up what they need themselves, so that each can be the first command in a fresh clone. */
const FIRST_COMMANDS = ['start', 'test', 'cluster', 'bench', 'fuzz', 'env-example'];

const entryOf = (name: string): string => join(root, /^node (\S+\.mjs)$/.exec(scripts[name] ?? '')?.[1] ?? name);

/** What an entry runs on the pinned Node.js, and whether the packages are built by then. */
function startedBy(entry: string): { script: string; build: boolean } {
  const [, script = '', build] = /runScript\('([^']+)'.*build: (true|false)/.exec(readFileSync(entry, 'utf8')) ?? [];
  return { script: join(root, script), build: build === 'true' };
}

describe.each(FIRST_COMMANDS)('npm run %s', (name) => {
  it('begins with what Node.js alone can load', () => {
    const { files, packages } = importGraph(entryOf(name));
    expect([...packages.keys()].filter((each) => !each.startsWith('node:'))).toEqual([]);
    expect([...files].filter((file) => !file.endsWith('.mjs'))).toEqual([]);
  });
});

const beforeBuild = FIRST_COMMANDS.map((name) => startedBy(entryOf(name))).filter(({ build }) => !build);

it('the test run itself begins before anything is built', () => {
  expect(beforeBuild.map(({ script }) => relative(root, script))).toEqual(['tools/test/main.ts']);
});

it.each(beforeBuild)('nothing that has to be built is loaded by $script', ({ script }) => {
  const { files, packages } = importGraph(script);
  expect(files.size).toBeGreaterThan(3);
  expect([...packages].filter(([each]) => each.startsWith('@millrace/'))).toEqual([]);
  expect([...files].filter((file) => !file.startsWith(join(root, 'tools/')))).toEqual([]);
});

it('finds what is imported at once, later and again, and leaves out what is only a type', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-imports-'));
  writeFileSync(
    join(folder, 'a.ts'),
    `import type { T } from '@x/types'; import { b } from './b.ts'; import '@x/once';`,
  );
  writeFileSync(join(folder, 'b.ts'), `export type { U } from '@x/types'; export { c } from './c.ts';`);
  writeFileSync(join(folder, 'c.ts'), `import { a } from './a.ts'; export const c = () => import('@x/later');`);
  const { files, packages } = importGraph(join(folder, 'a.ts'));
  expect([...files].map((file) => relative(folder, file))).toEqual(['a.ts', 'b.ts', 'c.ts']);
  expect([...packages.keys()].sort()).toEqual(['@x/later', '@x/once']);
  rmSync(folder, { recursive: true });
});
