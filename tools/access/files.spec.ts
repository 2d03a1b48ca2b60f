import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { ACCESS_FOLDER, accessFiles, SHARDS } from './files.ts';

it.each(Object.entries(accessFiles(SHARDS)))('%s is what the table says; npm run access writes it', (name, text) => {
  expect(readFileSync(join(resolve(import.meta.dirname, '../..'), ACCESS_FOLDER, name), 'utf8')).toBe(text);
});
