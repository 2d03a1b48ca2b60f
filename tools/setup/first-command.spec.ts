// In a fresh clone nothing is installed and nothing is built: what the npm scripts load before they have seen to that.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { importGraph } from './import-graph.ts';
import { envFileArguments } from './node-arguments.mjs';

const root = resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

/** Scripts that set up what they need themselves, so that each can be the first command in a fresh clone. */
const FIRST_COMMANDS = ['start', 'test', 'cluster', 'bench', 'fuzz', 'env-example'];

const entryOf = (name: string): string => join(root, /^node (\S+\.mjs)$/.exec(scripts[name] ?? '')?.[1] ?? name);

/** What an entry runs on the pinned Node.js, and whether the packages are built by then. */
function startedBy(entry: string): { script: string; build: boolean } {
  const [, script = '', build] = /runScript\('([^']+)'[^;]*build: (true|false)/.exec(readFileSync(entry, 'utf8')) ?? [];
  return { script: join(root, script), build: build === 'true' };
}

describe.each(FIRST_COMMANDS)('npm run %s', (name) => {
  it('begins with what Node.js alone can load', () => {
    const { files, packages } = importGraph(entryOf(name));
    expect([...packages.keys()].filter((each) => !each.startsWith('node:'))).toEqual([]);
    expect([...files].filter((file) => !file.endsWith('.mjs'))).toEqual([]);
  });
});

describe('.env', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-env-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const variable = 'MILLRACE_RTMP_PORT';
  const read = (env: Record<string, string>): string =>
    spawnSync(process.execPath, [...envFileArguments(folder), '-p', `process.env.${variable}`], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    }).stdout.trim();

  it('is no fault when it is missing, and sets what the environment does not', () => {
    expect(read({})).toBe('undefined');
    writeFileSync(join(folder, '.env'), `# a comment\n${variable}=1940\n`);
    expect(read({})).toBe('1940');
    expect(read({ [variable]: '1950' })).toBe('1950');
  });

  it.each(['start', 'cluster'])('is read by npm run %s', (name) => {
    expect(readFileSync(entryOf(name), 'utf8')).toContain('readsEnvFile: true');
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
