import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONSOLE_FILES, CONSOLE_SECURITY_POLICY, WATCH_PAGE } from './console-file.ts';

const page = readFileSync(WATCH_PAGE.file, 'utf8');

describe('the watch page', () => {
  it('asks only for files that are served', () => {
    const asked = [...page.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map((match) => match[1]);
    expect(asked.length).toBeGreaterThan(3);
    const served = CONSOLE_FILES.map(({ path }) => path);
    for (const path of asked) expect(served).toContain(path);
  });

  it('has no script, style or handler in its text, so that the policy can forbid all of them', () => {
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
    expect(CONSOLE_SECURITY_POLICY).not.toContain('unsafe');
  });

  it('imports only modules that are served', () => {
    const modules = CONSOLE_FILES.filter(({ path }) => path.startsWith('/assets/console/watch/'));
    for (const { path } of modules) {
      const source = new URL(`./watch/${path.slice('/assets/console/watch/'.length, -3)}.ts`, import.meta.url);
      const imported = [...readFileSync(source, 'utf8').matchAll(/^import (?!type).*'\.\/([\w-]+)\.ts'/gm)].map(
        (match) => match[1],
      );
      for (const name of imported)
        expect(modules.map((module) => module.path)).toContain(`/assets/console/watch/${name}.js`);
    }
  });
});
