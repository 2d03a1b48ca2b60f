// Writes .env.example and the table in docs/limits.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatEnvExample } from './format-env-example.ts';
import { withLimitsTables } from './format-limits-table.ts';
import { settingsOfAll } from './settings-of-all.ts';

const root = resolve(import.meta.dirname, '../../../..');
const settings = settingsOfAll();
const limits = resolve(root, 'docs/limits.md');
writeFileSync(resolve(root, '.env.example'), formatEnvExample(settings));
writeFileSync(limits, withLimitsTables(readFileSync(limits, 'utf8'), settings));
