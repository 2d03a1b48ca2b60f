import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ALERTS, DASHBOARDS } from '../paths.ts';
import { generatedFiles } from './files.ts';

describe('dashboards and rules in the repository', () => {
  it.each(generatedFiles())('$path is what "npm run dashboards" writes', ({ path, content }) => {
    const text = readFileSync(path, 'utf8');
    const held: unknown = path.endsWith('.yaml') ? parse(text) : JSON.parse(text);
    expect(held).toEqual(JSON.parse(JSON.stringify(content)));
  });

  it('are all of them', () => {
    const held = [DASHBOARDS, ALERTS].flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
    expect(held.sort()).toEqual(
      generatedFiles()
        .map(({ path }) => path)
        .sort(),
    );
  });
});
