// `npm test`: sets up what the tests need, then runs all of them, or those that the arguments name.
import { runScript } from './setup/run.mjs';

await runScript('tools/test/main.ts', process.argv.slice(2), { build: false });
