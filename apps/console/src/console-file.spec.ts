import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CALL_PAGE, CHECK_PAGE, CONSOLE_FILES, WATCH_PAGE } from './console-file.ts';

const PREFIX = '/assets/console/';
const served = CONSOLE_FILES.map(({ path }) => path);
const pages = [WATCH_PAGE, CALL_PAGE, CHECK_PAGE].map(({ path, file }) => ({ path, text: readFileSync(file, 'utf8') }));

/** The TypeScript behind a module's address. */
function sourceOf(path: string): string {
  const name = path.slice(PREFIX.length, -'.js'.length);
  return name.startsWith('rooms-client/')
    ? resolve(import.meta.dirname, '../../../libs/rooms-client/src', `${name.slice('rooms-client/'.length)}.ts`)
    : join(import.meta.dirname, `${name}.ts`);
}

/** The addresses that a module loads, types apart. */
function importsOf(path: string): readonly string[] {
  const source = readFileSync(sourceOf(path), 'utf8');
  return [...source.matchAll(/^(?:import|export) (?!type)(?:[^;']*? from )?'([^']+)';/gm)].map(([, specifier = '']) =>
    specifier === '@millrace/rooms-client'
      ? `${PREFIX}rooms-client/index.js`
      : join(dirname(path), specifier).replace(/\.ts$/, '.js'),
  );
}

const entries = pages.flatMap(({ text }) =>
  [...text.matchAll(/<script src="(\/[^"]+)" type="module"/g)].map(([, path = '']) => path),
);

/** Pages of the gateway that the console links to. */
const OTHER_PAGES = ['/', '/docs', '/docs/errors', '/check'];

describe.each(pages)('$path', ({ text }) => {
  it('asks only for files that are served', () => {
    const asked = [...text.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map((match) => match[1]);
    expect(asked.length).toBeGreaterThan(2);
    for (const path of asked) expect([...served, ...OTHER_PAGES]).toContain(path);
  });

  it('has no script, style or handler in its text but an import map, so that the policy can forbid all of them', () => {
    expect(text).not.toMatch(/<script(?! type="importmap">)(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
  });
});

describe('modules', () => {
  it('import only what is served, and all of that is imported', () => {
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const imported of importsOf(path)) visit(imported);
    };
    entries.forEach(visit);
    const modules = served.filter((path) => path.endsWith('.js') && existsSync(sourceOf(path)));
    expect([...reached].sort()).toEqual([...modules].sort());
  });
});
