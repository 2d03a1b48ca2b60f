// `npm run cli-reference`: writes docs/cli.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { COMMANDS } from '../commands/index.ts';
import { withReference } from './format-reference.ts';

const file = resolve(import.meta.dirname, '../../../../docs/cli.md');
writeFileSync(file, withReference(readFileSync(file, 'utf8'), COMMANDS));
