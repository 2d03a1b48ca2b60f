// `npm run access [-- --shards N]`: writes the users of NATS and Redis that chart and compose have.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ACCESS_FOLDER, accessFiles, SHARDS } from './files.ts';

const { values } = parseArgs({ options: { shards: { type: 'string', default: String(SHARDS) } } });
const shards = Number(values.shards);
if (!Number.isInteger(shards) || shards < 1 || shards > 64)
  throw new Error('--shards must be a whole number from 1 to 64');

const folder = join(resolve(import.meta.dirname, '../..'), ACCESS_FOLDER);
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(accessFiles(shards))) writeFileSync(join(folder, name), text);
