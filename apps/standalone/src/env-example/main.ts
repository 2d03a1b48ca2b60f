// Writes .env.example, the tables in docs/limits.md, and the names that service-kit knows.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatEnvExample } from './format-env-example.ts';
import { formatKnownVariables } from './format-known-variables.ts';
import { withLimitsTables } from './format-limits-table.ts';
import { KNOWN_VARIABLES_FILE, settingsOfAll, settingsOfPrograms } from './settings-of-all.ts';

const root = resolve(import.meta.dirname, '../../../..');
const settings = settingsOfAll();
const limits = resolve(root, 'docs/limits.md');
writeFileSync(resolve(root, '.env.example'), formatEnvExample(settings));
writeFileSync(limits, withLimitsTables(readFileSync(limits, 'utf8'), settings));
writeFileSync(resolve(root, KNOWN_VARIABLES_FILE), formatKnownVariables([...settings, ...settingsOfPrograms()]));
