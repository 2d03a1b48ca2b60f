// `npm run test:full`: `npm test`, and what takes longer than that may.
import { runScript } from './setup/run.mjs';

await runScript('tools/test/full.ts', process.argv.slice(2), { build: true });
