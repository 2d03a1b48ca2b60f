// `npm run fuzz`: damaged input for everything that reads what a peer sends.
import { runScript } from './setup/run.mjs';

await runScript('tools/fuzz/main.ts', process.argv.slice(2), { build: true });
