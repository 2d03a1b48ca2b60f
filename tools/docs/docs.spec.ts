import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decisionsIndex } from './decisions-index.mjs';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: root })];
const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('has nothing left of a merge', () => {
    // The formatter takes some of the marks for quotes or tables.
    expect(text.split('\n').filter((line) => /<<<<<<< |^\|? ?={7}\b|>{7} |(?:> ){7}/.test(line))).toEqual([]);
  });

  it('links only to files that exist', () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)].map(([, target = '']) => target);
    const local = links.filter((target) => !/^[a-z]+:/.test(target));
    expect(local.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const named = [...text.matchAll(/\bnpm run ([a-z][a-z0-9:-]*)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('the list of decisions', () => {
  it('is current: else run "npm run decisions"', () => {
    expect(read('docs/decisions/README.md')).toBe(decisionsIndex());
  });
});

describe('the repository', () => {
  it('has no address of a package registry in its lock file', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string }> };
    const addresses = Object.values(packages).flatMap(({ resolved }) => resolved ?? []);
    expect(addresses.filter((address) => address.includes('://'))).toEqual([]);
    expect(read('.npmrc')).not.toMatch(/registry\s*=/);
  });
});
