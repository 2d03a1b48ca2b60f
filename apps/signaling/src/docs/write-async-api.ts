// Writes docs/signaling.asyncapi.json.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { asyncApi } from './async-api.ts';

writeFileSync(
  resolve(import.meta.dirname, '../../../../docs/signaling.asyncapi.json'),
  `${JSON.stringify(asyncApi(), undefined, 2)}\n`,
);
